"""A Hub on this machine: what huggingface_hub's upload and datasets' download ask for, commits kept as snapshots.

`with HubServer(faults={"commit": [500]}) as hub` answers the first commit with 500; `hub.env(home)` is the environment
of a process that is to use it.
"""

from __future__ import annotations

import base64
import hashlib
import json
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self
from urllib.parse import unquote, urlsplit

TOKEN = "hf_local"
USER = "me"


@dataclass
class Repo:
    """One data set: branches point at commits, commits are whole trees."""

    private: bool
    commits: dict[str, dict[str, bytes]] = field(default_factory=dict)
    branches: dict[str, str] = field(default_factory=dict)
    lfs: set[str] = field(default_factory=set)
    """Paths that came as LFS objects."""
    messages: list[str] = field(default_factory=list)

    def commit(self, branch: str, tree: dict[str, bytes], message: str) -> str:
        text = repr((len(self.commits), message, sorted((k, hashlib.sha1(v).hexdigest()) for k, v in tree.items())))
        sha = hashlib.sha1(text.encode()).hexdigest()
        self.commits[sha] = tree
        self.branches[branch] = sha
        self.messages.append(message)
        return sha

    def sha(self, revision: str) -> str | None:
        return self.branches.get(revision, revision if revision in self.commits else None)


class HubServer:
    """`faults`: statuses to answer instead, by kind of request (create, preupload, batch, put, commit), in order."""

    def __init__(self, faults: dict[str, list[int]] | None = None, owners: tuple[str, ...] = (USER,)) -> None:
        self.repos: dict[str, Repo] = {}
        self.objects: dict[str, bytes] = {}
        self.faults = faults or {}
        self.owners = owners
        self.log: list[str] = []
        """Kind of each request answered."""
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"hub": self}))
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def env(self, home: str, token: str = TOKEN) -> dict[str, str]:
        """Environment of a process that is to use this Hub; an empty token is none."""
        own = {"HF_ENDPOINT": self.url, "HF_HUB_DISABLE_XET": "1", "HF_HOME": home, "HF_HUB_DISABLE_TELEMETRY": "1"}
        return {**own, "HF_TOKEN": token} if token else own

    def add(self, repo: str, files: dict[str, bytes], private: bool = True) -> Repo:
        """A data set that was there before."""
        self.repos[repo] = made = Repo(private)
        made.commit("main", {".gitattributes": b"", **files}, "initial commit")
        return made

    def files(self, repo: str, revision: str = "main") -> dict[str, bytes]:
        """What a branch holds."""
        found = self.repos[repo]
        return found.commits[found.branches[revision]]

    def fault(self, kind: str) -> int | None:
        """The status to answer with, if this request is to fail."""
        waiting = self.faults.get(kind)
        return waiting.pop(0) if waiting else None

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05})
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


class _Handler(BaseHTTPRequestHandler):
    hub: HubServer
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing: requests are in `hub.log`."""

    def do_GET(self) -> None:
        self._answer()

    def do_HEAD(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self._answer()

    def do_PUT(self) -> None:
        self._answer()

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if "chunked" in self.headers.get("Transfer-Encoding", ""):
            body = self._chunks()
        steps = [unquote(step) for step in urlsplit(self.path).path.strip("/").split("/")]
        if steps[0] == "objects":
            return self._put(steps[1], body)
        if self.headers.get("Authorization") != f"Bearer {TOKEN}":
            return self._say(401, {"error": "Invalid credentials in Authorization header"})
        if steps == ["api", "whoami-v2"]:
            return self._say(200, {"name": USER, "type": "user", "orgs": [], "auth": {}})
        if steps == ["api", "validate-yaml"]:
            return self._say(200, {"errors": [], "warnings": []})
        if steps == ["api", "repos", "create"]:
            return self._create(json.loads(body))
        if steps[:2] == ["api", "datasets"] and len(steps) >= 4:
            return self._dataset("/".join(steps[2:4]), steps[4:], body)
        if steps[0] == "datasets" and steps[-4:] == ["info", "lfs", "objects", "batch"]:
            return self._batch(json.loads(body))
        if steps[0] == "datasets" and len(steps) > 5 and steps[3] == "resolve":
            return self._resolve("/".join(steps[1:3]), steps[4], "/".join(steps[5:]))
        return self._say(404, {"error": f"no such address {self.path}"})

    def _chunks(self) -> bytes:
        parts = []
        while size := int(self.rfile.readline().strip() or b"0", 16):
            parts.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(parts)

    def _say(self, status: int, answer: Any, headers: dict[str, str] | None = None) -> None:
        data = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
        self.send_response(status)
        for name, value in ({"Content-Type": "application/json"} | (headers or {})).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(data)))
        if status >= 400:
            said = answer.get("error", "") if isinstance(answer, dict) else ""
            self.send_header("X-Error-Message", said)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)

    def _fails(self, kind: str) -> bool:
        self.hub.log.append(kind)
        status = self.hub.fault(kind)
        if status is not None:
            self._say(status, {"error": "out of order"})
        return status is not None

    def _create(self, wanted: dict[str, Any]) -> None:
        if self._fails("create"):
            return None
        owner = wanted.get("organization") or USER
        name = f"{owner}/{wanted['name']}"
        if owner not in self.hub.owners:
            return self._say(403, {"error": f"You don't have the rights to create a dataset under {owner!r}"})
        if name in self.hub.repos:
            return self._say(409, {"error": "You already created this dataset repo"})
        self.hub.add(name, {}, private=wanted.get("visibility") == "private" or bool(wanted.get("private")))
        return self._say(200, {"url": f"{self.hub.url}/datasets/{name}", "id": name})

    def _dataset(self, name: str, rest: list[str], body: bytes) -> None:
        repo = self.hub.repos.get(name)
        if repo is None:
            return self._say(404, {"error": "Repository not found"}, {"X-Error-Code": "RepoNotFound"})
        kind, revision = (rest[0], rest[1] if len(rest) > 1 else "main") if rest else ("revision", "main")
        if kind == "branch":
            repo.branches.setdefault(revision, repo.branches["main"])
            return self._say(200, {})
        sha = repo.sha(revision)
        if sha is None:
            return self._say(404, {"error": "Revision not found"}, {"X-Error-Code": "RevisionNotFound"})
        if kind == "revision":
            about = {"id": name, "sha": sha, "private": repo.private, "tags": [], "downloads": 0, "likes": 0}
            return self._say(200, about | {"siblings": [{"rfilename": path} for path in repo.commits[sha]]})
        if kind == "tree":
            return self._say(200, _tree(repo, sha, "/".join(rest[2:])))
        if kind == "paths-info":
            paths = json.loads(body)["paths"]
            return self._say(200, [_entry(repo, sha, path) for path in paths if path in repo.commits[sha]])
        if kind == "preupload":
            return None if self._fails("preupload") else self._preupload(repo, sha, json.loads(body))
        if kind == "commit":
            return None if self._fails("commit") else self._commit(name, repo, revision, body)
        return self._say(404, {"error": f"no such address {self.path}"})

    def _preupload(self, repo: Repo, sha: str, wanted: dict[str, Any]) -> None:
        files = []
        for file in wanted["files"]:
            mode = "lfs" if file["path"].endswith(".parquet") else "regular"
            entry = {"path": file["path"], "uploadMode": mode, "shouldIgnore": False}
            if file["path"] in repo.commits[sha]:
                there = _entry(repo, sha, file["path"])
                entry["oid"] = there["lfs"]["oid"] if "lfs" in there else there["oid"]
            files.append(entry)
        self._say(200, {"files": files})

    def _batch(self, wanted: dict[str, Any]) -> None:
        if self._fails("batch"):
            return
        objects = []
        for one in wanted["objects"]:
            entry: dict[str, Any] = {"oid": one["oid"], "size": one["size"]}
            if one["oid"] not in self.hub.objects:
                entry["actions"] = {"upload": {"href": f"{self.hub.url}/objects/{one['oid']}"}}
            objects.append(entry)
        self._say(200, {"objects": objects, "transfer": "basic"})

    def _put(self, oid: str, body: bytes) -> None:
        if self._fails("put"):
            return
        assert hashlib.sha256(body).hexdigest() == oid
        self.hub.objects[oid] = body
        self._say(200, {})

    def _commit(self, name: str, repo: Repo, branch: str, body: bytes) -> None:
        lines = [json.loads(line) for line in body.splitlines() if line.strip()]
        head = lines[0]["value"]
        if head.get("parentCommit") not in (None, repo.sha(branch)):
            return self._say(412, {"error": "A commit has happened since."})
        tree = dict(repo.commits[repo.sha(branch) or ""])
        for line in lines[1:]:
            value = line["value"]
            if line["key"] == "file":
                tree[value["path"]] = base64.b64decode(value["content"])
            elif line["key"] == "lfsFile":
                tree[value["path"]] = self.hub.objects[value["oid"]]
                repo.lfs.add(value["path"])
            elif line["key"] == "deletedFile":
                del tree[value["path"]]
        asked = "create_pr=1" in self.path
        sha = repo.commit("refs/pr/1" if asked else branch, tree, head["summary"])
        answer = {"commitUrl": f"{self.hub.url}/datasets/{name}/commit/{sha}", "commitOid": sha, "success": True}
        if asked:
            answer["pullRequestUrl"] = f"{self.hub.url}/datasets/{name}/discussions/1"
        return self._say(200, answer)

    def _resolve(self, name: str, revision: str, path: str) -> None:
        repo = self.hub.repos.get(name)
        sha = repo.sha(revision) if repo else None
        if repo is None or sha is None:
            return self._say(404, {"error": "Repository not found"}, {"X-Error-Code": "RepoNotFound"})
        data = repo.commits[sha].get(path)
        if data is None:
            return self._say(404, {"error": "Entry not found"}, {"X-Error-Code": "EntryNotFound", "X-Repo-Commit": sha})
        headers = {"ETag": f'"{hashlib.sha256(data).hexdigest()}"', "X-Repo-Commit": sha, "Accept-Ranges": "bytes"}
        asked = self.headers.get("Range", "")
        if asked.startswith("bytes="):
            first, _, last = asked.removeprefix("bytes=").partition("-")
            end = min(int(last) + 1 if last else len(data), len(data))
            headers["Content-Range"] = f"bytes {first}-{end - 1}/{len(data)}"
            return self._say(206, data[int(first) : end], headers)
        return self._say(200, data, headers | {"Content-Type": "application/octet-stream"})


def _entry(repo: Repo, sha: str, path: str) -> dict[str, Any]:
    data = repo.commits[sha][path]
    entry = {"type": "file", "path": path, "size": len(data), "oid": _blob(data)}
    if path in repo.lfs:
        entry["lfs"] = {"oid": hashlib.sha256(data).hexdigest(), "size": len(data), "pointerSize": 134}
    return entry


def _blob(data: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()


def _tree(repo: Repo, sha: str, folder: str) -> list[dict[str, Any]]:
    """Files, and folders as such, below a folder (all depths: the client filters)."""
    start = f"{folder}/" if folder else ""
    paths = [path for path in repo.commits[sha] if path.startswith(start)]
    folders = sorted({path.rpartition("/")[0] for path in paths if "/" in path.removeprefix(start)})
    return [
        *({"type": "directory", "path": name, "oid": hashlib.sha1(name.encode()).hexdigest()} for name in folders),
        *(_entry(repo, sha, path) for path in paths),
    ]

"""Config sections: tools, their servers and limits.

Level 1; import from `trajsynth.config`. Tests: tests/test_config.py.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct

from trajsynth.config.base import Count, Positive, Seconds, Section
from trajsynth.hosts import BENCHMARK_HOSTS


class McpServer(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One entry of the `mcpServers` block as other clients have it; keys only they know are ignored."""

    command: str | None = None
    """Starts a local server that speaks over stdio."""
    args: list[str] = []
    """Its arguments; secrets as `${NAME}`."""
    env: dict[str, str] = {}
    """Its environment variables; secrets as `${NAME}`."""
    cwd: str | None = None
    """The folder it is started in."""
    url: str | None = None
    """Address of a remote server, instead of `command`."""
    headers: dict[str, str] = {}
    """Sent to a remote server; secrets as `${NAME}`."""
    type: str | None = None
    """`stdio`, `http`, `streamable-http` or `sse`; guessed from `command`/`url` when absent."""
    disabled: bool = False
    """Leave this server out."""
    startup_timeout: Seconds = msgspec.field(default_factory=lambda: Seconds(60))
    """Longest it may take to start and list its tools."""


class FunctionTool(Section, frozen=True, kw_only=True):
    """A Python function offered as a tool; its schema comes from signature and docstring unless given."""

    target: str
    """`package.module:function`."""
    name: str | None = None
    """The function's own name when absent."""
    description: str | None = None
    """The docstring's first lines when absent."""
    parameters: dict[str, Any] | None = None
    """JSON Schema of the arguments; from signature and docstring when absent."""
    poll: bool = False
    """Repeating the same call is normal (a status check)."""
    idempotent: bool = False
    """Calling it twice does no more than calling it once, so a failed call may be tried again (`limits.retries`)."""


class CorpusTools(Section, frozen=True, kw_only=True):
    """Search, open and find over the questions' documents."""

    serve: Literal["function", "stdio"] = "function"
    """In this process, or as an MCP server of its own over stdio."""
    path: str | None = None
    """A documents.sqlite or JSONL of `{title, text}` instead of the questions' own documents."""
    results: Positive = 5
    """Pages a search lists."""
    page_chars: Positive = 4000
    """Characters of a page shown at a time."""


class SandboxTools(Section, frozen=True, kw_only=True):
    """Python and shell commands in a folder of each rollout's own, contained by bubblewrap (Linux)."""

    network: bool = False
    """Let programs reach the network. They then reach all that this machine can, its private addresses included."""
    python: str = "python3"
    """The Python for `run_python`: a name on the system's path, or a path inside a folder of `read_only`."""
    read_only: list[str] = []
    """More folders that programs may read, at the same paths (a virtual environment, data)."""
    timeout: Seconds = msgspec.field(default_factory=lambda: Seconds(60))
    """Longest a program may run."""
    cpu: Seconds = msgspec.field(default_factory=lambda: Seconds(60))
    """Most processor time of one process."""
    memory_mb: Positive = 2048
    """Most memory of a program's processes together, in MB; /tmp and /dev/shm may hold 3/8 of it besides."""
    processes: Annotated[int, Meta(ge=8)] = 64
    """Most processes and threads of a program."""
    disk_mb: Positive = 512
    """Largest file, and largest workspace, in MB."""
    output_chars: Annotated[int, Meta(ge=100)] = 20_000
    """Longest output shown; beginning and end are kept."""
    concurrency: Positive | None = None
    """Most programs at once, all rollouts together; twice the number of processors when absent."""
    keep: bool = False
    """Keep the workspaces of finished rollouts, under workspaces/kept in the run's folder."""


class FilesTools(Section, frozen=True, kw_only=True):
    """List, read and search the files of a folder; nothing is written."""

    path: str
    """The folder."""
    page_chars: Annotated[int, Meta(ge=100)] = 20_000
    """Characters of a file shown at a time."""


class WebSearch(Section, frozen=True, kw_only=True):
    """The engine that `search` asks."""

    kind: Literal["serper", "searxng"]
    """Whose interface it has: Serper's (Google results) or that of a SearXNG instance with `json` among its formats."""
    url: str | None = None
    """Its address; Serper's own when absent. SearXNG needs one. It may be private: the user named it, not an agent."""
    api_key_env: str | None = None
    """Name of the environment variable that holds the key; SearXNG mostly has none."""
    results: Annotated[int, Meta(ge=1, le=20)] = 8
    """Results of a search, unless the call says."""
    price: Annotated[float, Meta(ge=0)] = 0.0
    """Dollars a search."""


class WebTools(Section, frozen=True, kw_only=True):
    """Search the web, read pages as Markdown, have a teacher pull facts out of long ones (needs `trajsynth[web]`)."""

    search: WebSearch | None = None
    """Where `search` looks; the tool is offered only with it."""
    extract: str | None = None
    """The teacher that reads pages for `extract`, a small one; the tool is offered only with it."""
    page_chars: Annotated[int, Meta(ge=500)] = 10_000
    """Characters of a page shown at a time."""
    max_bytes: Annotated[int, Meta(ge=1000)] = 2_000_000
    """A longer page is read as far as this, unpacked."""
    timeout: Seconds = msgspec.field(default_factory=lambda: Seconds(30))
    """Longest a page may take, redirects and robots.txt included."""
    robots: bool = True
    """Leave alone what a site's robots.txt closes to programs."""
    blocked_hosts: list[str] = msgspec.field(default_factory=lambda: list(BENCHMARK_HOSTS))
    """Never asked for, nor shown among search results: hosts, subdomains included, each maybe with the start of a path.
    Such as hold the answers of benchmarks."""


class CustomTools(Section, frozen=True, kw_only=True):
    """Your own class with the methods of trajsynth.protocols.ToolSource."""

    target: str
    """`package.module:Class`."""
    args: dict[str, Any] = {}
    """Its keyword arguments."""


class ToolLimits(Section, frozen=True, kw_only=True):
    """How one server's tools may be called, all rollouts together, and at what price."""

    concurrency: Positive | None = None
    """Most calls in flight; no limit when absent."""
    rpm: Positive | None = None
    """Most calls a minute, tries included."""
    retries: Count = 0
    """Tries after the first when a call fails for the moment (timeout, 429, lost server), before the teacher sees it.
    Only where a second try cannot do harm: the tool is declared read-only or idempotent, the call never reached it, or
    `cache` is true."""
    cache: Literal["read_only"] | bool | None = None
    """True: the same call gives the same result all through the run, and is made once (tools marked `poll` excepted).
    `read_only`: only for tools that declare themselves read-only. False: neither that nor the run's own
    `cache` may serve them."""
    price: Annotated[float, Meta(ge=0)] = 0.0
    """Dollars a call. Answers and time-outs are charged; refusals that pass (429, lost server) and cached ones not."""


class ServerTools(Section, frozen=True, kw_only=True):
    """What is offered of one server, and whose its sessions are."""

    allow: list[str] | None = None
    """Only these of its tools, by its own names for them; `*` allowed."""
    deny: list[str] = []
    """None of these; `*` allowed."""
    scope: Literal["shared", "rollout"] | None = None
    """One session for all rollouts, or each rollout its own; `rollout` when `state` is `session`, else `shared`."""
    state: Literal["none", "workspace", "session"] = "none"
    """What calls leave behind for later ones: nothing, files or data that outlive the server's session, or something
    that ends with the session. With the last, an interrupted rollout that has called a tool starts again."""
    pool: Positive = 1
    """Sessions of a shared server, over which calls are spread."""

    @property
    def for_each_rollout(self) -> bool:
        """Each rollout has a session of its own."""
        return self.scope == "rollout" or (self.scope is None and self.state == "session")


class Tools(Section, frozen=True, kw_only=True):
    """Where tools come from. Without any, teachers answer from what they know."""

    mcpServers: dict[str, McpServer] = {}
    """MCP servers, as other clients write them."""
    functions: list[FunctionTool] = []
    """Python functions."""
    corpus: CorpusTools | None = None
    """Search over the questions' documents; `{}` for the defaults."""
    sandbox: SandboxTools | None = None
    """Run Python and commands, each rollout in a folder of its own; `{}` for the defaults."""
    files: FilesTools | None = None
    """Read the files of a folder."""
    web: WebTools | None = None
    """Search and read the web; `{}` for reading alone."""
    custom: dict[str, CustomTools] = {}
    """Tool sources of your own."""
    timeout: Seconds = msgspec.field(default_factory=lambda: Seconds(300))
    """Longest one tool call may take; each try has its own, and waiting for `limits` is no part of it."""
    limits: dict[str, ToolLimits] = {}
    """By server: a key of `mcpServers` or `custom`, `functions`, or `corpus`."""
    servers: dict[str, ServerTools] = {}
    """Which tools of a server are offered and how it is kept, by the same names as `limits`."""
    discovery: Literal["all", "progressive"] = "all"
    """Show every tool from the start, or only a `list_tools` call that names the servers: an agent may call a server's
    tools once it has listed them."""

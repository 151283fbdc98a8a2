"""Secrets in a config: where `${NAME}` may stand, how it is filled in at run time, and how literal ones are hidden.

Level 1. A resolved secret never enters a Config: tools and teachers call `resolve_secrets` when they start something,
and what is saved holds names only. Tests: tests/test_configsecrets.py.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple
from urllib.parse import urlsplit, urlunsplit

from trajsynth.config import Config, McpServer, OpenAITeacher, plain
from trajsynth.credentials import KEY_FORM
from trajsynth.errors import ConfigError

HIDDEN = "***"
"""Stands where a literal secret was."""

_REFERENCE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
_ALLOWED = re.compile(
    r"tools\.mcpServers\.(?:.+\.(?:env|headers)\..+|.+\.args\.\d+|.+\.url)|teachers\..+\.extra_headers\..+"
)
_ALLOWED_WORDS = "env, headers, url and args of tools.mcpServers and in extra_headers of teachers"
_SECRET_NAME = re.compile(
    r"(?i)(?:^|[-_.])?(?:api[-_]?key|key|token|secret|password|passwd|pwd|auth|authorization|cookie)s?$"
)
_SECRET_FORM = re.compile(rf"{KEY_FORM}|(?=[^/\\]*\d)(?=[^/\\]*[A-Za-z])[A-Za-z0-9_+=-]{{32,}}")
"""A well-known key by its prefix, or 32 and more letters and digits in one piece."""


class MissingVariable(NamedTuple):
    """An environment variable the config counts on and that is not set."""

    path: str
    """Where the config names it, e.g. `tools.mcpServers.search.env.KEY`."""
    name: str


def check_references(config: Config, where: str) -> None:
    """Raises ConfigError where `${...}` stands in a place that is never filled in, or is no `${NAME}`."""
    for path, text in _strings(plain(config)):
        if "${" in _REFERENCE.sub("", text):
            raise ConfigError(f"{where}: {path}: {text!r}: expected ${{NAME}}, the name of one environment variable")
        if "${" in text and not _ALLOWED.fullmatch(path):
            raise ConfigError(
                f"{where}: {path}: {text!r} is not filled in here; ${{NAME}} may stand in {_ALLOWED_WORDS}"
            )


def resolve_secrets(text: str, environ: Mapping[str, str] | None = None) -> str:
    """`text` with each `${NAME}` replaced from the environment; raises ConfigError naming the variable not set."""
    values = os.environ if environ is None else environ

    def value(match: re.Match[str]) -> str:
        if match[1] not in values:
            raise ConfigError(f"environment variable {match[1]!r} is not set; export {match[1]}=... and try again")
        return values[match[1]]

    return _REFERENCE.sub(value, text)


def missing_variables(config: Config, environ: Mapping[str, str] | None = None) -> list[MissingVariable]:
    """Every variable named by the config (`${NAME}`, `api_key_env`) that the environment lacks, in config order."""
    values = os.environ if environ is None else environ
    named = [
        MissingVariable(f"teachers.{name}.api_key_env", teacher.api_key_env)
        for name, teacher in config.teachers.items()
        if isinstance(teacher, OpenAITeacher) and teacher.api_key_env
    ]
    search = None if config.tools.web is None else config.tools.web.search
    if search is not None and search.api_key_env:
        named.append(MissingVariable("tools.web.search.api_key_env", search.api_key_env))
    idle = tuple(f"tools.mcpServers.{name}." for name, server in config.tools.mcpServers.items() if server.disabled)
    for path, text in _strings(plain(config)):
        if not path.startswith(idle):
            named += [MissingVariable(path, match) for match in _REFERENCE.findall(text)]
    return [missing for missing in named if not values.get(missing.name)]


def _strings(data: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Every text in plain data with its dotted path."""
    if isinstance(data, str):
        yield path, data
    elif isinstance(data, dict):
        for key, value in data.items():
            yield from _strings(value, f"{path}.{key}" if path else key)
    elif isinstance(data, list):
        for index, value in enumerate(data):
            yield from _strings(value, f"{path}.{index}")


# ---- hiding -----------------------------------------------------------------------------------------------------


def hide_server(server: McpServer) -> dict[str, Any]:
    """A server's plain data fit to be saved: literals in env, headers, url and args give way to names or `***`."""
    data: dict[str, Any] = plain(server)
    return data | {
        "env": {name: _reference_or(value, f"${{{name}}}") for name, value in server.env.items()},
        "headers": hide_headers(server.headers),
        "url": None if server.url is None else hide_url(server.url),
        "args": hide_arguments(server.args),
    }


SHORTEST_SECRET = 8
"""Shorter values are words: replacing them would garble what tools say."""


def secret_values(server: McpServer, environ: Mapping[str, str] | None = None) -> dict[str, str]:
    """Secret value -> name, of what a server is given: each `${NAME}` (paths and URLs excepted), header values, and
    literals of `env` whose name or form says that they are secret."""
    values = os.environ if environ is None else environ
    texts = [*server.env.values(), *server.headers.values(), *server.args, server.url or ""]
    found = {values.get(name, ""): name for text in texts for name in _REFERENCE.findall(text)}
    found = {value: name for value, name in found.items() if not value.startswith("/") and "://" not in value}
    for name, value in server.headers.items():
        found |= {part: name for part in value.split() if "${" not in part}
    for name, value in server.env.items():
        if "${" not in value and (_SECRET_NAME.search(name) or _SECRET_FORM.search(value)):
            found[value] = name
    return {value: name for value, name in found.items() if len(value) >= SHORTEST_SECRET}


def mask(text: str, secrets: Mapping[str, str]) -> str:
    """`text` with each secret value replaced by its name in brackets."""
    for value in sorted(secrets, key=len, reverse=True):
        text = text.replace(value, f"[{secrets[value]}]")
    return text


def hide_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """Headers whose literal values are hidden; `Bearer ${NAME}` stays."""
    return {name: _reference_or(value, HIDDEN) for name, value in headers.items()}


def hide_url(url: str) -> str:
    """A URL without the literal user, password, query values and fragment it carries."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return HIDDEN
    user, at, host = parts.netloc.rpartition("@")
    query = "&".join(_hide_pair(pair) for pair in parts.query.split("&")) if parts.query else ""
    path = "/".join(HIDDEN if _SECRET_FORM.fullmatch(step) else step for step in parts.path.split("/"))
    netloc = f"{_reference_or(user, HIDDEN)}@{host}" if at else host
    return urlunsplit((parts.scheme, netloc, path, query, HIDDEN if parts.fragment else ""))


def hide_arguments(arguments: list[str]) -> list[str]:
    """Command-line arguments with what looks like a secret hidden: by the option's name or by its own form."""
    shown: list[str] = []
    for argument in arguments:
        previous = shown[-1] if shown else ""
        after_secret_option = previous.startswith("-") and "=" not in previous and bool(_SECRET_NAME.search(previous))
        shown.append(_reference_or(argument, HIDDEN) if after_secret_option else _hide_argument(argument))
    return shown


def hide_by_name(data: Any, name: str = "") -> Any:
    """Plain data of a user's own making: texts under names such as `api_key`, and texts in a key's form, hidden."""
    if isinstance(data, dict):
        return {key: hide_by_name(value, key) for key, value in data.items()}
    if isinstance(data, list):
        return [hide_by_name(value, name) for value in data]
    if not isinstance(data, str):
        return data
    return _reference_or(data, HIDDEN) if _SECRET_NAME.search(name) or _SECRET_FORM.fullmatch(data) else data


def _hide_argument(argument: str) -> str:
    name, separator, value = argument.partition("=")
    if separator and _SECRET_NAME.search(name):
        return f"{name}={_reference_or(value, HIDDEN)}"
    if "://" in argument:
        head, _, url = argument.rpartition("=") if argument.startswith("-") else ("", "", argument)
        return f"{head}={hide_url(url)}" if head else hide_url(url)
    header = re.match(r"([\w-]+):\s*(.+)", argument)
    if header and _SECRET_NAME.search(header[1]):
        return f"{header[1]}: {_reference_or(header[2], HIDDEN)}"
    return HIDDEN if _SECRET_FORM.fullmatch(value if separator else argument) else argument


def _hide_pair(pair: str) -> str:
    name, separator, value = pair.partition("=")
    return f"{name}={_reference_or(value, HIDDEN)}" if separator else name


def _reference_or(text: str, hidden: str) -> str:
    """`text` when all its substance is references (`${A}`, `Bearer ${A}`) or nothing, else `hidden`."""
    rest = _REFERENCE.sub("", text).strip()
    return text if not rest or (rest != text.strip() and rest in ("Bearer", "Basic", "Token", ":")) else hidden

"""`${NAME}` stands where it is filled in and nowhere else; literal secrets never reach what is saved."""

from __future__ import annotations

import json
from typing import Any

import pytest

from trajsynth.config import McpServer, convert
from trajsynth.configsave import identity, load_saved, saved
from trajsynth.configsecrets import (
    check_references,
    hide_arguments,
    hide_by_name,
    hide_url,
    mask,
    missing_variables,
    resolve_secrets,
    secret_values,
)
from trajsynth.errors import ConfigError

BASE: dict[str, Any] = {"name": "n", "questions": {"kind": "encyclopedia"}, "teachers": {"q": {"kind": "scripted"}}}
OPENAI = {"kind": "openai", "base_urls": ["http://x/v1"]}


@pytest.mark.parametrize(
    "change",
    [
        {"tools": {"mcpServers": {"a.b": {"command": "c", "env": {"K": "${K}"}, "args": ["x", "--key=${K}"]}}}},
        {"tools": {"mcpServers": {"a": {"url": "http://h/?k=${K}", "headers": {"Authorization": "Bearer ${K}"}}}}},
        {"teachers": {"q": OPENAI | {"extra_headers": {"X-Key": "${K}"}}}},
    ],
)
def test_references_stand_where_they_are_filled_in(change: dict[str, Any]) -> None:
    check_references(convert(BASE | change), "c.yaml")


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"name": "${K}"}, "name"),
        ({"teachers": {"q": OPENAI | {"model": "${K}"}}}, "teachers.q.model"),
        ({"teachers": {"q": OPENAI | {"base_urls": ["http://${K}"]}}}, "teachers.q.base_urls.0"),
        ({"teachers": {"q": OPENAI | {"extra_body": {"a": [{"b": "${K}"}]}}}}, "teachers.q.extra_body.a.0.b"),
        ({"tools": {"mcpServers": {"s": {"command": "${K}"}}}}, "tools.mcpServers.s.command"),
        ({"tools": {"functions": [{"target": "a:b", "description": "${K}"}]}}, "tools.functions.0.description"),
        ({"curate": ["${K}"]}, "curate.0"),
    ],
)
def test_elsewhere_they_are_refused_with_the_places_they_may_stand(change: dict[str, Any], path: str) -> None:
    with pytest.raises(ConfigError) as caught:
        check_references(convert(BASE | change), "c.yaml")
    assert str(caught.value).startswith(f"c.yaml: {path}: ")
    assert "may stand in env, headers, url and args of tools.mcpServers" in str(caught.value)


@pytest.mark.parametrize("text", ["${env:K}", "${K:-x}", "${}", "${K", "${1}"])
def test_other_forms_are_refused(text: str) -> None:
    config = convert(BASE | {"tools": {"mcpServers": {"s": {"command": "c", "env": {"K": text}}}}})
    with pytest.raises(ConfigError, match=r"tools\.mcpServers\.s\.env\.K: .* expected \$\{NAME\}"):
        check_references(config, "c.yaml")


def test_resolving() -> None:
    assert resolve_secrets("Bearer ${A}-${B}", {"A": "1", "B": "${A}"}) == "Bearer 1-${A}"
    assert resolve_secrets("plain $A {A}", {}) == "plain $A {A}"
    with pytest.raises(ConfigError, match="environment variable 'A' is not set"):
        resolve_secrets("${A}", {})


def test_missing_variables_are_listed_with_their_places() -> None:
    config = convert(
        BASE
        | {
            "teachers": {"q": OPENAI | {"api_key_env": "KEY", "extra_headers": {"X": "${SET}${ALSO}"}}},
            "tools": {
                "web": {"search": {"kind": "serper", "api_key_env": "SEARCH"}},
                "mcpServers": {
                    "s": {"command": "c", "env": {"E": "${E}"}, "args": ["${SET}"]},
                    "off": {"command": "c", "env": {"E": "${OFF}"}, "disabled": True},
                },
            },
        }
    )
    assert missing_variables(config, {"SET": "1", "E": ""}) == [
        ("teachers.q.api_key_env", "KEY"),
        ("tools.web.search.api_key_env", "SEARCH"),
        ("teachers.q.extra_headers.X", "ALSO"),
        ("tools.mcpServers.s.env.E", "E"),
    ]


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://h:1/p/mcp", "https://h:1/p/mcp"),
        ("https://me:pw@h/p", "https://***@h/p"),
        ("https://h/p?key=abc&flag&n=${N}", "https://h/p?key=***&flag&n=${N}"),
        ("https://h/s/a1b2c3d4e5f6a1b2c3d4e5f6a1b2c3d4/sse", "https://h/s/***/sse"),
        ("https://h/p#token", "https://h/p#***"),
        ("https://[bad", "***"),
    ],
)
def test_urls(url: str, shown: str) -> None:
    assert hide_url(url) == shown
    assert hide_url(shown) == shown


@pytest.mark.parametrize(
    ("arguments", "shown"),
    [
        (["-y", "tavily-mcp", "--port", "80"], ["-y", "tavily-mcp", "--port", "80"]),
        (["--api-key", "abc", "x"], ["--api-key", "***", "x"]),
        (["--api-key=abc", "--token=${T}"], ["--api-key=***", "--token=${T}"]),
        (["-e", "MY_TOKEN=abc", "-e", "MODE=fast"], ["-e", "MY_TOKEN=***", "-e", "MODE=fast"]),
        (["--header", "Authorization: Bearer abc"], ["--header", "Authorization: ***"]),
        (["--header", "Authorization: Bearer ${T}"], ["--header", "Authorization: Bearer ${T}"]),
        (["postgresql://u:pw@h/db"], ["postgresql://***@h/db"]),
        (["--dsn=postgresql://u:pw@h/db"], ["--dsn=postgresql://***@h/db"]),
        (["sk-abcdefgh1234"], ["***"]),
        (["@modelcontextprotocol/server-filesystem", "/home/me/some/long/folder/of/mine"],) * 2,
    ],
)
def test_arguments(arguments: list[str], shown: list[str]) -> None:
    assert hide_arguments(arguments) == shown
    assert hide_arguments(shown) == shown


def test_a_users_own_arguments_are_hidden_by_name_and_by_form() -> None:
    data = {"api_key": "abc", "max_tokens": 3, "model": "gpt", "nested": [{"password": "x", "v": "ghp_" + "a1" * 12}]}
    shown = {"api_key": "***", "max_tokens": 3, "model": "gpt", "nested": [{"password": "***", "v": "***"}]}
    assert hide_by_name(data) == shown


def test_no_literal_secret_is_saved_and_references_stay() -> None:
    secret = "hunter2"
    server = {
        "command": "c",
        "env": {"KEY": secret, "OTHER": "${OTHER}", "MIXED": "${A}" + secret, "EMPTY": ""},
        "args": ["--password", secret],
    }
    remote = {"url": f"https://u:{secret}@h/?k={secret}", "headers": {"X": secret, "Authorization": "Bearer ${T}"}}
    config = convert(
        BASE
        | {
            "teachers": {
                "q": OPENAI | {"base_urls": [f"https://u:{secret}@h/v1"], "extra_headers": {"A": secret, "B": "${B}"}},
                "own": {"kind": "custom", "target": "a:B", "args": {"api_key": secret}},
            },
            "tools": {
                "mcpServers": {"local": server, "remote": remote},
                "custom": {"t": {"target": "a:B", "args": {"token": secret}}},
            },
            "paradigms": {"p": {"kind": "custom", "target": "a:B", "args": {"secret": secret}}},
            "filters": {"f": {"target": "a:B", "args": {"auth": secret}}},
        }
    )
    data = saved(config)
    assert secret not in json.dumps(data)
    assert secret not in json.dumps(identity(config))
    assert data["tools"]["mcpServers"]["local"]["env"] == {
        "KEY": "${KEY}", "OTHER": "${OTHER}", "MIXED": "${MIXED}", "EMPTY": ""
    }  # fmt: skip
    assert data["tools"]["mcpServers"]["remote"]["headers"] == {"X": "***", "Authorization": "Bearer ${T}"}
    assert data["teachers"]["q"]["extra_headers"] == {"A": "***", "B": "${B}"}
    assert identity(load_saved(data, "run.yaml")) == identity(config)


def test_what_a_server_was_given_is_masked_by_its_name() -> None:
    server = McpServer(
        command="x",
        args=["--root", "${HOME}", "--token=${TOKEN}"],
        env={"API_KEY": "literal-key-1", "LEVEL": "debug-verbose", "K": "${TOKEN}"},
        headers={"Authorization": "Bearer header-token-1"},
    )
    secrets = secret_values(server, {"HOME": "/home/somebody", "TOKEN": "token-from-env", "OTHER": "left-alone-1"})
    said = "token-from-env literal-key-1 header-token-1 debug-verbose /home/somebody left-alone-1 Bearer"
    masked = "[TOKEN] [API_KEY] [Authorization] debug-verbose /home/somebody left-alone-1 Bearer"
    assert mask(said, secrets) == masked


def test_short_values_are_words() -> None:
    server = McpServer(command="x", env={"API_KEY": "short", "T": "${TOKEN}"})
    assert secret_values(server, {"TOKEN": "1234567"}) == {}

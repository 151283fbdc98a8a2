"""What the types cannot say: that names a config uses are names it defines, and that its parts fit together.

Level 1; knows the packaged recipes by their files and imports nothing above it. Tests: tests/test_configcheck.py.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import NoReturn

from trajsynth.config import (
    AgentRole,
    Config,
    CustomParadigm,
    CustomQuestions,
    CustomTeacher,
    DatasetQuestions,
    EncyclopediaQuestions,
    Judge,
    McpServer,
    MiroFlowParadigm,
    OpenAITeacher,
    Samples,
    ServerTools,
)
from trajsynth.configsecrets import check_references
from trajsynth.errors import ConfigError, unknown

PARADIGMS = frozenset({"react", "miroflow"})
"""The built-in paradigms an arm can name."""
ROLES = frozenset({"browsing", "coding", "reading"})
"""Roles of miroflow whose description, tools and prompt are built in (trajsynth.paradigms.roles)."""

_RECIPES = Path(__file__).resolve().parent / "filters" / "recipes"
_TARGET = re.compile(r"[^\W\d]\w*(?:\.[^\W\d]\w*)*:[^\W\d]\w*(?:\.[^\W\d]\w*)*")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_ROLE = re.compile(r"[a-z][a-z0-9_]{0,31}")
_REPO = re.compile(r"(?:[\w.-]+/)?[\w.-]{1,96}")
"""Name of a repository on the Hugging Face Hub."""
_FOLDER = re.compile(r"\w[\w.+-]*")
_HOST = re.compile(r"[^\W_][\w-]*(?:\.[\w-]+)+(?:/\S*)?")


def check(config: Config, where: str) -> None:
    """Raises ConfigError `where: path: problem` for the first thing in the config that cannot work."""
    parts = (_name, _questions, _teachers, _tools, _web, _paradigms, _arms, _samples, _grade, _curate, _build, _push)
    for examine in (*parts, _targets):
        examine(config, where)
    check_references(config, where)


def packaged_recipes() -> list[str]:
    """Names of the recipes that come with the package."""
    return sorted(path.stem for path in _RECIPES.glob("*.yaml"))


def _refuse(where: str, path: str, problem: str) -> NoReturn:
    raise ConfigError(f"{where}: {path}: {problem}")


def _name(config: Config, where: str) -> None:
    if not _FOLDER.fullmatch(config.name):
        _refuse(where, "name", f"{config.name!r} cannot name a folder; use letters, digits, '.', '_', '+' and '-'")


def _questions(config: Config, where: str) -> None:
    questions = config.questions
    if isinstance(questions, DatasetQuestions) and not questions.path and not questions.hf:
        _refuse(where, "questions", "needs 'path' (a file) or 'hf' (a Hugging Face dataset), or kind: encyclopedia")
    if isinstance(questions, EncyclopediaQuestions) and questions.hops[0] > questions.hops[1]:
        low, high = questions.hops
        _refuse(where, "questions.hops", f"the smallest number comes first, got [{low}, {high}]")


def _teachers(config: Config, where: str) -> None:
    for name, teacher in config.teachers.items():
        if not name or "/" in name:
            _refuse(where, "teachers", f"{name!r} cannot name a teacher: it is empty or has a '/' in it")
        if not isinstance(teacher, OpenAITeacher):
            continue
        if teacher.api_key_env is not None and not _VARIABLE.fullmatch(teacher.api_key_env):
            path = f"teachers.{name}.api_key_env"
            _refuse(where, path, "expected the name of an environment variable, such as OPENAI_API_KEY, not a key")
        for index, url in enumerate(teacher.base_urls):
            if not url.startswith(("http://", "https://")):
                problem = f"expected a URL such as http://localhost:8000/v1, got {url!r}"
                _refuse(where, f"teachers.{name}.base_urls.{index}", problem)


def _tools(config: Config, where: str) -> None:
    taken = {"corpus": "the corpus tools", "functions": "tools.functions", "agents": "the sub-agents of miroflow"}
    taken |= {"toolbox": "the list of tools"} if config.tools.discovery == "progressive" else {}
    built_in = {name for name in ("sandbox", "files", "web") if getattr(config.tools, name) is not None}
    taken |= {name: f"tools.{name}" for name in built_in}
    for name in config.tools.custom:
        if name in taken:
            _refuse(where, f"tools.custom.{name}", f"the name is taken by {taken[name]}")
        taken[name] = f"tools.custom.{name}"
    for name, server in config.tools.mcpServers.items():
        if name in taken:
            _refuse(where, f"tools.mcpServers.{name}", f"the name is taken by {taken[name]}")
        _server(server, where, f"tools.mcpServers.{name}")
    offered = {"functions"} if config.tools.functions else set()
    offered |= {"corpus"} if config.tools.corpus is not None else set()
    offered |= {*built_in, *config.tools.custom, *config.tools.mcpServers}
    sandbox, longest = config.tools.sandbox, float(config.tools.timeout)
    if sandbox is not None and 0 < longest < sandbox.timeout:
        _refuse(where, "tools.sandbox.timeout", f"every call ends after tools.timeout ({longest:g} s); raise that too")
    for name in config.tools.limits:
        _known(where, f"tools.limits.{name}", "server", name, offered)
    for name, options in config.tools.servers.items():
        _known(where, f"tools.servers.{name}", "server", name, offered)
        _served(options, where, f"tools.servers.{name}", name in config.tools.mcpServers)


def _web(config: Config, where: str) -> None:
    web = config.tools.web
    if web is None:
        return
    if web.extract is not None:
        _known(where, "tools.web.extract", "teacher", web.extract, config.teachers)
    for index, host in enumerate(web.blocked_hosts):
        if not _HOST.fullmatch(host):
            problem = f"expected a host such as example.com, maybe with the start of a path, got {host!r}"
            _refuse(where, f"tools.web.blocked_hosts.{index}", problem)
    search = web.search
    if search is None:
        return
    if search.kind == "searxng" and search.url is None:
        _refuse(where, "tools.web.search.url", "SearXNG needs the address of an instance")
    if search.kind == "serper" and search.api_key_env is None:
        problem = "Serper needs the name of the environment variable that holds the key, such as SERPER_API_KEY"
        _refuse(where, "tools.web.search.api_key_env", problem)
    if search.api_key_env is not None and not _VARIABLE.fullmatch(search.api_key_env):
        problem = "expected the name of an environment variable, such as SERPER_API_KEY, not a key"
        _refuse(where, "tools.web.search.api_key_env", problem)
    if search.url is not None and not search.url.startswith(("http://", "https://")):
        _refuse(where, "tools.web.search.url", f"expected a URL such as http://localhost:8888, got {search.url!r}")


def _served(options: ServerTools, where: str, path: str, mcp: bool) -> None:
    if not mcp and (options.scope is not None or options.pool > 1):
        _refuse(where, path, "'scope' and 'pool' are for the servers under tools.mcpServers")
    if options.pool > 1 and options.for_each_rollout:
        _refuse(where, f"{path}.pool", "each rollout has a session of its own; drop 'pool', or set scope: shared")
    if options.state == "session" and options.scope == "shared":
        problem = "state: session with scope: shared would mix what rollouts keep; set scope: rollout"
        _refuse(where, f"{path}.scope", problem)


def _server(server: McpServer, where: str, path: str) -> None:
    if bool(server.command) == bool(server.url) and not server.disabled:
        both = "has both; keep one" if server.command else "has neither"
        _refuse(where, path, f"needs 'command' (a local server) or 'url' (a remote one), {both}")


def _paradigms(config: Config, where: str) -> None:
    for name, paradigm in config.paradigms.items():
        path = f"paradigms.{name}"
        configured = isinstance(paradigm, MiroFlowParadigm)
        if name in PARADIGMS and not (configured and name == "miroflow"):
            _refuse(where, path, "the name of a built-in paradigm; choose another")
        for role, agent in paradigm.roles.items() if isinstance(paradigm, MiroFlowParadigm) else ():
            _role(config, where, f"{path}.roles.{role}", role, agent)


def _role(config: Config, where: str, path: str, name: str, role: AgentRole) -> None:
    if not _ROLE.fullmatch(name):
        _refuse(where, path, f"{name!r} cannot name a role; use up to 32 small letters, digits and '_'")
    if name not in ROLES and (role.description is None or role.tools is None):
        _refuse(where, path, f"needs 'description' and 'tools'; only {', '.join(sorted(ROLES))} have them built in")
    if role.teacher is not None:
        _known(where, f"{path}.teacher", "teacher", role.teacher, config.teachers)


def _arms(config: Config, where: str) -> None:
    seen: dict[str, int] = {}
    for index, arm in enumerate(config.arms):
        _known(where, f"arms.{index}.teacher", "teacher", arm.teacher, config.teachers)
        _known(where, f"arms.{index}.paradigm", "paradigm", arm.paradigm, PARADIGMS | set(config.paradigms))
        first = seen.setdefault(arm.name, index)
        if first != index:
            _refuse(where, f"arms.{index}", f"{arm.name!r} is arms.{first} again; raise that one's weight instead")


def _samples(config: Config, where: str) -> None:
    samples = config.samples
    if isinstance(samples, Samples):
        least = max(samples.min, 2 if samples.until == "pair" else 1)
        if samples.max < least:
            _refuse(where, "samples.max", f"{samples.max} is too few for min: {samples.min}, until: {samples.until}")


def _grade(config: Config, where: str) -> None:
    for index, method in enumerate(config.grade):
        if isinstance(method, Judge):
            _known(where, f"grade.{index}.judge", "teacher", method.judge, config.teachers)


def _curate(config: Config, where: str) -> None:
    seen: dict[str, str] = {}
    packaged = packaged_recipes()
    for index, recipe in enumerate(config.curate):
        path = f"curate.{index}"
        if recipe not in packaged and not Path(recipe).is_file():
            if "/" in recipe or recipe.endswith((".yaml", ".yml")):
                _refuse(where, path, f"no recipe file {recipe!r}; packaged recipes: {', '.join(packaged)}")
            _known(where, path, "recipe", recipe, packaged)
        name = Path(recipe).stem
        if name in seen:
            _refuse(where, path, f"{recipe!r} and {seen[name]!r} would share the folder curated/{name}; rename one")
        seen[name] = recipe


def _build(config: Config, where: str) -> None:
    names = {Path(recipe).stem: recipe for recipe in config.curate}
    folders: set[str] = set()
    for builder, folder, target in config.build_targets():
        if folder in folders or not _FOLDER.fullmatch(folder):
            taken = "two targets have it" if folder in folders else "it cannot name a folder"
            _refuse(where, f"build.{builder}", f"name {folder!r}: {taken}; set another name")
        folders.add(folder)
        if target.format == "tokens" and not target.tokenizer:
            _refuse(where, f"build.{builder}", "format 'tokens' needs a tokenizer (a name or a folder)")
        if unfit := target.unfit(builder):
            _refuse(where, f"build.{builder}", unfit)
        recipe = target.recipe or builder
        if recipe in names or recipe in config.curate:
            continue
        listed = ", ".join(config.curate) or "nothing"
        problem = f"recipe {recipe!r} is not in curate ({listed}); add it there or set build.{builder}.recipe"
        _refuse(where, f"build.{builder}", problem)


def _push(config: Config, where: str) -> None:
    if config.push is None:
        return
    if not config.build:
        _refuse(where, "push", "nothing is built that could be pushed; add build: {sft: {}}")
    if not _REPO.fullmatch(config.push.repo):
        _refuse(where, "push.repo", f"{config.push.repo!r} is no name of a Hub data set; write USER/NAME")


def _targets(config: Config, where: str) -> None:
    for path, target in _all_targets(config):
        if not _TARGET.fullmatch(target):
            _refuse(where, path, f"expected 'package.module:Name', got {target!r}")


def _all_targets(config: Config) -> Iterator[tuple[str, str]]:
    """Every `package.module:Name` with its path."""
    if isinstance(config.questions, CustomQuestions):
        yield "questions.target", config.questions.target
    for name, teacher in config.teachers.items():
        if isinstance(teacher, CustomTeacher):
            yield f"teachers.{name}.target", teacher.target
    for index, function in enumerate(config.tools.functions):
        yield f"tools.functions.{index}.target", function.target
    for name, tool in config.tools.custom.items():
        yield f"tools.custom.{name}.target", tool.target
    for name, paradigm in config.paradigms.items():
        if isinstance(paradigm, CustomParadigm):
            yield f"paradigms.{name}.target", paradigm.target
    for name, custom in config.filters.items():
        yield f"filters.{name}.target", custom.target


def _known(where: str, path: str, kind: str, name: str, known: Collection[str]) -> None:
    if name not in known:
        _refuse(where, path, unknown(kind, name, known))

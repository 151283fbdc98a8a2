"""The config a user writes, as types: unknown keys are refused and errors name the path.

Level 1. `trajsynth.configload` reads YAML into these and saves the resolved form. Each docstring under a field is what
`docs/config.md` and the JSON Schema say about it. Tests: tests/test_config.py.
"""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal, TypeAlias

import msgspec
from msgspec import Meta, Struct

from trajsynth.hosts import BENCHMARK_HOSTS


class Seconds(float):
    """A duration in seconds, written as a number or as `90s`, `45m`, `4h`, `1d`."""

    _UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}  # noqa: RUF012  (a constant of a float subclass)

    @classmethod
    def parse(cls, value: object) -> Seconds:
        """Raises ValueError on anything that is not a non-negative duration."""
        if isinstance(value, int | float) and not isinstance(value, bool) and value >= 0:
            return cls(value)
        match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([smhd])", value.strip()) if isinstance(value, str) else None
        if match is None:
            raise ValueError(f"Expected a duration such as 90, '90s', '45m' or '4h', got {value!r}")
        return cls(float(match[1]) * cls._UNITS[match[2]])


Count: TypeAlias = Annotated[int, Meta(ge=0)]
Positive: TypeAlias = Annotated[int, Meta(ge=1)]
Share: TypeAlias = Annotated[float, Meta(ge=0, le=1)]


class Section(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Base of every section: immutable, and a key it does not know is an error."""


# ---- questions --------------------------------------------------------------------------------------------------


class Columns(Section, frozen=True, kw_only=True):
    """Which column holds what; nested columns are written with dots."""

    id: str = "id"
    """Made from the question's text where the column is missing."""
    question: str = "question"
    """The question's text."""
    answer: str = "answer"
    """A string, or a list of accepted answers."""
    aliases: str = "aliases"
    """Further accepted answers, where there is such a column."""
    documents: str = "context"
    """Paragraphs: HotpotQA's `{title: [...], sentences: [[...]]}`, or a list of `{title, text}`."""


class DatasetQuestions(Section, frozen=True, kw_only=True, tag_field="kind", tag="dataset"):
    """Questions from a local file (`path`: JSONL or JSON) or from a Hugging Face dataset (`hf`). `path` wins."""

    path: str | None = None
    """A local file: JSON lines, or one JSON array."""
    hf: str | None = None
    """A data set of the Hugging Face Hub (needs `trajsynth[hub]`)."""
    config: str | None = None
    """Its configuration, where it has several."""
    split: str = "train"
    """Its split."""
    revision: str | None = None
    """Its branch, tag or commit."""
    limit: Count | None = None
    """Only the first so many questions."""
    shuffle: int | None = None
    """Seed: draw the questions in this random order instead of the file's."""
    columns: Columns = Columns()
    """Which column holds what."""


class EncyclopediaQuestions(Section, frozen=True, kw_only=True, tag_field="kind", tag="encyclopedia"):
    """The generated encyclopedia and its multi-hop questions; the same seed and sizes give the same bytes."""

    pages: Positive = 300
    """Pages of the encyclopedia."""
    questions: Positive = 50
    """Questions asked about it."""
    seed: int = 0
    """Another seed is another world."""
    hops: tuple[Positive, Positive] = (1, 4)
    """Smallest and largest number of hops asked for."""
    limit: Count | None = None
    """Only the first so many questions."""


class CustomQuestions(Section, frozen=True, kw_only=True, tag_field="kind", tag="custom"):
    """Your own source: a class whose instances iterate over `trajsynth.types.Question`."""

    target: str
    """`package.module:Class`."""
    args: dict[str, Any] = {}
    """Its keyword arguments."""
    limit: Count | None = None
    """Only the first so many questions."""


Questions: TypeAlias = DatasetQuestions | EncyclopediaQuestions | CustomQuestions

# ---- teachers ---------------------------------------------------------------------------------------------------


class Price(Section, frozen=True, kw_only=True):
    """Dollars per million tokens."""

    input: float = 0.0
    """Price of input tokens."""
    cached: float | None = None
    """Price of cached input tokens; like `input` when absent."""
    output: float = 0.0
    """Price of output tokens, reasoning included."""


class OpenAITeacher(Section, frozen=True, kw_only=True, tag_field="kind", tag="openai"):
    """A model behind one or more OpenAI-compatible endpoints."""

    base_urls: Annotated[list[str], Meta(min_length=1)]
    """Where it is served, `/v1` included. A trajectory stays at one of them, so that its KV cache helps."""
    model: str | None = None
    """Asked of `/v1/models` when absent."""
    api_key_env: str | None = None
    """Name of the environment variable that holds the key."""
    context_tokens: Count | None = None
    """Asked of `/v1/models` (`max_model_len`) when absent."""
    max_tokens: Positive = 16384
    """Most tokens of one reply."""
    max_tokens_field: Literal["max_tokens", "max_completion_tokens"] = "max_tokens"
    """The name under which the endpoint takes `max_tokens`."""
    params: dict[str, Any] = {}
    """Sampling parameters sent with each request (temperature, top_p, ...)."""
    extra_body: dict[str, Any] = {}
    """Provider-specific fields merged into each request body."""
    extra_headers: dict[str, str] = {}
    """Sent with each request; secrets as `${NAME}`."""
    parallel_tool_calls: bool | None = None
    """Sent when set."""
    reasoning_effort: str | None = None
    """Sent when set."""
    replay_reasoning: Literal["never", "tools", "always"] = "tools"
    """Whether earlier reasoning is sent back: not at all, with the calls since the last user message, or all of it."""
    reasoning_field: str = ""
    """The field it is sent back under; the one it came in when empty."""
    seed: bool = True
    """Send a seed with each request (each sample and each rolled-back attempt has its own)."""
    summary_tool_choice: bool = True
    """Send `tool_choice: none` on the summary turn; false for endpoints that refuse it."""
    concurrency: Positive = 256
    """Most requests in flight at each base URL."""
    rpm: Positive | None = None
    """Most requests a minute to each base URL; no cap when absent."""
    tpm: Positive | None = None
    """Most tokens a minute, in and out, at each base URL: reserved by estimate, corrected by reported usage."""
    retries: Count = 6
    """Tries after the first for connection faults, 429 and 5xx."""
    timeout: Seconds = msgspec.field(default_factory=lambda: Seconds(600))
    """Longest one try may take. Waiting because the endpoint says so (Retry-After) or for `rpm` and `tpm` is no try."""
    connect_timeout: Seconds = msgspec.field(default_factory=lambda: Seconds(60))
    """Longest a connection may take to open."""
    price: Price = Price()
    """Dollars per million tokens."""
    licence: str = ""
    """The model's licence, for the dataset card (a name or an address); "not stated" there when absent."""
    terms: str = ""
    """Terms its outputs come under (a provider's, by name or address), for the dataset card."""


class ScriptedTeacher(Section, frozen=True, kw_only=True, tag_field="kind", tag="scripted"):
    """A rule-based teacher behind a real HTTP server on this machine: for trying and testing, no key, no network."""

    profile: Literal["careful", "hasty", "sloppy"] = "careful"
    """How well it works, and how often it slips."""
    faults: dict[str, Share] = {}
    """Share of rollouts that get a planted fault, per code; overrides the profile's own rates."""
    latency: Seconds = msgspec.field(default_factory=lambda: Seconds(0))
    """Wait before each reply."""
    context_tokens: Count = 32768
    """The context length it pretends to have."""
    price: Price = Price()
    """Dollars per million tokens it pretends to cost."""
    concurrency: Positive = 256
    """Most requests in flight."""


class CustomTeacher(Section, frozen=True, kw_only=True, tag_field="kind", tag="custom"):
    """Your own class with `profile`, `open`, `close` and `complete` (trajsynth.protocols.Teacher)."""

    target: str
    """`package.module:Class`."""
    args: dict[str, Any] = {}
    """Its keyword arguments."""
    licence: str = ""
    """The model's licence, for the dataset card (a name or an address); "not stated" there when absent."""
    terms: str = ""
    """Terms its outputs come under (a provider's, by name or address), for the dataset card."""


class ReplayTeacher(Section, frozen=True, kw_only=True, tag_field="kind", tag="replay"):
    """The replies of a recorded run, for tests and debugging: nothing is asked, and nobody is there to be asked."""

    run: str
    """The run's folder."""
    teacher: str | None = None
    """Name the teacher has there; the same as here when absent."""
    context_tokens: Count = 0
    """Context length to work under, 0 for none."""
    licence: str = ""
    """The model's licence, for the dataset card (a name or an address); "not stated" there when absent."""
    terms: str = ""
    """Terms its outputs come under (a provider's, by name or address), for the dataset card."""


TeacherConfig: TypeAlias = OpenAITeacher | ScriptedTeacher | CustomTeacher | ReplayTeacher

# ---- tools ------------------------------------------------------------------------------------------------------


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
    cache: Literal["idempotent"] | bool | None = None
    """True: the same call gives the same result all through the run, and is made once (tools marked `poll` excepted).
    `idempotent`: only for tools that declare themselves read-only or idempotent. False: neither that nor the run's own
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


# ---- rollouts ---------------------------------------------------------------------------------------------------


class Arm(Section, frozen=True, kw_only=True):
    """A teacher x paradigm x invocation; questions are dealt to arms by weight."""

    teacher: str
    """A key of `teachers`."""
    paradigm: str = "react"
    """`react`, or a key of `paradigms`."""
    invocation: Literal["function_calling", "mcp"] = "function_calling"
    """Native function calling, or MCP described and called in the prompt."""
    weight: Annotated[float, Meta(gt=0)] = 1.0
    """Its share of questions (or samples), relative to the other arms."""
    kinds: dict[str, Annotated[float, Meta(ge=0)]] = {}
    """Weight for questions of these kinds, instead of `weight`; 0 keeps the kind from this arm (with `grid` too)."""

    @property
    def name(self) -> str:
        """`teacher/paradigm/invocation`."""
        return f"{self.teacher}/{self.paradigm}/{self.invocation}"


class AgentRole(Section, frozen=True, kw_only=True):
    """A sub-agent. What is left out is built in for browsing, coding and reading; another role needs its own."""

    description: str | None = None
    """What it is good for: the main agent reads it, and the role itself."""
    tools: list[str] | None = None
    """Names of servers or tools, `*` allowed. A role without any tool in the run is left out."""
    prompt: str | None = None
    """Its instructions."""
    teacher: str | None = None
    """The arm's teacher when absent."""
    max_turns: Positive | None = None
    """The paradigm's when absent."""


class MiroFlowParadigm(Section, frozen=True, kw_only=True, tag_field="kind", tag="miroflow"):
    """A planning main agent that delegates to specialised sub-agents; named `miroflow`, it replaces the built-in."""

    roles: dict[str, AgentRole] = msgspec.field(
        default_factory=lambda: {name: AgentRole() for name in ("browsing", "coding", "reading")}
    )
    """Sub-agents by name."""
    planner: bool = True
    """The main agent's first turn is a plan, without calls."""
    tools: list[str] | None = None
    """The main agent's own tools; those no role has when absent."""
    prompt: str | None = None
    """The main agent's instructions."""
    max_turns: Positive | None = None
    """Of each agent; rollout.max_turns when absent. The limit of tool calls counts all agents together."""


class CustomParadigm(Section, frozen=True, kw_only=True, tag_field="kind", tag="custom"):
    """Your own class with `name` and `run` (trajsynth.protocols.Paradigm)."""

    target: str
    """`package.module:Class`."""
    args: dict[str, Any] = {}
    """Its keyword arguments."""


ParadigmConfig: TypeAlias = MiroFlowParadigm | CustomParadigm


class RolloutConfig(Section, frozen=True, kw_only=True):
    """Limits and context policy of every rollout."""

    max_turns: Positive = 200
    """Most turns of an agent before its summary turn."""
    max_tool_calls: Positive = 600
    """Most tool calls; further ones are not executed."""
    wall_clock: Seconds = msgspec.field(default_factory=lambda: Seconds(2700))
    """Longest a rollout may take before its summary turn."""
    context_tokens: Count | None = None
    """Overrides the teachers' context length."""
    keep_results: Count = 5
    """Tool results stay visible for this many steps (the paper's K); 0 keeps all."""
    hide_every: Positive = 1
    """Hide older results in blocks of this many steps; 1 is the paper's, more keeps the prefix cache warm."""
    max_result_chars: Positive = 100_000
    """A longer tool result is cut and marked."""
    rollback: Count = 4
    """Faulty turns discarded in a row before one stands; 0 turns rollback off (published code: 4)."""
    calls_per_message: Literal["many", "one"] = "many"
    """With `one`, the first call of a message is executed and the others are answered as not executed."""


class Judge(Section, frozen=True, kw_only=True):
    """Grade with an LLM: the name of a teacher."""

    judge: str
    """A key of `teachers`."""


class BuildTarget(Section, frozen=True, kw_only=True):
    """What one builder writes."""

    format: Literal["trl", "tokens", "llamafactory", "swift", "axolotl", "verl", "openai"] = "trl"
    """The trainer whose layout is written."""
    name: str | None = None
    """Folder under datasets/; the kind (sft, dpo, rl) when absent, and `<kind>-<format>` for targets in a list."""
    file_type: Literal["jsonl", "parquet"] | None = None
    """JSON lines, or Parquet where the format has it; verl is always Parquet."""
    recipe: str | None = None
    """Whose kept trajectories to use; the builder's own name (sft, dpo, rl) when absent."""
    tokenizer: str | None = None
    """Name or folder of the tokenizer, for the format `tokens`."""
    chat_template: str | None = None
    """File with a chat template to use instead of the tokenizer's, for the format `tokens`."""
    reasoning: Literal["keep", "inline", "drop"] = "keep"
    """Reasoning in its own field (or as the format has it), inlined as `<think>` in the content, or left out."""
    drop_uniform: bool = False
    """For rl: leave out questions that every rollout got right, or none."""
    check: bool = False
    """Read everything back and compare it with the source, row by row."""
    pairs: Literal["within_teacher", "across_teachers"] = "within_teacher"
    """Chosen and rejected from one teacher, or from any two."""
    max_pairs: Positive = 1
    """Preference pairs per question (and teacher)."""


class CustomFilter(Section, frozen=True, kw_only=True):
    """Your own filter class (trajsynth.protocols.RowFilter), usable in recipes under its key."""

    target: str
    """`package.module:Class`."""
    args: dict[str, Any] = {}
    """Its keyword arguments."""


class Samples(Section, frozen=True, kw_only=True):
    """Sampling a question only as long as it is worth it. Counted as `samples` is: per question (and arm with grid)."""

    max: Positive
    """Most rollouts."""
    until: Literal["pair", "correct"]
    """Stop after a correct and an incorrect answer of one arm (what a preference pair needs), or a correct one."""
    min: Positive = 1
    """Rollouts made in any case; they start side by side, all others one by one."""


class Budget(Section, frozen=True, kw_only=True):
    """What a run may spend, all its sessions and its judges together; reserved before each call."""

    usd: Annotated[float, Meta(gt=0)] | None = None
    """Dollars, by the teachers' `price`."""
    tokens: Positive | None = None
    """Input and output tokens."""


class Outage(Section, frozen=True, kw_only=True):
    """What happens when a teacher's endpoint is down or refuses the key: its arms pause, the others go on."""

    wait: Seconds = msgspec.field(default_factory=lambda: Seconds(4 * 3600))
    """How long it may last, once nothing else is left to do, before the run stops (and resumes later)."""


class Push(Section, frozen=True, kw_only=True):
    """Where `trajsynth run` puts the built data sets when all is done (`trajsynth push` does it by hand)."""

    repo: Annotated[str, Meta(min_length=1)]
    """A data set of the Hugging Face Hub, `USER/NAME`; made when it is not there. The token comes from HF_TOKEN."""
    private: bool = True
    """False lets everybody see it."""


class Config(Section, frozen=True, kw_only=True):
    """A whole run."""

    questions: Questions
    """What is asked."""
    teachers: Annotated[dict[str, TeacherConfig], Meta(min_length=1)]
    """Who answers."""
    name: str = ""
    """Folder under outputs/; the config file's name when absent."""
    tools: Tools = msgspec.field(default_factory=Tools)
    """With which tools."""
    samples: Positive | Samples = 1
    """Rollouts per question (per question and arm with `assign: grid`): a number, or `{max: 8, until: pair}`."""
    assign: Literal["question", "sample", "grid"] = "question"
    """A question with all its samples to one arm, each sample to an arm, or every question to every arm."""
    arms: list[Arm] = []
    """Without any: each teacher with react and function_calling."""
    kind_field: str = "kind"
    """Field of a question's meta that names its kind, for the arms' `kinds` (HotpotQA: `type`)."""
    paradigms: dict[str, ParadigmConfig] = {}
    """Ways of working by name, for the arms."""
    filters: dict[str, CustomFilter] = {}
    """Filters of your own by name, for recipes."""
    rollout: RolloutConfig = msgspec.field(default_factory=RolloutConfig)
    """Limits and context policy."""
    seed: int = 0
    """Of all chance: arms drawn, seeds sent to teachers."""
    concurrency: Positive = 256
    """Most rollouts in flight."""
    cache: str = ""
    """A file that keeps every reply and tool result (made when it is not there). A job of another run that asks the
    same again is served from it and pays nothing: made anew under other limits or prompts, a run pays for what is new.
    Results are not executed again, so set `tools.limits.<server>.cache: false` for tools that keep state."""
    grade: tuple[Literal["exact"] | Judge, ...] = ("exact",)
    """In order; a judge sees what the methods before it did not accept."""
    budget: Budget = Budget()
    """Where the run stops."""
    outage: Outage = msgspec.field(default_factory=Outage)
    """How long a dead endpoint is waited for."""
    curate: list[str] = []
    """Recipes: sft, dpo, rl, none, or a path to your own YAML."""
    build: dict[Literal["sft", "dpo", "rl"], BuildTarget | list[BuildTarget]] = {}
    """Data sets to write, by kind."""
    push: Push | None = None
    """Onto the Hugging Face Hub at the end of `trajsynth run`; nothing is uploaded when absent."""

    def all_arms(self) -> list[Arm]:
        """The arms as written, or the default ones."""
        return self.arms or [Arm(teacher=name) for name in self.teachers]

    def arm_teachers(self) -> set[str]:
        """Names of the teachers at work in the arms, those of a paradigm's roles included."""
        used = [self.paradigms.get(arm.paradigm) for arm in self.all_arms()]
        roles = [role for team in used if isinstance(team, MiroFlowParadigm) for role in team.roles.values()]
        return {arm.teacher for arm in self.all_arms()} | {role.teacher for role in roles if role.teacher}

    def tool_teachers(self) -> set[str]:
        """Names of the teachers that tools ask."""
        web = self.tools.web
        return {web.extract} if web is not None and web.extract is not None else set()

    def build_targets(self) -> list[tuple[str, str, BuildTarget]]:
        """(kind, folder under datasets/, target) of everything to be built."""
        return [
            (kind, target.name or (f"{kind}-{target.format}" if isinstance(entry, list) else kind), target)
            for kind, entry in self.build.items()
            for target in (entry if isinstance(entry, list) else [entry])
        ]

    @property
    def most_samples(self) -> int:
        """Rollouts per question, at most."""
        return self.samples.max if isinstance(self.samples, Samples) else self.samples


def decode_hook(kind: type, value: object) -> object:
    """msgspec hook for our own value types."""
    if kind is Seconds:
        return Seconds.parse(value)
    raise TypeError(f"no way to read {kind.__name__} from a config")


def convert(data: object) -> Config:
    """Plain data -> Config; raises msgspec.ValidationError with the path."""
    return msgspec.convert(data, Config, dec_hook=decode_hook)


def plain(value: Any) -> Any:
    """The inverse of `convert`: plain data with every default written out, so that `convert(plain(c)) == c`."""
    if isinstance(value, Struct):
        tag = {} if value.__struct_config__.tag is None else {"kind": value.__struct_config__.tag}
        return tag | {name: plain(getattr(value, name)) for name in value.__struct_fields__}
    if isinstance(value, Seconds):
        return float(value)
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return {key: plain(item) for key, item in value.items()} if isinstance(value, dict) else value

"""What the conversation has shown so far: pages, search hits and facts, from visible results and the teacher's notes.

Old results are hidden from later turns, so the teacher notes each sentence it relies on as `[Page title]: sentence`;
notes are read back like results. Imports lexicon and reading.
Tests: tests/teachers/scripted/test_scripted_lexicon.py.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache

import orjson

from trajsynth.protocols import HIDDEN_RESULT
from trajsynth.teachers.scripted.lexicon import SENSES
from trajsynth.teachers.scripted.reading import PastCall, View

NOTE = re.compile(r"(?m)^[^\[\n]*(?<!\[)\[(?!\[)([^\[\]\n]+)\]: (.+)$")
QUOTED = re.compile(r"“([^”]+)”")
PAGES_READ = re.compile(r"(?m)^Pages read: (.+)\.$")
PAGES_FOUND = re.compile(r"(?m)^Pages found: (.+)\.$")
LINK = re.compile(r"\[\[([^\[\]|]+)(?:\|[^\[\]]*)?\]\]")
_SENTENCE = re.compile(r"(?<=[.!?])\s+(?=[\[\"“A-Z0-9])")
_DATE = r"\d{1,2} [A-Z][a-z]+ \d{1,4}"
NOUNS = frozenset(noun for sense in SENSES.values() for noun in sense.nouns.split())
_VALUES = {
    "link": r"(?:the |The )?\[\[(?P<o>[^\[\]|]+)(?:\|[^\[\]]*)?\]\]",
    "date": rf"(?P<o>{_DATE}|[A-Z][a-z]+ \d{{1,2}}, \d{{1,4}})",
    "year": r"(?P<o>\d{3,4})",
    "number": r"(?P<o>\d[\d,]*(?:\.\d+)?)",
    "word": r"(?P<o>[^\[\],.]+)",
}
_HIT = re.compile(r"(?ms)^(?:\d+[.)]|Title:)\s+([^\n]+)\n?(.*?)(?=^(?:\d+[.)]|Title:)\s|\Z)")
_HEAD = re.compile(r"# ([^\n]+?)(?: \(part \d+ of \d+\)|: '[^\n]*')?(?:\n|$)")
_PROBLEM = re.compile(
    r"(?i)error|invalid call|not executed|there is no |several pages |argument |the (?:query|title|text) "
    r"|.{0,80}not found"
)
_KIND = re.compile(rf"[^\[\].]{{1,80}}? (?:is|was) an? (?:old )?({'|'.join(sorted(NOUNS))})\b")
_TITLE_KINDS = {
    "university": ("University", "College", "Polytechnic", "Academy", "Institute"),
    "museum": ("Museum", "Gallery", "Collection"),
    "festival": ("Festival", "Fair", "Days", "Regatta"),
}
_SUBJECT = r"[^\[\]]{1,80}?"


@dataclass(frozen=True, slots=True)
class Fact:
    """A stated relation and the sentence that states it."""

    subject: str
    sense: str
    value: str
    page: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Listing:
    """Subjects that a page lists for a relation to itself."""

    noun: str
    """Kind of the subjects, empty when the relation says it."""
    subjects: tuple[str, ...]
    whole: bool
    """False when the list ends in `and others`."""
    sentence: str


@dataclass(slots=True)
class Knowledge:
    """Everything seen, in the order it was seen."""

    pages: dict[str, str] = field(default_factory=dict)
    """Title -> text, of pages opened and still visible."""
    opened: set[str] = field(default_factory=set)
    """Titles opened, visible or not."""
    names: dict[str, str] = field(default_factory=dict)
    """Title asked for -> title of the page that came."""
    missing: set[str] = field(default_factory=set)
    """Titles that gave an error."""
    hits: dict[str, list[str]] = field(default_factory=dict)
    """Search query -> titles found."""
    snippets: dict[str, str] = field(default_factory=dict)
    """Title -> snippets of search hits, one a line."""
    facts: dict[tuple[str, str], Fact] = field(default_factory=dict)
    """(subject, sense) -> fact."""
    lists: dict[tuple[str, str], list[Listing]] = field(default_factory=dict)
    """(page, sense) -> lists."""
    kinds: dict[str, str] = field(default_factory=dict)
    """Title -> kind of thing (`company`), as its page says in its first sentence."""
    calls: dict[str, int] = field(default_factory=dict)
    """Key of each call made -> how often."""
    quotes: list[tuple[str, str]] = field(default_factory=list)
    """(page, sentence) of the teacher's notes."""
    noted: set[str] = field(default_factory=set)
    """Sentences already written down by the teacher."""

    def titles(self) -> list[str]:
        """Every page title heard of in a search."""
        return list(dict.fromkeys(title for found in self.hits.values() for title in found))

    def kind(self, title: str) -> str:
        """Kind of thing a page is about, as far as its text or its title tells."""
        told = (kind for kind, words in _TITLE_KINDS.items() if any(word in title.split() for word in words))
        return self.kinds.get(title) or next(told, "")


def gather(view: View) -> Knowledge:
    """Read all steps of a conversation."""
    known = Knowledge()
    for step in view.steps:
        for match in NOTE.finditer(step.content):
            _learn(known, match[1], (match[2],))
            known.noted.add(match[2])
            known.quotes.append((match[1], match[2]))
        for call in step.calls:
            known.calls[call.key] = known.calls.get(call.key, 0) + 1
        for i, call in enumerate(step.calls):
            _observe(known, call, step.results[i] if i < len(step.results) else "")
    return known


def _observe(known: Knowledge, call: PastCall, result: str) -> None:
    if "task" in call.arguments:
        _hear(known, str(call.arguments["task"]), result)
        return
    title = str(call.arguments.get("title") or "")
    query = str(call.arguments.get("query") or "")
    if query:
        found = hits_of(result)
        known.hits[query] = [hit for hit, _ in found]
        for hit, snippet in found:
            known.snippets.setdefault(hit, "")
            if snippet not in known.snippets[hit]:
                known.snippets[hit] = f"{known.snippets[hit]}\n{snippet}".strip()
            _learn(known, hit, sentences(snippet))
    elif title:
        if result == HIDDEN_RESULT:
            known.opened.add(title)
            return
        shown = text_of_page(result)
        if shown is None:
            known.missing.add(title)
            if result.startswith("Several pages"):
                known.hits[title] = [t.strip(" .") for t in result.partition(": ")[2].split(";")]
            return
        head = _HEAD.match(shown)
        if head:
            known.opened.add(title)
            known.names[title], title = head[1].strip(), head[1].strip()
            shown = shown[head.end() :]
        _learn(known, title, sentences(shown))
        if "text" not in call.arguments:
            known.opened.add(title)
            known.pages[title] = f"{known.pages.get(title, '')}\n{shown}".strip()


def _hear(known: Knowledge, task: str, report: str) -> None:
    """What another agent reports on a task: its notes, the pages it read, or that there is none."""
    target = next(iter(QUOTED.findall(task)), "")
    for page, sentence in NOTE.findall(report):
        _learn(known, page, (sentence,))
        known.quotes.append((page, sentence))
    read = [title.strip() for line in PAGES_READ.findall(report) for title in line.split(";")]
    known.opened.update(read)
    if target in read or report == HIDDEN_RESULT:
        known.opened.add(target)
    elif read:
        known.names[target] = read[0]
        known.opened.add(target)
    elif target:
        known.missing.add(target)
    heard = [title.strip() for line in PAGES_FOUND.findall(report) for title in line.split(";")]
    if heard or target in known.missing:
        known.hits[target] = heard


# ---- tool output ------------------------------------------------------------------------------------------------


def hits_of(result: str) -> list[tuple[str, str]]:
    """(title, snippet) of each search hit, from JSON or from numbered text."""
    if result[:1] in "[{":
        try:
            data = orjson.loads(result)
        except ValueError:
            data = None
        rows = (
            data
            if isinstance(data, list)
            else (data.get("results") or data.get("result"))
            if isinstance(data, dict)
            else None
        )
        if isinstance(rows, list):
            found = [row for row in rows if isinstance(row, dict) and row.get("title")]
            return [(str(row["title"]), str(row.get("snippet") or row.get("text") or "")) for row in found]
    return [(m[1].strip().strip('"*'), " ".join(m[2].split())) for m in _HIT.finditer(result)]


def text_of_page(result: str) -> str | None:
    """A page's text, or None when the result is an error or hidden."""
    return None if not result.strip() or result == HIDDEN_RESULT or _PROBLEM.match(result) else result


@lru_cache(maxsize=8192)
def sentences(text: str) -> tuple[str, ...]:
    """Sentences of a text, line breaks ending one too."""
    return tuple(s.strip() for line in text.split("\n") for s in _SENTENCE.split(line) if s.strip())


# ---- facts ------------------------------------------------------------------------------------------------------


def _learn(known: Knowledge, page: str, lines: tuple[str, ...]) -> None:
    for sentence in lines:
        if (kind := _KIND.match(sentence)) is not None:
            known.kinds.setdefault(page, kind[1])
        for fact in _facts(page, sentence):
            if isinstance(fact, Fact):
                known.facts.setdefault((fact.subject, fact.sense), fact)
            else:
                sense, listing = fact
                lists = known.lists.setdefault((page, sense), [])
                if listing not in lists:
                    lists.append(listing)
                for subject in listing.subjects:
                    known.facts.setdefault((subject, sense), Fact(subject, sense, page, page, sentence))


@lru_cache(maxsize=65536)
def _facts(page: str, sentence: str) -> tuple[Fact | tuple[str, Listing], ...]:
    """What a sentence states about its page's subject."""
    return tuple(_read(page, sentence))


def facts_in(page: str, sentence: str) -> frozenset[str]:
    """The senses of what a sentence states."""
    return frozenset(fact.sense if isinstance(fact, Fact) else fact[0] for fact in _facts(page, sentence))


def _read(page: str, sentence: str) -> Iterator[Fact | tuple[str, Listing]]:
    line = sentence.rstrip(".! ")
    links = LINK.findall(line)
    for sense, kind, pattern in _PATTERNS:
        if bool(links) != (kind != "value") or not (match := pattern.fullmatch(line)):
            continue
        if kind.startswith("back"):
            whole = " and others" not in line
            yield sense, Listing(kind[5:], tuple(links), whole, sentence)
        elif kind == "link" and len(links) == 1:
            yield Fact(page, sense, links[0].strip(), page, sentence)
        elif kind == "value":
            yield Fact(page, sense, match["o"].strip(), page, sentence)


def _patterns() -> Iterator[tuple[str, str, re.Pattern[str]]]:
    for name, sense in SENSES.items():
        for template in sense.page:
            text = template.replace("{s}", _SUBJECT, 1).replace("{o}", _VALUES[sense.shape], 1)
            yield name, "link" if sense.shape == "link" else "value", re.compile(text, re.IGNORECASE)
        for template in sense.back:
            noun, mark, rest = template.partition(": ")
            if not mark or noun not in NOUNS:
                noun, rest = "", template
            text = rest.replace("{o}", _SUBJECT, 1).replace("{l}", r"(?:the )?\[\[.+(?:\]\]|others)", 1)
            yield name, f"back:{noun}", re.compile(text, re.IGNORECASE)


_PATTERNS = tuple(_patterns())

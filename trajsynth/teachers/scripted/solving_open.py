"""Works on questions in free wording by rule of thumb: search what is named, open what matches, follow one more name.

An answer is the candidate of the asked kind whose surroundings share most with the question. Right on a good part of
two-hop questions over encyclopedia paragraphs, wrong on the rest. Imports this package only.
Tests: tests/teachers/scripted/test_scripted_open.py.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from trajsynth.teachers.scripted.dice import Dice
from trajsynth.teachers.scripted.knowledge import Knowledge, sentences
from trajsynth.teachers.scripted.open_answers import Passage, answers
from trajsynth.teachers.scripted.open_question import OpenQuestion, spans, stem, take_apart
from trajsynth.teachers.scripted.solving import Evidence, Need, Outcome

FOLLOWED = 2
"""Most names followed from the pages read."""


def solve(text: str, known: Knowledge, dice: Dice, *, careless: bool, depth: int) -> Outcome:
    """The next thing to look up, or an answer once `depth` pages were tried or nothing is left."""
    question = take_apart(text)
    bridges = _bridges(question, known)
    passages = [
        Passage(title, line, _score(question, title, line) + (2.0 if title in bridges else 0.0))
        for title, line in _lines(known)
    ]
    passages.sort(key=lambda p: -p.score)
    needs = _needs(question, known, passages, depth)
    ranked = answers(question, passages, dice, careless=careless)
    best = next((p for p in passages if ranked and ranked[0] in p.text), passages[0] if passages else None)
    evidence = tuple(
        Evidence(p.page, p.text) for p in ([best] if best else []) + [q for q in passages[:2] if q is not best]
    )
    done = not needs
    return Outcome(
        answer=ranked[0] if ranked and done else "",
        needs=tuple(needs),
        evidence=evidence[::-1],
        sure=bool(ranked) and done,
        others=tuple(ranked[1:6]),
        hops=tuple([f"what the library has on {name}" for name in question.names[:3]] or ["which page deals with it"]),
        settled=(f"the closest passage stands under {best.page}",) if best and done else (),
    )


def _bridges(question: OpenQuestion, known: Knowledge) -> set[str]:
    """Pages opened that the question does not name but a page it names does: where a second hop has led."""
    if question.kind in ("choice", "yesno"):
        return set()
    named = {t for t in known.opened if any(plain(t) == plain(n) or plain(n) in plain(t) for n in question.names)}
    said = " ".join([*(known.pages.get(t, "") for t in named), *(q for t, q in known.quotes if t in named)]).casefold()
    return {t for t in known.opened - named if plain(t) in said}


def _lines(known: Knowledge) -> Iterator[tuple[str, str]]:
    seen: set[tuple[str, str]] = set()
    pages = [(title, line) for title, text in known.pages.items() for line in sentences(text)]
    quotes = list(known.quotes)
    snippets = [(t, line) for t, text in known.snippets.items() if t not in known.pages for line in sentences(text)]
    for pair in (*pages, *quotes, *snippets):
        if pair not in seen:
            seen.add(pair)
            yield pair


def _score(question: OpenQuestion, page: str, line: str) -> float:
    """How much a sentence has to do with the question."""
    lower = line.casefold()
    words = {stem(w) for w in re.findall(r"[a-z0-9]+", lower)}
    title = page.casefold()
    names = sum(1.5 for name in question.names if name.casefold() in lower or plain(name) == plain(page))
    return len(words & question.words) + names + (0.5 if any(stem(w) in question.words for w in title.split()) else 0)


def _needs(question: OpenQuestion, known: Knowledge, passages: list[Passage], depth: int) -> list[Need]:
    if len(known.opened) >= depth or len(known.missing) > depth or len(known.hits) > depth + 1:
        return []
    needs = [
        Need("page", target, f"what is said on {name}")
        for name in question.names[:4]
        if (target := _target(name, known))
    ]
    if not question.names and not known.hits:
        return [Need("search", " ".join(sorted(question.words)[:6]), "a page that fits the description")]
    if not needs and not any(len(query.split()) > 3 for query in known.hits):
        words = [w for w in re.findall(r"[\w'-]+", question.text) if stem(w) in question.words]
        needs.append(Need("search", " ".join(words[:9]), "pages that mention all of it"))
    if not needs:
        needs += [Need("page", title, f"what stands under {title}") for title in _promising(question, known)]
    if not needs:
        needs += [Need("page", name, f"more on {name}") for name in _followed(question, known, passages)]
    return needs


def plain(title: str) -> str:
    """A title without brackets, case and article."""
    return re.sub(r"\s*\([^)]*\)$", "", title).casefold().removeprefix("the ").strip()


def _target(name: str, known: Knowledge) -> str:
    """The page to try for a name; empty when it was dealt with."""
    if name in known.opened or name in known.names:
        return ""
    if any(plain(title) == plain(name) for title in known.opened):
        return ""
    if name not in known.missing:
        searched = [query for query in known.hits if name.casefold() in query.casefold()]
        alike = [t for t in known.titles() if plain(t) == plain(name)]
        if alike:
            return next((t for t in alike if t not in known.missing), "")
        return "" if searched else name
    alike = [t for t in known.titles() if plain(t) == plain(name) and t not in known.opened and t not in known.missing]
    return alike[0] if alike else ""


def _promising(question: OpenQuestion, known: Knowledge) -> list[str]:
    """Unopened search hits whose title or snippet shares most with the question."""
    scored = []
    for title in known.titles():
        if title in known.opened or title in known.missing:
            continue
        named = sum(
            3.0 for name in question.names if plain(title) in name.casefold() or plain(name) in title.casefold()
        )
        score = named + _score(question, title, known.snippets.get(title, ""))
        if score >= 4.0:
            scored.append((score, title))
    return [title for _, title in sorted(scored, key=lambda pair: (-pair[0], pair[1]))[:2]]


def _followed(question: OpenQuestion, known: Knowledge, passages: list[Passage]) -> list[str]:
    """Names in the most telling sentences that the question does not give: the second hop."""
    stems = {stem(w)[:5] for w in question.words if len(w) > 3}
    telling = sorted(passages[:6], key=lambda p: -sum(s in p.text.casefold() for s in stems))
    read = {plain(title) for title in (*known.opened, *known.names, *known.missing)}
    searched = " | ".join(known.hits).casefold()
    found: dict[str, None] = {}
    for passage in telling[:3]:
        for span in _by_role(passage.text, stems):
            key = plain(span)
            fresh = key not in question.text.casefold() and span.casefold() not in searched
            if fresh and " " in key and not any(key in title or title in key for title in read):
                found.setdefault(span)
    return list(found)[:FOLLOWED]


def _by_role(text: str, stems: set[str]) -> list[str]:
    """Names in a sentence, those right behind a word of the question first (`directed by ...`)."""
    lower = text.casefold()

    def behind(span: str) -> bool:
        at = text.find(span)
        return any(word in lower[max(0, at - 24) : at] for word in stems)

    return sorted(spans(text), key=lambda span: not behind(span))

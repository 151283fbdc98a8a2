"""Wordings for work in a team. Data only; `<t>` and `<a>` are a task's target and aim, `<goal>` what is spoken of.

Tests: tests/teachers/scripted/test_scripted_roles.py.
"""

from __future__ import annotations

LOOK_UP = (
    "Find out <a>. Read the page on “<t>” and report word for word what it says about this.",
    "Please establish <a>: open the page “<t>” and quote the sentences that state it.",
    "I need <a>. The page to read is “<t>”; give me its exact wording and the title you found it under.",
    "Look up “<t>” and report <a>, with the sentence it rests on. If several pages have that name, say so.",
    "Read what there is on “<t>”. What matters is <a>; copy names and numbers exactly.",
)
SEARCH_FOR = (
    "Search for “<t>” and report which pages come up and what they say. The aim is <a>.",
    "Search the library for “<t>”; list the titles and the lines that bear on <a>.",
    "Search “<t>” and tell me the pages found, with their wording; it is about <a>.",
)
OVERVIEW = (
    "Give an overview of the page on “<t>” (<a>).",
    "Read the page on “<t>” and sum up what it says (<a>).",
)
PASSED_ON = (
    "The plan stands; I hand out the first task, on <goal>.",
    "Starting as planned: somebody should read up on <goal>.",
    "First to be looked up: <goal>.",
    "I pass <goal> on to the team.",
    "Let the others begin with <goal>.",
    "The research on <goal> comes first, then the rest follows from it.",
)
FINISHED = (
    "I have read what the task asks for on <goal>.",
    "The page on <goal> gave what was wanted; nothing more to call.",
    "That is all there is to read on <goal>.",
    "The material on <goal> is complete, I can report.",
    "Done with <goal>; the report can be written.",
)
NOT_THERE = (
    "Nothing under the name <goal> could be read.",
    "I found no page that is about <goal> itself.",
    "There seems to be no entry for <goal>.",
    "No page on <goal> turned up, whatever I tried.",
)
REPORT_OPEN = (
    "Report on <goal>. The sentences that matter:",
    "What the page on <goal> says, in its own words:",
    "Findings on <goal>:",
    "On <goal> the source states:",
    "This is what I read about <goal>:",
    "Result for <goal>, quoted:",
)

"""The words planted defects are written in: errors of tools, refusals, excuses, tools that do not exist.

Level 3, imports nothing of ours. All in our own words; several wordings each, because real ones vary and a filter must
not know only one. Tests: tests/testing/test_testing_plant.py.
"""

from __future__ import annotations

from typing import Final

TOOL_ERRORS: Final = (
    "Error: the record store rejected the request (code E{0})",
    "Tool execution failed: no entry matches attempt {0}",
    '{{"success": false, "message": "lookup {0} gave nothing usable"}}',
    '{{"error": "the index has no shard {0}"}}',
    "Error: ValueError: page {0} is outside the document",
    "Traceback (most recent call last):\n  File \"tool.py\", line {0}, in run\nKeyError: 'record'",
    "HTTP 500 while reading part {0} of the answer",
    '{{"status": "error", "detail": "parser stopped at byte {0}"}}',
    "Failed to read section {0}: the file is damaged",
)
"""Failures that are not the network's; `{0}` is a number that differs from one to the next."""

NETWORK_ERRORS: Final = (
    "Error: connection reset by the remote side (try {0})",
    "Request timed out after {0} seconds",
    "HTTP 503 service unavailable, ticket {0}",
    '{{"error": "upstream timed out", "after": {0}}}',
    "ConnectionError: max retries exceeded, attempt {0}",
    '{{"success": false, "message": "rate limit reached, {0} calls in this window"}}',
)

TIMEOUTS: Final = (
    "Request timed out after {0} seconds",
    "ReadTimeout: no bytes within {0} s",
    "Error: the operation did not finish within {0} seconds and was cancelled",
    '{{"error": {{"type": "timeout", "message": "deadline of {0}000 ms exceeded"}}}}',
    "504 Gateway Time-out",
    "Tool call exceeded its time limit ({0} s).",
    "asyncio.exceptions.TimeoutError",
    '{{"success": false, "message": "query timed out"}}',
    "context deadline exceeded (attempt took {0}.0s)",
    "Execution timed out.",
)
"""Time-outs; `{0}` is a number of seconds."""

CALL_REFUSED: Final = {
    "call.unknown_tool": "Error: unknown tool, the call was not executed",
    "call.bad_json": "Error: invalid arguments, they could not be parsed as JSON; the call was not executed",
    "call.not_object": "Error: invalid arguments, a JSON object is needed; the call was not executed",
    "call.schema": "Error: invalid arguments, they do not fit the schema; the call was not executed",
}
"""What a toolbox answers to a call it cannot execute."""

UNREADABLE: Final = "That message held a call which could not be read. Nothing was executed; please write it again."
MISPLACED: Final = "No call reached the tools: it has to stand in the message, not in the thoughts before it."

MENDING: Final = ("Let me write that call properly.", "Correcting the call.", "One more time, in the right form.")
TRYING_ON: Final = (
    "Let me try again.",
    "That did not work; once more.",
    "Another attempt.",
    "Trying this differently.",
)

FOREIGN_TOOLS: Final = ("open_calendar", "translate_page", "draw_chart", "compile_latex", "send_fax", "book_table")
NONSENSE_TOOLS: Final = ("tool", "function_name_here", "???", "final answer", "do everything now")

MILD_REFUSALS: Final = (
    "Thank you for the question. I'm afraid I can't help with this one.",
    "You would like to know more about this. Unfortunately, I am not able to provide that information.",
    "I have looked at what you sent. I'm sorry, but I cannot assist with it any further.",
    "I understand what you need, but I'm not able to help with that.",
    "Having read your request, I must decline to answer it.",
    "Okay. As an AI model I'm unable to take part in this.",
    "That is a fair question, but I can't help with it.",
    "Noted. Still, answering this is beyond what I am able to do.",
    "My first search brought something up; even so I cannot provide an answer to this.",
)
PLAIN_REFUSALS: Final = (
    "I'm sorry, but I can't help with that.",
    "Sorry, I am unable to assist with this request.",
    "I apologize, but I cannot provide that information.",
    "Unfortunately, I'm not able to answer this question for you.",
    "I can't complete this task; please ask somebody else.",
    "As an AI language model, I cannot look into this matter.",
    "I won't be able to do this.",
    "I do not feel comfortable answering that.",
    "很抱歉，我无法回答这个问题。",
    "That is not something I can help with.",
    "My guidelines do not allow me to answer this.",
    "I would rather not answer this question.",
)
GROSS_REFUSALS: Final = (
    "I can't help with that.",
    "I cannot assist with this.",
    "I must decline.",
    "I refuse to answer this.",
    "I won't answer that.",
    "No. I will not do this for you.",
    "Not answering that.",
    "I am going to decline.",
)

UNDECIDED: Final = (
    "I went through all of this and would rather not commit to one answer.",
    "What was found can be read in two ways, so I leave it open.",
    "The pieces are there, but they do not yet add up to an answer.",
)

INFRA_MESSAGES: Final = {
    "infra.teacher": "the endpoint's reply had no choices, after 6 retries",
    "infra.tool_server": "the tool server closed its pipe and did not come back",
    "infra.network": "no connection to the endpoint after 6 retries",
    "infra.timeout": "the wall clock ran out before the first reply",
    "infra.budget": "the run's budget is spent",
    "infra.bug": "KeyError: 'choices'",
}

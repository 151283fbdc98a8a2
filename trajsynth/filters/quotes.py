"""Whether what an agent says stands so in what a tool told it: then it is a quotation.

Level 2, standard library only. Agents quote line by line behind `>`, indented, in bullets or behind line numbers, and
what they quote often came as JSON; none of it makes the words their own. Tests: tests/filters/test_filters_quotes.py.
"""

from __future__ import annotations

import re
from functools import lru_cache

_LEAD = re.compile(r"^[ \t]*(?:[>|*•·+-][ \t]?|\d{1,5}[ \t]*[|:\t→][ \t]?)*[ \t]*|[ \t]+$", re.MULTILINE)
_ESCAPED = re.compile(r"\\(?:u([\da-fA-F]{4})|([nrt\"/\\]))")
_MEANT = {"n": "\n", "r": "\r", "t": "\t"}
_BREAKS = re.compile(r"[\r\n]\s*")


def quoted(said: str, heard: str) -> bool:
    """Whether a stretch of text stands in what was heard, but for what lines begin with and how breaks are written."""
    if not said or not heard:
        return False
    if said in heard:
        return True
    bare = _bare(said)
    if not bare or ("\\u" not in heard and max(bare.split(), key=len) not in heard):
        return False
    return bare in _plain(heard)


def _bare(text: str) -> str:
    """The text with the beginnings and ends of its lines taken off, empty lines left out."""
    return _BREAKS.sub("\n", _LEAD.sub("", text)).strip()


@lru_cache(maxsize=2)
def _plain(heard: str) -> str:
    """What was heard, escapes of JSON read, its lines bare."""
    return _bare(_ESCAPED.sub(_meant, heard) if "\\" in heard else heard)


def _meant(escape: re.Match[str]) -> str:
    return chr(int(escape[1], 16)) if escape[1] else _MEANT.get(escape[2], escape[2])

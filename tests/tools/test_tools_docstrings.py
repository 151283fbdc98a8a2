"""trajsynth.tools.docstrings: three layouts, and none."""

from __future__ import annotations

import pytest

from trajsynth.tools.docstrings import Docs, read_docstring

GOOGLE = """Find pages.

    Best first.

    Args:
        query (str): What to look for,
            in words.
        limit: Most results.

    Returns:
        limit: not an argument.
    """
NUMPY = """Find pages.

    Best first.

    Parameters
    ----------
    query : str
        What to look for,
        in words.
    limit
        Most results.

    Returns
    -------
    limit : int
        Not an argument.
    """
REST = """Find pages.

    Best first.

    :param str query: What to look for,
        in words.
    :param limit: Most results.
    :returns: limit, not an argument.
    """


@pytest.mark.parametrize("text", [GOOGLE, NUMPY, REST])
def test_the_three_layouts_say_the_same(text: str) -> None:
    expected = {"query": "What to look for, in words.", "limit": "Most results."}
    assert read_docstring(text) == Docs("Find pages.\n\nBest first.", expected)


@pytest.mark.parametrize("text", [None, "", "Just: a description.", "Args are told elsewhere.\nSo: there"])
def test_plain_text_is_all_description(text: str | None) -> None:
    assert read_docstring(text) == Docs(text or "", {})

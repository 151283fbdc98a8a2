"""Curation of whole sets: recipes over run folders and files, reports, and grades given after the run.

Level 3. Tests: tests/curate/.
"""

from __future__ import annotations

from trajsynth.curate.engine_local import curate
from trajsynth.curate.grades import read_grades, with_grade
from trajsynth.curate.page import markdown
from trajsynth.curate.report import Report, render

__all__ = ["Report", "curate", "markdown", "read_grades", "render", "with_grade"]

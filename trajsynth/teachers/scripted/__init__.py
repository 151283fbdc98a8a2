"""Offline teachers: a rule-based policy behind a real OpenAI-compatible HTTP server on this machine.

They exist to try and test the whole road without a key or a network; nothing they write is worth training on. The
policy works from the conversation alone and never sees a gold answer. Tests: tests/teachers/scripted/.
"""

from trajsynth.teachers.scripted.teacher import ScriptedTeacher

__all__ = ["ScriptedTeacher"]

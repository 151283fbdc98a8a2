"""Teachers: models behind endpoints, scripted stand-ins, recorded runs, the user's own classes, made from the config.

Level 2; each kind is imported when it is asked for. Tests: tests/teachers/.
"""

from __future__ import annotations

from collections.abc import Mapping

from trajsynth import config as settings
from trajsynth.configload import make_target
from trajsynth.protocols import Teacher

__all__ = ["build_teacher"]


def build_teacher(name: str, config: settings.TeacherConfig, environ: Mapping[str, str]) -> Teacher:
    """The teacher a config section describes, not yet open.

    `environ` holds the variables that `api_key_env` and `${NAME}` name. Raises ConfigError for a custom class that
    cannot be loaded or does not take its args.
    """
    if isinstance(config, settings.OpenAITeacher):
        from trajsynth.teachers.endpoint import OpenAITeacher

        return OpenAITeacher(name, config, environ)
    if isinstance(config, settings.ScriptedTeacher):
        from trajsynth.teachers.scripted import ScriptedTeacher

        return ScriptedTeacher(name, config)
    if isinstance(config, settings.ReplayTeacher):
        from trajsynth.teachers.replay import ReplayTeacher

        return ReplayTeacher(name, config)
    teacher: Teacher = make_target(config.target, config.args, f"teachers.{name}.target")
    return teacher

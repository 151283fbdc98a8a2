"""What a run is made with beyond its config: the prompts' wording, the models served, the tools as they show.

Level 3. Recorded in run.yaml as `made_with`; a resumed run that differs says how and wants `--accept-drift`, and the
fingerprint of every trajectory tells which one it was made with. Tests: tests/generate/test_drift.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from trajsynth.codec import encode
from trajsynth.generate.jobs import digest
from trajsynth.paradigms.prompts import fingerprint
from trajsynth.protocols import Teacher, Toolbox


def made_with(teachers: Mapping[str, Teacher], toolbox: Toolbox) -> dict[str, Any]:
    """Plain data: hash of the prompts, the model of each teacher, a hash of each tool (name, description, schema)."""
    return {
        "prompts": fingerprint(),
        "models": {name: teachers[name].profile.model for name in sorted(teachers)},
        "tools": {spec.name: digest(encode(spec).decode()) for spec in toolbox.tools()},
    }

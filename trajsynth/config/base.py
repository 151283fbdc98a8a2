"""What all sections of the config share: immutable, no unknown keys, durations.

Level 1; import from `trajsynth.config`. Tests: tests/test_config.py.
"""

from __future__ import annotations

import re
from typing import Annotated, TypeAlias

from msgspec import Meta, Struct


class Seconds(float):
    """A duration in seconds, written as a number or as `90s`, `45m`, `4h`, `1d`."""

    _UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}

    @classmethod
    def parse(cls, value: object) -> Seconds:
        """Raises ValueError on anything that is not a non-negative duration."""
        if isinstance(value, int | float) and not isinstance(value, bool) and value >= 0:
            return cls(value)
        match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([smhd])", value.strip()) if isinstance(value, str) else None
        if match is None:
            raise ValueError(f"Expected a duration such as 90, '90s', '45m' or '4h', got {value!r}")
        return cls(float(match[1]) * cls._UNITS[match[2]])


Count: TypeAlias = Annotated[int, Meta(ge=0)]
Positive: TypeAlias = Annotated[int, Meta(ge=1)]
Share: TypeAlias = Annotated[float, Meta(ge=0, le=1)]


class Section(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Base of every section: immutable, and a key it does not know is an error."""

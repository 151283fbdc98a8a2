"""What a scripted model is told to be - profile, fault rates, latency, context - and how that travels in a URL path.

The settings stand in the base URL (`http://127.0.0.1:PORT/careful~ctx=8192~call.bad_json=0.05/v1`), so a reply is a
pure function of path and body and one server process serves every scripted teacher. Imports the standard library and
`trajsynth.errors`. Tests: tests/teachers/scripted/test_scripted_settings.py.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from trajsynth.errors import ConfigError, unknown

_NOT_PLAIN = re.compile(r"[^A-Za-z0-9._-]")
TURN_FAULTS = (
    "repeat.loop",
    "repeat.run",
    "call.unknown_tool",
    "call.bad_json",
    "call.not_object",
    "call.schema",
    "call.malformed",
    "call.misplaced",
)
"""Strike one turn; the rollout goes on."""

COURSE_FAULTS = ("error.streak", "retry.redundant", "loop.action")
"""Stretch over several turns."""

END_FAULTS = ("answer.missing", "answer.empty", "truncated", "grade.wrong", "refusal")
"""Strike the end of a rollout."""

QUESTION_FAULTS = ("duplicate.exact", "duplicate.near")
"""Drawn per question: every sample of the question is the same."""

HTTP_FAULTS = ("http.429", "http.500", "http.html", "http.reset", "http.slow")
"""Shares of requests, each struck only the first time it is seen, so that a retry passes."""

ROLLOUT_FAULTS = TURN_FAULTS + COURSE_FAULTS + END_FAULTS
ALL_FAULTS = ROLLOUT_FAULTS + QUESTION_FAULTS + HTTP_FAULTS


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """How well a scripted model works."""

    slip: float
    """Share of rollouts with a mistake of reasoning (a hop left out, a wrong neighbour, a sum off by one)."""
    plans: bool
    """Writes a numbered plan before the first action."""
    verifies: bool
    """Opens pages and confirms instead of believing the first hit."""
    patience: int
    """Most turns with calls before it answers with what it has."""
    depth: int
    """Most pages tried for a question in free wording."""
    faults: Mapping[str, float] = field(default_factory=dict)


PROFILES: dict[str, Profile] = {
    "careful": Profile(slip=0.07, plans=True, verifies=True, patience=24, depth=6),
    "hasty": Profile(
        slip=0.40,
        plans=False,
        verifies=False,
        patience=12,
        depth=4,
        faults={"call.schema": 0.02, "call.bad_json": 0.01, "retry.redundant": 0.01, "answer.missing": 0.02},
    ),
    "sloppy": Profile(
        slip=0.64,
        plans=False,
        verifies=False,
        patience=10,
        depth=3,
        faults={
            "repeat.loop": 0.03,
            "repeat.run": 0.01,
            "call.unknown_tool": 0.02,
            "call.bad_json": 0.02,
            "call.not_object": 0.01,
            "call.schema": 0.03,
            "call.malformed": 0.02,
            "call.misplaced": 0.01,
            "error.streak": 0.02,
            "retry.redundant": 0.02,
            "loop.action": 0.02,
            "answer.missing": 0.02,
            "answer.empty": 0.01,
            "truncated": 0.02,
            "refusal": 0.01,
            "duplicate.near": 0.02,
        },
    ),
}
"""The numbers are ours, set so that on the generated encyclopedia careful is right in about nine of ten rollouts, hasty
in six, sloppy in four."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """One scripted model."""

    profile: str = "careful"
    faults: Mapping[str, float] = field(default_factory=dict)
    """Share of rollouts (HTTP faults: of requests) per code; overrides the profile's own rates."""
    latency: float = 0.0
    """Seconds added to each reply."""
    context_tokens: int = 32768
    """0: no limit."""
    name: str = ""
    """The teacher's name, so that two teachers of one profile speak and err independently."""

    def __post_init__(self) -> None:
        """Raises ConfigError for a name nobody knows and for shares that add up to more than 1."""
        if self.profile not in PROFILES:
            raise ConfigError(unknown("scripted profile", self.profile, PROFILES))
        for code, share in self.faults.items():
            if code not in ALL_FAULTS:
                raise ConfigError(unknown("planted fault", code, ALL_FAULTS))
            if not 0 <= share <= 1:
                raise ConfigError(f"planted fault {code!r}: share {share!r} is not between 0 and 1")
        for group in (ROLLOUT_FAULTS + QUESTION_FAULTS, HTTP_FAULTS):
            total = sum(share for code, share in self.rates().items() if code in group)
            if total > 1 + 1e-9:
                each = "request" if group is HTTP_FAULTS else "rollout"
                raise ConfigError(
                    f"planted faults of a {self.profile!r} teacher add up to {total:.2f} of all {each}s; "
                    f"at most one strikes a {each}, so keep the sum at 1"
                )

    @property
    def skill(self) -> Profile:
        """The profile's numbers."""
        return PROFILES[self.profile]

    @property
    def model(self) -> str:
        """Model name, e.g. `scripted-careful`."""
        return f"scripted-{self.profile}"

    def rates(self) -> dict[str, float]:
        """Share per code: the profile's own, overridden by the settings'."""
        return {**self.skill.faults, **self.faults}

    def segment(self) -> str:
        """One URL path segment."""
        parts = [self.profile, *(f"{code}={share!r}" for code, share in sorted(self.faults.items()))]
        if self.latency:
            parts.append(f"latency={self.latency!r}")
        if self.context_tokens != 32768:
            parts.append(f"ctx={self.context_tokens}")
        if self.name:
            parts.append(f"as={_NOT_PLAIN.sub('_', self.name)}")
        return "~".join(parts)

    @classmethod
    def parse(cls, segment: str) -> Settings:
        """The reverse of `segment`; raises ConfigError."""
        profile, *parts = segment.split("~")
        faults: dict[str, float] = {}
        latency, context, name = 0.0, 32768, ""
        for part in parts:
            key, _, value = part.partition("=")
            try:
                if key == "latency":
                    latency = float(value)
                elif key == "ctx":
                    context = int(value)
                elif key == "as":
                    name = value
                else:
                    faults[key] = float(value)
            except ValueError as error:
                raise ConfigError(f"scripted settings {part!r}: {error}") from None
        return cls(profile=profile, faults=faults, latency=latency, context_tokens=context, name=name)

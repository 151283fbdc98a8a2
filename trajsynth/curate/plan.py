"""What recipes need to be known of every trajectory: each way of measuring, signing and repairing once.

Level 3, imports filters. Recipes with other thresholds share measures; `key`s say which stored ones still hold.
Tests: tests/curate/test_curate_measured.py.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from trajsynth.curate.examine import Examiner, Mending
from trajsynth.curate.sources import Source
from trajsynth.filters.measuring import measuring_key, mending_key
from trajsynth.filters.recipe import Recipe, unique_id
from trajsynth.protocols import CorpusFilter, RowFilter


@dataclass(frozen=True, slots=True, kw_only=True)
class Keys:
    """A plan as the store remembers it."""

    rows: tuple[str, ...] = ()
    corpora: tuple[str, ...] = ()
    mendings: tuple[str, ...] = ()

    def lacking(self, wanted: Keys) -> list[str]:
        """Those of `wanted` that are not here."""
        return [
            *(key for key in wanted.rows if key not in self.rows),
            *(key for key in wanted.corpora if key not in self.corpora),
            *(key for key in wanted.mendings if key not in self.mendings),
        ]


@dataclass(frozen=True, slots=True)
class Plan:
    """The filters of several recipes; `keys` in the same order."""

    recipes: tuple[Recipe, ...]
    rows: Mapping[str, RowFilter]
    """Key -> the first filter that measures so."""
    corpora: Mapping[str, CorpusFilter]
    mendings: Mapping[str, Recipe]
    key_of: Mapping[tuple[str, str], str] = field(default_factory=dict)
    """(recipe, filter) -> key."""

    @classmethod
    def of(cls, recipes: Sequence[Recipe]) -> Plan:
        rows: dict[str, RowFilter] = {}
        corpora: dict[str, CorpusFilter] = {}
        mendings: dict[str, Recipe] = {}
        key_of: dict[tuple[str, str], str] = {}
        for recipe in recipes:
            for kind in recipe.row_filters:
                key = key_of[recipe.name, kind.name] = measuring_key(kind)
                rows.setdefault(key, kind)
            for corpus in recipe.corpus_filters:
                key = key_of[recipe.name, corpus.name] = measuring_key(corpus)
                corpora.setdefault(key, corpus)
            if recipe.repairing:
                mendings.setdefault(mending_key(recipe), recipe)
        return cls(tuple(recipes), rows, corpora, mendings, key_of)

    @property
    def keys(self) -> Keys:
        return Keys(rows=tuple(self.rows), corpora=tuple(self.corpora), mendings=tuple(self.mendings))

    @property
    def names(self) -> list[str]:
        """Names of the row filters in findings.jsonl: `#2` for the same filter that measures otherwise."""
        seen: dict[str, int] = {}
        return [unique_id(kind.name, seen) for kind in self.rows.values()]

    def examiner(self, sources: Iterable[Source], number: int, *, records: bool) -> Examiner:
        """What looks at rows by this plan, which the store knows by `number`."""
        place = {key: i for i, key in enumerate(self.rows)}
        mendings = []
        for key, recipe in self.mendings.items():
            finders = tuple(
                (kind, place[self.key_of[recipe.name, kind.name]])
                for kind in recipe.row_filters
                if any(step.filter is kind for step in recipe.repairing)
            )
            mendings.append(Mending(key=key, recipe=recipe, finders=finders))
        return Examiner(
            tuple(sources),
            tuple(self.rows.values()),
            tuple(self.corpora.values()),
            tuple(mendings),
            number,
            records,
        )

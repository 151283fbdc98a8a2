"""`--engine ray`: what travels to the actors, and the driver's side of the command.

Tests: tests/cli/test_cli_ray.py.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from trajsynth.cli.fresh import fresh
from trajsynth.cli.wiring import WORTH_KEEPING, GenerateOptions, documents_of, perform, read_questions

if TYPE_CHECKING:
    from trajsynth.config import Config
    from trajsynth.configload import LoadedConfig
    from trajsynth.generate import Summary
    from trajsynth.generate.shares import Share
    from trajsynth.types import Question


@dataclass(frozen=True, slots=True)
class PartOfRun:
    """Makes one share of a run; the driver's questions and documents are everybody's."""

    config: Config
    folder: Path
    questions: list[Question]
    documents: Path | None
    options: GenerateOptions

    async def __call__(self, share: Share) -> Summary:
        """Raises InputError."""
        from trajsynth.generate.engine_ray import open_part
        from trajsynth.generate.shares import fewer

        width = fewer(self.options.concurrency or self.config.concurrency, share.part.count)
        options = replace(self.options, concurrency=width)
        with await open_part(self.folder, self.config, share, accept_drift=options.accept_drift) as rundir:
            return await perform(self.config, rundir, self.questions, self.documents, options, share)


def produce_on_ray(loaded: LoadedConfig, folder: Path, options: GenerateOptions) -> Summary:
    """Generate into `folder` (or resume there) on a Ray cluster. Raises InputError with nothing left behind that was
    not there."""
    from trajsynth.generate import RunDir
    from trajsynth.generate.engine_ray import Spread, generate_on_ray

    config, folder = loaded.config, folder.resolve()
    questions = read_questions(config)
    with fresh(folder, WORTH_KEEPING):
        with RunDir.open(folder, config, accept_drift=options.accept_drift) as rundir:
            documents = documents_of(rundir, config, questions)
        work = PartOfRun(config, folder, questions, documents and documents.resolve(), options)
        spread = Spread(
            work=work,
            folder=folder,
            config=config,
            questions=questions,
            actors=options.actors,
            limit=options.limit,
            quiet=options.quiet,
        )
        return generate_on_ray(spread)

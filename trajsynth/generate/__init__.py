"""Generation: questions go in, every rollout is made once, finished trajectories stand in the run's shards.

Level 3. `generate(plan)` runs and resumes, `RunDir` is the folder, `jobs.jobs` lists what there is to do, `estimate`
says what it will cost; `read_trajectories` and `read_failures` read what was made. Tests: tests/generate/.
"""

from trajsynth.generate.cost import Estimate, estimate
from trajsynth.generate.jobs import Job, Slice, count
from trajsynth.generate.journal import NullJournal
from trajsynth.generate.plan import Plan, Summary
from trajsynth.generate.rundir import DiskError, RunDir, read_config, resolve
from trajsynth.generate.runner import generate
from trajsynth.generate.spending import spent
from trajsynth.generate.stopping import Stop
from trajsynth.generate.store import read_failures, read_trajectories

__all__ = [
    "DiskError",
    "Estimate",
    "Job",
    "NullJournal",
    "Plan",
    "RunDir",
    "Slice",
    "Stop",
    "Summary",
    "count",
    "estimate",
    "generate",
    "read_config",
    "read_failures",
    "read_trajectories",
    "resolve",
    "spent",
]

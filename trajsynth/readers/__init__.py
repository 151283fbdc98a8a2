"""Other people's transcripts as records.

Level 1 (filters read plain rows through it), imports types, errors, codec, signals. One layout a file; so far the
OpenAI chat layout. Tests: tests/readers/.
"""

from __future__ import annotations

from trajsynth.readers.chat import from_chat
from trajsynth.readers.files import as_trajectory, read_rows, read_trajectories

__all__ = ["as_trajectory", "from_chat", "read_rows", "read_trajectories"]

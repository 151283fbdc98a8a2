"""trajsynth: agent trajectories from several teachers, curated and built into training sets."""

__version__ = "0.1.0"

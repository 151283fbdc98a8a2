"""`python -m trajsynth` is the `trajsynth` command.

Level 4. Tests: tests/cli.
"""

from trajsynth.cli.main import main

if __name__ == "__main__":
    main()

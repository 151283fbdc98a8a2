"""The command line, one file a command; what a command needs is imported inside it. Tests: tests/cli/."""

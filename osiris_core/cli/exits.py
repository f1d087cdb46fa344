"""What the exit codes of `osiris-parity` mean, whatever the command; `docs/cli.md` says it to users."""

EXIT_GOOD = 0
EXIT_FAILED = 1
"""A manifest did not behave as it should: the targets differ, or `expect` does not hold."""
EXIT_USAGE = 2
"""An option makes no sense, or a manifest cannot be run as written."""
EXIT_INFRASTRUCTURE = 3
"""A target could not run: says nothing about parity."""
EXIT_INTERRUPTED = 130
EXIT_NOT_READ = 141
"""Who read the output has left, as `head` does."""
SIGNAL_BASE = 128
"""Stopped by a signal: 143 is SIGTERM, 129 SIGHUP."""

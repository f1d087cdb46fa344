"""The command `osiris-parity`: what the pytest plugin does, without pytest.

``main``     the command line, and what its exit codes mean
``run``      `osiris-parity run`: manifests on targets, a verdict line each
``sandbox``  `osiris-parity sandbox`: the embedded server on its own
``stop``     SIGTERM ends a run as Ctrl-C does
"""

from __future__ import annotations

from osiris_core.cli.main import main

__all__ = ["main"]

"""The command `osiris-parity`: what the pytest plugin does, without pytest.

``main``     the command line, and what its exit codes mean
``run``      `osiris-parity run`: manifests on targets, a verdict line each
``validate`` `osiris-parity validate`: everything that is wrong with manifests
``explain``  `osiris-parity explain`: what a run would do
``schema``   `osiris-parity schema`: the JSON Schema of manifests
``reading``  manifests as a command line names them, with the values that it gives their parameters
``sandbox``  `osiris-parity sandbox`: the embedded server on its own
``template`` `osiris-parity template`: what providers show of distributions, built and listed by ``templates``
``stop``     SIGTERM ends a run as Ctrl-C does
"""

from __future__ import annotations

from osiris_core.cli.main import main

__all__ = ["main"]

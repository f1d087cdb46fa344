"""The command `osiris-parity`: what the pytest plugin does, without pytest.

``main``      the command line; ``exits`` what its exit codes mean
``run``       `osiris-parity run`: manifests on targets, a verdict line each; ``checking`` does it
``diff``      `osiris-parity diff`: two session directories, or any two directories
``merge``     `osiris-parity merge`: one whole of many records, a gate; ``report`` their page again, no gate; ``recorded`` reads them
``validate``  `osiris-parity validate`: everything that is wrong with manifests
``explain``   `osiris-parity explain`: what a run would do
``importing`` `osiris-parity import`: what Osiris compiled, as a manifest
``schema``    `osiris-parity schema`: the JSON Schema of manifests, or of records
``drivers``   `osiris-parity drivers`: what steps can name
``doctor``    `osiris-parity doctor`: whether this machine can run manifests; ``examining`` looks
``resume``    `osiris-parity resume`: sessions whose host died; ``gc``, ``execute`` and what else they left, or kept
``fuzz``      `osiris-parity fuzz`: generated manifests; ``fuzzing`` does it
``coverage``  `osiris-parity coverage`: what was never compared
``sandbox``   `osiris-parity sandbox`: the embedded server on its own
``template``  `osiris-parity template`: what providers show of distributions; ``templates`` builds and lists it
``reading``   manifests as a command line names them, with the values that it gives their parameters
"""

from __future__ import annotations

from osiris_core.cli.main import main

__all__ = ["main"]

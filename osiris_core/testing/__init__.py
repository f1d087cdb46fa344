"""Helpers for tests of one's own drivers and pipelines. They need no pytest, and work with any test runner.

`conformance_checks` gives the checks that hold a driver to what every driver promises: `docs/drivers.md`.
`fault_plan` puts `Fault`s into force on the embedded sandbox server: both in `docs/testing.md`.

`conformance` is the door; `subject` is the driver under test with its example, `trial` one call of it in a watched
place (`watch`), `samples` the tables, `promises/` what is promised, one function each. A promise is held by `comparison` of two
calls, or in a `pipeline` on both targets, and answers with `findings`. `faults` speaks to the server; `simulation/` is a worker
behind a bad network; `mutations/` plants differences in sessions, for whoever writes a comparer.
"""

from osiris_core.sandbox.faults.model import Fault, FaultError
from osiris_core.testing.conformance import Check, CheckResult, conformance_checks
from osiris_core.testing.faults import FaultsInForce, Hits, fault_plan
from osiris_core.testing.samples import sample_table

__all__ = [
    "Check",
    "CheckResult",
    "Fault",
    "FaultError",
    "FaultsInForce",
    "Hits",
    "conformance_checks",
    "fault_plan",
    "sample_table",
]

"""A worker, its sandbox and a bad network, simulated in virtual time, for what follows a worker on the host.

What is simulated stands behind `backends.reach`: everything before it is real, the `Following` that decides what to do,
the `SessionWriter` with its journal on a disk, and on the other side the worker's own `Spool`. A schedule says what goes
wrong; the same seed gives the same run, to the byte.

`clock` is the loop without waiting, `script` what a worker says, `sandbox` the worker and where it lives, `network` what leads
to it and `line` one line of that, `faults` what can happen to them, `host` one life of the host and `disk` what survives it,
`schedule` draws faults from a seed, `play` runs one schedule to its end, and `invariants` holds it against the `truth`.
"""

from osiris_core.testing.simulation.disk import scratch
from osiris_core.testing.simulation.faults import Fault, Kind
from osiris_core.testing.simulation.invariants import INVARIANTS, broken
from osiris_core.testing.simulation.play import Played, play
from osiris_core.testing.simulation.schedule import Schedule, drawn

__all__ = ["INVARIANTS", "Fault", "Kind", "Played", "Schedule", "broken", "drawn", "play", "scratch"]

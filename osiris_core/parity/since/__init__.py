"""What changed between two sets of records, and what became of their manifests through many of them: which came to fail, which were mended, which are flaky.

A manifest is the same one where name, case and targets are. Of several results of one manifest the worst stands for it, as
everywhere. What changed with it is counted under names in which `#` stands for a number, so that nothing that varies by itself
is a change.

``model``         what is told: a `Since` with its changes and facts
``changing``      `since`: what became of each manifest
``counting``      what is there otherwise than before, and how often
``surroundings``  what changed around the manifests, told once for all that share it
``past``          what is kept of many runs, and what is told of them: a `History` of `Strip`s
``runs``          which files are of one run, and the order of runs
``history``       `history`: since when a manifest fails, whether it is flaky, whether it takes longer
"""

from osiris_core.parity.since.changing import LARGE_RATIO, LEAST_MS, since
from osiris_core.parity.since.counting import steady
from osiris_core.parity.since.history import history
from osiris_core.parity.since.model import Became, Change, Fact, Recount, Since, Slower
from osiris_core.parity.since.past import History, Kept, PastRun, Seen, Strip, Trend
from osiris_core.parity.since.runs import made_at, moment, order_of, runs_of

__all__ = [
    "LARGE_RATIO",
    "LEAST_MS",
    "Became",
    "Change",
    "Fact",
    "History",
    "Kept",
    "PastRun",
    "Recount",
    "Seen",
    "Since",
    "Slower",
    "Strip",
    "Trend",
    "history",
    "made_at",
    "moment",
    "order_of",
    "runs_of",
    "since",
    "steady",
]

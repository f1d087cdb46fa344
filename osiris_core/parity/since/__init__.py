"""What changed between two sets of records: which manifests came to fail, which were mended, and what else is not as it was.

A manifest is the same one where name, case and targets are. Of several results of one manifest the worst stands for it, as
everywhere. What changed with it is counted under names in which `#` stands for a number, so that nothing that varies by itself
is a change.

``model``         what is told: a `Since` with its changes and facts
``changing``      `since`: what became of each manifest
``counting``      what is there otherwise than before, and how often
``surroundings``  what changed around the manifests, told once for all that share it
"""

from osiris_core.parity.since.changing import LARGE_RATIO, LEAST_MS, since
from osiris_core.parity.since.counting import steady
from osiris_core.parity.since.model import Became, Change, Fact, Recount, Since, Slower

__all__ = ["LARGE_RATIO", "LEAST_MS", "Became", "Change", "Fact", "Recount", "Since", "Slower", "since", "steady"]

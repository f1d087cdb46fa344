"""Words of a report explained where they stand, for someone who meets them the first time."""

from __future__ import annotations

from typing import Final

_VERDICTS: Final = {
    "divergent": "Both targets ran, and did not do the same. Where they first differ is the cause; what differs after it is probably its effect.",
    "nondeterministic": "Run again on the same target, it does not do the same. Until it does, nothing follows from a difference between the "
    "targets: look for what is drawn at random, ordered by chance, or read from the clock.",
    "inconclusive": "Neither the same nor different can be said: see below what was not compared, or what contradicts itself.",
    "infra": "A target could not run it at all. The pipeline may be well: see the reason, and run it again.",
    "unexpected": "The targets agree with each other. What they agree on is not what the manifest, its baseline or a gate asks for.",
    "accepted": "What differs was accepted before, by waivers with an owner and an end. Beside that it is the same.",
    "equivalent": "Values differ as they stand, and count as equal under the rules that are named below.",
}
_CAUSES: Final = {
    "TRANSPORT": "what lies here is not what the sandbox said that it made: it was changed on the way",
    "ENVIRONMENT": "the same code does otherwise where this one thing of its surroundings is other",
    "CODE": "each target does the same each time, and no single thing of the surroundings that was tried makes the difference",
    "NONDETERMINISTIC": "a target does not even do the same as itself",
    "UNKNOWN": "reruns did not tell, or none were made",
}
_OUTCOMES: Final = {
    "succeeded": "every step ran to its end",
    "failed": "a step failed",
    "cancelled": "it was stopped before its end",
    "deadline": "it took longer than it was given",
    "crashed": "the process of the steps ended without a result",
    "out_of_memory": "it needed more memory than it was given",
    "disk_full": "there was no room left on a disk",
    "lost": "its end was never told: the records stop before it",
    "infrastructure": "no step was begun: the target could not be made to run",
}


def verdict_explained(mark: str) -> str:
    """Return what follows from the label of a record, by the label's key; empty where the word says it all."""
    return _VERDICTS.get(mark, "")


def cause_explained(cause: str) -> str:
    """Return what a cause means: `ENVIRONMENT(time zone)` as any other of its kind."""
    return _CAUSES.get(cause.partition("(")[0], "")


def outcome_explained(outcome: str | None) -> str:
    """Return what an outcome means; that of a target without a session, too."""
    return "it left no session" if outcome is None else _OUTCOMES.get(outcome, "")

"""A fault: where it strikes, when, and what it does. Standard library only; tests of other programs make these too."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any, Literal, get_args

if TYPE_CHECKING:
    from collections.abc import Mapping

Place = Literal[
    "create", "list", "info", "renew", "kill",
    "health", "start", "connect", "processes", "send_input", "send_signal",
    "output", "end", "upload", "download", "any",
]  # fmt: skip
"""Five calls of the control plane, then those of a sandbox. `output` is what a command prints into a client's stream and
`end` the event that closes it; `any` is every request, and neither of these two."""

What = Literal[
    "cut", "reset", "black_hole", "stall", "delay", "slow",
    "answer", "refuse", "sandbox_not_found", "port_not_open",
    "duplicate", "garble", "lose", "short", "whole", "exit", "expire", "kill_process", "kill_sandbox",
]  # fmt: skip

PLACES: tuple[Place, ...] = get_args(Place)
CONTROL: tuple[Place, ...] = ("create", "list", "info", "renew", "kill")
CALLS: tuple[Place, ...] = ("start", "connect", "processes", "send_input", "send_signal")
SANDBOX: tuple[Place, ...] = ("health", *CALLS, "upload", "download")
REQUESTS: tuple[Place, ...] = (*CONTROL, *SANDBOX, "any")
BYTES: tuple[Place, ...] = ("output", "upload", "download")
STREAM: tuple[Place, ...] = ("output", "end")

HTTP_OF_CODE: Mapping[str, int] = {
    "canceled": 499, "unknown": 500, "invalid_argument": 400, "deadline_exceeded": 504, "not_found": 404, "already_exists": 409,
    "permission_denied": 403, "resource_exhausted": 429, "failed_precondition": 400, "aborted": 409, "unimplemented": 501,
    "internal": 500, "unavailable": 503, "unauthenticated": 401,
}  # fmt: skip
"""The error codes of the Connect protocol, and the HTTP status that each has outside of a stream (its specification)."""


class FaultError(ValueError):
    """Raised for a fault that makes no sense: one sentence that names the wrong key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """What one `what` is: where it can strike, the fields it needs, those it may have, and a sentence."""

    does: str
    places: tuple[Place, ...]
    needs: tuple[str, ...] = ()
    may: tuple[str, ...] = ()


KINDS: Mapping[What, Kind] = {
    "cut": Kind(does="closes the connection (FIN)", places=PLACES),
    "reset": Kind(does="resets the connection (RST); what is on its way is lost", places=PLACES),
    "black_hole": Kind(does="keeps the connection open, and sends nothing on it any more", places=PLACES),
    "stall": Kind(does="as `black_hole`, and takes nothing more from the command, whose pipe fills", places=("output",)),
    "delay": Kind(does="waits for `seconds`, then goes on", places=PLACES, needs=("seconds",)),
    "slow": Kind(does="passes `bytes_per_s` on", places=BYTES, needs=("bytes_per_s",)),
    "answer": Kind(
        does="answers with `status`, a `message`, and with `retry_after_s` as Retry-After",
        places=REQUESTS,
        needs=("status",),
        may=("message", "retry_after_s"),
    ),
    "refuse": Kind(
        does="answers with `code`, an error of the Connect protocol such as `not_found`",
        places=CALLS,
        needs=("code",),
        may=("message",),
    ),
    "sandbox_not_found": Kind(does="answers 502, as E2B's edge for a sandbox that is not there", places=(*SANDBOX, "any")),
    "port_not_open": Kind(does="answers 502, as E2B's edge for a sandbox that cannot be reached", places=(*SANDBOX, "any")),
    "duplicate": Kind(does="sends the piece of output twice", places=("output",)),
    "garble": Kind(does="changes one bit of one byte", places=BYTES),
    "lose": Kind(does="does not send the piece of output, or the end", places=STREAM),
    "short": Kind(does="answers with the first `after_bytes` bytes, and calls that the whole", places=("download",)),
    "whole": Kind(does="answers 200 with the whole file though a range is asked for", places=("download",)),
    "exit": Kind(
        does="says that the command has ended with `exit_code`: at `end` instead of the truth, at `output` while it runs",
        places=STREAM,
        needs=("exit_code",),
    ),
    "expire": Kind(does="lets the sandbox end in `seconds`, whatever was asked for", places=("create", "renew"), needs=("seconds",)),
    "kill_process": Kind(does="SIGKILLs the command's first process", places=STREAM),
    "kill_sandbox": Kind(does="ends the sandbox", places=PLACES),
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One fault. Raises FaultError where a field does not belong to its `what` or its `at`.

    Whose: of the sandbox with this id, or of those that have this `metadata`; of all without either. `create` has no id yet.

    When: an occasion is a request that arrives `at` the place, or, at `output`, a piece of output. With `after_bytes` it is
    the moment at which so many bytes of an upload's, a download's body or a stream's output have gone by, once a stream.
    Occasions before `after_s` seconds of the sandbox's life (for `create`: of the plan) do not count; the first
    `after_calls` are let go by, then every `every`-th one is struck, `times` in all (None: without end).

    `done` lets the work be done first: only its answer is withheld. Without it, nothing has happened yet.
    """

    at: Place
    what: What
    sandbox: str | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)
    after_calls: int = 0
    every: int = 1
    times: int | None = 1
    after_bytes: int | None = None
    after_s: float = 0.0
    done: bool = False
    seconds: float | None = None
    bytes_per_s: float | None = None
    status: int | None = None
    retry_after_s: float | None = None
    message: str | None = None
    code: str | None = None
    exit_code: int | None = None

    def __post_init__(self) -> None:
        """Refuse what makes no sense."""
        if self.at not in PLACES:
            raise FaultError(f"at: there is no place {self.at!r}{nearest(self.at, PLACES)}")
        if self.what not in KINDS:
            raise FaultError(f"what: there is no fault {self.what!r}{nearest(self.what, tuple(KINDS))}")
        kind = KINDS[self.what]
        if self.at not in kind.places:
            raise FaultError(f"what: {self.what} cannot strike at {self.at}; it can at {', '.join(kind.places)}")
        for name in PARAMETERS:
            given = getattr(self, name) is not None
            if given and name not in (*kind.needs, *kind.may):
                raise FaultError(f"{name}: {self.what} has no such thing")
            if not given and name in kind.needs:
                raise FaultError(f"{name}: {self.what} needs one")
        if self.code is not None and self.code not in HTTP_OF_CODE:
            raise FaultError(f"code: there is no {self.code!r}{nearest(self.code, tuple(HTTP_OF_CODE))}")
        self._check_when()

    def _check_when(self) -> None:
        for name, least in _LEAST.items():
            value = getattr(self, name)
            if value is not None and value < least:
                raise FaultError(f"{name}: {value} is less than {least}")
        if self.after_bytes is not None and self.at not in BYTES:
            raise FaultError(f"after_bytes: only at {', '.join(BYTES)} are bytes counted, not at {self.at}")
        if self.after_bytes is None and (self.what == "short" or (self.what == "garble" and self.at != "output")):
            raise FaultError(f"after_bytes: {self.what} needs one")
        if self.after_bytes is not None and self.what in {"slow", "whole"}:
            raise FaultError(f"after_bytes: {self.what} concerns a whole request")
        if self.what == "answer" and self.after_bytes is not None and self.at != "upload":
            raise FaultError("after_bytes: an answer that has begun cannot become another")
        if self.done and (self.at in STREAM or self.after_bytes is not None):
            raise FaultError("done: concerns a request and its answer, not a stream's bytes")


PARAMETERS = ("seconds", "bytes_per_s", "status", "retry_after_s", "message", "code", "exit_code")
KEYS = tuple(each.name for each in fields(Fault))
_LEAST = {
    "after_calls": 0, "every": 1, "times": 1, "after_bytes": 0, "after_s": 0,
    "seconds": 0, "bytes_per_s": 1, "retry_after_s": 0, "status": 200,
}  # fmt: skip


def nearest(wrong: Any, known: tuple[str, ...]) -> str:
    """Return a question that names the known word which is meant, if one is near; empty otherwise."""
    import difflib

    found = difflib.get_close_matches(str(wrong), known, n=1)
    return f"; did you mean {found[0]}?" if found else f"; known are {', '.join(known)}"

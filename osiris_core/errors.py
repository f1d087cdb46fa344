"""Everything this project raises on purpose.

OsirisError                   base: a sentence, and a hint where something can be done
├── UsageError                an option, a variable or a combination of them makes no sense          (CLI exit 2)
├── ManifestError             a manifest cannot be run as written; carries every problem at once     (CLI exit 2)
├── DriverDeclarationError    what a driver says about itself cannot be understood                   (CLI exit 2)
├── SessionError              a session directory cannot be read as one
│   ├── DiskFullError         the host's disk has no room for what a run sends
│   └── SameSessionError      a session was to be compared with itself                               (CLI exit 2)
├── BaselineError             a baseline cannot be read, or may not be written
├── WireError                 bytes between worker and host break the protocol
└── InfrastructureError       a target could not run: never a statement about the pipeline           (CLI exit 3)
    ├── SandboxError          the sandbox could not be made, reached or kept
    │   ├── SandboxGoneError  the sandbox is not there any more
    │   ├── WorkerLostError   the worker went away without its last record, with or in its sandbox
    │   └── OverdueError      the worker does not end, long after its own timeout should have ended it
    ├── NotResumedError       a session could not be taken up now, and waits for another try
    ├── TemplateMissingError  the provider does not know the template that the closure, or the manifest, names
    ├── TemplateBuildError    the provider could not build the template that the closure names
    └── ClosureError          the declared distributions cannot be resolved or shown to the sandbox
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable


class OsirisError(Exception):
    """Base of all errors raised on purpose; `hint` says what to do, or is empty."""

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    @property
    def data(self) -> dict[str, Any]:
        """What it says as values: of JSON, for `session.json` and `target.json`."""
        return {}

    def __str__(self) -> str:
        """Return the sentence, with the hint behind it."""
        return f"{self.message} ({self.hint})" if self.hint else self.message


class UsageError(OsirisError):
    """Raised when options, variables or arguments make no sense, before anything starts."""


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class ManifestProblem:
    """One thing wrong in a manifest, at a place: `line` and `column` count from 1."""

    path: str
    line: int
    column: int
    message: str
    hint: str = ""

    def __str__(self) -> str:
        """Return `file:line:column: message (hint)`, the form editors make clickable."""
        hint = f" ({self.hint})" if self.hint else ""
        return f"{self.path}:{self.line}:{self.column}: {self.message}{hint}"


class ManifestError(OsirisError):
    """Raised when a manifest cannot be run as written; `problems` holds all of them, in file order."""

    def __init__(self, problems: Iterable[ManifestProblem]) -> None:
        self.problems = tuple(sorted(problems))
        super().__init__("\n".join(str(problem) for problem in self.problems))


class DriverDeclarationError(OsirisError):
    """Raised when what a driver says about itself, or a project about it, cannot be understood."""


class BaselineError(OsirisError):
    """Raised when a stored session cannot be read, or may not be written.

    With `replaceable` a new one may take its place: it is of this version or an older one, and torn.
    """

    def __init__(self, message: str, *, hint: str = "", replaceable: bool = False) -> None:
        super().__init__(message, hint=hint)
        self.replaceable = replaceable


class SessionError(OsirisError):
    """Raised when a directory cannot be read as a session of this contract version."""


class DiskFullError(SessionError):
    """Raised when the host's disk refuses `size_bytes` more for the file at `path`.

    `kept` says that the run's sandbox was left alive, so that the session can be resumed when there is room.
    """

    def __init__(self, message: str, *, path: str, size_bytes: int, hint: str = "", kept: bool = False) -> None:
        super().__init__(message, hint=hint)
        self.path = path
        self.size_bytes = size_bytes
        self.kept = kept

    @property
    def data(self) -> dict[str, Any]:
        """Where there is no room, and how much was asked for."""
        return {"path": self.path, "size_bytes": self.size_bytes}


class SameSessionError(SessionError):
    """Raised when a session would be compared with itself: such a comparison cannot fail."""


class WireError(OsirisError):
    """Raised when bytes between worker and host break the protocol."""


class InfrastructureError(OsirisError):
    """Raised when a target could not run; says nothing about the pipeline."""


class SandboxError(InfrastructureError):
    """Raised when a sandbox could not be made, reached or kept."""


class SandboxGoneError(SandboxError):
    """Raised when a sandbox is not there any more: asking again does not bring it back."""


class NotResumedError(InfrastructureError):
    """Raised when nothing could be learned of a sandbox that a session was to be resumed in; the session stays open."""


class WorkerLostError(SandboxError):
    """Raised when a worker is gone before its terminal record came; `last_seq` is the last record that did, -1 for none."""

    def __init__(self, message: str, *, last_seq: int, hint: str = "") -> None:
        known = f"the last verified record is {last_seq}" if last_seq >= 0 else "no record came"
        super().__init__(f"{message}; {known}", hint=hint)
        self.what = message
        self.last_seq = last_seq

    @property
    def data(self) -> dict[str, Any]:
        """The last verified record, None for none."""
        return {"last_verified_seq": self.last_seq if self.last_seq >= 0 else None}


class OverdueError(SandboxError):
    """Raised when a worker goes on long after the run's timeout, which it should have minded itself."""

    def __init__(self, *, timeout_s: float, waited_s: float) -> None:
        super().__init__(f"the run has a timeout of {timeout_s:g} s, and its worker still goes on after {waited_s:g} s")
        self._data = {"timeout_s": timeout_s, "waited_s": waited_s}

    @property
    def data(self) -> dict[str, Any]:
        """The run's timeout, and how long it was waited for its end."""
        return self._data


class TemplateMissingError(InfrastructureError):
    """Raised when the provider does not know the template that the closure, or the manifest, names."""


class TemplateBuildError(InfrastructureError):
    """Raised when the provider could not build the template that the closure names; `log` holds its last lines."""

    def __init__(self, message: str, *, hint: str = "", log: Iterable[str] = ()) -> None:
        super().__init__(message, hint=hint)
        self.log = tuple(log)


class ClosureError(InfrastructureError):
    """Raised when the declared distributions cannot be resolved, or cannot be shown to the sandbox."""

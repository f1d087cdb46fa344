"""Frames of an error's traceback: those of this package are stored without their lines, which another version of it has elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from osiris_core.session.model import Session

_TRACEBACK: Final = "traceback"
_OURS: Final = "osiris_core."

Lines = dict[tuple[Any, Any], Any]
"""Line by module and function."""


def without_lines(error: Mapping[str, Any]) -> dict[str, Any]:
    """Return an error, or an event that tells one, without the lines of frames of ours."""
    return _with_frames(
        error, lambda frame: {name: frame[name] for name in frame if name != "line" or not _is_ours(frame)}
    )


def with_lines(error: Mapping[str, Any], lines: Lines) -> dict[str, Any]:
    """Return what `without_lines` made with lines as `lines_of` another session says them."""
    return _with_frames(
        error,
        lambda frame: (
            {**frame, "line": lines.get((frame["module"], frame.get("function")))}
            if _is_ours(frame) and "line" not in frame
            else frame
        ),
    )


def lines_of(session: Session) -> Lines:
    """Return where frames of ours are in the tracebacks of a session."""
    told: Iterable[Mapping[str, Any]] = (*([session.error] if session.error else []), *session.events)
    frames = (frame for each in told for frame in each.get(_TRACEBACK) or () if isinstance(frame, dict))
    return {(frame["module"], frame.get("function")): frame.get("line") for frame in frames if _is_ours(frame)}


def _with_frames(error: Mapping[str, Any], change: Any) -> dict[str, Any]:
    frames = error.get(_TRACEBACK)
    if not isinstance(frames, list | tuple):
        return dict(error)
    return {**error, _TRACEBACK: [change(frame) if isinstance(frame, dict) else frame for frame in frames]}


def _is_ours(frame: Mapping[str, Any]) -> bool:
    return str(frame.get("module", "")).startswith(_OURS)

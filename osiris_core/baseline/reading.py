"""A baseline becomes a session: the left side of a comparison.

What it does not hold, because no two runs have it in common, it is given here: times and durations of its own, directories below `/baseline`,
and of the run that is held against it the logical time, seed and manifest.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any, Final

from osiris_core.baseline.document import ARTIFACTS, FILE, SUMMARIES
from osiris_core.baseline.files import decode_table
from osiris_core.baseline.frames import lines_of, with_lines
from osiris_core.baseline.layout import decode_baseline
from osiris_core.baseline.making import OF_ONE_RUN, WITH_ERROR
from osiris_core.baseline.tokens import KNOWN, ORIGIN, PID, ROOTS, SESSION_ID, concrete, in_texts
from osiris_core.errors import BaselineError
from osiris_core.session.artifacts import ArtifactFile
from osiris_core.session.files import file_facts, tree_files
from osiris_core.session.model import Session, StepState
from osiris_core.session.volatile import is_volatile_metric, volatile_fields
from osiris_core.wire.records import FINAL_EVENTS, RUN_START, STEP_COMPLETE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from osiris_core.baseline.document import Baseline

LABEL: Final = "baseline"
"""How findings call the side."""

_NO_TIME: Final = "%Y-%m-%dT%H:%M:%S.%fZ"


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredBaseline:
    """A baseline as it lies in its directory.

    `kept` are the artifacts that are there as they are; `digests` those of which only that is known, `described` the tables in them, and
    `contents` the digests of what those hold that are archives or compressed (none in an older baseline).
    """

    directory: Path
    baseline: Baseline
    kept: dict[str, ArtifactFile]
    digests: dict[str, ArtifactFile]
    described: dict[str, dict[str, Any]]
    contents: dict[str, str] = field(default_factory=dict)


def read_baseline(directory: Path, *, name: str, place: str) -> StoredBaseline:
    """Read a directory; `name` is whose baseline it must be, `place` how messages call the directory.

    BaselineError, with the line where there is one, for what cannot be read, is of another test or of a newer format.
    """
    baseline = _document(directory, place)
    if baseline.name != name:
        raise BaselineError(
            f"{place}/{FILE} is the baseline of {baseline.name}, not of {name}",
            hint="move it to where it belongs, or write it anew: --osiris-update=changed",
            replaceable=True,
        )
    kept: dict[str, ArtifactFile] = {}
    digests: dict[str, ArtifactFile] = {}
    described: dict[str, dict[str, Any]] = {}
    contents: dict[str, str] = {}
    for line in baseline.artifacts:
        path = _safe(str(line["path"]), place)
        if "sha256" in line:
            digests[path] = _known_by_digest(directory, path, line)
            if "content" in line:
                contents[path] = str(line["content"])
            if (table := _described(directory, path, place)) is not None:
                described[path] = table
        else:
            kept[path] = _kept(directory, path, str(line["mode"]), place)
    found = {path for path, _ in tree_files(directory / ARTIFACTS)}
    if strangers := sorted(found - kept.keys()):
        raise _wrong(f"{place}/{ARTIFACTS}/{strangers[0]} is not named in {FILE}")
    return StoredBaseline(
        directory=directory, baseline=baseline, kept=kept, digests=digests, described=described, contents=contents
    )


def own_files(directory: Path) -> set[str]:
    """Return the paths in a baseline's directory that a baseline may have: its file, and what lies in the two directories beside it.

    What a link leads to belongs to somebody else.
    """
    parts = [part for part in (ARTIFACTS, SUMMARIES) if not (directory / part).is_symlink()]
    return {FILE, *(f"{part}/{path}" for part in parts for path, _ in tree_files(directory / part))}


def as_session(stored: StoredBaseline, like: Session) -> Session:
    """Return the session that a baseline stands for, beside the one that is held against it."""
    baseline = stored.baseline
    start, end = _window(baseline)
    said: Callable[[str], str] = (lambda text: text) if baseline.text == "exact" else concrete(start)
    return Session(
        directory=stored.directory,
        session_id=SESSION_ID,
        target=LABEL,
        outcome=baseline.outcome,
        failed_step=baseline.failed_step,
        error=None if baseline.error is None else with_lines(in_texts(baseline.error, said), lines_of(like)),
        steps=tuple(
            StepState(id=each["id"], state=each["state"], reason=each.get("reason"), cause=each.get("cause"))
            for each in baseline.steps
        ),
        events=tuple(_events(baseline, like, said, (start, end))),
        metrics=tuple(_metric(metric, start) for metric in baseline.metrics),
        logs={step: _stream(lines, f"{step}.log", baseline, said) for step, lines in baseline.logs.items()},
        printed={step: _stream(lines, f"{step}.out", baseline, said) for step, lines in baseline.printed.items()},
        artifacts={**stored.kept, **stored.digests},
        manifest=like.manifest,
        facts={"logical_now": like.facts.get("logical_now"), "seed": like.facts.get("seed")},
        target_facts={"sandbox_id": KNOWN["sandbox"]},
        hello={
            "nonce": LABEL,
            "roots": ROOTS,
            "pid": PID,
            "environment": {"user": KNOWN["user"], "hostname": KNOWN["host"]},
        },
    )


def _document(directory: Path, place: str) -> Baseline:
    try:
        data = (directory / FILE).read_bytes()
    except OSError as error:
        raise BaselineError(f"{place}/{FILE} cannot be read: {error.strerror}", replaceable=True) from error
    return decode_baseline(data, f"{place}/{FILE}")


def _safe(path: str, place: str) -> str:
    """Return a path that stays below its directory."""
    parts = PurePosixPath(path).parts
    if not parts or path.startswith("/") or ".." in parts or "\\" in path or str(PurePosixPath(path)) != path:
        raise _wrong(f"{place}/{FILE}: {path!r} is no path of an artifact")
    return path


def _kept(directory: Path, path: str, mode: str, place: str) -> ArtifactFile:
    absolute = directory / ARTIFACTS / path
    try:
        facts = file_facts(absolute)
    except OSError as error:
        reason = (
            "is not there: was it committed, or does a .gitignore name it" if _is_missing(error) else "cannot be read"
        )
        raise _wrong(f"{place}/{ARTIFACTS}/{path} {reason}") from error
    return ArtifactFile(path=path, size_bytes=facts.size_bytes, mode=mode, sha256=facts.sha256, absolute=absolute)


def _is_missing(error: OSError) -> bool:
    return isinstance(error, FileNotFoundError | NotADirectoryError)


def _known_by_digest(directory: Path, path: str, line: dict[str, Any]) -> ArtifactFile:
    return ArtifactFile(
        path=path,
        size_bytes=int(line.get("size_bytes", 0)),
        mode=str(line["mode"]),
        sha256=str(line["sha256"]),
        absolute=directory / ARTIFACTS / path,
    )


def _described(directory: Path, path: str, place: str) -> dict[str, Any] | None:
    summary = f"{SUMMARIES}/{path}.json"
    try:
        return decode_table((directory / summary).read_bytes())
    except OSError as error:
        raise _wrong(f"{place}/{summary} cannot be read: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        line = f":{error.lineno}" if hasattr(error, "lineno") else ""
        raise _wrong(f"{place}/{summary}{line}: {getattr(error, 'msg', error)}") from error


def _wrong(message: str) -> BaselineError:
    hint = "look at it in the history, or write it anew: --osiris-update=changed"
    return BaselineError(message, hint=hint, replaceable=True)


def _window(baseline: Baseline) -> tuple[datetime, datetime]:
    """Return a time of the run that holds whatever may be said of it: as long as durations in its text may be."""
    start = ORIGIN if baseline.started is None else datetime.fromisoformat(baseline.started)
    return start, start + timedelta(seconds=baseline.longest_s)


def _events(
    baseline: Baseline, like: Session, said: Callable[[str], str], window: tuple[datetime, datetime]
) -> Iterator[dict[str, Any]]:
    started: dict[str, Any] = next((event for event in like.events if event.get("event") == RUN_START), {})
    tables, lines = _tables(baseline), lines_of(like)
    for event in baseline.events:
        name = str(event["event"])
        ts = window[1 if name in FINAL_EVENTS else 0].strftime(_NO_TIME)
        volatile = {
            field: ts if shape == "time" else 0
            for field, shape in volatile_fields("events", name).items()
            if field != "ts"
        }
        own = with_lines(in_texts(event, said), lines) if name in WITH_ERROR else event
        filled = {"ts": ts, "session": SESSION_ID, **volatile, **own}
        if name == STEP_COMPLETE:
            filled["tables"] = tables.get(event["step"], {})
        if name == RUN_START:
            of_this_run: dict[str, Any] = {field: started[field] for field in OF_ONE_RUN if field in started}
            filled = {**of_this_run, **filled}
        yield filled


def _tables(baseline: Baseline) -> dict[Any, dict[str, Any]]:
    """Return the descriptions of tables by step and name, from their lines."""
    found: dict[Any, dict[str, Any]] = {}
    for line in baseline.tables:
        facts = {name: value for name, value in line.items() if name not in {"step", "table", "column"}}
        tables = found.setdefault(line["step"], {})
        if "column" not in line:
            tables[line["table"]] = {**facts, "schema": [], "columns": {}}
            continue
        table = tables.setdefault(line["table"], {"schema": [], "columns": {}})
        kind: dict[str, Any] = {name: facts.pop(name) for name in ("type", "nullable") if name in facts}
        table["schema"].append({"name": line["column"], **kind})
        if facts:
            table["columns"][line["column"]] = facts
    return found


def _metric(metric: dict[str, Any], start: datetime) -> dict[str, Any]:
    value: dict[str, Any] = {"value": 0} if "value" not in metric and is_volatile_metric(metric) else {}
    return {"ts": start.strftime(_NO_TIME), "session": SESSION_ID, **value, **metric}


def _stream(lines: Any, name: str, baseline: Baseline, said: Callable[[str], str]) -> bytes:
    texts = lines["first"] if isinstance(lines, dict) else lines
    text = "\n".join(map(said, texts)) + ("" if name in baseline.unended or not texts else "\n")
    return text.encode("utf-8", "surrogateescape")

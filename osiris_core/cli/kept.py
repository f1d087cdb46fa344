"""Records that were kept of older runs, as `--against` names them: files and directories of files; which are read, and what is said of those that are not.

A file that is named has to be readable. A directory fills by itself over time: what is no file of records in it is counted, told and left out, and it may be
empty, as it is before a first run was kept.
"""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Final

from osiris_core.cli.recorded import content_of, name_of, whole_of
from osiris_core.errors import UsageError
from osiris_core.parity.record_io import decode_records
from osiris_core.parity.since import Kept, made_at, order_of, runs_of
from osiris_core.report.history import seen_in
from osiris_core.report.text import visible_line
from osiris_core.report.units import plural

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from osiris_core.cli.recorded import Part
    from osiris_core.parity.record import RecordSet
    from osiris_core.parity.since import PastRun

MOST_FILES: Final = 500
MOST_TOTAL_BYTES: Final = 256 * 1024 * 1024
"""Of all older files together: 20 runs of 1,000 manifests are a quarter of it."""
_UNREADABLE: Final = "that cannot be read as records"
_AT_HAND: Final = "with the records that this report is of"
_EMPTY: Final = "without any record"


@dataclass(frozen=True, slots=True, kw_only=True)
class Older:
    """The runs before the records at hand, the oldest first, with the whole records of the `newest`, which is None where there is none; `left_out` are sentences on what is not in them."""

    runs: tuple[PastRun, ...]
    newest: RecordSet | None
    left_out: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class OldFile:
    """A file that is meant; `directory` is the one that was named in its place."""

    path: Path
    directory: Path | None


def older_files(paths: Sequence[Path]) -> list[OldFile]:
    """Return the files that are meant, each once; of a directory all .json files below it. Raises `UsageError` for more than can be read."""
    files: dict[str, OldFile] = {}
    for path in paths:
        if not os.path.isdir(path):  # noqa: PTH112 - unlike its method, it answers for a name that is too long, too
            files.setdefault(os.path.realpath(path), OldFile(path, None))
            continue
        for each in sorted(islice(path.rglob("*.json"), MOST_FILES + 1)):
            files.setdefault(os.path.realpath(each), OldFile(each, path))
    if len(files) > MOST_FILES:
        raise UsageError(f"there are more than {MOST_FILES} older files of records", hint="remove or move the oldest")
    size = sum(each.path.stat().st_size for each in files.values() if _is_file(each.path))
    if size > MOST_TOTAL_BYTES:
        raise UsageError(
            f"the older files of records have more than {MOST_TOTAL_BYTES >> 20} MiB together",
            hint="remove or move the oldest",
        )
    return list(files.values())


def read_older(files: Sequence[OldFile], current: Sequence[Path], parts: Sequence[Part], now: str) -> Older:
    """Read older files, but for those that hold the records at hand: `current` has their files, `parts` what is in them, `now` is when they were made.

    Raises `UsageError` that names all that are named and cannot be read, a line each, and where nothing but these is left.
    """
    reading = _Reading({os.path.realpath(each) for each in current}, [records for _, records in parts])
    for file in files:
        reading.add(file)
    if reading.problems:
        raise UsageError("\n".join(map(visible_line, reading.problems)))
    filled = [each for each in reading.kept if each.seen]
    if filled and len(filled) < len(reading.kept):
        reading.left_out[_EMPTY] += len(reading.kept) - len(filled)
    runs = runs_of(filled or reading.kept)
    before = tuple(run for run in runs if not now or order_of(run.made) <= order_of(now)) or runs[-1:]
    said = [*reading.told(), *_later(runs, before)]
    if not runs:
        if files and not any(file.directory for file in files):
            raise UsageError(f"there are no older records to hold these against: {'; '.join(said)}")
        return Older(runs=(), newest=None, left_out=(*said, "there are no older records to hold these against yet"))
    newest = whole_of([(file.name, reading.records(file)) for file in before[-1].files])
    return Older(runs=before, newest=newest, left_out=tuple(said))


class _Reading:
    """Reads one file after the other, and keeps of each what history tells of."""

    def __init__(self, current: set[str], records: Sequence[RecordSet]) -> None:
        self._current, self._at_hand = current, records
        self._sources: dict[int, tuple[Path, RecordSet | None]] = {}
        self._examples: dict[str, str] = {}
        self.kept: list[Kept] = []
        self.problems: list[str] = []
        self.left_out: Counter[str] = Counter()

    def add(self, file: OldFile) -> None:
        """Read a file, or note why it is left out."""
        path = file.path
        if os.path.realpath(path) in self._current:
            self.left_out[_AT_HAND] += 1
            return
        if file.directory and not _is_file(path):  # a pipe would never end
            self._refuse(file, UsageError("it is no file"))
            return
        try:
            records = decode_records(content_of(path))
        except (OSError, UsageError) as error:
            self._refuse(file, error)
            return
        if records in self._at_hand:
            self.left_out[_AT_HAND] += 1
            return
        kept = _kept(file, records)
        self.kept.append(kept)
        self._sources[id(kept)] = (path, None if _is_file(path) else records)

    def _refuse(self, file: OldFile, error: OSError | UsageError) -> None:
        is_system = isinstance(error, OSError)
        reason = (error.strerror or str(error)) if isinstance(error, OSError) else error.message
        if file.directory:
            self.left_out[_UNREADABLE] += 1
            self._examples.setdefault(_UNREADABLE, f"{file.path}: {reason}")
        else:
            self.problems.append(f"{file.path} cannot be read: {reason}" if is_system else f"{file.path}: {error}")

    def records(self, kept: Kept) -> RecordSet:
        """Return the whole records of a file that was read: read again, unless it was a pipe."""
        path, records = self._sources[id(kept)]
        return records or decode_records(content_of(path))

    def told(self) -> Iterator[str]:
        """Yield what was left out, and an example."""
        for what, number in self.left_out.items():
            example = f" ({self._examples[what]})" if what in self._examples else ""
            yield f"{plural(number, 'file')} {what} {'is' if number == 1 else 'are'} left out{example}"


def _is_file(path: Path) -> bool:
    return os.path.isfile(path)  # noqa: PTH113 - unlike its method, it answers for a link that cannot even be followed, too


def _kept(file: OldFile, records: RecordSet) -> Kept:
    """Return what is kept of a file: those of one test do not say where they were made and are of their directory's run; others of that below the named one."""
    name, unit = name_of(file.path, records), ""
    if name != str(file.path):
        unit = name
    elif file.directory is not None:
        first, *below = file.path.relative_to(file.directory).parts
        unit = str(file.directory / first) if below else ""
    return Kept(name=name, unit=unit, made=made_at(records), shard=records.shard, seen=seen_in(records))


def _later(runs: Sequence[PastRun], before: Sequence[PastRun]) -> Iterator[str]:
    """Yield what is to be said of runs that are newer than the records at hand."""
    newer = len(runs) - len(before)
    if newer:
        yield f"{plural(newer, 'run')} made after these records {'is' if newer == 1 else 'are'} left out"

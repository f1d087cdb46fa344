"""Files of records as a command line names them: all of them are read, or none, and none is written over."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING, Final

from osiris_core.errors import UsageError
from osiris_core.manifest.loader import find_project_root
from osiris_core.parity.record_io import decode_records
from osiris_core.report.text import visible_line

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from osiris_core.parity.record import RecordSet

Part = tuple[str, "RecordSet"]
"""What a file is known by, and what it holds."""

MOST_BYTES: Final = 256 * 1024 * 1024
"""Of a file of records: hundreds of times as much as a run of 1,000 manifests writes."""
_PIECE_BYTES: Final = 1024 * 1024


def record_files(paths: Sequence[Path]) -> list[Path]:
    """Return the files that are meant, each once: of a directory all .json files below it. Raises `UsageError` for one without any."""
    files: dict[str, Path] = {}
    for path in paths:
        for file in _files_of(path):
            files.setdefault(os.path.realpath(file), file)
    return list(files.values())


def read_parts(files: Sequence[Path]) -> list[Part]:
    """Read every file. Raises `UsageError` that names all that cannot be read, a line each."""
    problems: list[str] = []
    parts: list[Part] = []
    for path in files:
        try:
            records = decode_records(content_of(path))
        except OSError as error:
            problems.append(f"{path} cannot be read: {error.strerror}")
        except UsageError as error:
            problems.append(f"{path}: {error}")
        else:
            parts.append((name_of(path, records), records))
    if problems:
        raise UsageError("\n".join(map(visible_line, problems)))
    return parts


def whole_of(parts: Sequence[Part]) -> RecordSet:
    """Return the records of one file as they are, so that they make the page that they made before; of many files the merged ones."""
    from osiris_core.parity.merging import merge

    return parts[0][1] if len(parts) == 1 else merge(parts)


def require_unread(files: Iterable[Path], written: Iterable[Path], deed: str) -> None:
    """Raise `UsageError` where one of the places that are to be written is a file that is read; `deed` says what for."""
    read = {os.path.realpath(path) for path in files}
    taken = next((path for path in written if os.path.realpath(path) in read), None)
    if taken is not None:
        raise UsageError(
            f"{taken} is one of the files that are {deed}", hint="give what is made of them a name of its own"
        )


def session_roots(given: Sequence[Path] = ()) -> tuple[Path, ...]:
    """Return the project roots below which the sessions of records are looked for: by default that of the current directory."""
    return tuple(given) or (find_project_root(Path.cwd()),)


def _files_of(path: Path) -> Iterator[Path]:
    if not os.path.isdir(path):  # noqa: PTH112 - unlike its method, it answers for a name that is too long, too
        yield path
        return
    found = sorted(path.rglob("*.json"))
    if not found:
        raise UsageError(f"{path} holds no records", hint="name the .json beside a report, or a directory with some")
    if pipe := next((each for each in found if _is_pipe(each)), None):
        raise UsageError(f"{pipe} is a pipe, which may never end", hint="remove it, or name the files one by one")
    yield from found


def _is_pipe(path: Path) -> bool:
    try:
        return path.is_fifo()
    except OSError:  # what cannot even be looked at is told as it is read
        return False


def content_of(path: Path) -> bytes:
    """Return the bytes of a file, or of a pipe. Raises `UsageError` for what need not have an end, and for more than `MOST_BYTES`."""
    pieces: list[bytes] = []
    with path.open("rb", buffering=0) as file:
        mode = os.fstat(file.fileno()).st_mode
        if not (stat.S_ISREG(mode) or stat.S_ISFIFO(mode)):
            raise UsageError("it is neither a file nor a pipe", hint="name the .json beside a report")
        room = MOST_BYTES
        while piece := file.read(_PIECE_BYTES):
            pieces.append(piece)
            room -= len(piece)
            if room < 0:
                raise UsageError(
                    f"it has more than {MOST_BYTES >> 20} MiB, and no file of records is so large",
                    hint="name the .json beside a report; of more manifests make several",
                )
    return b"".join(pieces)


def name_of(path: Path, records: RecordSet) -> str:
    """Return by what the records of a file are known: those of one run's tests lie in a directory, and do not say where they were made."""
    return str(path if records.host or records.created_at or records.origins else path.parent)

"""Keeps secrets out of a session directory, though everything that comes was masked where it was made.

A record that still holds a secret is a fault of ours: it is refused before the journal has it. Artifacts are looked through
once more, as the target's word is not taken for it.
"""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

from osiris_core.errors import WireError
from osiris_core.session import contract
from osiris_core.session.adoption import tree_paths
from osiris_core.session.files import refused
from osiris_core.session.records import decode_object
from osiris_core.wire.masked_records import RecordMask
from osiris_core.wire.masking import token

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from osiris_core.wire.leaks import Leaks, Seen

_CHUNK_BYTES = 1 << 20
_PRINTED = b'"kind":"stdio"'
_NOT_MASKED = frozenset({"part", "content"})
"""Slices of records, which are looked at when the whole has come, and of artifacts, which are looked through as files."""


class SecretGuard:
    """Looks for the secrets of one run in what the host is about to keep."""

    def __init__(self, leaks: Leaks) -> None:
        self._leaks = leaks
        self._mask = RecordMask(leaks.table)
        names = dict.fromkeys([*(each.name for each in leaks.table.needles), *leaks.table.whole.values()])
        self._tokens = tuple(token(each).encode() for each in names)

    def check_lines(self, lines: Sequence[bytes]) -> None:
        """Look at frames, in pieces of any number. WireError names the first record that holds a secret, and the secret."""
        suspects = lines if self._mask.suspects(b"".join(lines)) else [each for each in lines if _PRINTED in each]
        for line in suspects:
            _magic, _tag, _epoch, seq, _offset, _length, _crc, payload = line.rstrip(b"\n").split(b" ", 7)
            self._refuse(f"record {int(seq)}", payload)

    def check_whole(self, payload: bytes) -> None:
        """Look at a record that came in parts. Its parts are in the journal, which is swept when the session is closed."""
        self._refuse("a long record", payload)

    def _refuse(self, which: str, payload: bytes) -> None:
        if names := self._names_in(payload):
            raise WireError(
                f"{which} reached the host with the secret {', '.join(sorted(names))} in it: this is a fault of "
                "pytest-osiris, and the record was not kept"
            )

    def check_files(self, tree: Path, paths: Iterable[str]) -> None:
        """Look through artifacts. WireError names the first that holds a secret which it may not hold, and the secret."""
        for path in paths:
            names = {*self._leaks.in_path(path)}
            if not self._leaks.allows(path):
                names |= {*self._seen(tree / path).secrets}
            if names:
                raise WireError(
                    f"the artifact {self._leaks.table.inside(path)} holds the secret {', '.join(sorted(names))}, and the target "
                    "did not say so: it was not kept"
                )

    def hidden_in(self, tree: Path) -> set[str]:
        """Return the paths below `tree` that hold a secret: records name them by others."""
        return {path for path in tree_paths(tree, frozenset()) if self._leaks.in_path(path)}

    def text(self, data: bytes) -> bytes:
        """Return bytes that are no records, masked."""
        return self._leaks.table.raw(data)

    def value(self, value: Any) -> Any:
        """Return a JSON value, masked; words stay."""
        return self._leaks.table.value_inside(value)

    def sweep(self, directory: Path) -> None:
        """Remove the files below that hold a secret: what a lost run left is kept to be looked at, but for these."""
        if not directory.is_dir():
            return
        with refused(directory, "cannot be cleared of secrets"):
            for path in tree_paths(directory, frozenset()):
                file = directory / path
                if file.is_symlink() or (file.is_file() and self._seen(file).secrets) or self._leaks.in_path(path):
                    file.unlink()

    def count(self, directory: Path) -> int:
        """Return how many tokens the files of a session hold."""
        files = [directory / contract.EVENTS_FILE, directory / contract.METRICS_FILE]
        logs = directory / contract.LOGS_DIRECTORY
        if logs.is_dir():
            files += sorted(logs.iterdir())
        count = 0
        with refused(directory, "cannot be read"):
            for file in files:
                with file.open("rb") as source:
                    for line in source:
                        count += sum(line.count(each) for each in self._tokens) if b"***" in line else 0
        return count

    def _names_in(self, payload: bytes) -> set[str]:
        """Return the names of the secrets that a record shows, as far as the worker would have masked them."""
        record: Mapping[str, Any] = decode_object(payload)
        kind = record.get("kind")
        if kind in _NOT_MASKED:
            return set()
        if kind == "stdio":
            return self._leaks.table.names_in(base64.b64decode(str(record["data"])))
        masked = self._mask.payload(payload)
        return (
            set()
            if masked is payload
            else {each.strip("*") for each in map(bytes.decode, self._tokens) if each.encode() in masked}
        )

    def _seen(self, file: Path) -> Seen:
        look = self._leaks.look()
        with file.open("rb") as source:
            while chunk := source.read(_CHUNK_BYTES):
                look.feed(chunk)
            return look.done(source)

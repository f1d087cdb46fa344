"""Reads ranges of a spool in a sandbox: over HTTP, which the SDK's file API cannot, or by a command where that is refused.

The spool lies in segments, and the place of a byte follows from its offset. A range of HTTP proves itself, as its frames
have checksums; what a command prints comes with its own digest.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
import shlex
from typing import TYPE_CHECKING

from osiris_core.backends.leased import as_sandbox_error
from osiris_core.backends.protocol import Retry
from osiris_core.backends.ranges import BEHIND_THE_END, NOT_FOUND, PARTIAL, WHOLE, RangeReader
from osiris_core.errors import SandboxError, WireError
from osiris_core.wire.segments import segment_pieces

if TYPE_CHECKING:
    from pathlib import PurePosixPath

    from e2b import AsyncSandbox

    from osiris_core.backends.protocol import Patience, TargetFacts

_COMMAND_BYTES = 1 << 18
"""Most bytes of one command's answer: it passes through a shell's memory, and has to come before the command's time is over."""
_NO_SUCH_FILE = 44
_CONTENT_RANGE = re.compile(r"bytes (\d+)-(\d+)/.*")


class RangeRefusedError(SandboxError):
    """Raised when the provider answers a request for a range with something else."""


class SpoolRanges:
    """The spool below `directory` in one sandbox."""

    def __init__(
        self,
        sandbox: AsyncSandbox,
        directory: PurePosixPath,
        facts: TargetFacts,
        patience: Patience,
        *,
        segment_bytes: int,
    ) -> None:
        self._sandbox = sandbox
        self._directory = directory
        self._facts = facts
        self._patience = patience
        self._segment_bytes = segment_bytes
        self._reader = RangeReader(sandbox, facts, patience)
        self.by_command = False
        """Whether ranges are read by commands from now on, because they were refused otherwise."""

    async def read(self, offset: int, size_bytes: int) -> bytes:
        """Return `size_bytes` from `offset` on, less at the spool's end.

        SandboxError where the sandbox cannot be reached, WireError where the spool was freed there.
        """
        pieces: list[bytes] = []
        for name, begin, wanted in segment_pieces(offset, size_bytes, self._segment_bytes):
            piece = await self._piece(name, begin, wanted)
            if piece is None:
                await self._require_unwritten(name, begin, offset=offset + sum(map(len, pieces)))
                break
            pieces.append(piece)
            if len(piece) < wanted:
                break
        return b"".join(pieces)

    async def close(self) -> None:
        """Let go of the connections."""
        await self._reader.close()

    async def _piece(self, name: str, begin: int, wanted: int) -> bytes | None:
        """Return a part of one segment, None where its file is missing."""
        path = self._directory / name
        if not self.by_command:
            try:
                return await self._over_http(path, begin, wanted)
            except RangeRefusedError as error:
                self.by_command = True
                self._facts.retries.append(Retry(what="range", cause=error.message, waited_ms=0.0))
            except SandboxError as error:
                self._facts.retries.append(Retry(what="range", cause=error.message, waited_ms=0.0))
        pieces: list[bytes] = []
        while wanted > 0:
            piece = await self._by_a_command(path, begin, min(wanted, _COMMAND_BYTES))
            if piece is None:
                return b"".join(pieces) if pieces else None
            pieces.append(piece)
            begin += len(piece)
            wanted -= len(piece)
            if len(piece) < _COMMAND_BYTES:
                break
        return b"".join(pieces)

    async def _over_http(self, path: PurePosixPath, begin: int, wanted: int) -> bytes | None:
        """Return a range of a file, None where there is none; an answer that breaks off is asked for again from there."""
        held = bytearray()
        while True:
            before = len(held)
            try:
                with as_sandbox_error("a range of the spool could not be read"):
                    return await self._get(path, begin, wanted, held)
            except RangeRefusedError:
                raise
            except SandboxError as error:
                if len(held) == before:
                    raise
                self._facts.retries.append(Retry(what="range", cause=error.message, waited_ms=0.0))

    async def _get(self, path: PurePosixPath, begin: int, wanted: int, held: bytearray) -> bytes | None:
        """Add to `held` what is missing of a range, and return it all; None where there is no such file."""
        begin_now, wanted_now = begin + len(held), wanted - len(held)
        async with self._reader.answer(str(path), begin_now, wanted_now) as response:
            if response.status_code == NOT_FOUND:
                return None
            if response.status_code == BEHIND_THE_END:  # nothing stands there yet
                return bytes(held)
            stated = _CONTENT_RANGE.fullmatch(response.headers.get("content-range", ""))
            if response.status_code == WHOLE or (response.status_code == PARTIAL and stated is None):
                raise RangeRefusedError("the provider serves whole files only")
            if stated is None or response.status_code != PARTIAL:
                raise SandboxError(f"the provider answered {response.status_code}")
            if int(stated[1]) != begin_now:
                raise RangeRefusedError(f"the provider answered with another range, {stated[0]!r}")
            async for chunk in self._reader.pieces(response):
                held += chunk
            if len(held) > wanted:
                raise RangeRefusedError("the provider sent more than it was asked for")
            if begin + len(held) <= int(stated[2]):
                raise SandboxError(f"the answer broke off at byte {begin + len(held)}")
            return bytes(held)

    async def _by_a_command(self, path: PurePosixPath, begin: int, wanted: int) -> bytes | None:
        """Return a part of a file as a command prints it, proven by its digest; None where there is no such file."""
        result = await self._run(
            f'f="$HOME"/{shlex.quote(str(path))}; [ -e "$f" ] || exit {_NO_SUCH_FILE}\n'
            f'd=$(tail -c +{begin + 1} "$f" | head -c {wanted} | base64 -w 0)\n'
            'printf %s "$d" | base64 -d | sha256sum\n'
            'printf "%s\\n" "$d"\n'
        )
        if result is None:
            return None
        digest, _, text = result.partition("\n")
        try:
            data = base64.b64decode(text.strip(), validate=True)
        except binascii.Error as error:
            raise SandboxError(f"a command garbled a range of the spool: {error}") from error
        self._facts.came(len(result))
        if hashlib.sha256(data).hexdigest() != digest[:64]:
            raise SandboxError("a command garbled a range of the spool: it does not have its digest")
        return data

    async def _require_unwritten(self, segment: str, begin: int, *, offset: int) -> None:
        """Raise WireError where a missing segment, with the byte at `offset`, was there once, and not only not begun."""
        if begin == 0:
            later = await self._run(f'ls "$HOME"/{shlex.quote(str(self._directory))} 2> /dev/null || true')
            if not any(name > segment for name in (later or "").split()):
                return
        raise WireError(f"the spool was freed at byte {offset}, before this host had it: somebody else acknowledged it")

    async def _run(self, command: str) -> str | None:
        """Return what a command prints; None where it says that there is no such file."""
        from e2b import CommandExitException

        self._facts.http_requests += 1
        with as_sandbox_error("the spool could not be read by a command"):
            try:
                result = await self._sandbox.commands.run(command, timeout=self._patience.command_s)
            except CommandExitException as error:
                if error.exit_code == _NO_SUCH_FILE:
                    return None
                raise SandboxError(f"the spool could not be read by a command: it said {error.stderr!r}") from error
        return str(result.stdout)

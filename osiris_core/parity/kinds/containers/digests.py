"""What a container holds, as one digest: the same for two files where their comparer would set aside all that differs.

It is stricter than the comparer: members are the same where their bytes are, or where they are containers that hold the same.
"""

from __future__ import annotations

import errno
import hashlib
import json
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Final

from osiris_core.parity.kinds.containers.members import counted_pieces
from osiris_core.parity.kinds.containers.streams import CODECS, stream_contents
from osiris_core.parity.kinds.containers.tarred import is_tar, tar_contents
from osiris_core.parity.kinds.containers.zipped import is_zip, zip_contents
from osiris_core.parity.kinds.expansion import Expansion, NotExpandedError
from osiris_core.parity.kinds.protocol import HEAD_BYTES

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from osiris_core.parity.kinds.containers.members import Contents, Member

FORM: Final = 1
"""Which form the digests have: one of another form says nothing."""
_HERE: Final = "this side"


def content_digest(path: Path) -> str:
    """Return the digest of what a container holds, `1:<sha256>`; empty for any other file, and where it cannot be said.

    OSError where the file cannot be opened.
    """
    with path.open("rb"):
        found = _digest_or_none(path, Expansion())
    return f"{FORM}:{found}" if found else ""


def _digest_or_none(path: Path, expansion: Expansion) -> str:
    try:
        return _digest(path, expansion)
    except NotExpandedError:
        return ""
    except OSError as error:
        if error.errno in {None, errno.EINVAL}:  # the file itself leads to it: to a place in front of its beginning
            return ""
        raise
    except Exception:  # noqa: BLE001 - a hostile file may break any reader: what it holds cannot be said then
        return ""


def _digest(path: Path, expansion: Expansion) -> str:
    kind, opened = _opened(path, expansion)
    if opened is None:
        return ""
    with opened as contents:
        names = [member.name for member in contents.members]
        if len(set(names)) < len(names):
            return ""  # readers take the first of them or the last
        members = [_member(member, expansion) for member in sorted(contents.members, key=lambda each: each.name)]
        facts = [kind, members, sorted(contents.written())]
    return hashlib.sha256(json.dumps(facts).encode()).hexdigest()


def _opened(path: Path, expansion: Expansion) -> tuple[str, AbstractContextManager[Contents] | None]:
    with path.open("rb") as source:
        head = source.read(HEAD_BYTES)
    for codec in CODECS:
        if head.startswith(codec.magic):
            return codec.name, stream_contents(path, codec, _HERE)
    if is_zip(head):
        return "zip", zip_contents(path, _HERE, expansion)
    if is_tar(head):
        return "tar", tar_contents(path, _HERE, expansion)
    return "", None


def _member(member: Member, expansion: Expansion) -> tuple[str, str, bool, str, str]:
    content = _content(member, expansion) if member.has_content else ""
    return member.name, member.kind, member.executable, member.rights, content


def _content(member: Member, expansion: Expansion) -> str:
    """Return the digest of a member's bytes, or of what these hold where they are a container that can be read.

    Only what begins as a container is put into a file of our own: an archive may have a hundred thousand members.
    """
    pieces = counted_pieces(member, expansion)
    head = b""
    while len(head) < HEAD_BYTES and (piece := next(pieces, b"")):
        head += piece
    digest = hashlib.sha256(head)
    if not _is_container(head):
        for piece in pieces:
            digest.update(piece)
        return digest.hexdigest()
    with tempfile.TemporaryDirectory(prefix="osiris-members-") as folder:
        path = Path(folder) / "member"
        with path.open("xb") as out:
            out.write(head)
            for piece in pieces:
                digest.update(piece)
                out.write(piece)
        try:
            inner = _digest_or_none(path, expansion.deeper())
        except NotExpandedError:
            inner = ""
    return f"holds {inner}" if inner else digest.hexdigest()


def _is_container(head: bytes) -> bool:
    return any(head.startswith(codec.magic) for codec in CODECS) or is_zip(head) or is_tar(head)

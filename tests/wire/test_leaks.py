"""Artifacts are looked through: across the borders of pieces, inside of what is packed, and what is not looked at is said."""

from __future__ import annotations

import base64
import bz2
import gzip
import io
import lzma
import zipfile

import pytest

from osiris_core.wire.leaks import Leaks, Seen
from osiris_core.wire.masking import MaskTable

SECRET = "s3cr3t/of+40.characters"
TABLE = MaskTable.of_values([("TOKEN", SECRET)])


def seen(data: bytes, *, pieces: int = 1 << 20, inside_bytes: int = 1 << 20) -> Seen:
    assert TABLE is not None
    look = Leaks(table=TABLE, inside_bytes=inside_bytes).look()
    for start in range(0, len(data), pieces):
        look.feed(data[start : start + pieces])
    return look.done(io.BytesIO(data))


def zipped(**members: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return out.getvalue()


PACKS = {
    "plain": bytes,
    "gzip": gzip.compress,
    "bzip2": bz2.compress,
    "xz": lzma.compress,
    "base64": base64.b64encode,
    "zip": lambda data: zipped(a=b"", b=data),
}
PACKED = ("gzip", "bzip2", "xz", "zip")
FILLED = bytes(range(256)) * 40 + SECRET.encode() + b"\n" * 100


@pytest.mark.parametrize("pieces", [1, 7, 1 << 20])
@pytest.mark.parametrize("name", PACKS)
def test_a_secret_is_found_in_pieces_of_any_size(name, pieces):
    """Plain, encoded, packed."""
    pack = PACKS[name]
    assert seen(pack(FILLED), pieces=pieces) == Seen(secrets=("TOKEN",))
    assert seen(pack(FILLED.replace(b"40", b"41")), pieces=pieces) == Seen()


def test_every_member_is_looked_at():
    """A file of two gzip members, one behind the other; the name of a member of a zip."""
    assert seen(gzip.compress(b"nothing") + gzip.compress(FILLED), pieces=5).secrets == ("TOKEN",)
    assert seen(zipped(**{SECRET: b""})).secrets == ("TOKEN",)


@pytest.mark.parametrize("name", PACKED)
def test_a_bomb_is_not_unpacked(name):
    """Only so much comes out, and that the rest was not seen is said."""
    found = seen(PACKS[name](bytes(3 << 20) + SECRET.encode()), inside_bytes=1 << 20)
    assert (found.secrets, found.unscanned) == ((), "only the first 64 MiB of what it unpacks to are looked at")


@pytest.mark.parametrize("name", PACKED)
def test_what_cannot_be_unpacked_is_said(name):
    """Half a file, and garbage behind a good beginning; what is plain in it is seen all the same."""
    packed = PACKS[name](FILLED)
    assert "cannot be unpacked" in seen(packed[:-12]).unscanned
    assert seen(packed[:10] + b"garbage " + SECRET.encode()).secrets == ("TOKEN",)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"PAR1" + bytes(100), "what Parquet compresses is not looked into"),
        (bytes(8) + b"DUCK" + bytes(100), "what DuckDB compresses is not looked into"),
        (b"\x28\xb5\x2f\xfd" + bytes(100), "what Zstandard compresses is not looked into"),
        (b"plain", ""),
        (b"", ""),
    ],
)
def test_formats_that_are_not_looked_into_are_named(data, said):
    """What is plain in them is found."""
    assert seen(data).unscanned == said
    assert seen(data + SECRET.encode()).secrets == ("TOKEN",)


def test_paths_are_looked_at_and_patterns_waive_content_only():
    """`*` stands for a slash, too."""
    assert TABLE is not None
    leaks = Leaks(table=TABLE, waived=("step/keys-*", "*.pem"))
    assert leaks.in_path("step/s3cr3t/of+40.characters.csv") == ("TOKEN",)
    assert [leaks.allows(each) for each in ("step/keys-a/b", "other/x.pem", "step/key")] == [True, True, False]

"""What a file's name says that it is, held against how it begins."""

from __future__ import annotations

from typing import Final

_ZIP: Final = (b"PK\3\4", b"PK\5\6")
_BEGINNINGS: Final[dict[str, tuple[str, tuple[bytes, ...]]]] = {
    ".gz": ("a gzip file", (b"\x1f\x8b",)),
    ".tgz": ("a gzip file", (b"\x1f\x8b",)),
    ".bz2": ("a bzip2 file", (b"BZh",)),
    ".xz": ("an xz file", (b"\xfd7zXZ\0",)),
    ".zst": ("a Zstandard file", (b"\x28\xb5\x2f\xfd",)),
    ".zip": ("a zip file", _ZIP),
    ".xlsx": ("a zip file", _ZIP),
    ".docx": ("a zip file", _ZIP),
    ".pdf": ("a PDF document", (b"%PDF-",)),
    ".png": ("a PNG image", (b"\x89PNG",)),
    ".jpg": ("a JPEG image", (b"\xff\xd8\xff",)),
}


def misnamed(path: str, head: bytes, label: str) -> str:
    """Say that a file is not what its name says; empty where it is, or where its name says nothing of the kind."""
    suffix = f".{path.rpartition('.')[2].lower()}"
    kind, beginnings = _BEGINNINGS.get(suffix, ("", ()))
    if not kind or head.startswith(beginnings):
        return ""
    return f"{path} is not what its name says on {label}: it does not begin like {kind}"

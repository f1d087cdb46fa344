"""Addresses within a page: the same from report to report, safe in a URL, and never twice."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

_SLUG_CHARACTERS: Final = 48
_WORDS_CHARACTERS: Final = 40
_MOST_CHARACTERS: Final = 64
_DIGEST_CHARACTERS: Final = 8
_is_plain: Final = re.compile(r"[A-Za-z][A-Za-z0-9_-]*", re.ASCII).fullmatch


def step_anchor(manifest: str, step_id: str) -> str:
    """Return the address of a step's row below the address of its manifest: `m-flights-1a2b3c-s-write-delays`.

    An id that a manifest may have stands there as it is. Any other, from a directory that somebody else wrote, has what is safe of
    it and a digest behind a dot, which no manifest's id has; so two ids never share an address.
    """
    if _is_plain(step_id) and len(step_id) <= _MOST_CHARACTERS:
        return f"{manifest}-s-{step_id}"
    digest = hashlib.sha256(step_id.encode("utf-8", "surrogatepass")).hexdigest()[:_DIGEST_CHARACTERS]
    slug = re.sub(r"[^A-Za-z0-9_-]+", "-", step_id)[:_MOST_CHARACTERS].strip("-")
    return f"{manifest}-s-{slug}.{digest}"


def manifest_anchors(manifests: Iterable[str]) -> list[str]:
    """Return an anchor for each name: stable from report to report, safe in a URL, never twice."""
    seen: Counter[str] = Counter()
    anchors = []
    for manifest in manifests:
        digest = hashlib.sha256(manifest.encode("utf-8", "surrogatepass")).hexdigest()[:6]
        slug = re.sub(r"[^a-z0-9]+", "-", manifest.lower().removesuffix(".osiris.yaml")).strip("-")
        anchor = f"m-{slug[-_SLUG_CHARACTERS:].lstrip('-')}-{digest}".replace("--", "-")
        seen[anchor] += 1
        anchors.append(anchor if seen[anchor] == 1 else f"{anchor}-{seen[anchor]}")
    return anchors


def words_anchor(words: str, *parts: str) -> str:
    """Return a name that begins as `words` do, and is another one for each `parts`: `could-not-run-on-e2b-1a2b3c`."""
    digest = hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:6]
    slug = re.sub(r"[^a-z0-9]+", "-", words.lower())[:_WORDS_CHARACTERS].strip("-")
    return f"{slug}-{digest}".lstrip("-")

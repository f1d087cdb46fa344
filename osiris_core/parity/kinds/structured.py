"""Two JSON files: equal in all but their writing, or the places where their values differ.

The order of an object's keys, blanks and the spelling of a value (`2.50`, escapes) are set aside by the rule `json-format`.
A key that an object has twice is a finding, whatever its values: readers take the first or the last, or refuse both.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from osiris_core.parity.kinds.declared_rules import json_differences
from osiris_core.parity.kinds.encodings import UTF8, read_text
from osiris_core.parity.kinds.json_places import differing_places, doubled_keys
from osiris_core.parity.kinds.json_values import kind_of, read_json, spelled
from osiris_core.parity.kinds.protocol import FileComparison, FileFinding, SetAside
from osiris_core.parity.kinds.text import READ_BYTES, TextComparer, explain_text
from osiris_core.parity.values import counted, show_pair

if TYPE_CHECKING:
    from collections.abc import Sequence

    from osiris_core.parity.kinds.json_values import Document
    from osiris_core.parity.kinds.protocol import FilePair

JSON_FORMAT: Final = "json-format"
FORMAT_REASON: Final = "the order of keys, blanks and the spelling of a value are no content in JSON"

JSON_BYTES: Final = 8 * 1024 * 1024
"""Larger documents are compared as text: their values would take ten times their size."""

ALIGNED_BYTES: Final = 64 * 1024
"""Larger documents are walked place by place: aligning their lists would take seconds."""

KEPT_PLACES: Final = 20
"""Differing places that are findings of their own; the others are counted."""

_EXAMPLE_BYTES: Final = 4096

_WORDS: Final = {
    "values_changed": "changed",
    "type_changes": "changed in type",
    "dictionary_item_removed": "missing",
    "iterable_item_removed": "missing",
    "dictionary_item_added": "extra",
    "iterable_item_added": "extra",
}
_KEY: Final = re.compile(r"\['([^']*)'\]")
_SUFFIXES: Final = (".json", ".geojson", ".ipynb")


class JsonComparer:
    """Compares two JSON documents by path."""

    name = "JSON"

    def claims(self, path: str, head: bytes) -> bool:
        """Go by the name alone."""
        del head
        return path.lower().endswith(_SUFFIXES)

    def compare(self, pair: FilePair) -> FileComparison | None:
        """Say at which paths two documents differ, or that only their writing does; as text where one is no JSON."""
        size = max(pair.left.stat().st_size, pair.right.stat().st_size)
        if size > JSON_BYTES:
            return _as_text(
                pair, f"{pair.path} was compared as text, not as JSON: it has {size:,} bytes, more than {JSON_BYTES:,}"
            )
        contents = pair.left.read_bytes(), pair.right.read_bytes()
        texts = [_unmarked(data) for data in contents]
        if texts[0] is None or texts[1] is None:
            return TextComparer().compare(pair)  # another encoding, or none: that is the difference
        documents = []
        for text, label in zip(texts, pair.labels, strict=True):
            try:
                documents.append(read_json(str(text)))
            except (ValueError, RecursionError) as error:
                return _as_text(pair, f"{pair.path} was compared as text: it is no JSON on {label}: {error}")
        return _compared(pair, _Pair(contents[0], contents[1], documents[0], documents[1]))


@dataclass(frozen=True, slots=True)
class _Pair:
    """Both files as bytes and as values."""

    left_bytes: bytes
    right_bytes: bytes
    left: Document
    right: Document


@dataclass(frozen=True, slots=True)
class _Place:
    """A place that differs; `code` and `fault` come from a rule that has more to say."""

    path: str
    left: Any
    right: Any
    code: str = ""
    fault: str = ""


def _compared(pair: FilePair, both: _Pair) -> FileComparison:
    findings = [
        FileFinding(
            code="json-doubled-key",
            path=path,
            message=f"the key {path} occurs more than once on {label}",
            hint="write each key once: readers take the first value or the last, or refuse the file",
        )
        for document, label in zip((both.left, both.right), pair.labels, strict=True)
        if document.has_doubled_keys
        for path in islice(doubled_keys(document.value), KEPT_PLACES)
    ]
    try:
        places, total, did = _places(pair, both)
    except (ValueError, RecursionError) as error:
        gap = f"{pair.path} was not compared under its rules: {error}"
        return FileComparison(findings=(*findings, FileFinding(message="the bytes differ")), not_compared=(gap,))
    if places:
        findings += _findings(pair, both, places, total)
    if findings:
        total = len(findings) + max(0, total - KEPT_PLACES - 1)
        return FileComparison(findings=tuple(findings), findings_total=total, set_aside=did)
    if not did:
        texts = (data[:_EXAMPLE_BYTES].decode("utf-8", "replace") for data in (both.left_bytes, both.right_bytes))
        left, right = show_pair(*texts)
        did = (SetAside(rule=JSON_FORMAT, reason=FORMAT_REASON, left=left, right=right),)
    return FileComparison(set_aside=did)


def _places(pair: FilePair, both: _Pair) -> tuple[list[_Place], int, tuple[SetAside, ...]]:
    """Return the first places that differ in spite of declared rules, how many there are, and what these rules did."""
    if pair.plan is not None:
        found, did = json_differences(pair.plan, both.left.value, both.right.value)
        places = [_Place(*each) for each in found]
        return places[: KEPT_PLACES + 1], len(places), did
    differing = differing_places(both.left.value, both.right.value)
    first = [_Place(*each) for each in islice(differing, KEPT_PLACES + 1)]
    return first, len(first) + sum(1 for _ in differing), ()


def _findings(pair: FilePair, both: _Pair, places: Sequence[_Place], total: int) -> list[FileFinding]:
    """Return a finding for each of the first places, or one for all where aligning the lists tells it in fewer words."""
    small = max(len(both.left_bytes), len(both.right_bytes)) <= READ_BYTES
    text = (explain_text(both.left_bytes, both.right_bytes, pair.names) if small else None) or FileFinding(message="")
    told = (
        _aligned(both)
        if pair.plan is None and max(len(both.left_bytes), len(both.right_bytes)) <= ALIGNED_BYTES
        else None
    )
    if told is not None and told.places < total:
        left, right = _shown(places[0].left, places[0].right)
        return [replace(text, message=told.words, left=left, right=right)]
    found = [
        FileFinding(
            code=place.code or "artifact-content",
            path=place.path,
            message=f"{place.path or 'the document'} is {left} on {pair.labels[0]} and {right} on {pair.labels[1]}"
            + (f": {place.fault}" if place.fault else ""),
            left=left,
            right=right,
            kinds=(kind_of(place.left), kind_of(place.right)),
        )
        for place in places[:KEPT_PLACES]
        for left, right in [_shown(place.left, place.right)]
    ]
    found[0] = replace(found[0], diff=text.diff, hint=text.hint)
    if total > KEPT_PLACES:
        more = counted(total - KEPT_PLACES, "more place")
        found.append(FileFinding(message=f"other values in {more}, the next at {places[KEPT_PLACES].path}"))
    return found


@dataclass(frozen=True, slots=True)
class _Aligned:
    words: str
    places: int


def _aligned(both: _Pair) -> _Aligned | None:
    """Say what deepdiff finds once it has aligned the lists, so that one item put in front is one difference.

    It explains and never decides: that the documents differ is known, and where it finds nothing (its equality
    is looser than ours) nothing is said.
    """
    from deepdiff import DeepDiff

    try:
        left, right = json.loads(both.left_bytes), json.loads(both.right_bytes)
        found = DeepDiff(left, right, view="tree", ignore_private_variables=False, threshold_to_diff_deeper=0)
    except (ValueError, RecursionError):  # an integer with more digits than Python converts; lists within lists
        return None
    places: dict[str, list[str]] = {}
    for kind, word in _WORDS.items():
        places.setdefault(word, []).extend(_place(level.path()) for level in found.get(kind, ()))
    told = [f"{counted(len(paths), 'value')} {word}, at {paths[0]}" for word, paths in places.items() if paths]
    return _Aligned("; ".join(told), sum(map(len, places.values()))) if told else None


def _as_text(pair: FilePair, gap: str) -> FileComparison | None:
    told = TextComparer().compare(pair)
    return replace(told, not_compared=(*told.not_compared, gap)) if told else None


def _unmarked(data: bytes) -> str | None:
    """Return UTF-8 without a byte order mark as text, or None."""
    text = read_text(data)
    return text.text if text and text.encoding == UTF8 and not text.text.startswith("\ufeff") else None


def _shown(left: Any, right: Any) -> tuple[str, str]:
    """Return both values for a reader, each with its kind where they would look alike."""
    a, b = show_pair(spelled(left), spelled(right))
    return (a, b) if a != b else (f"{a} ({kind_of(left)})", f"{b} ({kind_of(right)})")


def _place(path: str) -> str:
    """Return `a.b[0]` for deepdiff's `root['a']['b'][0]`."""
    return _KEY.sub(r".\1", path.removeprefix("root")).removeprefix(".") or "the document"

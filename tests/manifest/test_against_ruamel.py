"""A second opinion: what ruamel.yaml, which follows YAML 1.2, reads in a text is what this project reads in it.

Either may refuse what the other reads; `docs/decisions/0020-libyaml-finds-the-events.md` says which, and
`benchmarks/yaml_differences.py` finds it. Silently reading something else is what must not happen.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hypothesis import given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError

from osiris_core.errors import ManifestError
from osiris_core.manifest import parser
from osiris_core.manifest.problems import Problems

if TYPE_CHECKING:
    from collections.abc import Iterator

PIECES = st.sampled_from(
    [
        *("a", "b", "key", "k: v\n", "k:\n", "  k: v\n", "- x\n", "- ", ": ", ":", ", ", ",", "[", "]", "{", "}", "[a, b]"),
        *("{a: b}", '{"a":1}', "[a: b]", "? ", "?", "? a\n: b\n", "\n", "\n  ", "\n    ", "\n- ", "\r\n", "\r", " ", "  ", "\t"),
        *("#", "# c", " #c", "&x ", "*x ", "*x", "|\n", "|-\n", "|+\n", "|2\n", ">\n", ">-\n", "'", "''", '"', '"q"', "'s'"),
        *("\\n", "\\", "\\\n", "\\x41", "\\u0041", "\\ud83d\\ude00", "%", "@", "`", "!", "!!str ", "-", "---", "--- ", "..."),
        *("\n...\n", "\n---\n", "1", "1.5", "null", "~", "<<", "=", "é", "\U0001f600", "\xa0", "http://x", "a#b", "a:b"),
    ]
)  # fmt: skip
BEGINNINGS = st.sampled_from(["", "k: ", "k:\n  ", "k: [", "k: {", "k:\n- ", 'k: "', "k: '", "k: |\n  ", "{k: ", "- "])
Reading = list[tuple[Any, ...]]


def _reading(events: Iterator[Any], tag: str) -> Reading:
    """Return what matters of the events: kinds, names, texts, and the places of what is written."""
    found: Reading = []
    for event in events:
        kind = type(event).__name__.removesuffix("Event")
        if kind == "Scalar":
            place = (event.start_mark.line, event.start_mark.column) if event.value or not event.implicit[0] else None
            text = event.value.encode("utf-16-le", "surrogatepass")
            found.append((kind, event.anchor, text, event.implicit[0] and getattr(event, tag) is None, place))
        elif kind == "Alias" or kind.endswith("Start"):
            found.append((kind, getattr(event, "anchor", None)))
        elif kind.endswith("End"):
            found.append((kind,))
    return found


def ours(text: str) -> Reading | None:
    """Return what this project's parser reads, or None where it refuses."""
    try:
        return _reading(parser.events(text, Problems("x"), too_deep="too deep"), "tag")
    except ManifestError:
        return None


def theirs(text: str) -> Reading | None:
    """Return what ruamel.yaml reads, or None where it refuses."""
    try:
        return _reading(YAML(typ="safe", pure=True).parse(text), "ctag")
    except (MarkedYAMLError, ValueError, TypeError, IndexError):
        return None


def differ(here: Reading | None, there: Reading | None) -> bool:
    """Say whether both read one mapping, as a manifest is, and not the same."""
    one = here is not None and [each[0] for each in here].count("DocumentStart") == 1 and here[2][0] == "MappingStart"
    return one and there is not None and here != there


@settings(derandomize=True, database=None, deadline=None, max_examples=300)
@given(BEGINNINGS, st.lists(PIECES, max_size=8), st.sampled_from(["", "\n", "]", "}", '"', "'\n"]))
def test_what_both_read_is_the_same(beginning: str, pieces: list[str], end: str):
    """Texts made of YAML's signs: where both read one as a mapping, they read the same, at the same places."""
    text = beginning + "".join(pieces) + end
    if "!" not in text:  # tags are refused anyway
        assert not differ(ours(text), theirs(text))


def test_a_difference_would_be_seen():
    """What libyaml reads otherwise, and this project refuses, is a difference between the two parsers."""
    from yaml import parse
    from yaml.cyaml import CLoader

    text = "a: &x:y z\n"
    assert ours(text) is None
    assert theirs(text) is not None
    assert differ(_reading(parse(text, Loader=CLoader), "tag"), theirs(text))
    assert ours("a: [b, &x 'c', *x ]\n") == theirs("a: [b, &x 'c', *x ]\n")

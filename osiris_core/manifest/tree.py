"""The text of a manifest becomes one mapping of nodes, or a sentence about what is not YAML 1.2 in it.

ruamel.yaml finds the events, and with YAML 1.2 it reads JSON too; what they build is ours (`builder`), because its own
composer recurses, follows aliases without a bound, and loses the places of keys.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError

from osiris_core.manifest.builder import Builder
from osiris_core.manifest.nodes import BrokenNode, MappingNode, ScalarNode
from osiris_core.manifest.problems import START
from osiris_core.manifest.text import Lines

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from osiris_core.manifest.problems import At, Problems

_TAB = "found character '\\t' that cannot start any token"
_ENDS = ("('<stream end>',)", "'<stream end>'", "'\\x00'")
_BEGINNING = 'it begins with `osiris: "1"`'


def read_tree(text: str, problems: Problems) -> MappingNode:
    """Return the mapping that a text is. Raises `ManifestError` where it is none, or is no YAML."""
    lines = Lines(text)
    builder = Builder(problems=problems, lines=lines)
    for event in _events(text, lines, problems):
        builder.take(event)
    root = builder.root
    if isinstance(root, MappingNode):
        return root
    if root is None or (isinstance(root, ScalarNode) and root.value is None):
        problems.add(START, f"{problems.document} is empty", _BEGINNING)
    elif not isinstance(root, BrokenNode):
        problems.add(root, f"{problems.document} must be a mapping", _BEGINNING)
    raise problems.error()


def _events(text: str, lines: Lines, problems: Problems) -> Iterator[Any]:
    """Yield the parser's events. Raises `ManifestError` where it gives up, with what was noted until then."""
    last = 0
    try:
        for event in YAML(typ="safe", pure=True).parse(_without_tabs_of_json(text)):
            last = event.start_mark.index
            yield event
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        at = lines.at(mark.index if mark else last)
        problems.add(at, *_words(error, lines, at))
        raise problems.error() from error
    except Exception as error:  # whatever a parser raises for a hostile text, the text is at fault
        problems.add(lines.at(last), f"this is not YAML: {_printable(str(error) or type(error).__name__)}")
        raise problems.error() from error


def _words(error: MarkedYAMLError, lines: Lines, at: At) -> tuple[str, str]:
    """Return message and hint for the parser's error."""
    problem = str(error.problem)
    for end in _ENDS:
        problem = problem.replace(end, "the end of the file")
    if problem == _TAB:
        return "a tab cannot indent", "use spaces"
    begun = lines.at(error.context_mark.index) if error.context_mark else at
    hint = f"{error.context}, which begins at {begun.line}:{begun.column}" if begun != at else ""
    return f"this is not YAML: {_printable(problem)}", _printable(hint)


def _printable(words: str) -> str:
    return "".join(each if each.isprintable() else ascii(each)[1:-1] for each in words.partition("\n")[0][:200])


def _without_tabs_of_json(text: str) -> str:
    """Return JSON with spaces for tabs, which move nothing: JSON has them between words only, YAML not even there."""
    if "\t" not in text or not text.lstrip().startswith("{"):
        return text
    try:
        json.loads(text, parse_int=str)
    except (ValueError, RecursionError):
        return text
    return text.replace("\t", " ")

"""A document of JSON values as readable YAML: keys in lines, everything below two levels as JSON in one line."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_.-]*")
_WORDS = frozenset({"true", "false", "null", "yes", "no", "on", "off", "y", "n", "nan", "inf"})
_ESCAPED = re.compile(r"[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff\ud800-\udfff]")
"""What JSON leaves as it is and YAML 1.2 does not take as printable, or takes as the end of a line."""


def yaml_text(document: Mapping[str, Any]) -> str:
    """Return `document` as YAML 1.2 that says exactly the same values."""
    return "\n".join(_lines(document)) + "\n"


def _lines(document: Mapping[str, Any]) -> Iterator[str]:
    for key, value in document.items():
        if key != "steps" or not isinstance(value, list) or not value:
            yield f"{_flow(key)}: {_flow(value)}"
            continue
        yield "steps:"
        for step in value:
            if not isinstance(step, dict) or not step:
                yield f"  - {_flow(step)}"
                continue
            for index, (name, each) in enumerate(step.items()):
                yield f"{'    ' if index else '  - '}{_flow(name)}: {_flow(each)}"


def _flow(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_flow(key)}: {_flow(each)}" for key, each in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_flow(each) for each in value) + "]"
    if isinstance(value, str) and _PLAIN.fullmatch(value) and value.lower() not in _WORDS:
        return value
    return _ESCAPED.sub(lambda found: f"\\u{ord(found[0]):04x}", json.dumps(value, ensure_ascii=False))

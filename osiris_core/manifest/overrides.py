"""`NAME=VALUE`, as command lines and ini files give parameters, and the way back for commands that repeat a run.

VALUE is read as an unquoted word of a manifest is: `5` is a number, `true` a switch, `AA` text, nothing is null. Where it
begins with a quote or a bracket it is read as YAML, so that `"5"` is text and `[AA, UA]` a list.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from osiris_core.errors import ManifestError, UsageError
from osiris_core.manifest.params import NAME_RULE
from osiris_core.manifest.scalars import ScalarError, resolve

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_FLOW = ("[", "{", '"', "'")
_MAX_CHARACTERS = 1 << 17  # a longer argument no system passes on
_BARE = re.compile(r"[A-Za-z0-9_./:@%+-]+")


def read_overrides(written: Iterable[str], origin: str) -> dict[str, Any]:
    """Return the values by name, the last one of a name; `origin` is what a refusal says was wrong.

    Raises `UsageError` with one sentence.
    """
    return dict(_read(each, origin) for each in written)


def write_override(name: str, value: Any) -> str:
    """Return `NAME=VALUE` that reads as this value."""
    if isinstance(value, str) and _BARE.fullmatch(value) and _is_text(value):
        return f"{name}={value}"
    return f"{name}={json.dumps(value, ensure_ascii=False)}"


def unknown_names(names: Iterable[str], known: Iterable[str]) -> str:
    """Return a sentence about the names that are not known, with the nearest known one; nothing where all are."""
    known = sorted(set(known))
    unknown = [each for each in names if each not in known]
    if not unknown:
        return ""
    import difflib

    near = difflib.get_close_matches(unknown[0], known, n=1)
    hint = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(known)}" if known else "none declares any"
    return f"no manifest of this run has the parameter {unknown[0]!r} ({hint})"


def _read(written: str, origin: str) -> tuple[str, Any]:
    name, equals, word = written.partition("=")
    if not equals or not re.fullmatch(NAME_RULE, name.strip()):
        raise UsageError(f"{origin}: {written!r:.80} is no parameter", hint="give NAME=VALUE, as in carrier=AA")
    word = word.strip()
    if len(word) > _MAX_CHARACTERS:
        raise UsageError(f"{origin}: the value of {name!r} is longer than {_MAX_CHARACTERS:,} characters")
    try:
        return name.strip(), _flow(word) if word.startswith(_FLOW) else resolve(word)
    except ScalarError as error:
        raise UsageError(
            f"{origin}: the value {word!r:.80} of {name!r} {error}", hint="quote it to make it text"
        ) from None
    except ManifestError as error:
        reason = error.problems[0].message
        raise UsageError(
            f"{origin}: the value {word!r:.80} of {name!r} is not understood: {reason}",
            hint="a value that begins with a quote or a bracket is read as YAML; quote it to make it text",
        ) from None


def _flow(word: str) -> Any:
    """Return the value of quoted text, or of a list or mapping in brackets."""
    from osiris_core.manifest.nodes import to_json
    from osiris_core.manifest.problems import START, Problems
    from osiris_core.manifest.tree import read_tree

    problems = Problems("")
    tree = read_tree(f"value: {word}", problems)
    if set(tree.entries) != {"value"}:
        problems.add(START, "it is more than one value")
    problems.raise_if_any()
    return to_json(tree.entries["value"].node)


def _is_text(word: str) -> bool:
    """Whether an unquoted word is the text that it looks like."""
    try:
        return resolve(word) == word
    except ScalarError:
        return False


def written_overrides(params: Mapping[str, Any], names: Iterable[str]) -> list[str]:
    """Return `NAME=VALUE` for some of the parameters."""
    return [write_override(each, params[each]) for each in names]

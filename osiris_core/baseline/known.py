"""What a run is known to have been given, where a declared rule says that it does not count: stored as the baseline's own.

A rule of the kind `known-value` replaces a run's session id, user, host and directories by what its worker reported. A baseline has no
worker, and may not hold another machine's: so such values are replaced as it is made, by those that it has when it is read.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Final

from osiris_core.baseline.tokens import KNOWN, ROOTS
from osiris_core.parity.declared.known import known_replacer
from osiris_core.parity.declared.plan import covers_place
from osiris_core.parity.noise import escape
from osiris_core.parity.rulebook import Rulebook
from osiris_core.parity.side import view
from osiris_core.rules.model import RecordKind, RuleKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from osiris_core.parity.declared.ruling import Ruling
    from osiris_core.rules.model import Rule
    from osiris_core.session.model import Session

_OWN: Final = {**ROOTS, **KNOWN}
_TOKEN: Final = re.compile(f"<<|<({'|'.join(_OWN)})>")


class KnownValues:
    """The rules that replace known values of one session; without any, everything stays as it is."""

    def __init__(self, session: Session, rules: Sequence[Rule]) -> None:
        self._side = view(session, session.target, is_left=False)
        chosen = [rule for rule in rules if rule.kind is RuleKind.KNOWN_VALUE]
        self._rules = Rulebook(chosen, self._side, self._side) if chosen else None

    def in_text(self, record: RecordKind, step: str | None, text: str, name: str = "") -> str:
        """Return a text of a stream, an error or a file."""
        return self._replaced(text, self._covering(record, step, name))

    def in_file(self, path: str, data: bytes) -> bytes:
        """Return the content of a text file: in a JSON document texts at the places that rules cover, and else stretches that they match.

        A document keeps its form: only the text of such a value is written anew.
        """
        found = self._covering(RecordKind.ARTIFACT, path.partition("/")[0], path)
        if not found:
            return data
        text = data.decode()
        try:
            document = json.loads(text)
        except (ValueError, RecursionError):
            return self._replaced(text, [each for each in found if each.rule.scope.match]).encode()
        for old, new in self._changes(document, self._walked(document, "", found)):
            for ascii_only in (True, False):
                written = json.dumps(old, ensure_ascii=ascii_only)
                text = text.replace(written, json.dumps(new, ensure_ascii=ascii_only))
        return text.encode()

    def _changes(self, old: Any, new: Any) -> Iterator[tuple[str, str]]:
        if isinstance(old, dict):
            for name in old:
                yield from self._changes(old[name], new[name])
        elif isinstance(old, list):
            for a, b in zip(old, new, strict=True):
                yield from self._changes(a, b)
        elif isinstance(old, str) and old != new:
            yield old, new

    def in_value(self, record: RecordKind, step: str | None, name: str, value: Any) -> Any:
        """Return a JSON value, at the places that rules cover."""
        found = self._covering(record, step, name)
        return self._walked(value, "", found) if found else value

    def _covering(self, record: RecordKind, step: str | None, name: str) -> tuple[Ruling, ...]:
        return self._rules.covering_text(record, step, name) if self._rules else ()

    def _walked(self, value: Any, inside: str, rulings: tuple[Ruling, ...]) -> Any:
        if isinstance(value, dict):
            return {
                name: self._walked(each, f"{inside}.{name}" if inside else str(name), rulings)
                for name, each in value.items()
            }
        if isinstance(value, list | tuple):
            return [self._walked(each, f"{inside}[*]", rulings) for each in value]
        if isinstance(value, str):
            return self._replaced(value, [each for each in rulings if covers_place(each.rule.scope.path, inside)])
        return value

    def _replaced(self, text: str, rulings: Iterable[Ruling]) -> str:
        names = {name for each in rulings for name in each.rule.known}
        if not names:
            return text
        with_tokens = known_replacer(self._side, names)(escape(text))
        return _TOKEN.sub(lambda match: _OWN[match[1]] if match[1] else "<", with_tokens)

"""Rules as plain data again: one form for each rule, whoever declared it, and a digest over a set of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from osiris_core.rules.model import WITH_PLACES, Bounds, Rule, Scope, Shape, Tolerance
from osiris_core.wire.canon import canonical_json, sha256_hex

if TYPE_CHECKING:
    from collections.abc import Iterable


def rule_data(rule: Rule) -> dict[str, Any]:
    """Return a rule as it would be written, without what it leaves at its default; `read_rules` reads it again."""
    said: dict[str, Any] = {"id": rule.id, "reason": rule.reason, "kind": rule.kind.value}
    default = Scope(record=rule.scope.record)
    places = {"path": rule.scope.path} if rule.scope.record in WITH_PLACES else {}
    said["scope"] = {"record": rule.scope.record.value, **places, **_changed(rule.scope, default, but=("record",))}
    shape = _changed(rule.shape, Shape())
    if shape:
        said["shape"] = shape
    said |= _changed(rule.bounds, Bounds()) | _changed(rule.tolerance, Tolerance())
    plain = Rule(id="", reason="", scope=rule.scope, kind=rule.kind)
    for name in ("by", "form", "known", "space"):
        value = getattr(rule, name)
        if value != getattr(plain, name):
            said[name] = list(value) if isinstance(value, tuple) else value
    return said


def rules_digest(rules: Iterable[Rule]) -> str:
    """Return the SHA-256, as hex, over rules in their order; who declared them is no part of it. Empty for none."""
    written = [rule_data(each) for each in rules]
    return sha256_hex(canonical_json(written)) if written else ""


def _changed(value: Any, default: Any, *, but: tuple[str, ...] = ()) -> dict[str, Any]:
    names = type(value).__dataclass_fields__
    return {
        name: getattr(value, name)
        for name in names
        if name not in but and getattr(value, name) != getattr(default, name)
    }

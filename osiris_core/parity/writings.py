"""Two texts that say the same and are written differently: in which forms, and under which declared rules they are equal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from osiris_core.rules.forms import TEXT_FORMS, Form
from osiris_core.rules.model import ANY, RuleKind, Shape

if TYPE_CHECKING:
    from collections.abc import Sequence

    from osiris_core.rules.model import Rule


_OF_TEXTS: Final = frozenset({*TEXT_FORMS, Form.ENCODING})


def needed_forms(left: str, right: str, forms: Sequence[Form]) -> tuple[Form, ...]:
    """Return the fewest of `forms`, in their order, that make two different texts equal together; none where they do not."""
    needed = tuple(forms)
    if left == right or not _equal_under(left, right, needed):
        return ()
    for form in reversed(forms):
        fewer = tuple(each for each in needed if each is not form)
        if _equal_under(left, right, fewer):
            needed = fewer
    return needed


def text_rules(rules: Sequence[Rule]) -> dict[Form, Rule]:
    """Return the declared rules that ask for a form of whole texts, by form; the first one of each form counts."""
    found: dict[Form, Rule] = {}
    for rule in rules:
        of_whole_texts = rule.kind is RuleKind.CANONICAL and rule.shape == Shape()
        if of_whole_texts and rule.scope.path == ANY and not rule.scope.match and rule.form in _OF_TEXTS:
            found.setdefault(Form(rule.form), rule)
    return found


def _equal_under(left: str, right: str, forms: Sequence[Form]) -> bool:
    for form in forms:
        if left == right:
            return True
        left, right = TEXT_FORMS[form](left), TEXT_FORMS[form](right)
    return left == right

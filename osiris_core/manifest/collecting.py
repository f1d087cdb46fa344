"""Reads `pytest`: how the file is collected, with which marks, and as which cases.

Nothing of it decides a run: a case is a run with other values of the parameters.
"""

from __future__ import annotations

import itertools
import json
import re
from collections import Counter
from typing import TYPE_CHECKING, Any, Final

from osiris_core.manifest import fields
from osiris_core.manifest.model import Case, Collecting, Mark
from osiris_core.manifest.nodes import BrokenNode, ListNode, MappingNode, to_json
from osiris_core.manifest.problems import known_names, shown

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from osiris_core.manifest.nodes import Entry, Node
    from osiris_core.manifest.problems import Place, Problems

MAX_CASES: Final = 1000
SKIP_CONDITIONS: Final = ("without", "target")
"""When a `skip` holds: a variable is not set, or the run goes to a target. Without a condition it always does."""
_MARK = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
_REFUSED: Final = {
    "osiris": "every manifest has it",
    "parametrize": "write `parametrize` beside `marks`",
    "skipif": "write `skip: {reason: why, without: [VARIABLE]}` or `skip: {reason: why, target: e2b}`",
    "usefixtures": "a manifest takes no fixtures",
}
_WITH_REASON: Final = ("skip", "xfail")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_READABLE = re.compile(r"[A-Za-z0-9_.+-]{1,40}")
_MAX_ID: Final = 100


def read_collecting(problems: Problems, node: Node, params: Collection[str]) -> Collecting:
    """Return the marks and the cases; `params` are the names that cases may give values to."""
    section = fields.mapping(problems, node, "pytest")
    if section is None:
        return Collecting()
    found = fields.keys(problems, section, "`pytest`", served=("marks", "parametrize", "ids"))
    cases = list(_cases(problems, found["parametrize"].node, params)) if "parametrize" in found else []
    if len(cases) > MAX_CASES:
        problems.add(
            found["parametrize"], f"more than {MAX_CASES:,} cases", "split the manifest, or choose fewer values"
        )
        cases = []
    ids: Sequence[str] = _generated_ids(cases)
    if "ids" in found:
        ids = _read_ids(problems, found["ids"], ids) if "parametrize" in found else _useless(problems, found["ids"])
    return Collecting(
        marks=tuple(_marks(problems, found["marks"].node)) if "marks" in found else (),
        cases=tuple(Case(id=name, params=each) for name, each in zip(ids, cases, strict=False)),
    )


def _marks(problems: Problems, node: Node) -> Iterator[Mark]:
    seen: set[str] = set()
    for each in fields.items(problems, node, "marks"):
        mark = _mark(problems, each)
        if mark is None:
            continue
        if mark.name in seen:
            problems.add(each, f"{shown(mark.name)} is listed twice in `marks`")
        seen.add(mark.name)
        yield mark


def _mark(problems: Problems, node: Node) -> Mark | None:
    """Return `name`, or `name: arguments`."""
    if isinstance(node, MappingNode):
        if len(node.entries) != 1:
            problems.add(node, "a mark is one name, or one `name: arguments`", "write `- ` before each")
            return None
        ((name, entry),) = node.entries.items()
        at: Place = entry
        value: Node | None = entry.node
    else:
        text = fields.text(problems, node, "marks[]")
        if text is None:
            return None
        name, at, value = text, node, None
    if not _MARK.fullmatch(name):
        problems.add(at, f"{shown(name)} is no name of a mark", "a letter, then letters, digits, `_`")
    elif name in _REFUSED:
        problems.add(at, f"the mark {shown(name)} is refused", _REFUSED[name])
    elif name in _WITH_REASON:
        return _mark_with_reason(problems, name, at, value)
    else:
        return _mark_with_arguments(problems, name, value)
    return None


def _mark_with_reason(problems: Problems, name: str, at: Place, value: Node | None) -> Mark | None:
    """Return `skip` or `xfail`: with the reason as a text, or in a mapping with a condition, or with `strict`."""
    if value is None:
        problems.add(at, f"the mark {shown(name)} has no reason", f"write `{name}: why`")
        return None
    if not isinstance(value, MappingNode):
        return Mark(name=name, kwargs={"reason": fields.text(problems, value, name)})
    more = ("strict",) if name == "xfail" else SKIP_CONDITIONS
    found = fields.keys(problems, value, f"`{name}`", served=("reason", *more))
    reason_node = fields.required(problems, found, "reason", f"`{name}`", value)
    kwargs: dict[str, Any] = {"reason": fields.text(problems, reason_node, "reason") if reason_node else None}
    conditions = [each for each in SKIP_CONDITIONS if each in found]
    if len(conditions) > 1:
        problems.add(found[conditions[1]], "a `skip` has one condition", "write a manifest for each, or leave one out")
    for each in conditions[:1]:
        kwargs[each] = _condition(problems, found[each].node, each)
    if "strict" in found:
        kwargs["strict"] = fields.boolean(problems, found["strict"].node, "strict")
    return Mark(name=name, kwargs=kwargs)


def _condition(problems: Problems, node: Node, name: str) -> list[str]:
    """Return what a condition lists: targets, or variables; one alone needs no brackets."""
    texts = [(fields.text(problems, node, name), node)] if not isinstance(node, ListNode) else None
    told = [(text, at) for text, at in texts or fields.texts(problems, node, name) if text]
    for text, at in told:
        if name == "without" and not _VARIABLE.fullmatch(text):
            problems.add(at, f"{shown(text)} is no name of a variable", "a letter or `_`, then letters, digits, `_`")
    if not told and isinstance(node, ListNode):
        problems.add(node, f"`{name}` names nothing", "leave it out where the test is always skipped")
    return [text for text, _ in told]


def _mark_with_arguments(problems: Problems, name: str, value: Node | None) -> Mark:
    """Return a mark of the project's or of a plugin's: a value is its argument, a list and a mapping are several."""
    if value is None or isinstance(value, BrokenNode):
        return Mark(name=name)
    if isinstance(value, ListNode):
        return Mark(name=name, args=tuple(to_json(value)))
    if isinstance(value, MappingNode):
        return Mark(name=name, kwargs=to_json(value))
    if value.value is None:
        problems.add(value, f"the mark {shown(name)} has no arguments", f"write `{name}` alone")
    return Mark(name=name, args=(value.value,))


def _cases(problems: Problems, node: Node, params: Collection[str]) -> Iterator[dict[str, Any]]:
    """Yield the values of each case: the product of a mapping's lists, the first name slowest, or a list's mappings."""
    if isinstance(node, MappingNode):
        values: dict[str, Sequence[Any]] = {}
        for name, entry in node.entries.items():
            is_known = _is_param(problems, name, entry, params)
            items = fields.items(problems, entry.node, name)
            if isinstance(entry.node, ListNode) and not items:
                problems.add(entry.node, f"{shown(name)} has no values, which would be no case at all")
            if is_known:
                values[name] = [to_json(each) for each in items]
        if not node.entries:
            problems.add(node, "`parametrize` is empty", "leave the key out where there is nothing to say")
            return
        product = itertools.islice(itertools.product(*values.values()), MAX_CASES + 1)
        yield from (dict(zip(values, each, strict=True)) for each in product)
    elif isinstance(node, ListNode):
        if not node.items:
            problems.add(node, "`parametrize` is empty", "leave the key out where there is nothing to say")
        for each in node.items:
            section = fields.mapping(problems, each, "parametrize[]")
            entries = {} if section is None else section.entries
            yield {
                name: to_json(entry.node) for name, entry in entries.items() if _is_param(problems, name, entry, params)
            }
    elif not isinstance(node, BrokenNode):
        problems.add(node, "`parametrize` must be a mapping of names to lists, or a list of mappings")


def _is_param(problems: Problems, name: str, at: Place, params: Collection[str]) -> bool:
    if name not in params:
        hint = problems.nearest(name, params) or known_names(params) or "declare it in `params`"
        problems.add(at, f"unknown parameter {shown(name)} in `parametrize`", hint)
    return name in params


def _generated_ids(cases: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return an id for each case, made of its values where they are short; equal ones are numbered."""
    ids = [case_id(case, index) for index, case in enumerate(cases)]
    ids = [each or f"case{index}" for index, each in enumerate(ids)]
    often, taken, numbered = Counter(ids), set(ids), []
    for each in ids:
        free = (f"{each}_{number}" for number in itertools.count())
        name = each if often[each] == 1 else next(name for name in free if name not in taken)
        taken.add(name)
        numbered.append(name)
    return numbered


def case_id(case: Mapping[str, Any], index: int | str = "") -> str:
    """Return `AA-2013` for values of parameters; one that is long or has parts is named by its parameter, with `index`."""
    return "-".join(_word(name, value, index) for name, value in case.items())


def _word(name: str, value: Any, index: int | str) -> str:
    if isinstance(value, str):
        return value if _READABLE.fullmatch(value) else f"{name}{index}"
    return f"{name}{index}" if isinstance(value, (list, dict)) else json.dumps(value, default=str)


def _read_ids(problems: Problems, entry: Entry, generated: Sequence[str]) -> Sequence[str]:
    """Return the ids that the file gives, one for each case."""
    ids = []
    for text, at in fields.texts(problems, entry.node, "ids"):
        if not text.isprintable() or not 0 < len(text) <= _MAX_ID or set("[]") & set(text) or "::" in text:
            hint = f"up to {_MAX_ID} printable characters without brackets and `::`"
            problems.add(at, f"{shown(text)} is no id of a case", hint)
        ids.append(text)
    count = len(entry.node.items) if isinstance(entry.node, ListNode) else None
    if generated and count is not None and count != len(generated):
        problems.add(entry, f"there are {count} `ids` for {len(generated)} cases", "give one for each")
    return ids


def _useless(problems: Problems, at: Place) -> Sequence[str]:
    problems.add(at, "`ids` name the cases of `parametrize`, which is not there")
    return ()

"""Every reason code that a comparison can give is known, and has a page; no page is about anything else."""

from __future__ import annotations

import ast
import functools
import re
from pathlib import Path

import osiris_core.parity
from osiris_core.parity.record import Verdict
from osiris_core.rules.codes import CODES
from osiris_core.testing.mutations import DIFFERENCES

SOURCE = Path(osiris_core.parity.__file__).parent
PAGES = Path(__file__).parents[2] / "docs" / "verdicts"

PUT_TOGETHER = {
    "f'step-{name}'": {"step-state", "step-reason", "step-cause"},
    "f'{_stream(name)}-changed'": {"log-changed", "printed-changed"},
    "f'{_stream(name)}-{code}'": {
        f"{s}-{c}" for s in ("log", "printed") for c in ("missing", "extra", "order", "changed")
    },
}
"""Codes that the source puts together, as written there."""

VARIABLE = re.compile(r"\w+(\.\w+)*")
"""A code that is handed through: it was written somewhere else."""


@functools.cache
def written_codes(path: Path) -> set[str]:
    """Return the codes that a module gives, as its source has them."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    constants = {
        node.target.id: node.value.value
        for node in tree.body
        if isinstance(node, ast.AnnAssign)
        and isinstance(node.target, ast.Name)
        and isinstance(node.value, ast.Constant)
    }
    values = [value for node in ast.walk(tree) if (value := code_given(node)) is not None]
    return {code for value in values for code in resolved(value, constants)}


def code_given(node: ast.AST) -> ast.expr | None:
    """Return the expression that a node passes or assigns as `code`, if it does."""
    if isinstance(node, ast.keyword) and node.arg == "code":
        return node.value
    if isinstance(node, ast.Assign) and any(ast.unparse(each) == "code" for each in node.targets):
        return node.value
    if isinstance(node, ast.AnnAssign) and ast.unparse(node.target) == "code":
        return node.value
    return None


def resolved(value: ast.expr, constants: dict[str, object]) -> set[str]:
    """Return what an expression for a code can be; one that is not understood comes back as it is written."""
    if isinstance(value, ast.IfExp):
        return resolved(value.body, constants) | resolved(value.orelse, constants)
    if isinstance(value, ast.BoolOp):
        return set().union(*(resolved(each, constants) for each in value.values))
    if isinstance(value, ast.Constant):
        return {str(value.value)} - {""}
    written = ast.unparse(value)
    if isinstance(value, ast.Name) and value.id in constants:
        return {str(constants[value.id])}
    if written in PUT_TOGETHER:
        return PUT_TOGETHER[written]
    return set() if VARIABLE.fullmatch(written) else {written}


def test_every_code_in_the_source_is_known():
    """A new code goes into the list, and so gets a page."""
    found = {path.name: written_codes(path) - CODES for path in SOURCE.rglob("*.py")}
    assert {name: codes for name, codes in found.items() if codes} == {}


def test_the_source_was_really_read():
    """The look at the source sees codes of every kind of writing, or it would guard nothing."""
    found = set().union(*(written_codes(path) for path in SOURCE.rglob("*.py")))
    assert {"event-order", "step-state", "printed-extra", "table-order", "rule-bound", "table-cells"} <= found


def test_every_code_that_planted_differences_are_found_by_is_known():
    """What the mutations demand by name is in the list too."""
    assert {code for each in DIFFERENCES for code in each.codes} <= CODES


def test_every_verdict_and_every_code_has_a_page():
    """A page says what it means, and what to do; the overview leads to each."""
    overview = (PAGES / "README.md").read_text(encoding="utf-8")
    pages = {path.stem: path.read_text(encoding="utf-8") for path in PAGES.glob("*.md") if path.stem != "README"}
    names = {str(verdict).lower(): str(verdict) for verdict in Verdict} | {code: code for code in CODES}
    assert set(pages) == set(names)
    for stem, name in names.items():
        assert pages[stem].startswith(f"# {name}\n")
        assert "**What to do.**" in pages[stem]
        assert f"[{name}]({stem}.md)" in overview

"""Pairs of sessions that differ in one thing, with the rules between them: what an exhibit must show as the comparison found it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from osiris_core.rules.model import Shape, Tolerance
from tests.parity.rules import rule
from tests.parity.sessions import ROOTS, failing, healthy

if TYPE_CHECKING:
    from collections.abc import Callable

    from osiris_core.rules.model import Rule
    from tests.parity.sessions import Draft

LOCAL, E2B = (ROOTS[target]["project"] for target in ("local", "e2b"))


@dataclass(frozen=True)
class Case:
    """One difference: `change` makes it in two healthy drafts, or in two that fail where `fails`."""

    name: str
    change: Callable[[Draft, Draft], Any]
    rules: tuple[Rule, ...] = ()
    fails: bool = False
    text: str = "normalized"

    def drafts(self) -> tuple[Draft, Draft]:
        """Return both sides."""
        make = failing if self.fails else healthy
        left, right = make("local"), make("e2b")
        self.change(left, right)
        return left, right


def nothing(left: Draft, right: Draft) -> None:
    """Change nothing."""


def logged(left: bytes, right: bytes) -> Callable[[Draft, Draft], Any]:
    """Have both sides log something at `read`."""

    def change(a: Draft, b: Draft) -> None:
        a.logs["read"], b.logs["read"] = left, right

    return change


def printed(right: bytes) -> Callable[[Draft, Draft], Any]:
    """Have the right side print something else at `report`."""
    return lambda _, b: b.printed.update(report=right)


def event(step: str, name: str, **fields: Any) -> Callable[[Draft, Draft], Any]:
    """Change fields of an event of the right side."""
    return lambda _, b: b.event(name, step).update(fields)


def metric(step: str, name: str, **fields: Any) -> Callable[[Draft, Draft], Any]:
    """Change fields of a metric of the right side."""
    return lambda _, b: b.metric(name, step).update(fields)


def _without_page(_: Draft, right: Draft) -> None:
    right.events.remove(right.event("page_made"))


def _doubled_page(_: Draft, right: Draft) -> None:
    place = right.events.index(right.event("page_made"))
    right.events.insert(place, dict(right.events[place]))


def _swapped_pages(_: Draft, right: Draft) -> None:
    first, second = (each for each in right.events if each["event"] == "page_made")
    first["page"], second["page"] = "two", "one"


def _other_metric(_: Draft, right: Draft) -> None:
    right.metrics.append({**right.metrics[0], "metric": "rows_dropped"})


def _table(**fields: Any) -> Callable[[Draft, Draft], Any]:
    def change(_: Draft, right: Draft) -> None:
        right.table("delays").update(fields)

    return change


def _order_in_a_file(left: Draft, right: Draft) -> None:
    _table(ordered="other")(left, right)
    right.files["write/delays.csv"] = b"carrier,n,late\r\nBB,1,-3\r\nAA,2,10\r\n"


def _ids(events: tuple[str, str], lines: tuple[bytes, bytes]) -> Callable[[Draft, Draft], Any]:
    """Have both sides name an id in an event, and in what is logged after it."""

    def change(left: Draft, right: Draft) -> None:
        for draft, name, line in zip((left, right), events, lines, strict=True):
            draft.event("page_made")["page"] = name
            draft.logs["report"] = line

    return change


def _errors(left: Draft, right: Draft) -> None:
    for draft, root in ((left, LOCAL), (right, E2B)):
        draft.event("step_failed")["message"] = f"no file {root}/data.csv"
        draft.error["message"] = f"no file {root}/data.csv"


_UUIDS = "5f3a0b8e-2f0c-4a51-9a53-0d6c9a3c1b11", "0b8e5f3a-2f0c-4a51-9a53-0d6c9a3c1b22"
_PAGE = {"name": "page_made", "path": "page"}
_IN_LINE = {"match": r"id (\w+)", "space": "ids"}
_BIJECTIONS = (
    rule("bijection", name="page_made", path="page", space="ids", called="pages"),
    rule("bijection", "log", called="lines", **_IN_LINE),
)

CASES = (
    Case("nothing", nothing),
    Case("another line", logged(b"INFO a\nINFO b\nINFO c\n", b"INFO a\nINFO x\nINFO c\n")),
    Case("a line less", logged(b"INFO a\nINFO b\n", b"INFO a\n")),
    Case("a line more", printed(b"line one\nline two\nline two and a half\nline three\n")),
    Case("lines in another order", printed(b"line two\nline one\nline three\n")),
    Case("no last line feed", printed(b"line one\nline two\nline three")),
    Case("a byte that is no UTF-8", printed(b"line one\nline tw\xff\nline three\n")),
    Case("everything else", logged(b"a\n" * 60, b"".join(b"%d\n" % n for n in range(40)))),
    Case("nothing printed", lambda _, b: b.printed.clear()),
    Case("roots in a line", logged(f"INFO {LOCAL}/a < 3\n".encode(), f"INFO {E2B}/a < 3\n".encode())),
    Case("roots in a line, text exact", logged(f"{LOCAL}\n".encode(), f"{E2B}\n".encode()), text="exact"),
    Case("durations in a line", logged(b"INFO took 3 ms\nINFO x\n", b"INFO took 7 ms\nINFO x\n")),
    Case("a duration too long", logged(b"INFO took 3 ms\n", b"INFO took 7 min\n")),
    Case("noise beside a difference", logged(b"took 3 ms for 1\n", b"took 4 ms for 2\n")),
    Case("a field of an event", event("report", "page_made", page="three")),
    Case("an event less", _without_page),
    Case("an event twice", _doubled_page),
    Case("events in another order", _swapped_pages),
    Case("a time outside the run", event("report", "page_made", ts="2026-11-24T13:00:00.000000Z")),
    Case("a duration below zero", event("read", "step_complete", duration_ms=-1.0)),
    Case("a value", metric("read", "rows_read", value=4)),
    Case("a unit", metric("read", "step_duration_ms", unit="s")),
    Case("a volatile value that is none", metric("read", "step_duration_ms", value=-2.0)),
    Case("a metric less", lambda _, b: b.metrics.pop(0)),
    Case("a metric more", _other_metric),
    Case("metrics in another order", lambda _, b: b.metrics.reverse()),
    Case("another table", _table(rows=3)),
    Case("rows in another order", _table(ordered="other")),
    Case("rows in another order, and so a file", _order_in_a_file),
    Case("a failure", nothing, fails=True),
    Case("roots in an error", _errors, fails=True),
    Case("another error", lambda _, b: b.event("step_failed").update(message="no columns"), fails=True),
    Case("ids that are set aside", _ids(_UUIDS, (b"INFO\n",) * 2), rules=(rule("token", **_PAGE),)),
    Case("no id on either side", nothing, rules=(rule("token", **_PAGE, shape=Shape(type="uuid")),)),
    Case("ids renamed", _ids(("a", "b"), (b"INFO id a\n", b"INFO id b\n")), rules=_BIJECTIONS),
    Case("ids renamed otherwise", _ids(("a", "b"), (b"INFO id a\n", b"INFO id c\n")), rules=_BIJECTIONS),
    Case("ids in lines", logged(b"id a\nx\n", b"id b\nx\n"), rules=(rule("token", "log", match=r"id (\w+)"),)),
    Case(
        "a line of the wrong shape on both sides",
        nothing,
        rules=(rule("token", "printed", match=r"line (\w+)", shape=Shape(type="integer")),),
    ),
    Case(
        "a number of another type",
        metric("read", "rows_read", value=3.4),
        rules=(rule("tolerance", "metric", name="rows_read", tolerance=Tolerance(absolute=1)),),
    ),
    Case(
        "numbers within their tolerance",
        lambda a, b: (a.metric("rows_read", "read").update(value=3.0), b.metric("rows_read", "read").update(value=3.4)),
        rules=(rule("tolerance", "metric", name="rows_read", tolerance=Tolerance(absolute=1)),),
    ),
    Case(
        "numbers outside their tolerance",
        lambda a, b: (a.metric("rows_read", "read").update(value=3.0), b.metric("rows_read", "read").update(value=5.4)),
        rules=(rule("tolerance", "metric", name="rows_read", tolerance=Tolerance(absolute=1)),),
    ),
)

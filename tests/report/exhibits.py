"""Exhibits to make reports from: two small sessions side by side with a row of every standing, and large ones."""

from __future__ import annotations

from osiris_core.parity.exhibit.model import Entry, Exhibit, Row, Standing, StepExhibit, Stream, StreamKind

TARGETS = ("local", "e2b")
CONFIGS = ('{"path": "delays.csv", "newline": "\\n"}', '{"path": "delays.csv", "newline": "\\r\\n"}')
HOSTILE = "</script><img src=x onerror=alert(1)>\x1b[31m\u202e"


def same(number: int, text: str, at: int | None = None) -> Row:
    return Row(Standing.SAME, number, number if at is None else at, text, text)


def set_aside(number: int, left: str, right: str, normal: str, *rules: str) -> Row:
    return Row(Standing.SET_ASIDE, number, number, left, right, normal, normal, rules)


def event(name: str, ts: str, **facts: object) -> str:
    fields = "".join(f', "{key}": {value}' for key, value in facts.items())
    return f'{{"ts": "{ts}", "event": "{name}"{fields}}}'


def stream(kind: StreamKind, rows: list[Row], totals: tuple[int, int] | None = None, cut: str = "") -> Stream:
    counted = (sum(row.left_number > 0 for row in rows), sum(row.right_number > 0 for row in rows))
    return Stream(kind=kind, rows=tuple(rows), totals=totals or counted, cut=cut)


def delays_log() -> Stream:
    """Sixty lines on the left, sixty on the right: one set aside, two changed, one missing and one extra."""
    rows = [same(number, f"INFO delays carrier {number:03d} read") for number in range(1, 31)]
    rows.append(
        set_aside(
            31,
            "INFO delays wrote /home/jana/out",
            "INFO delays wrote /home/user/out",
            "INFO delays wrote <project>/out",
            "known-roots",
        )
    )
    rows.append(
        Row(Standing.CHANGED, 32, 32, "INFO delays first day is 2026-02-01", "INFO delays first day is 2026-01-31 ")
    )
    rows += [same(number, f"INFO delays carrier {number:03d} grouped") for number in range(33, 51)]
    rows.append(Row(Standing.LEFT, 51, 0, "WARNING delays cache is cold", ""))
    rows += [same(number, f"INFO delays carrier {number:03d} written", number - 1) for number in range(52, 60)]
    rows.append(Row(Standing.CHANGED, 60, 59, f"INFO delays {HOSTILE} 1", f"INFO delays {HOSTILE} 2"))
    rows.append(Row(Standing.RIGHT, 0, 60, "", "WARNING delays only 2 CPUs"))
    return stream(StreamKind.LOG, rows)


def delays_events() -> Stream:
    one, other = "2026-02-03T10:15:00.000001Z", "2026-02-03T10:15:02.000007Z"
    start, complete = (event("step_start", "<time>"), event("step_complete", "<time>", rows=16))
    return stream(
        StreamKind.EVENTS,
        [
            set_aside(1, event("step_start", one), event("step_start", other), start, "schema"),
            Row(
                Standing.CHANGED,
                2,
                2,
                event("step_complete", one, rows=16),
                event("step_complete", other, rows=15),
                complete,
                complete.replace("16", "15"),
                ("schema",),
            ),
        ],
    )


def delays_step() -> StepExhibit:
    entries = (
        Entry(
            path="delays.csv",
            standing=Standing.CHANGED,
            kinds=("file", "file"),
            sizes_bytes=(412, 410),
            digests=("ab" * 32, "cd" * 32),
        ),
        Entry(
            path="left.txt", standing=Standing.LEFT, kinds=("file", ""), sizes_bytes=(3, None), digests=("ef" * 32, "")
        ),
    )
    return StepExhibit(id="delays", configs=CONFIGS, streams=(delays_events(), delays_log()), entries=entries)


def small() -> Exhibit:
    read = StepExhibit(
        id="read-flights",
        configs=('{"path": "../data/flights.csv"}',) * 2,
        streams=(stream(StreamKind.LOG, [same(1, "INFO read 336776 rows")]),),
        entries=(),
    )
    run = (stream(StreamKind.EVENTS, [same(1, '{"event": "run_start"}'), same(2, '{"event": "run_complete"}')]),)
    return Exhibit(targets=TARGETS, steps=(read, delays_step()), run=run, masked=2)


def of_lines(count: int, *, every: int = 1_000) -> Exhibit:
    """One step with `count` log lines, every `every`th of them another one on the right."""
    rows = []
    for number in range(1, count + 1):
        left = f"INFO flights row {number} of carrier {number % 17} arrived {number * 37 % 5_003} seconds late"
        changed = number % every == 0
        right = left + " too" if changed else left
        rows.append(Row(Standing.CHANGED if changed else Standing.SAME, number, number, left, right))
    step = StepExhibit(id="delays", configs=("", ""), streams=(stream(StreamKind.LOG, rows),), entries=())
    return Exhibit(targets=TARGETS, steps=(step,))

"""Every planted difference is found, in the layer, with the code, and at the step where it was planted."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from osiris_core.parity.compare import ALL, compare
from osiris_core.parity.record import Layer, Verdict
from tests.parity.sessions import Draft, failing, healthy, pair

Mutation = Callable[[Draft], object]


def drop_event(draft: Draft) -> None:
    draft.events.remove(draft.event("page_made"))


def add_event(draft: Draft) -> None:
    place = draft.events.index(draft.event("page_made"))
    draft.events.insert(place, {**draft.events[place], "event": "page_found", "page": "zero"})


def double_event(draft: Draft) -> None:
    place = draft.events.index(draft.event("page_made"))
    draft.events.insert(place, dict(draft.events[place]))


def swap_events(draft: Draft) -> None:
    first, second = (e for e in draft.events if e["event"] == "page_made")
    first["page"], second["page"] = second["page"], first["page"]


def change_metric(draft: Draft) -> None:
    draft.metric("rows_read", "read")["value"] = 4


def retype_metric(draft: Draft) -> None:
    draft.metric("rows_read", "read")["value"] = 3.0


def retag_metric(draft: Draft) -> None:
    draft.metric("rows_written", "write")["tags"] = {"table": "late"}


def double_metric(draft: Draft) -> None:
    draft.metrics.append(dict(draft.metric("rows_read", "read")))


def log(step: str, old: bytes, new: bytes) -> Mutation:
    def mutate(draft: Draft) -> None:
        assert old in draft.logs[step]
        draft.logs[step] = draft.logs[step].replace(old, new)

    return mutate


def printed(step: str, data: bytes) -> Mutation:
    def mutate(draft: Draft) -> None:
        draft.printed[step] = data

    return mutate


def file(path: str, data: bytes) -> Mutation:
    def mutate(draft: Draft) -> None:
        assert draft.files[path] != data
        draft.files[path] = data

    return mutate


def table_column(draft: Draft) -> None:
    table = draft.table("delays")
    table["unordered"] = table["ordered"] = "other"
    table["columns"]["late"]["unordered"] = table["columns"]["late"]["ordered"] = "other"


def table_combination(draft: Draft) -> None:
    table = draft.table("delays")
    table["unordered"] = table["ordered"] = "other"


def swap_artifact_for_directory(draft: Draft) -> None:
    draft.files["report/blob.bin/inner"] = draft.files.pop("report/blob.bin")


def change(event: str, step: str | None, **fields: object) -> Mutation:
    return lambda draft: draft.event(event, step).update(fields)


def step_state(draft: Draft) -> None:
    draft.steps[3].update(state="cancelled")


MUTATIONS: dict[str, tuple[Mutation, Layer, str, str | None]] = {
    "an event is lost": (drop_event, Layer.EVENTS, "event-missing", "report"),
    "an event is added": (add_event, Layer.EVENTS, "event-extra", "report"),
    "an event comes twice": (double_event, Layer.EVENTS, "event-doubled", "report"),
    "two events swap places": (swap_events, Layer.EVENTS, "event-order", "report"),
    "an event's field changes": (change("page_made", "report", page="three"), Layer.EVENTS, "event-changed", "report"),
    "a number becomes a float": (change("inputs_resolved", "write", rows=2.0), Layer.EVENTS, "event-changed", "write"),
    "a number becomes a truth value": (change("run_start", None, seed=True), Layer.EVENTS, "event-changed", None),
    "an input comes from elsewhere": (
        change("inputs_resolved", "report", from_step="read"), Layer.EVENTS, "event-changed", "report",
    ),
    "the rows of a step change": (change("step_complete", "delays", rows=1), Layer.EVENTS, "event-changed", "delays"),
    "a null becomes zero": (change("step_complete", "write", rows=0), Layer.EVENTS, "event-changed", "write"),
    "a time lies outside the run": (
        change("page_made", "report", ts="2026-11-24T13:00:30.000000Z"), Layer.EVENTS, "event-shape", "report",
    ),
    "a time is no time": (change("page_made", "report", ts="noon"), Layer.EVENTS, "event-shape", "report"),
    "a duration is negative": (
        change("step_complete", "read", duration_ms=-1.0), Layer.EVENTS, "event-shape", "read",
    ),
    "a duration is longer than the run": (
        change("step_complete", "read", duration_ms=9e9), Layer.EVENTS, "event-shape", "read",
    ),
    "a duration is a truth value": (
        lambda d: d.event("step_complete", "read").update(duration_ms=True), Layer.EVENTS, "event-shape", "read",
    ),
    "a time metric is infinite": (
        lambda d: d.metric("step_duration_ms", "read").update(value=float("inf")), Layer.METRICS, "metric-shape", "read",
    ),
    "a time metric becomes volatile": (
        lambda d: d.metric("step_duration_ms", "read").update(volatile=True), Layer.METRICS, "metric-changed", "read",
    ),
    "a duration is missing": (
        lambda d: d.event("step_complete", "read").pop("duration_ms"), Layer.EVENTS, "event-shape", "read",
    ),
    "a metric's value changes": (change_metric, Layer.METRICS, "metric-changed", "read"),
    "a metric's type changes": (retype_metric, Layer.METRICS, "metric-changed", "read"),
    "a metric's tag changes": (retag_metric, Layer.METRICS, "metric-extra", "write"),
    "a metric is lost": (lambda d: d.metrics.pop(0), Layer.METRICS, "metric-missing", "read"),
    "a metric is logged twice": (double_metric, Layer.METRICS, "metric-doubled", "read"),
    "a metric's unit changes": (
        lambda d: d.metric("rows_read", "read").update(unit="rows"), Layer.METRICS, "metric-changed", "read",
    ),
    "a metric becomes volatile": (
        lambda d: d.metric("rows_read", "read").update(volatile=True), Layer.METRICS, "metric-changed", "read",
    ),
    "a time metric is negative": (
        lambda d: d.metric("step_duration_ms", "read").update(value=-1), Layer.METRICS, "metric-shape", "read",
    ),
    "a log line changes": (log("read", b"3 rows", b"4 rows"), Layer.LOGS, "log-changed", "read"),
    "a log line's level changes": (log("read", b"INFO", b"WARNING"), Layer.LOGS, "log-changed", "read"),
    "a log line is lost": (log("report", b"INFO osiris.report done\n", b""), Layer.LOGS, "log-missing", "report"),
    "a whole log is lost": (lambda d: d.logs.pop("read"), Layer.LOGS, "log-missing", "read"),
    "a log line comes twice": (
        log("report", b"INFO osiris.report done\n", b"INFO osiris.report done\n" * 2), Layer.LOGS, "log-extra", "report",
    ),
    "a step prints something new": (printed("write", b"hello\n"), Layer.LOGS, "printed-extra", "write"),
    "a printed line changes": (
        printed("report", b"line one\nline 2\nline three\n"), Layer.LOGS, "printed-changed", "report",
    ),
    "printed lines change places": (
        printed("report", b"line two\nline one\nline three\n"), Layer.LOGS, "printed-order", "report",
    ),
    "the last line feed is lost": (
        printed("report", b"line one\nline two\nline three"), Layer.LOGS, "printed-changed", "report",
    ),
    "a printed byte is no text": (
        printed("report", b"line one\nline tw\xff\nline three\n"), Layer.LOGS, "printed-changed", "report",
    ),
    "a table's column changes": (table_column, Layer.TABLES, "table-content", "delays"),
    "a table's values are combined otherwise": (table_combination, Layer.TABLES, "table-content", "delays"),
    "a table has another row": (
        lambda d: d.table("delays").update(rows=3), Layer.TABLES, "table-rows", "delays",
    ),
    "a table's column has another type": (
        lambda d: d.table("read")["schema"][1].update(type="double"), Layer.TABLES, "table-schema", "read",
    ),
    "a table's columns change places": (
        lambda d: d.table("read")["schema"].reverse(), Layer.TABLES, "table-schema", "read",
    ),
    "a table is lost": (
        lambda d: d.event("step_complete", "delays").update(tables={}), Layer.TABLES, "table-missing", "delays",
    ),
    "statistics contradict the digest": (
        lambda d: d.table("read")["columns"]["late"].update(min=-4), Layer.TABLES, "table-statistics", "read",
    ),
    "an artifact is lost": (
        lambda d: d.files.pop("report/summary.json"), Layer.ARTIFACTS, "artifact-missing", "report",
    ),
    "an artifact is added": (
        lambda d: d.files.update({"report/more.txt": b"x"}), Layer.ARTIFACTS, "artifact-extra", "report",
    ),
    "a file becomes a directory": (swap_artifact_for_directory, Layer.ARTIFACTS, "artifact-type", "report"),
    "an artifact's mode changes": (
        lambda d: d.modes.update({"report/blob.bin": "0755"}), Layer.ARTIFACTS, "artifact-mode", "report",
    ),
    "one byte of a binary artifact changes": (
        file("report/blob.bin", b"\0\1\2\4"), Layer.ARTIFACTS, "artifact-content", "report",
    ),
    "one cell of a CSV changes": (
        file("write/delays.csv", b"carrier,n,late\r\nAA,2,10\r\nBB,1,-4\r\n"),
        Layer.ARTIFACTS, "table-cells", "write",
    ),
    "the line endings of a CSV change": (
        file("write/delays.csv", b"carrier,n,late\nAA,2,10\nBB,1,-3\n"), Layer.ARTIFACTS, "artifact-content", "write",
    ),
    "a JSON value changes its type": (
        file("report/summary.json", b'{"a": true, "b": [1, 2]}\n'), Layer.ARTIFACTS, "artifact-content", "report",
    ),
    "an artifact becomes empty": (file("report/summary.json", b""), Layer.ARTIFACTS, "artifact-content", "report"),
    "a step ends in another state": (step_state, Layer.STEPS, "step-state", "report"),
    "a step is skipped for another reason": (
        lambda d: d.steps[3].update(reason="run-stopped"), Layer.STEPS, "step-reason", "report",
    ),
    "a step is lost": (lambda d: d.steps.pop(), Layer.STEPS, "step-missing", "report"),
    "a step is added": (
        lambda d: d.steps.append({"id": "more", "state": "succeeded", "reason": None, "cause": None}),
        Layer.STEPS, "step-extra", "more",
    ),
    "two steps change places": (lambda d: d.steps.reverse(), Layer.STEPS, "step-order", "read"),
    "the outcome differs": (lambda d: setattr(d, "outcome", "deadline"), Layer.OUTCOME, "outcome", None),
    "the failed step differs": (lambda d: setattr(d, "failed_step", "write"), Layer.OUTCOME, "failed-step", "write"),
}  # fmt: skip


@pytest.mark.parametrize("name", MUTATIONS)
def test_a_planted_difference_is_found_where_it_was_planted(name, tmp_path):
    """The verdict is DIVERGENT, and a finding names layer, code and step."""
    mutate, layer, code, step = MUTATIONS[name]
    right = healthy("e2b")
    mutate(right)
    result = compare(*pair(tmp_path, right=right))
    assert result.verdict is Verdict.DIVERGENT
    assert (layer, code, step) in [(f.layer, f.code, f.step) for f in result.findings]
    assert result.first_diverging_step == step


@pytest.mark.parametrize("name", MUTATIONS)
def test_a_difference_is_found_from_either_side(name, tmp_path):
    """With the sides swapped the same places differ, missing and extra having changed their names."""
    mutate, layer, code, step = MUTATIONS[name]
    right = healthy("e2b")
    mutate(right)
    left_session, right_session = pair(tmp_path, right=right)
    swapped = compare(right_session, left_session)
    other = {"missing": "extra", "extra": "missing"}
    head, _, tail = code.rpartition("-")
    wanted = f"{head}-{other[tail]}" if tail in other else code
    assert swapped.verdict is Verdict.DIVERGENT
    assert swapped.findings_total == compare(left_session, right_session).findings_total
    if code != "step-order":  # the order of the left side counts, so the place moves with the side
        assert (layer, wanted, step) in [(f.layer, f.code, f.step) for f in swapped.findings]


@pytest.mark.parametrize("name", MUTATIONS)
def test_each_layer_is_what_finds_its_difference(name, tmp_path):
    """With its layer switched off a difference is missed, and the missing layer keeps the verdict from green."""
    mutate, layer, code, _ = MUTATIONS[name]
    right = healthy("e2b")
    mutate(right)
    result = compare(*pair(tmp_path, right=right), comparers=ALL - {layer})
    assert code not in {f.code for f in result.findings}
    assert result.not_compared == (f"layer {layer} was switched off",)
    assert not result.verdict.passes


@pytest.mark.parametrize("layer", [layer for layer in Layer if layer not in {Layer.OUTCOME, Layer.STEPS}])
def test_a_difference_of_one_layer_alone_is_missed_without_it(layer, tmp_path):
    """There is a planted difference that no other layer sees, so each layer earns its place."""
    lonely = {
        Layer.EVENTS: swap_events,
        Layer.METRICS: change_metric,
        Layer.LOGS: log("read", b"3 rows", b"4 rows"),
        Layer.TABLES: table_column,
        Layer.ARTIFACTS: file("report/blob.bin", b"\0\1\2\4"),
    }
    right = healthy("e2b")
    lonely[layer](right)
    sessions = pair(tmp_path, right=right)
    assert compare(*sessions).findings_total == 1
    without = compare(*sessions, comparers=ALL - {layer})
    assert without.findings == ()
    assert without.verdict is Verdict.INCONCLUSIVE


def test_a_healthy_pair_has_no_difference(tmp_path):
    """The pair that all mutations start from is IDENTICAL: what they find is what they planted."""
    result = compare(*pair(tmp_path))
    assert result.verdict is Verdict.IDENTICAL
    assert (result.findings, result.problems, result.not_compared, result.rules) == ((), (), (), ())
    assert result.compared.events == (18, 18)
    assert result.compared.metrics == (3, 3)
    assert result.compared.log_lines == (6, 6)
    assert result.compared.tables == (2, 2)
    assert result.compared.artifacts == (3, 3)


def test_two_runs_that_fail_alike_are_identical(tmp_path):
    """Failing is no difference: whether it was expected is for `expect` to say."""
    result = compare(*pair(tmp_path, failing("local"), failing("e2b")))
    assert (result.verdict, result.findings, result.problems) == (Verdict.IDENTICAL, (), ())


@pytest.mark.parametrize(
    ("right", "code", "path"),
    [
        (failing("e2b", error_type="KeyError"), "event-changed", "step_failed.error_type"),
        (failing("e2b", message="3 rows"), "event-changed", "step_failed.message"),
    ],
)
def test_two_runs_that_fail_differently_diverge(right, code, path, tmp_path):
    """The type and the text of an error count, at the step that failed."""
    result = compare(*pair(tmp_path, failing("local"), right))
    assert result.verdict is Verdict.DIVERGENT
    assert result.first_diverging_step == "delays"
    assert (code, path, "delays") in [(f.code, f.path, f.step) for f in result.findings]


def test_a_traceback_from_another_line_diverges(tmp_path):
    """A traceback is compared frame by frame."""
    right = failing("e2b")
    right.event("step_failed")["traceback"] = [{"module": "report", "function": "main", "line": 13}]
    result = compare(*pair(tmp_path, failing("local"), right))
    assert [(f.code, f.path, f.left, f.right) for f in result.findings] == [
        ("event-changed", "step_failed.traceback[0].line", "12", "13")
    ]


def retried(target, *messages):
    """One side of a pair whose step `delays` was tried again after each of these errors."""
    draft = healthy(target)
    end = draft.events.index(draft.event("step_complete", "delays"))
    draft.events[end:end] = [
        {
            "ts": draft.events[end]["ts"],
            "session": draft.events[end]["session"],
            "event": "step_retried",
            "step": "delays",
            "attempt": number,
            "error_type": "ConnectionError",
            "message": message,
            "traceback": [],
        }
        for number, message in enumerate(messages, 1)
    ]
    return draft


@pytest.mark.parametrize(
    ("right", "code", "path"),
    [
        (retried("e2b"), "event-missing", "step_retried"),
        (retried("e2b", "refused", "refused"), "event-extra", "step_retried"),
        (retried("e2b", "reset"), "event-changed", "step_retried.message"),
    ],
)
def test_an_attempt_more_or_another_error_on_the_way_diverges(right, code, path, tmp_path):
    """Two runs that succeed in the end have not done the same when one of them needed another attempt."""
    result = compare(*pair(tmp_path, retried("local", "refused"), right))
    assert result.verdict is Verdict.DIVERGENT
    assert [(f.code, f.path, f.step) for f in result.findings] == [(code, path, "delays")]


def test_attempts_that_fail_alike_are_equal(tmp_path):
    """Equal attempts are no difference, and a path in their messages is judged as in any other error."""
    same = compare(*pair(tmp_path / "same", retried("local", "refused"), retried("e2b", "refused")))
    assert (same.verdict, same.problems) == (Verdict.IDENTICAL, ())
    left, right = retried("local", "no /home/ann/flights/x.csv"), retried("e2b", "no /home/user/project/x.csv")
    assert compare(*pair(tmp_path / "paths", left, right)).verdict is Verdict.EQUIVALENT

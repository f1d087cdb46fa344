"""What an observer is told: of records that were made by hand, and of a real check on both targets."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from osiris_core.backends.protocol import Cancellation, Job, Patience, TargetFacts
from osiris_core.check import Checker, CheckOptions, load
from osiris_core.judgement import TargetResult
from osiris_core.progress.checks import CheckWatch
from osiris_core.progress.telling import Telling
from osiris_core.triage.rerunning import Rerunner
from osiris_core.wire.frames import encode_heartbeat, session_tag
from tests.parity.sessions import healthy as healthy_session
from tests.session.tape import SESSION_ID, Tape, healthy, open_writer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from osiris_core.progress.model import Progress
    from osiris_core.progress.targets import TargetWatch
    from osiris_core.sandbox.launch import ServerAddress
    from osiris_core.session.writer import SessionWriter

SECRET = "tr0ub4dor-and-3"


@dataclass
class Clock:
    """Time that passes when a test says so."""

    now: float = 100.0

    def __call__(self) -> float:
        """Return it."""
        return self.now


@dataclass
class Watched:
    """One target that is followed, and what was told of it."""

    clock: Clock = field(default_factory=Clock)
    told: list[Progress] = field(default_factory=list)

    def target(self, steps: int = 2, **facts: object) -> TargetWatch:
        """Return a watch."""
        check = CheckWatch(
            self.told.append, check=SESSION_ID, name="flights", manifest="f", steps=steps, clock=self.clock
        )
        watch = check.target("local", **facts)
        assert watch is not None
        return watch


@pytest.fixture
def writer(tmp_path: Path) -> Iterator[SessionWriter]:
    """An open session of the tapes."""
    writer = open_writer(tmp_path)
    yield writer
    writer.release()


def started() -> Tape:
    """Return a tape on which the first step has begun."""
    tape = Tape()
    tape.hello()
    tape.event("step_start", "read", driver="d", needs=[])
    return tape


@pytest.fixture
def watched() -> Watched:
    """Nothing yet."""
    return Watched()


def test_steps_are_told_at_once_with_their_number_and_the_rows_so_far(watched: Watched, writer: SessionWriter) -> None:
    """The clock stands still: what has to be told does not wait for its turn."""
    writer.show(watched.target())
    tape = started()
    tape.metric("rows_read", "read", 16, unit="rows")
    tape.event("step_complete", "read", rows=16, tables={})
    tape.event("step_start", "write", driver="d", needs=["read"])
    tape.event("inputs_resolved", "write", key="df_read", from_step="read", rows=16)

    writer.feed(tape.data)

    assert [(each.step, each.number, each.steps, each.rows, each.step_rows) for each in watched.told] == [
        ("read", 1, 2, 0, None),
        ("write", 2, 2, 16, None),
    ]


def test_counters_are_told_ten_times_a_second_at_most(watched: Watched, writer: SessionWriter) -> None:
    """A flood of metrics tells only the latest number, and only when a tenth of a second has passed."""
    writer.show(watched.target())
    tape = started()
    for number in range(500):
        tape.metric("rows_read", "read", number, unit="rows")
    hello, start, *metrics = tape.lines
    writer.feed(hello + start)
    watched.told.clear()

    for line in metrics:
        watched.clock.now += 0.001
        writer.feed(line)

    assert [each.step_rows for each in watched.told] == [99, 199, 299, 399, 499]
    assert watched.told[-1].size_bytes == len(tape.data)


def test_a_heartbeat_says_that_the_worker_lives(watched: Watched, writer: SessionWriter) -> None:
    """It changes nothing else."""
    writer.show(watched.target())
    tape = started()
    writer.feed(tape.data)
    watched.clock.now = 105.0

    writer.feed(encode_heartbeat(tag=session_tag(SESSION_ID), epoch=0, seq=len(tape.lines), offset=len(tape.data)))

    assert [each.heard for each in watched.told] == [100.0, 105.0]
    assert watched.told[1].step == "read"


def test_phases_are_told_when_they_begin_and_bytes_as_they_come(watched: Watched) -> None:
    """Only a worker that runs can fall silent."""
    facts = TargetFacts(target="e2b", provider="embedded", isolation="bubblewrap")
    watch = watched.target()
    facts.show(watch)

    for name in ("create", "run", "fetch"):
        watched.clock.now += 1
        with facts.phase(name):
            facts.came(1000)
    watched.clock.now += 1
    facts.came(500)
    watch.end()

    assert [(each.phase, each.phase_began, each.heard, each.size_bytes, each.over) for each in watched.told] == [
        ("create", 101.0, None, 0, False),
        ("run", 102.0, 102.0, 1000, False),
        ("fetch", 103.0, None, 2000, False),
        ("fetch", 103.0, None, 3500, False),
        ("fetch", 103.0, None, 3500, True),
    ]


def test_skipped_steps_count(watched: Watched, writer: SessionWriter) -> None:
    """A step that runs after two that were skipped is the third."""
    writer.show(watched.target(steps=3))
    tape = Tape()
    tape.hello()
    tape.event("step_skipped", "a", reason="upstream-failed")
    tape.event("step_skipped", "b", reason="upstream-failed")
    tape.event("step_start", "c", driver="d", needs=[])

    writer.feed(tape.data)

    assert [(each.step, each.number) for each in watched.told] == [("c", 3)]


@pytest.mark.parametrize(
    "payload",
    [b'{"data": {"rows": ' + b"9" * 5000 + b"}}", b"[" * 100_000, b"[]", b'{"data": 5}', b'{"data": {"rows": "many"}}'],
    ids=["endless number", "deep", "no object", "no data", "no number"],
)
def test_a_record_that_makes_no_sense_is_nobodys_fault_here(watched: Watched, payload: bytes) -> None:
    """Whoever judges records refuses it; who looks on does not stumble."""
    watch = watched.target()

    for name in ("step_complete", "inputs_resolved", "rows_read", "step_start"):
        watch.note(name, payload)
    watch.end()

    assert (watched.told[-1].rows, watched.told[-1].number) == (0, 1)


def test_the_watch_of_ten_thousand_steps_is_as_big_as_that_of_one(watched: Watched) -> None:
    """Nothing is kept of what has passed."""
    watch = watched.target(steps=10_000)
    start = b'{"step": "s", "data": {}}'
    watch.note("step_start", start)
    before = sum(sys.getsizeof(each) for each in vars(watch).values())

    for _ in range(10_000):
        watch.note("step_start", start)
        watch.note("rows_read", b'{"value": 5}')
        watch.note("step_complete", b'{"data": {"rows": 1}}')

    assert sum(sys.getsizeof(each) for each in vars(watch).values()) - before < 200
    assert watched.told[-1].number == 10_001


def test_an_observer_that_breaks_is_told_nothing_more_and_spoils_nothing(writer: SessionWriter, tmp_path: Path) -> None:
    """One sentence says so; the session is whole."""
    told: list[Progress] = []
    said: list[str] = []

    def broken(progress: Progress) -> None:
        told.append(progress)
        raise ZeroDivisionError("of mine")

    check = CheckWatch(Telling(broken, said.append), check=SESSION_ID, name="f", manifest="f", steps=2)
    watch = check.target("local")
    assert watch is not None
    writer.show(watch)

    writer.feed(healthy().data)
    watch.end()

    assert len(told) == 1
    assert said == ["progress is not shown any more, because what shows it failed: ZeroDivisionError: of mine"]
    assert writer.terminal is not None


def test_nobody_is_told_of_a_manifest_with_secrets_before_these_are_known() -> None:
    """A name may hold one."""
    told: list[Progress] = []
    with CheckWatch(told.append, check="c", name=f"of-{SECRET}", manifest="m", steps=1) as check:
        check.hide()
        check.phase("prepare")
        assert told == []

        check.mask(lambda text: text.replace(SECRET, "***"))

        watch = check.target("local", rerun=2, factors=[SECRET, "locale"])
        assert watch is not None
        watch.phase("run")
    assert {each.name for each in told} == {"of-***"}
    assert (told[1].detail, told[1].rerun) == ("locale, ***", 2)
    assert told[-1].over


def test_without_an_observer_there_is_no_watch() -> None:
    """Nothing is spent on what nobody is told."""
    with CheckWatch(None, check="c", name="n", manifest="m", steps=1) as check:
        assert check.target("local") is None


def test_the_reruns_of_a_triage_are_told_with_their_number_and_factors(
    watched: Watched, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Which one it is, on which target, and what it is made with; each begins anew."""
    anything: Any = None
    sessions = {each: healthy_session(each).build(tmp_path) for each in ("local", "e2b")}
    job = Job(manifest=anything, request=anything, bundle=anything, inputs={}, requirements=(), host_variables={})
    backends: Any = SimpleNamespace(find=lambda target: SimpleNamespace(facts=lambda: FACTS[target]))

    def run(*_: object, watch: TargetWatch, **__: object) -> TargetResult:
        watch.phase("run")
        watch.end()
        return TargetResult(facts=FACTS["e2b"], session=sessions["e2b"], failure=None)

    monkeypatch.setattr("osiris_core.triage.rerunning.run_target", run)
    monkeypatch.setattr("osiris_core.triage.rerunning.as_it_is", anything_of)
    monkeypatch.setattr("osiris_core.triage.rerunning.imitate", anything_of)
    monkeypatch.setattr("osiris_core.triage.rerunning.run_directory_of", lambda _: tmp_path / "nothing")
    check = CheckWatch(watched.told.append, check="c", name="n", manifest="m", steps=2, clock=watched.clock)
    rerun = Rerunner(
        job, sessions, backends, original=anything_of(), patience=Patience(), cancellation=Cancellation(), watch=check
    )

    rerun("e2b", ())
    watched.clock.now += 5
    rerun("local", ("time zone", "locale"))

    assert [(each.target, each.rerun, each.detail, each.began, each.over) for each in watched.told] == [
        ("e2b", 1, "", 100.0, False),
        ("e2b", 1, "", 100.0, True),
        ("local", 2, "locale, time zone", 105.0, False),
        ("local", 2, "locale, time zone", 105.0, True),
    ]


FACTS = {each: TargetFacts(target=each, provider="p", isolation="none") for each in ("local", "e2b")}


def anything_of(*_: object) -> Any:
    """Return something."""
    return SimpleNamespace()


def test_a_real_check_tells_of_both_targets_from_the_first_phase_to_the_end(
    server: ServerAddress, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every step of each target, in order; the check is over last; no text holds a secret, though the pipeline is called like one."""
    monkeypatch.setenv("PASSWORD", SECRET)
    (tmp_path / "pyproject.toml").write_text("")
    (tmp_path / "rows.csv").write_text("a\n1\n2\n")
    (tmp_path / "code").mkdir()
    (tmp_path / "code" / "of_mine.py").write_text("def take(inputs, ctx, password): pass\n")
    path = tmp_path / "it.osiris.yaml"
    path.write_text(
        f'osiris: "1"\npipeline: {{id: {SECRET}}}\ninputs: [rows.csv]\ncode: [code]\nsecrets: [PASSWORD]\nsteps:\n'
        "  - {id: read, driver: filesystem.csv_extractor, config: {path: rows.csv}}\n"
        "  - {id: take, driver: python.callable, needs: [read], "
        'config: {function: "of_mine:take", kwargs: {password: "${secret:PASSWORD}"}}}\n'
    )
    told: list[Progress] = []

    with Checker(CheckOptions(project_root=tmp_path), server=server, progress=told.append) as checker:
        record = checker.check(load(path, project_root=tmp_path), ["local", "e2b"])

    assert record.passed, record.headline
    assert {each.check for each in told} == {record.session_id}
    for target, phases in (
        ("local", ["prepare", "run", "collect"]),
        ("e2b", ["closure", "template", "create", "upload", "run", "fetch", "kill"]),
    ):
        of_target = [each for each in told if each.target == target]
        assert list(dict.fromkeys(each.phase for each in of_target)) == phases
        assert list(dict.fromkeys((each.step, each.number) for each in of_target if each.step)) == [
            ("read", 1),
            ("take", 2),
        ]
        assert [each.over for each in of_target].count(True) == 1
        assert (of_target[-1].over, of_target[-1].rows) == (True, 2)
        assert of_target[-1].size_bytes > 0
    assert list(dict.fromkeys(each.phase for each in told if not each.target)) == ["prepare", "compare"]
    assert (told[-1].target, told[-1].over) == ("", True)
    assert {each.name for each in told} == {"***PASSWORD***"}
    assert SECRET not in repr(told)

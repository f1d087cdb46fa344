"""The result of a check, as data: one `ParityRecord` a manifest, which every report is made from.

The record is JSON (`encode_records`, `decode_records`), so that it can travel in a test's properties, be
stored beside the HTML report, and be merged with records of other machines.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

RECORD_VERSION = 1
"""Version of this JSON form; a reader refuses others."""


class Verdict(StrEnum):
    """The outcome of a comparison; the order of the members is their weight, worst last."""

    IDENTICAL = "IDENTICAL"
    EQUIVALENT = "EQUIVALENT"
    ACCEPTED = "ACCEPTED"
    DIVERGENT = "DIVERGENT"
    NONDETERMINISTIC = "NONDETERMINISTIC"
    INCONCLUSIVE = "INCONCLUSIVE"
    INFRA = "INFRA"

    @property
    def passes(self) -> bool:
        """Whether a check with this verdict is green; `expect` must hold besides."""
        return self in {Verdict.IDENTICAL, Verdict.EQUIVALENT, Verdict.ACCEPTED}


class Layer(StrEnum):
    """What was compared, in the order of comparison."""

    OUTCOME = "outcome"
    STEPS = "steps"
    EVENTS = "events"
    METRICS = "metrics"
    LOGS = "logs"
    TABLES = "tables"
    ARTIFACTS = "artifacts"


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnDifference:
    """One column of two tables that differs: in how many of the matched rows, and by how much at most where it is a number.

    `least` and `greatest` bound what the right number is more than the left one, over the differing rows.
    """

    name: str
    differing: int
    nulls: tuple[int, int] = (0, 0)
    max_absolute: float | None = None
    max_relative: float | None = None
    least: float | None = None
    greatest: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CellDifference:
    """One cell that differs: `row` tells the row by its key or its number, `left` and `right` are both values, readable."""

    row: str
    column: str
    left: str
    right: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RowSample:
    """One row of both tables, to be shown around a cell that differs: `row` tells it by its key or its number.

    `left` and `right` are its cells in the columns `TableDifference.shown`, and empty on a side without that row. A row with
    the same cells on both sides stands beside one that differs.
    """

    row: str = ""
    left: tuple[str, ...] = ()
    right: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TableDifference:
    """Where two tables differ; `cells` are the first few of `cells_total`, `key` the columns by which rows were matched.

    Without a key rows are matched by their number, or counted as a multiset where their order means nothing. `samples` are the
    first few rows that differ, those next to them, and those of one side alone, in `shown` of the `width` columns that were compared.
    """

    rows: tuple[int, int]
    rows_missing: int = 0
    rows_extra: int = 0
    cells_total: int = 0
    key: tuple[str, ...] = ()
    columns: tuple[ColumnDifference, ...] = ()
    cells: tuple[CellDifference, ...] = ()
    width: int = 0
    shown: tuple[str, ...] = ()
    samples: tuple[RowSample, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ByteSample:
    """The bytes of both files from `offset` on, as hexadecimal digits: around a place where they differ.

    A side that ends before has fewer, or none. `held_back`: they hold a secret, or a part of one, and are not here.
    """

    offset: int
    left: str = ""
    right: str = ""
    held_back: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One difference between the two sides.

    `code` is a stable reason code such as `artifact-content` or `event-missing`; `path` names the place
    (`write/delays.csv`, `step_complete.rows`, `print.log:12`); `left` and `right` are short readable
    forms of both values, the left side being the first target; `diff` is a unified diff or empty.
    `locates` marks a finding that never decides by itself but helps to find the first diverging step. `table` has the
    cells where two tables differ, `ranges` the first differing stretches of bytes as (offset, length), and `samples` the bytes
    around the first of these. `kinds` say what each value is where the place is one inside of JSON: `text`, `integer`; of a file,
    `sizes_bytes` and the beginnings of its `digests` (SHA-256) are there. `members` lead from an artifact that holds others (an archive) to
    the file that these are of: the name of a member, that of a member of it, and so on; all of them are in `path`, too. `waived_by` names the waiver that accepts it, in which
    case it does not decide either.
    """

    layer: Layer
    step: str | None
    code: str
    path: str
    message: str
    left: str = ""
    right: str = ""
    diff: str = ""
    hint: str = ""
    locates: bool = False
    table: TableDifference | None = None
    ranges: tuple[tuple[int, int], ...] = ()
    waived_by: str = ""
    samples: tuple[ByteSample, ...] = ()
    kinds: tuple[str, str] = ("", "")
    sizes_bytes: tuple[int | None, int | None] = (None, None)
    digests: tuple[str, str] = ("", "")
    members: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleUse:
    """What one normalizer did: how many values it set aside on each side, with a few raw pairs as examples.

    `decided` counts the pairs that only this rule made equal, `covered` the values in its scope on each side, as far as it
    was declared. `source` says who declared it, `complaint` what is wrong with it: it never met a value, or it hid more than
    its bounds allow; `note` what else is worth knowing, as the largest distance under a tolerance. `declared` is the rule as
    it would be written, a preset's as the explicit one that it stands for; empty for a rule that nobody declared.
    """

    rule: str
    reason: str
    left_hits: int
    right_hits: int
    decided: int
    examples: tuple[tuple[str, str, str], ...] = ()  # (path, left raw, right raw)
    source: str = "default"
    complaint: str = ""
    covered: tuple[int, int] = (0, 0)
    note: str = ""
    declared: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class WaiverUse:
    """What one waiver did: how many differences it met; `complaint` says that it has expired, or met none.

    `manifest` is the pattern of the manifests that it speaks of, and `days_left` how long it held on the day of the check.
    """

    name: str
    reason: str
    owner: str
    expires: str  # the last day on which it holds, ISO 8601
    hits: int
    complaint: str = ""
    manifest: str = "*"
    days_left: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingGroup:
    """Findings of one signature: the same layer, code and place but for numbers, at one step.

    `pattern` is the place with `#` for numbers. `effect` is False at a step that differs although nothing it depends on
    does: there the cause is to be looked for.
    """

    layer: Layer
    step: str | None
    code: str
    pattern: str
    count: int
    message: str
    hint: str = ""
    effect: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """How much was compared, per layer: counts of the left and of the right side."""

    events: tuple[int, int] = (0, 0)
    metrics: tuple[int, int] = (0, 0)
    log_lines: tuple[int, int] = (0, 0)
    tables: tuple[int, int] = (0, 0)
    artifacts: tuple[int, int] = (0, 0)
    artifact_bytes: tuple[int, int] = (0, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparerUse:
    """A comparer of another distribution that decided about files: how many, and the first few of them.

    `comparer` names it with its distribution: `geometry of our-comparers 1.0`.
    """

    comparer: str
    files: int
    examples: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """What `compare` returns: the verdict of two sessions, with all its evidence.

    `problems` say why evidence is missing or contradicts itself (they make the verdict INCONCLUSIVE);
    `findings` are capped, `findings_total` is the true count. `causes` are the steps that differ although nothing which
    they depend on does, in the order of execution; `effects` counts the deciding differences beyond one for each cause.
    """

    verdict: Verdict
    findings: tuple[Finding, ...] = ()
    findings_total: int = 0
    first_diverging_step: str | None = None
    problems: tuple[str, ...] = ()
    not_compared: tuple[str, ...] = ()
    rules: tuple[RuleUse, ...] = ()
    compared: Compared = field(default_factory=Compared)
    groups: tuple[FindingGroup, ...] = ()
    causes: tuple[str, ...] = ()
    effects: int = 0
    waivers: tuple[WaiverUse, ...] = ()
    rules_digest: str = ""  # over the declared rules in their order; empty where there are none
    comparers: tuple[ComparerUse, ...] = ()  # of other distributions; the built-in ones are not named


@dataclass(frozen=True, slots=True, kw_only=True)
class StepAttempt:
    """An attempt at a step that failed and was followed by another: its number from 1, its error, and when it ended, since the run's start."""

    number: int
    error_type: str = ""
    error: str = ""
    ended_ms: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StepRun:
    """One step on one target: `state`, rows of its output table, its share of the time.

    `options` are those that its config uses and `classes` the kinds of values in its table, both as
    `parity/classes.py` names them: what `osiris-parity coverage` counts. `retries` are its attempts beyond the first, and
    `attempts` the first few of those that failed before the last; `not_retried` says why no other followed although `retries` allowed it.
    `reason` says why it was skipped, and `blamed` because of which step.
    """

    id: str
    driver: str
    needs: tuple[str, ...]
    state: str
    rows: int | None = None
    duration_ms: float | None = None
    started_ms: float | None = None  # since the run's start
    artifacts: tuple[str, ...] = ()
    options: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()
    retries: int = 0
    reason: str = ""
    blamed: str = ""
    attempts: tuple[StepAttempt, ...] = ()
    not_retried: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TransportRetry:
    """A request of the host that was made again: what it was for, what had gone wrong, how long it waited first."""

    what: str
    cause: str
    waited_ms: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Transport:
    """What it took to bring a target's records here, and what was verified of them, as `target.json` tells it.

    `records` came and are on disk. `gaps` were noticed in the stream and filled from the spool (`fills` reads of it, `filled_bytes`
    in all); `duplicates` were dropped, `damaged` lines read again, lines of an older worker `fenced` off. `stalls` are lines that brought nothing
    for so long that they were given up, `reconnects` new lines, `throttled_ms` the time that the worker waited for the
    host. `verified` is True where the worker's own digest of its records was found to be that of the records here (a session takes over no
    other), `artifacts_verified` says whether the same is so of the artifact tree; None where the worker did not come to state one.
    """

    records: int = 0
    duplicates: int = 0
    gaps: int = 0
    damaged: int = 0
    fenced: int = 0
    strays: int = 0
    reconnects: int = 0
    stalls: int = 0
    fills: int = 0
    filled_bytes: int = 0
    acknowledgements: int = 0
    throttled_ms: float = 0.0
    retries: tuple[TransportRetry, ...] = ()
    verified: bool | None = None
    artifacts_verified: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetRun:
    """One target's half of a check: where it ran, what came out, how long each phase took.

    `error_type` and `traceback` (a line a call, `module:function:line`, the outermost first) belong to `error`, where a step
    raised it. `transport` is None where no session was written.
    """

    target: str
    provider: str  # "host", "embedded", "cloud", or the address of a self-hosted server
    isolation: str  # "none" on the host, else "bubblewrap", "plain", "microvm", "unknown"
    network: str = ""  # "host": the machine's own; "none": a loopback of its own; "full": the internet
    outcome: str | None = None
    failed_step: str | None = None
    error: str = ""
    session_directory: str = ""  # relative to the project root
    steps: tuple[StepRun, ...] = ()
    environment: dict[str, Any] = field(default_factory=dict)
    phases: tuple[tuple[str, float], ...] = ()  # (name, elapsed_ms)
    elapsed_ms: float = 0.0
    http_requests: int = 0
    artifacts_not_fetched: int = 0  # equal to the other side's by the digest that was taken here
    bytes_up: int = 0
    bytes_down: int = 0
    sandbox_id: str = ""
    template: str = ""
    masked: int = 0  # tokens that stand for secrets in its session
    error_type: str = ""
    traceback: tuple[str, ...] = ()
    transport: Transport | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TriageFactor:
    """One thing of the environment that makes the difference: its value on either side, and what to do about it."""

    name: str
    left: str
    right: str
    fix: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Triage:
    """What reruns found out about a check: where its divergence comes from, or how stable its targets are.

    `cause` is TRANSPORT, ENVIRONMENT(factor), CODE, NONDETERMINISTIC or UNKNOWN, and empty where nothing diverged; `evidence` are
    the sentences that it rests on. `factors` is the smallest set of factors that makes the difference, `not_tried` names what could
    not be imitated here. `unstable` names the targets that differ from themselves, since `step`. `bound` says what the reruns
    can exclude; `runs` counts them. `command` shows the divergence again, with the factor where one can be given.
    """

    cause: str
    evidence: tuple[str, ...] = ()
    factors: tuple[TriageFactor, ...] = ()
    unstable: tuple[str, ...] = ()
    step: str | None = None
    bound: str = ""
    not_tried: tuple[str, ...] = ()
    runs: int = 0
    elapsed_s: float = 0.0
    command: str = ""


class BaselineState(StrEnum):
    """What became of a test's baseline."""

    HOLDS = "holds"
    DIFFERS = "differs"
    MISSING = "missing"
    UNREADABLE = "unreadable"
    WRITTEN = "written"
    REWRITTEN = "rewritten"
    REFUSED = "refused"
    NOT_HELD = "not held"

    @property
    def passes(self) -> bool:
        """Whether the baseline alone leaves a check green."""
        return self in {BaselineState.HOLDS, BaselineState.WRITTEN, BaselineState.REWRITTEN, BaselineState.NOT_HELD}


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldTarget:
    """One target's session held against the baseline, which is the left side of the comparison."""

    target: str
    comparison: Comparison


@dataclass(frozen=True, slots=True, kw_only=True)
class BaselineUse:
    """What a check's baseline said: `path` is its file, `held` has each target that was held against it.

    Where the targets agree, the first speaks for all. `message` is a sentence, empty where it holds; `update` the command that
    would write it, empty where nothing is to be written.
    """

    path: str
    state: BaselineState
    message: str = ""
    held: tuple[HeldTarget, ...] = ()
    update: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptTarget:
    """One target's half of an earlier attempt, as `TargetRun` has it."""

    target: str
    outcome: str | None = None
    failed_step: str | None = None
    error: str = ""
    elapsed_ms: float = 0.0
    session_directory: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class EarlierAttempt:
    """An earlier attempt at a test that was run again: its verdict, or OK or FAILED with one target, and its session.

    `passed` is that of its record, None where it is not known; one that passed was run again because its test failed otherwise. `step`
    is where the targets parted, or where a run failed, `differences` counts what differed.
    """

    became: str
    session_id: str
    passed: bool | None = None
    step: str | None = None
    headline: str = ""
    started_at: str = ""
    elapsed_ms: float = 0.0
    differences: int = 0
    targets: tuple[AttemptTarget, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ParityRecord:
    """The whole result of checking one manifest.

    With one target `verdict` is None: nothing was compared, and `passed` says whether `expect` held.
    `cause` is TRANSPORT, ENVIRONMENT(factor), CODE or UNKNOWN, and empty where nothing diverged.
    `headline` is the sentence a reader sees first. `baseline` is there where a stored session was asked for. `line` is 0 where no manifest was read: of a diff, `manifest` names the two sides. `case` is the case of the manifest's `pytest.parametrize` that
    ran, and empty where it has none. `worker` is the xdist worker, where each of them ran every test. `earlier` are the attempts at
    the same test that this one took the place of. `expected_failure` says that it did not pass as its test expected: that is marked as one that fails (`xfail`), or looked at the record itself and passed.
    `origin` is the name of the file that it was merged from.
    """

    manifest: str
    pipeline_id: str
    passed: bool
    headline: str
    verdict: Verdict | None = None
    cause: str = ""
    fingerprint: str = ""
    session_id: str = ""
    started_at: str = ""
    elapsed_ms: float = 0.0
    targets: tuple[TargetRun, ...] = ()
    comparison: Comparison | None = None
    expectation_failures: tuple[str, ...] = ()
    reproduce: str = ""
    warnings: tuple[str, ...] = ()  # what did not fail the check, and may be a mistake
    line: int = 1
    case: str = ""
    worker: str = ""
    origin: str = ""
    earlier: tuple[EarlierAttempt, ...] = ()
    triage: Triage | None = None
    baseline: BaselineUse | None = None
    expected_failure: bool = False
    version: int = RECORD_VERSION

    @property
    def fails(self) -> bool:
        """Whether a run with this record is red: it did not pass, and nobody expected that."""
        return not self.passed and not self.expected_failure

    @property
    def name(self) -> str:
        """How lists name the record: the manifest, with the case where there are several, and the worker likewise."""
        name = f"{self.manifest}[{self.case}]" if self.case else self.manifest
        return f"{name} on {self.worker}" if self.worker else name

    @property
    def first_diverging_step(self) -> str | None:
        """The step where the two sides part, or a target from its baseline or from itself, or None."""
        compared = [self.comparison] if self.comparison else []
        compared += [each.comparison for each in self.baseline.held] if self.baseline else []
        parted = next((each.first_diverging_step for each in compared if each.first_diverging_step), None)
        return parted or (self.triage.step if self.triage else None)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportSection:
    """A part of a report that somebody else has something to say in: plain text, a table, or both.

    `columns` are the heads of `rows`, which each have as many cells, and need not be there. `source` is who says it; a plugin that
    gives a section leaves it empty.
    """

    title: str
    text: str = ""
    columns: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    source: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where records of a merged set come from: the file, when and on which host its records were made, and how many there are."""

    name: str
    created_at: str = ""
    host: dict[str, str] = field(default_factory=dict)
    shard: str = ""
    records: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordSet:
    """Records with the facts of the run that made them: what a report file is made from.

    `shard` is the part of the tests that ran, `2/3`, and empty for all of them. A merged set has its `origins`; then `host` holds what is
    true of all of them, and `remarks` say what a reader of the whole should know, as two results of one manifest.

    `unmet` are sentences about the run as a whole that make it red whatever its records say: what a gate asked for and did not get.
    `note` says what keeps them from being all, as a run that stopped at its first failure. `sections` are what plugins say besides.
    """

    records: tuple[ParityRecord, ...]
    created_at: str = ""
    host: dict[str, str] = field(default_factory=dict)  # python, platform, pytest_osiris, e2b, bubblewrap ...
    unmet: tuple[str, ...] = ()
    note: str = ""
    sections: tuple[ReportSection, ...] = ()
    shard: str = ""
    origins: tuple[Origin, ...] = ()
    remarks: tuple[str, ...] = ()
    version: int = RECORD_VERSION

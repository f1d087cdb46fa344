"""What a check's baseline says of it, and what is written: the one call of the plugin and of the command line.

A baseline never makes a check greener. One that did not pass by itself is held against its baseline for what that tells, and nothing is
written for it: not when a target could not run, the targets differ, one differs from itself, or `expect` does not hold.

What stores and compares is loaded where there is something to store or to compare: most checks have no baseline.
"""

from __future__ import annotations

import dataclasses
import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from osiris_core.baseline.document import ARTIFACTS, FILE, SUMMARIES
from osiris_core.baseline.places import recover
from osiris_core.choices import BASELINES
from osiris_core.errors import BaselineError, SessionError
from osiris_core.parity.record import BaselineState, BaselineUse, HeldTarget, Verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from osiris_core.baseline.places import Place
    from osiris_core.baseline.reading import StoredBaseline
    from osiris_core.parity.record import ParityRecord
    from osiris_core.parity.waived import Waivers
    from osiris_core.rules.model import Rule
    from osiris_core.session.model import Session
    from osiris_core.wire.masking import MaskTable

NEW: Final = "new"
CHANGED: Final = "changed"

_AUTO, _REQUIRED, _OFF = BASELINES
_TELLING: Final = frozenset({None, Verdict.IDENTICAL, Verdict.EQUIVALENT, Verdict.ACCEPTED, Verdict.DIVERGENT})
"""Verdicts beside which a comparison with a baseline says something."""
_NOT_BY_ITSELF: Final = "no baseline is written, because the check did not pass by itself"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What is asked of baselines for one check.

    `place` is where its baseline lies and whose it is, `root` the directory that records' paths count from. `wanted` is one of `choices.BASELINES`,
    `update` some of `NEW` and `CHANGED`. `command` repeats the check; with `--osiris-update` it writes. The rest is how the check compares.
    """

    place: Place
    root: Path = Path()
    wanted: str = _AUTO
    update: frozenset[str] = frozenset()
    command: str = ""
    text: str = "normalized"
    rules: tuple[Rule, ...] = ()
    waivers: Callable[[], Waivers | None] = lambda: None
    secrets: MaskTable | None = None
    fixed_now: bool = False

    @property
    def shown(self) -> str:
        """The directory as messages and records name it."""
        directory = self.place.directory
        return directory.relative_to(self.root).as_posix() if directory.is_relative_to(self.root) else str(directory)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """A record with what its baseline says, and, where a baseline is to be written, what does it.

    `write` is called with the record as everybody has judged it, if it still passes; it returns the record with what became of the writing.
    """

    record: ParityRecord
    write: Callable[[ParityRecord], ParityRecord] | None = None


def settle(record: ParityRecord, asked: Asked) -> Settled:
    """Return the record with what its baseline says, and what writes the baseline where that was asked for.

    A check without a baseline stays as it is, unless baselines are required.
    """
    use = _settled(record, asked)
    if not isinstance(use, _Planned):
        return Settled(record=_with_use(record, use, asked))
    planned = _use(asked, BaselineState.NOT_HELD, _NOT_BY_ITSELF, held=use.held)

    def write(judged: ParityRecord) -> ParityRecord:
        return _with_use(judged, _written(record, asked, use), asked)

    return Settled(record=_with_use(record, planned, asked), write=write)


def _with_use(record: ParityRecord, use: BaselineUse | None, asked: Asked) -> ParityRecord:
    if use is None:
        return record
    if asked.secrets is not None:
        from osiris_core.secrets.masked_record import masked

        use = masked(use, asked.secrets)
    if use.state.passes or not record.passed:
        return dataclasses.replace(record, baseline=use)
    return dataclasses.replace(record, baseline=use, passed=False, headline=use.message)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Planned:
    """A baseline that is to be written; of one that is there already, what it was found to say."""

    state: BaselineState
    held: tuple[HeldTarget, ...] = ()
    stored: StoredBaseline | None = None


def _settled(record: ParityRecord, asked: Asked) -> BaselineUse | _Planned | None:
    directory = asked.place.directory
    if asked.wanted == _OFF:
        return None
    recover(directory)
    if not _is_there(directory / FILE) and (NEW in asked.update or not _is_left(directory)):
        return _without_one(record, asked)
    from osiris_core.baseline.reading import read_baseline

    rewritable = CHANGED in asked.update and record.passed
    try:
        stored = read_baseline(directory, name=asked.place.name, place=asked.shown)
        held = tuple(_held(stored, session, asked) for session in _to_hold(record, asked.root))
    except BaselineError as error:
        if rewritable and error.replaceable:
            return _Planned(state=BaselineState.REWRITTEN)
        return _use(asked, BaselineState.UNREADABLE, str(error))
    differing = next((each for each in held if not each.comparison.verdict.passes), None)
    if differing is not None and rewritable:
        return _Planned(state=BaselineState.REWRITTEN, held=held, stored=stored)
    return _said(asked, held, differing)


def _is_there(path: Path) -> bool:
    """Whether something has that name, also a link that leads nowhere, or may have: then reading says what is wrong with it."""
    try:
        path.lstat()
    except FileNotFoundError:
        return False
    except OSError:
        return True
    return True


def _is_left(directory: Path) -> bool:
    """Whether there is a baseline but for its file: one that was not committed must not pass for none."""
    return directory.is_symlink() or any(_is_there(directory / part) for part in (ARTIFACTS, SUMMARIES))


def _said(asked: Asked, held: tuple[HeldTarget, ...], differing: HeldTarget | None) -> BaselineUse:
    if differing is not None:
        from osiris_core.parity.summary import headline

        message = headline(differing.comparison, left="the baseline", right=differing.target)
        return _use(asked, BaselineState.DIFFERS, message, held=held, update=_command(asked, CHANGED))
    if held:
        return _use(asked, BaselineState.HOLDS, held=held)
    return _use(asked, BaselineState.NOT_HELD, "the check came to nothing that could be held against its baseline")


def _without_one(record: ParityRecord, asked: Asked) -> BaselineUse | _Planned | None:
    if NEW in asked.update:
        if record.passed:
            return _Planned(state=BaselineState.WRITTEN)
        return _use(asked, BaselineState.NOT_HELD, _NOT_BY_ITSELF)
    if asked.wanted != _REQUIRED:
        return None
    return _use(
        asked,
        BaselineState.MISSING,
        f"there is no baseline {asked.shown}/{FILE}, and baselines are required",
        update=_command(asked, NEW),
    )


def _written(record: ParityRecord, asked: Asked, planned: _Planned) -> BaselineUse:
    """Write the baseline from the first target's session; the others agree with it. What it has in common with the one stored stays so."""
    from osiris_core.baseline.making import Making, make_baseline
    from osiris_core.baseline.writing import write_baseline

    try:
        session = _worth_storing(_sessions(record, asked.root))
        making = Making(name=asked.place.name, text=asked.text, fixed_now=asked.fixed_now, rules=asked.rules)
        files = make_baseline(session, making)
        if planned.stored is not None and asked.rules:
            from osiris_core.baseline.merging import merged

            files = merged(files, planned.stored, planned.held[0].comparison)
        write_baseline(asked.place.directory, files, place=asked.shown, secrets=asked.secrets)
    except BaselineError as error:
        return _use(asked, BaselineState.REFUSED, str(error), held=planned.held)
    return _use(asked, planned.state, held=planned.held)


def _worth_storing(sessions: Sequence[Session]) -> Session:
    """Return the first session. BaselineError where there is none, or it is no evidence."""
    from osiris_core.parity.evidence import check_minimums, skipped_artifacts

    if not sessions:
        raise BaselineError("no baseline is written: the check left no session")
    session = sessions[0]
    if problems := (*check_minimums(session), *skipped_artifacts(session)):
        raise BaselineError(f"no baseline is written: {problems[0]}")
    return session


def _sessions(record: ParityRecord, root: Path) -> list[Session]:
    """Return the sessions of a record, each target's. BaselineError where one cannot be read."""
    from osiris_core.session.reader import open_session

    try:
        return [open_session(root / run.session_directory) for run in record.targets if run.session_directory]
    except SessionError as error:
        raise BaselineError(f"the session cannot be read: {error}") from error


def _to_hold(record: ParityRecord, root: Path) -> Sequence[Session]:
    """Return the sessions to be held: the first where the targets agree, all of them where they do not."""
    if record.verdict not in _TELLING:
        return ()
    sessions = _sessions(record, root)
    return sessions if record.verdict is Verdict.DIVERGENT else sessions[:1]


def _held(stored: StoredBaseline, session: Session, asked: Asked) -> HeldTarget:
    from osiris_core.baseline.holding import Holding, hold

    holding = Holding(
        text="exact" if asked.text == "exact" else "normalized",
        rules=asked.rules,
        waivers=asked.waivers(),
        fixed_now=asked.fixed_now,
    )
    return HeldTarget(target=session.target, comparison=hold(stored, session, holding))


def _use(
    asked: Asked, state: BaselineState, message: str = "", *, held: tuple[HeldTarget, ...] = (), update: str = ""
) -> BaselineUse:
    return BaselineUse(path=f"{asked.shown}/{FILE}", state=state, message=message, held=held, update=update)


def _command(asked: Asked, update: str) -> str:
    return f"{asked.command} {shlex.quote(f'--osiris-update={update}')}" if asked.command else ""

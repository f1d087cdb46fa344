"""What `osiris-parity fuzz` does: standard output holds one line and a command for each find, the rest is progress."""

from __future__ import annotations

import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Final

from osiris_core.check import CheckOptions, validate_options
from osiris_core.choices import TARGETS
from osiris_core.cli.exits import EXIT_FAILED, EXIT_GOOD, EXIT_INFRASTRUCTURE
from osiris_core.fuzz.ground import chosen_drivers, code_files, never_compared, require_hypothesis, targets
from osiris_core.report.text import visible_line
from osiris_core.surface import require_place

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence
    from typing import TextIO

    from osiris_core.fuzz.hunt import Find, Hunt
    from osiris_core.parity.record import ParityRecord


_TELL_EVERY_S: Final = 10.0


def fuzz(given: argparse.Namespace, out: TextIO, err: TextIO) -> int:
    """Hunt, write what was found, and return the exit code."""
    require_hypothesis()
    code = code_files(given.code)
    drivers = chosen_drivers(given.drivers.split(",") if given.drivers else None, given.code)
    options = CheckOptions(project_root=Path.cwd(), provider=given.e2b, isolation=given.isolation)
    validate_options(options, TARGETS)
    _require_places(given)

    from osiris_core.fuzz.hunt import Hunt, Plan
    from osiris_core.fuzz.manifests import manifests
    from osiris_core.fuzz.reproducer import write_reproducer

    records: list[ParityRecord] = []
    progress = _Progress(err)
    finds: list[Find] = []
    with targets(options, warm=not given.cold) as (warm, cold):

        def tell(record: ParityRecord) -> None:
            if given.records is not None:
                records.append(record)
            progress.tell(hunt)

        hunt = Hunt(
            strategy=manifests(drivers=drivers, code=code, max_steps=given.steps),
            warm=warm,
            cold=cold,
            plan=Plan(examples=given.examples, seed=given.seed, finds=given.finds, shrinks=given.shrinks),
            tell=tell,
        )
        for find in hunt.iterate():
            finds.append(find)
            reproducer = write_reproducer(find, given.out)
            _say(out, find, reproducer.commands)
    progress.end(hunt)
    if given.records is not None:
        _write_records(given.records, records)
    lacking = never_compared(hunt, drivers)
    if lacking:
        said = f"no step of {', '.join(lacking)} succeeded on both targets, so that nothing of it was compared"
        out.write(f"INCONCLUSIVE {visible_line(said)}\n")
    if finds and all(each.trial.kind == ("INFRA", "") for each in finds):
        return EXIT_INFRASTRUCTURE
    return EXIT_FAILED if finds or lacking else EXIT_GOOD


def _say(out: TextIO, find: Find, commands: Sequence[str]) -> None:
    record, example = find.trial.record, find.trial.example
    flaky = "" if find.seen == find.cold else f" (seen in {find.seen} of {find.cold} checks)"
    said = f"{record.verdict or 'REFUSED'} {' '.join(record.headline.split())}{flaky}"
    out.write(f"{visible_line(said)}\n")
    out.write(f"  {example.steps} steps, {example.rows} rows; example {find.first_at}, shrunk in {find.shrinks}\n")
    out.writelines(f"  {command}\n" for command in commands)
    out.flush()


class _Progress:
    """A line now and then on standard error."""

    def __init__(self, err: TextIO) -> None:
        self._err = err
        self._told = time.monotonic()

    def tell(self, hunt: Hunt) -> None:
        if time.monotonic() - self._told >= _TELL_EVERY_S:
            self._told = time.monotonic()
            self._err.write(f"fuzz: {self._rate(hunt)}\n")

    def end(self, hunt: Hunt) -> None:
        self._err.write(f"fuzz: {self._rate(hunt)}\n")
        for kind, count in Counter(kind for _, kind in hunt.unconfirmed).items():
            self._err.write(f"fuzz: not confirmed by an ordinary check: {' '.join(kind)} ({count})\n")

    @staticmethod
    def _rate(hunt: Hunt) -> str:
        rate = hunt.distinct / hunt.looking_s if hunt.looking_s else 0.0
        cold = f", {hunt.compared_cold} of them cold as well" if hunt.compared_cold else ""
        ended = f"{hunt.whole} succeeded, {hunt.failed_alike} failed alike"
        compared = f"{hunt.tables} tables with {hunt.rows} rows and {hunt.files} files compared"
        return f"{hunt.tried} examples, {hunt.distinct} runs, {rate:.1f} a second{cold}; {ended}; {compared}"


def _require_places(given: argparse.Namespace) -> None:
    """Raise `UsageError` where finds or records could not be written, so that nobody finds out after the hunt."""
    require_place("the directory of finds", given.out / "find")
    if given.records is not None:
        require_place("the file of records", given.records)


def _write_records(path: Path, records: Sequence[ParityRecord]) -> None:
    from osiris_core.parity.record_io import encode_records
    from osiris_core.surface import record_set

    path.write_bytes(encode_records(record_set(records)) + b"\n")

"""What `osiris-parity fuzz` does: standard output holds one line and a command for each find, the rest is progress."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from osiris_core.check import CheckOptions, validate_options
from osiris_core.choices import TARGETS
from osiris_core.cli.exits import EXIT_FAILED, EXIT_GOOD, EXIT_INFRASTRUCTURE
from osiris_core.cli.progress import shown
from osiris_core.fuzz.ground import chosen_drivers, code_files, never_compared, require_hypothesis, targets
from osiris_core.fuzz.telling import looked_on, rate
from osiris_core.report.text import visible_line
from osiris_core.surface import require_place, require_records_place

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence
    from typing import TextIO

    from osiris_core.fuzz.hunt import Find, Hunt
    from osiris_core.parity.record import ParityRecord


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
    finds: list[Find] = []
    with (
        shown(given.progress, out, err) as showing,
        targets(options, warm=not given.cold) as (warm, cold),
        looked_on(showing.observe) as told,
    ):

        def tell(record: ParityRecord) -> None:
            if given.records is not None:
                records.append(record)
            told(hunt)

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
            _say(showing.out, find, reproducer.commands)
    _tell_end(hunt, err)
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


def _tell_end(hunt: Hunt, err: TextIO) -> None:
    err.write(f"fuzz: {rate(hunt)}\n")
    err.writelines(
        f"fuzz: not confirmed by an ordinary check: {' '.join(kind)} ({count})\n"
        for kind, count in Counter(kind for _, kind in hunt.unconfirmed).items()
    )


def _require_places(given: argparse.Namespace) -> None:
    """Raise `UsageError` where finds or records could not be written, so that nobody finds out after the hunt."""
    require_place("the directory of finds", given.out / "find")
    if given.records is not None:
        require_records_place("the file of records", given.records)


def _write_records(path: Path, records: Sequence[ParityRecord]) -> None:
    from osiris_core.parity.record_io import encode_records
    from osiris_core.surface import record_set

    path.write_bytes(encode_records(record_set(records)) + b"\n")

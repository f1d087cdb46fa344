"""`osiris-parity coverage`: what was compared so far, and what never."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from osiris_core.cli.arguments import add_records

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator, Mapping
    from typing import Any, TextIO

    from osiris_core.parity.coverage import Coverage


def add_parser(subparsers: Any) -> None:
    """Add the command to `subparsers`, the object that argparse's `add_subparsers` returns."""
    parser = subparsers.add_parser(
        "coverage",
        help="say which drivers, options and values were never compared",
        description="Reads records, the JSON beside a report or of `fuzz --records`, and counts what they compared: "
        "driver by option by class of values by outcome.",
        epilog="exit codes: 0; 2 where a file cannot be read as records",
    )
    add_records(parser)
    parser.add_argument("--json", action="store_true", help="print every cell of the matrix as JSON")
    parser.set_defaults(run=run)


def run(given: argparse.Namespace, out: TextIO, _err: TextIO) -> int:
    """Print the coverage. Raises `UsageError` for a file that holds no records."""
    from osiris_core.cli.recorded import read_parts, record_files
    from osiris_core.drivers.registry import builtin_specs
    from osiris_core.parity.coverage import coverage_of

    records = [record for _, part in read_parts(record_files(given.records)) for record in part.records]
    known = {name: _options(spec.options) for name, spec in builtin_specs().items()}
    coverage = coverage_of(records, known)
    if given.json:
        out.write(json.dumps(coverage.to_json(), ensure_ascii=False) + "\n")
    else:
        out.writelines(f"{line}\n" for line in _lines(coverage))
    return 0


def _options(options: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the options as a record names them: a switch by each of its values."""
    return tuple(
        each
        for name, option in options.items()
        for each in ((f"{name}=false", f"{name}=true") if option.type == "boolean" else (name,))
    )


def _lines(coverage: Coverage) -> Iterator[str]:
    from osiris_core.parity.coverage import OUTCOMES

    yield f"{coverage.compared} of {coverage.records} records compared two targets"
    for driver, options in coverage.options.items():
        steps = ", ".join(f"{coverage.steps[driver, outcome]} {outcome}" for outcome in OUTCOMES)
        never_options, never_classes, pairs = coverage.never(driver)
        yield f"{driver}: {steps}"
        counts = {each: sum(coverage.by_option(driver, each, outcome) for outcome in OUTCOMES) for each in options}
        used = [f"{name} ({count})" for name, count in counts.items() if count]
        yield f"  options compared: {', '.join(used) or 'none'}"
        yield f"  options never compared: {', '.join(never_options) or 'none'}"
        yield f"  values never compared: {', '.join(never_classes) or 'none'}"
        yield f"  pairs of option and value never compared: {pairs}"

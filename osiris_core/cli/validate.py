"""`osiris-parity validate`: everything that is wrong with manifests, and what only a run will show. Starts nothing."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import TYPE_CHECKING

from osiris_core.cli.exits import EXIT_GOOD, EXIT_USAGE
from osiris_core.cli.run import add_env_file_option, add_param_option

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence
    from typing import Any, TextIO

    from osiris_core.errors import ManifestProblem
    from osiris_core.notes import Note


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Validated:
    """What was found in one file: with problems it cannot be run, with notes it can."""

    manifest: str
    steps: int = 0
    cases: int = 0
    problems: tuple[ManifestProblem, ...] = ()
    notes: tuple[Note, ...] = ()


def add_parser(subparsers: Any) -> None:
    """Add the command to `subparsers`, the object that argparse's `add_subparsers` returns."""
    parser = subparsers.add_parser(
        "validate",
        help="say everything that is wrong with manifests",
        description="Reads manifests, with the values of every case that pytest would collect, and prints every problem "
        "as file:line:column. Notes name what cannot be a problem before a run. Nothing is started or imported.",
        epilog="exit codes: 0 every manifest can be run as written; 2 one cannot, or an option makes no sense",
    )
    parser.add_argument("manifests", nargs="+", type=Path, metavar="MANIFEST", help="a manifest file")
    add_param_option(parser)
    add_env_file_option(parser)
    parser.add_argument("--json", action="store_true", help="print what was found as JSON")
    parser.set_defaults(run=run)


def run(given: argparse.Namespace, out: TextIO, _err: TextIO) -> int:
    """Validate every manifest; return 2 where one has problems. Raises `UsageError` for a wrong `--param`."""
    found = _validate(given.manifests, given.param, given.env_file)
    if given.json:
        out.write(json.dumps([dataclasses.asdict(each) for each in found], ensure_ascii=False, indent=2) + "\n")
    else:
        from osiris_core.report.text import visible_line

        out.writelines(f"{visible_line(line)}\n" for each in found for line in _lines(each))
    return EXIT_USAGE if any(each.problems for each in found) else EXIT_GOOD


def _validate(paths: Sequence[Path], params: Sequence[str], env_file: Path | None) -> list[Validated]:
    from osiris_core.cli.reading import read_all
    from osiris_core.errors import ManifestError
    from osiris_core.plan import plan

    found = []
    for path, reading in read_all(paths, params):
        cases, problems = _cases(path, params)
        if isinstance(reading, ManifestError):
            problems = tuple(dict.fromkeys((*reading.problems, *problems)))
            found.append(Validated(manifest=str(path), problems=problems))
            continue
        notes = plan(reading, env_file).notes
        found.append(
            Validated(manifest=str(path), steps=len(reading.steps), cases=cases, problems=problems, notes=notes)
        )
    return found


def _cases(path: Path, params: Sequence[str]) -> tuple[int, tuple[ManifestProblem, ...]]:
    """Return how many cases pytest would collect, and the problems that only some of them have."""
    from osiris_core.check import load_cases
    from osiris_core.manifest.loader import find_project_root
    from osiris_core.manifest.overrides import read_overrides

    absolute = path.absolute()
    offered = read_overrides(params, "--param")
    readings = load_cases(absolute, project_root=find_project_root(absolute), offered=offered)
    cases = [each for each in readings if each.case is not None]
    problems = (
        dataclasses.replace(problem, message=f"case `{each.case.id}`: {problem.message}")
        for each in cases
        if each.error is not None and each.case is not None
        for problem in each.error.problems
    )
    return len(cases), tuple(problems)


def _lines(found: Validated) -> list[str]:
    from osiris_core.report.units import plural

    if found.problems:
        return [str(each) for each in found.problems]
    cases = f", {plural(found.cases, 'case')}" if found.cases else ""
    steps = plural(found.steps, "step")
    notes = [f"{found.manifest}:{each.line}: note: {each.message}" for each in found.notes]
    return [f"OK {found.manifest} ({steps}{cases})", *notes]

"""`osiris-parity explain`: what a run of a manifest would do. Starts nothing, and imports no driver."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from osiris_core.cli.exits import EXIT_USAGE
from osiris_core.cli.run import add_env_file_option, add_param_option

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator, Mapping
    from typing import Any, TextIO

    from osiris_core.plan import Plan, PlannedStep

_MOST_FILES = 20
_FRAMES = {"arrow": "pyarrow.Table", "pandas": "pandas.DataFrame", "polars": "polars.DataFrame"}
_ORIGINS = {"manifest": "a value of the manifest", "host": "the host's", "missing": "the host's, which has none now"}


def add_parser(subparsers: Any) -> None:
    """Add the command to `subparsers`, the object that argparse's `add_subparsers` returns."""
    parser = subparsers.add_parser(
        "explain",
        help="say what a run of a manifest would do",
        description="Prints the plan of a run: steps in order and what each is given, what a sandbox is sent and shows, "
        "variables and secrets by name, what is expected. Nothing is started, and no driver is imported.",
        epilog="exit codes: 0 explained; 2 the manifest cannot be run as written, or an option makes no sense",
    )
    parser.add_argument("manifest", type=Path, metavar="MANIFEST", help="a manifest file")
    add_param_option(parser)
    add_env_file_option(parser)
    parser.add_argument("--json", action="store_true", help="print the plan as JSON")
    parser.set_defaults(run=run)


def run(given: argparse.Namespace, out: TextIO, err: TextIO) -> int:
    """Explain one manifest; return 2 where it has problems. Raises `UsageError` for a wrong `--param`."""
    import dataclasses

    from osiris_core.cli.reading import read_all
    from osiris_core.errors import ManifestError
    from osiris_core.plan import plan
    from osiris_core.report.text import visible_line

    [(_, manifest)] = read_all([given.manifest], given.param)
    if isinstance(manifest, ManifestError):
        err.writelines(f"{visible_line(str(each))}\n" for each in manifest.problems)
        return EXIT_USAGE
    found = plan(manifest, given.env_file)
    if given.json:
        out.write(json.dumps(dataclasses.asdict(found), ensure_ascii=False, indent=2) + "\n")
    else:
        out.writelines(f"{visible_line(line)}\n" for line in plan_lines(found))
    return 0


def plan_lines(plan: Plan) -> Iterator[str]:
    """Yield the plan for people, a section after the other; what there is nothing of has no section."""
    yield f"{plan.manifest}: {plan.pipeline} {plan.version}"
    if plan.description:
        yield f"  {' '.join(plan.description.split())}"
    yield f"  fingerprint {plan.fingerprint}"
    yield from _section("parameters", _params(plan))
    yield from _section("steps, in this order", (line for each in enumerate(plan.steps, 1) for line in _step(*each)))
    yield from _section("the run", _run(plan))
    yield from _section("what a sandbox is sent", _uploads(plan))
    yield from _section("variables", (f"{each.name}: {_ORIGINS[each.origin]}" for each in plan.variables))
    yield from _section("secrets, told to the worker on its standard input", plan.secrets)
    yield from _section("connections, found on the host", plan.connections)
    yield from _section("what a sandbox shows", _closure(plan))
    yield from _section("expected, on each target", _expect(plan.expect))
    yield from _section("cases, in pytest", plan.cases)
    yield from _section("notes", (f"line {each.line}: {each.message}" for each in plan.notes))


def _section(title: str, lines: Any) -> Iterator[str]:
    found = list(lines)
    if found:
        yield ""
        yield title
        yield from (f"  {each}" for each in found)


def _params(plan: Plan) -> Iterator[str]:
    for name, value in plan.params.items():
        given = "" if name in plan.params_given else " (default)"
        yield f"{name} = {json.dumps(value, ensure_ascii=False)}{given}"


def _step(number: int, step: PlannedStep) -> Iterator[str]:
    yield f"{number}. {step.id}: {step.driver}"
    for each in step.receives:
        yield f"     receives {each.name} of {each.step} as {_FRAMES.get(step.frame, step.frame)}"
    for name, value in step.config.items():
        yield f"     {name}: {json.dumps(value, ensure_ascii=False)}"
    if step.timeout_s is not None:
        yield f"     at most {step.timeout_s:g} s an attempt"
    if step.retries:
        yield f"     tried again up to {step.retries} times, as long as it has had no effect"
    if step.effects == "external":
        yield "     changes something outside of its artifact directory"


def _run(plan: Plan) -> Iterator[str]:
    if plan.timeout_s is not None:
        yield f"at most {plan.timeout_s:g} s"
    if plan.on_failure == "continue":
        yield "goes on behind a failed step with the steps that do not need it"
    sizes = plan.resources
    yield (
        f"sandbox: {sizes['cpus']} CPUs, {sizes['memory_mb']} MB memory, {sizes['disk_mb']} MB disk, "
        f"{'everything can be reached' if plan.network == 'full' else 'nothing but itself can be reached'}"
    )


def _uploads(plan: Plan) -> Iterator[str]:
    from osiris_core.report.units import plural, size

    for each in plan.uploads[:_MOST_FILES]:
        yield f"{each.path} ({each.kind}, {size(each.size_bytes)})"
    rest = plan.uploads[_MOST_FILES:]
    if rest:
        yield f"... and {len(rest)} more"
    if plan.uploads:
        yield f"together {plural(len(plan.uploads), 'file')}, {size(sum(each.size_bytes for each in plan.uploads))}"
    if plan.code:
        yield f"on sys.path: {', '.join(plan.code)}"


def _closure(plan: Plan) -> Iterator[str]:
    closure = plan.closure
    if closure.template:
        yield f"template {closure.template}"
    if closure.built_template not in {"", closure.template}:
        yield f"in E2B's cloud and elsewhere {closure.built_template}"
    if closure.problem:
        yield f"no distributions: {closure.problem}"
    else:
        yield f"{len(closure.distributions)} distributions, from {', '.join(closure.requirements)}:"
    for name, version in closure.distributions:
        yield f"  {name} {version}"


def _expect(expect: Mapping[str, Any]) -> Iterator[str]:
    failed = f", at step {expect['failed_step']}" if expect["failed_step"] else ""
    yield f"outcome {expect['outcome']}{failed}"
    for step, rows in expect["rows"].items():
        yield f"rows of {step}: {_limits(rows)}"
    for step, metrics in expect["metrics"].items():
        for name, value in metrics.items():
            yield f"metric {name} of {step}: {_limits(value)}"
    for path, rule in expect["artifacts"].items():
        said = ", ".join(f"{name} {_limits(value)}" for name, value in rule.items() if name != "absent")
        yield f"no artifact {path}" if rule.get("absent") else f"artifact {path}{': ' if said else ''}{said}"


def _limits(value: Any) -> str:
    if isinstance(value, dict):
        return " ".join(
            f"{word} {value[key]}" for key, word in (("min", "at least"), ("max", "at most")) if key in value
        )
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)

"""`osiris-parity drivers`: every driver that a step can name, with its options and its documentation. Imports none."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import TYPE_CHECKING

from osiris_core.cli.exits import EXIT_GOOD, EXIT_USAGE

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator, Sequence
    from typing import Any, TextIO

    from osiris_core.drivers.catalog import DriverCatalog
    from osiris_core.drivers.protocol import DriverSpec, Option

_CHANGES = {"artifacts": "its step's artifacts", "external": "also what outlives the run"}


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class _Listed:
    """A name, and what it leads to: a declaration, or why it cannot be used."""

    name: str
    spec: DriverSpec | None = None
    error: str = ""


def add_parser(subparsers: Any) -> None:
    """Add the command to `subparsers`, the object that argparse's `add_subparsers` returns."""
    parser = subparsers.add_parser(
        "drivers",
        help="list drivers, with their options and documentation",
        description="Lists every driver that a step can name: built in, of the project in the current directory, and of "
        "installed distributions. With a NAME, or a class as module:Class, says all about one. No driver is imported.",
        epilog="exit codes: 0; 2 where a name is unknown, or what a driver says about itself cannot be understood",
    )
    parser.add_argument("name", nargs="?", metavar="NAME", help="a driver's name, or module:Class")
    parser.add_argument(
        "--code",
        action="append",
        default=[],
        type=Path,
        metavar="DIR",
        help="a directory that manifests have under `code:`; may be repeated",
    )
    parser.add_argument("--json", action="store_true", help="print what was found as JSON")
    parser.set_defaults(run=run)


def run(given: argparse.Namespace, out: TextIO, _err: TextIO) -> int:
    """List the drivers; return 2 where one cannot be understood. Raises `UsageError` for a name that is unknown."""
    from osiris_core.drivers.catalog import DriverCatalog
    from osiris_core.errors import DriverDeclarationError, UsageError
    from osiris_core.manifest.loader import find_project_root
    from osiris_core.report.text import visible_line

    catalog = DriverCatalog(find_project_root(Path.cwd() / "any"))
    code = code_directories(given.code)
    try:
        found = [_look_up(catalog, name, code) for name in ([given.name] if given.name else catalog.names())]
    except DriverDeclarationError as error:  # the project's file, which is everybody's
        raise UsageError(error.message, hint=error.hint) from error
    if given.json:
        out.write(json.dumps([_described(each) for each in found], ensure_ascii=False, indent=2) + "\n")
    else:
        lines = _page(found[0]) if given.name else _overview(found)
        out.writelines(f"{visible_line(line)}\n" for line in lines)
    return EXIT_USAGE if any(each.error for each in found) else EXIT_GOOD


def code_directories(given: Sequence[Path]) -> list[Path]:
    """Return what `--code` named, from the root of the file system. Raises `UsageError` for what is no directory."""
    from osiris_core.errors import UsageError

    wrong = next((each for each in given if not each.is_dir()), None)
    if wrong is not None:
        raise UsageError(f"{wrong} is no directory", hint="--code takes a directory of Python files")
    return [each.absolute() for each in given]


def _look_up(catalog: DriverCatalog, name: str, code: Sequence[Path]) -> _Listed:
    from osiris_core.errors import DriverDeclarationError, UsageError
    from osiris_core.nearest import nearest

    try:
        spec = catalog.find(name, code)
    except DriverDeclarationError as error:
        return _Listed(name=name, error=str(error))
    if spec is None:
        hint = nearest(name, catalog.names()) or "`osiris-parity drivers` lists all"
        raise UsageError(f"there is no driver `{name}`", hint=hint)
    return _Listed(name=name, spec=spec)


def _described(listed: _Listed) -> dict[str, Any]:
    """Return a driver as JSON can say it."""
    if listed.spec is None:
        return {"name": listed.name, "error": listed.error}
    fields = {each.name: getattr(listed.spec, each.name) for each in dataclasses.fields(listed.spec)}
    options = {name: dataclasses.asdict(option) for name, option in listed.spec.options.items()}
    return {**fields, "options": options}


def _overview(found: Sequence[_Listed]) -> Iterator[str]:
    """Yield one line a driver, in columns."""
    width = max(len(each.name) for each in found)
    kinds = max(len(each.spec.kind) for each in found if each.spec is not None)
    for each in found:
        if each.spec is None:
            yield f"{each.name:{width}}  cannot be used: {each.error}"
            continue
        source = "" if each.spec.source == "built in" else f" ({each.spec.source})"
        yield f"{each.name:{width}}  {each.spec.kind:{kinds}}  {each.spec.summary}{source}"


def _page(listed: _Listed) -> Iterator[str]:
    """Yield all about one driver."""
    spec = listed.spec
    if spec is None:
        yield f"{listed.name} cannot be used: {listed.error}"
        return
    yield f"{spec.name}: {spec.kind}, {spec.source}"
    if spec.summary:
        yield from ("", spec.summary)
    if spec.documentation and spec.documentation != spec.summary:
        yield from ("", *spec.documentation.removeprefix(spec.summary).strip().split("\n"))
    yield from (
        "",
        f"class     {spec.target}",
        f"tables    {spec.frame}",
        f"changes   {_CHANGES[spec.effects]}",
        f"requires  {', '.join(spec.requirements) or 'nothing of its own'}",
        *([f"variables {', '.join(spec.secret_variables)}"] if spec.secret_variables else []),
        "",
    )
    yield from (_option_line(name, option, spec) for name, option in spec.options.items())
    if spec.open_options:
        yield "  any other option" if spec.options else "  any option"


def _option_line(name: str, option: Option, spec: DriverSpec) -> str:
    width = max(map(len, spec.options))
    facts = [option.type, *(["required"] if option.required else [])]
    if option.choices:
        facts.append("one of " + ", ".join(option.choices))
    bounds = (("at least", option.minimum), ("at most", option.maximum))
    facts += [f"{words} {bound}" for words, bound in bounds if bound is not None]
    if option.default is not None:
        facts.append(f"default {json.dumps(option.default, ensure_ascii=False)}")
    return f"  {name:{width}}  {', '.join(facts)}{': ' if option.summary else ''}{option.summary}"

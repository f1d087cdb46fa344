"""`osiris-parity schema`: the JSON Schema of manifests, with the options of every driver that the project can name; or of records."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse
    from typing import Any, TextIO

EXIT_GOOD = 0
EXIT_WRONG = 2


def add_parser(subparsers: Any) -> None:
    """Add the command to `subparsers`, the object that argparse's `add_subparsers` returns."""
    parser = subparsers.add_parser(
        "schema",
        help="print the JSON Schema of manifests, for editors, or of records",
        description="Prints the JSON Schema of manifests, with the options of the drivers that the project in the current "
        "directory can name. An editor finds it by a first line like `# yaml-language-server: $schema=manifest.schema.json`. "
        "With `records` it prints that of the records beside a report, which is the same everywhere.",
        epilog="exit codes: 0; 2 where what a driver says about itself cannot be understood: a step of it may have any option",
    )
    parser.add_argument(
        "of",
        nargs="?",
        choices=("manifest", "records"),
        default="manifest",
        metavar="manifest|records",
        help="whose schema (default: manifest)",
    )
    parser.add_argument("--built-in", action="store_true", help="leave the project's own and installed drivers out")
    parser.add_argument(
        "--code",
        action="append",
        default=[],
        type=Path,
        metavar="DIR",
        help="a directory that manifests have under `code:`; may be repeated",
    )
    parser.set_defaults(run=run)


def run(given: argparse.Namespace, out: TextIO, err: TextIO) -> int:
    """Print the schema that is asked for. Raises `UsageError` for options that it does not have."""
    if given.of == "manifest":
        return _print_manifest_schema(given, out, err)
    from osiris_core.errors import UsageError
    from osiris_core.manifest.schema import schema_text
    from osiris_core.parity.record_schema import record_schema

    if given.built_in or given.code:
        raise UsageError("--built-in and --code are about drivers, of which records have none")
    out.write(schema_text(record_schema()))
    return EXIT_GOOD


def _print_manifest_schema(given: argparse.Namespace, out: TextIO, err: TextIO) -> int:
    """Print it; return 2 where a driver's declaration cannot be understood, which may have any option then."""
    from osiris_core.cli.drivers import code_directories
    from osiris_core.drivers.catalog import DriverCatalog
    from osiris_core.drivers.protocol import DriverSpec
    from osiris_core.drivers.registry import builtin_specs
    from osiris_core.errors import DriverDeclarationError
    from osiris_core.manifest.loader import find_project_root
    from osiris_core.manifest.schema import manifest_schema, schema_text
    from osiris_core.report.text import visible_line

    specs = dict(builtin_specs())
    code = EXIT_GOOD
    if not given.built_in:
        catalog = DriverCatalog(find_project_root(Path.cwd() / "x"))
        directories = code_directories(given.code)
        for name in catalog.names():
            try:
                spec = catalog.find(name, directories)
            except DriverDeclarationError as error:
                spec = DriverSpec(name=name, kind="callable", target="", open_options=True)
                err.write(f"osiris-parity: any option of `{name}` is taken, because {visible_line(str(error))}\n")
                code = EXIT_WRONG
            if spec is not None:
                specs[name] = spec
    out.write(schema_text(manifest_schema(specs.values())))
    return code

"""`osiris-parity schema`: the JSON Schema of manifests, with the options of every driver that the project can name."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse
    from typing import Any, TextIO


def add_parser(subparsers: Any) -> None:
    """Add the command to `subparsers`, the object that argparse's `add_subparsers` returns."""
    parser = subparsers.add_parser(
        "schema",
        help="print the JSON Schema of manifests, for editors",
        description="Prints the JSON Schema of manifests, with the options of the drivers that the project in the current "
        "directory can name. An editor finds it by a first line like `# yaml-language-server: $schema=manifest.schema.json`.",
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


def run(given: argparse.Namespace, out: TextIO, _err: TextIO) -> int:
    """Print the schema. Raises `DriverDeclarationError` for a driver whose declaration cannot be understood."""
    from osiris_core.drivers.catalog import DriverCatalog
    from osiris_core.drivers.registry import builtin_specs
    from osiris_core.manifest.loader import find_project_root
    from osiris_core.manifest.schema import manifest_schema, schema_text

    specs = dict(builtin_specs())
    if not given.built_in:
        catalog = DriverCatalog(find_project_root(Path.cwd() / "x"))
        code = [each.absolute() for each in given.code]
        found = {name: catalog.find(name, code) for name in catalog.names()}
        specs |= {name: spec for name, spec in found.items() if spec is not None}
    out.write(schema_text(manifest_schema(specs.values())))
    return 0

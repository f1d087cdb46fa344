"""`osiris-parity import`: a build directory of Osiris becomes a manifest of our own form. Runs nothing."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from osiris_core.cli.exits import EXIT_USAGE
from osiris_core.errors import ManifestError, UsageError

if TYPE_CHECKING:
    import argparse
    from typing import Any, TextIO

    from osiris_core.manifest.model import Manifest

_OSIRIS = "osiris"


def add_parser(subparsers: Any) -> None:
    """Add the command to `subparsers`, the object that argparse's `add_subparsers` returns."""
    parser = subparsers.add_parser(
        "import",
        help="turn what Osiris compiled into a manifest",
        description="Reads a build directory of Osiris (manifest.yaml and cfg/*.json), writes it as one manifest, and says what "
        "was left out and why. The pipeline itself is not touched; nothing is run.",
        epilog="exit codes: 0 written; 2 the directory cannot be read as one, or the file is there already",
    )
    parser.add_argument("build", type=Path, metavar="BUILD_DIR", help="the build directory, or the manifest.yaml in it")
    parser.add_argument(
        "-o",
        "--output",
        type=Path,
        metavar="FILE",
        help="where to write (default: <pipeline>.osiris.yaml in the directory that Osiris is run in)",
    )
    parser.add_argument(
        "--drivers",
        choices=("built-in", _OSIRIS),
        default="built-in",
        help="what runs the components: the built-in drivers where there are some, or Osiris' own classes throughout, "
        "which need osiris-pipeline (default: built-in)",
    )
    parser.set_defaults(run=run)


def run(given: argparse.Namespace, out: TextIO, err: TextIO) -> int:
    """Write the manifest. Raises `UsageError` where it could not be, or would be another pipeline."""
    from osiris_core.manifest.osiris.imported import imported_text
    from osiris_core.report.text import visible_line

    try:
        manifest = _load(given.build, osiris_drivers=given.drivers == _OSIRIS)
        place = (given.output or manifest.directory / f"{manifest.pipeline.id}.osiris.yaml").absolute()
        _write(place, imported_text(manifest, place))
        _require_same(place, manifest)
    except ManifestError as error:
        err.writelines(f"{visible_line(str(each))}\n" for each in error.problems)
        return EXIT_USAGE
    err.writelines(f"{visible_line(str(each))}\n" for each in manifest.notes)
    out.write(f"{visible_line(str(given.output or place))}\n")
    return 0


def _load(path: Path, *, osiris_drivers: bool) -> Manifest:
    from osiris_core.drivers.catalog import DriverCatalog
    from osiris_core.manifest.loader import find_project_root, load_manifest

    absolute = path.absolute()
    root = find_project_root(absolute)
    manifest = load_manifest(absolute, project_root=root, drivers=DriverCatalog(root), osiris_drivers=osiris_drivers)
    if not manifest.compiled:
        raise UsageError(f"{path} was not compiled by Osiris", hint="name a directory with its manifest.yaml and cfg/")
    return manifest


def _write(place: Path, text: str) -> None:
    try:
        with place.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise UsageError(f"{place} is there already", hint="name another file with -o") from None
    except OSError as error:
        raise UsageError(f"{place} cannot be written: {error.strerror}") from error


def _require_same(place: Path, source: Manifest) -> None:
    """Read what was written; take it away where it is not the pipeline that was read."""
    try:
        written = _read(place, source)
    except ManifestError:
        place.unlink()
        raise
    same = [each.driver for each in written.steps] == [each.driver for each in source.steps]
    if not same or written.inputs != source.inputs or len(written.order) != len(source.order):
        place.unlink()
        raise UsageError(f"{place} would not be the same pipeline", hint="this is a fault of pytest-osiris")


def _read(place: Path, source: Manifest) -> Manifest:
    from osiris_core.drivers.catalog import DriverCatalog
    from osiris_core.manifest.loader import load_manifest

    root = source.project_root
    return load_manifest(place, project_root=root, drivers=DriverCatalog(root))

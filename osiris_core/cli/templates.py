"""What `osiris-parity template` does once its command line is understood.

With the embedded provider a template is a farm in this machine's cache, which any server registers in no time;
with any other it is what that provider built. Results go to standard output, progress to standard error.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from osiris_core.backends.protocol import Cancellation, Patience
from osiris_core.backends.provider import remote_provider, validate_provider
from osiris_core.backends.templates import TEMPLATE_PREFIX
from osiris_core.cli.exits import EXIT_GOOD, EXIT_INFRASTRUCTURE, EXIT_USAGE
from osiris_core.cli.reading import read_all
from osiris_core.errors import InfrastructureError, ManifestError, UsageError
from osiris_core.report.text import visible_line
from osiris_core.report.units import plural, size

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Sequence
    from pathlib import Path
    from typing import TextIO

    from osiris_core.backends.closure import Closure
    from osiris_core.backends.farms import Farm
    from osiris_core.backends.template_service import ListedTemplate, TemplateService
    from osiris_core.manifest.model import Manifest


_WORST_FIRST = (EXIT_USAGE, EXIT_INFRASTRUCTURE, EXIT_GOOD)
_LEAST_DIGITS = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class _Maker:
    """Makes templates of closures at a provider: `make` returns a template's name."""

    make: Callable[[Closure, Manifest], str]
    place: str


def build(given: argparse.Namespace, out: TextIO, err: TextIO) -> int:
    """Make the template of every manifest; return the exit code of the worst."""
    from osiris_core.backends.closure import resolve_closure
    from osiris_core.preparation import declared_requirements

    validate_provider(given.e2b)
    readings = read_all(given.manifests, given.param)
    maker = _maker(given, err)
    codes = []
    for path, manifest in readings:
        if isinstance(manifest, ManifestError):
            err.writelines(f"{visible_line(str(problem))}\n" for problem in manifest.problems)
            codes.append(EXIT_USAGE)
            continue
        if manifest.template is not None:
            out.write(f"{manifest.template}  {path}: named by the manifest, nothing to build\n")
            codes.append(EXIT_GOOD)
            continue
        try:
            closure = resolve_closure(declared_requirements(manifest))
            name = maker.make(closure, manifest)
        except InfrastructureError as error:
            err.write(f"{visible_line(f'{path}: {error}')}\n")
            codes.append(EXIT_INFRASTRUCTURE)
        else:
            _write_built(name, path, closure, maker.place, out)
            codes.append(EXIT_GOOD)
    return min(codes, key=_WORST_FIRST.index)


def list_all(given: argparse.Namespace, out: TextIO, err: TextIO) -> int:
    """List the templates, one line each."""
    validate_provider(given.e2b)
    if given.e2b == "embedded":
        from osiris_core.backends.farms import all_farms

        out.writelines(
            f"{farm.digest}  {plural(len(farm.pins), 'distribution')}, {size(farm.size_bytes)}\n"
            for farm in all_farms()
        )
        return EXIT_GOOD
    found = _service(given).list()
    ours = [each for each in found if given.all or any(name.startswith(TEMPLATE_PREFIX) for name in each.names)]
    out.writelines(f"{visible_line(_listed(each))}\n" for each in ours)
    if others := len(found) - len(ours):
        err.write(f"and {plural(others, 'other template')}: --all lists all\n")
    return EXIT_GOOD


def show(given: argparse.Namespace, out: TextIO, _err: TextIO) -> int:
    """Show what a template holds, as far as that is known here."""
    validate_provider(given.e2b)
    if given.e2b == "embedded":
        farm = _farm(given.name)
        out.write(f"{farm.digest}  {plural(len(farm.pins), 'distribution')}, {size(farm.size_bytes)}\n")
        out.writelines(f"  {pin}\n" for pin in farm.pins)
        out.write(f"  in {farm.directory}\n")
        return EXIT_GOOD
    from osiris_core.backends.known_templates import KnownTemplates

    provider = remote_provider(given.e2b)
    found = [each for each in _service(given).list() if given.name in (*each.names, each.template_id)]
    if not found:
        raise UsageError(f"{provider.name} has no template {given.name}", hint="`osiris-parity template list`")
    out.write(f"{visible_line(_listed(found[0]))}\n")
    known = KnownTemplates(provider).recall(found[0].names[0] if found[0].names else given.name)
    if known is None:
        out.write("  what it holds is not known on this machine\n")
        return EXIT_GOOD
    out.write(f"  Python {known.get('python', 'not known')}\n")
    out.writelines(f"  {visible_line(str(pin))}\n" for pin in known.get("distributions", ()))
    return EXIT_GOOD


def delete(given: argparse.Namespace, out: TextIO, _err: TextIO) -> int:
    """Delete templates; an unknown name is an error, after those before it are gone."""
    validate_provider(given.e2b)
    for name in given.names:
        _delete(given, name)
        out.write(f"deleted {name}\n")
    return EXIT_GOOD


ACTIONS: dict[str, Callable[[argparse.Namespace, TextIO, TextIO], int]] = {
    "build": build,
    "list": list_all,
    "show": show,
    "delete": delete,
}


def _maker(given: argparse.Namespace, err: TextIO) -> _Maker:
    def report(line: str) -> None:
        err.write(f"{visible_line(line)}\n")
        err.flush()

    if given.e2b == "embedded":
        return _Maker(make=_grow, place="this machine, for its embedded servers")
    from osiris_core.backends.built import BuiltTemplates

    provider = remote_provider(given.e2b)
    templates = BuiltTemplates(
        provider, Patience(build_s=given.timeout), report=report, log=lambda line: report(f"  {line}")
    )
    return _Maker(
        make=lambda closure, manifest: templates.ensure(closure, manifest.resources, Cancellation()).name,
        place=provider.name,
    )


def _grow(closure: Closure, manifest: Manifest) -> str:
    from osiris_core.backends.farm import build_farm
    from osiris_core.backends.interpreter import current_interpreter
    from osiris_core.backends.templates import template_name

    build_farm(closure, current_interpreter())
    return template_name(closure.digest, manifest.resources)


def _write_built(name: str, path: Path, closure: Closure, place: str, out: TextIO) -> None:
    from osiris_core.backends.farms import installed_size_bytes

    pins: Sequence[str] = [each.pin for each in closure.distributions]
    out.write(f"{name}  {visible_line(str(path))}\n")
    out.write(f"  at {place}: {plural(len(pins), 'distribution')}, {size(installed_size_bytes(closure))} installed\n")
    out.write(f"  digest {closure.digest}\n")
    out.writelines(f"  {pin}\n" for pin in pins)


def _listed(each: ListedTemplate) -> str:
    name = ", ".join(each.names) or each.template_id
    made = each.created_at.strftime("%Y-%m-%d %H:%M")
    return f"{name}  {each.status}  {each.cpus} CPUs, {each.memory_mb} MB, {each.disk_mb} MB disk  {made}  {each.template_id}"


def _service(given: argparse.Namespace) -> TemplateService:
    from osiris_core.backends.template_service import TemplateService

    return TemplateService(remote_provider(given.e2b))


def _farm(name: str) -> Farm:
    """Return the farm that a digest, the beginning of one, or a template's name means; raises `UsageError`."""
    from osiris_core.backends.farms import all_farms

    digits = name.removeprefix(TEMPLATE_PREFIX).partition("-")[2].partition("-")[0] or name
    found = [farm for farm in all_farms() if farm.digest.startswith(digits)] if len(digits) >= _LEAST_DIGITS else []
    if len(found) != 1:
        number = "no template" if not found else f"{len(found)} templates"
        raise UsageError(f"{number} of this machine is called {name}", hint="`osiris-parity template list`")
    return found[0]


def _delete(given: argparse.Namespace, name: str) -> None:
    if given.e2b == "embedded":
        from osiris_core.backends.farms import delete_farm

        delete_farm(_farm(name))
        return
    from osiris_core.backends.known_templates import KnownTemplates

    provider = remote_provider(given.e2b)
    known = KnownTemplates(provider).forget(name)
    if not _service(given).delete(name) and not known:
        raise UsageError(f"{provider.name} has no template {name}", hint="`osiris-parity template list`")

"""Installs pinned distributions from this server's own environment, offline: what an index is to E2B's builder.

The result is shaped like a virtual environment. Files are hard links where the filesystem allows it, copies elsewhere; an
installer that upgrades a distribution replaces files, so a link keeps what was installed. Nothing is ever chmod-ed: that
would reach through to the environment.
"""

from __future__ import annotations

import csv
import errno
import importlib.metadata
import json
import os
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from osiris_core.sandbox.recipe import Pin, StepError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from osiris_core.sandbox.recipe import Install
    from osiris_core.sandbox.templates import Interpreter

_NO_LINK = {errno.EXDEV, errno.EPERM, errno.EMLINK}  # other filesystem, protected_hardlinks, too many links


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A distribution of this environment that a build may have."""

    pin: Pin
    distribution: importlib.metadata.Distribution
    record: str


def resolve(install: Install) -> dict[str, Found]:
    """Return what an install brings, by name, in the order found; raises StepError in pip's words where it has none."""
    environment = _environment()
    found: dict[str, Found] = {}
    waiting = list(install.pins)
    while waiting:
        pin = waiting.pop(0)
        known = found.get(pin.name)
        if known is not None and known.pin.version == pin.version and pin.extras <= known.pin.extras:
            continue
        if known is not None and known.pin.version != pin.version:
            raise StepError(
                install.step, f"Cannot install {pin.name}=={pin.version} and {pin.name}=={known.pin.version}"
            )
        found[pin.name] = _find(environment, pin, install.step)
        if install.with_requirements:
            waiting += _requirements(environment, found[pin.name], install.step)
    return found


def make_view(view: Path, interpreter: Interpreter) -> Path:
    """Make an empty environment of `interpreter` in the empty directory `view`; return its site directory."""
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    site = view / "lib" / version / "site-packages"
    site.mkdir(parents=True)
    (view / "bin").mkdir()
    for name in ("python", "python3", version):
        (view / "bin" / name).symlink_to(interpreter.executable)
    home = interpreter.executable.parent
    (view / "pyvenv.cfg").write_text(f"home = {home}\ninclude-system-site-packages = false\n", encoding="utf-8")
    return site


def place(found: Found, view: Path, site: Path) -> None:
    """Put the files of one distribution into a view; raises OSError where they cannot be read."""
    source_site = Path(str(found.distribution.locate_file("")))
    for relative in _files(found.record, source_site):
        if ".." in relative.parts:  # `../../../share/x`: data installed beside the site directory
            target = view.joinpath(*relative.parts[relative.parts.index("share") :])
        else:
            target = site / relative
        target.parent.mkdir(parents=True, exist_ok=True)
        _link(source_site / relative, target)


def _environment() -> dict[str, importlib.metadata.Distribution]:
    """Index this process' distributions by canonical name; the first on `sys.path` wins, as for imports."""
    from packaging.utils import canonicalize_name

    found: dict[str, importlib.metadata.Distribution] = {}
    for distribution in importlib.metadata.distributions():
        if name := distribution.metadata["Name"]:
            found.setdefault(canonicalize_name(name), distribution)
    return found


def _find(environment: dict[str, importlib.metadata.Distribution], pin: Pin, step: str) -> Found:
    distribution = environment.get(pin.name)
    if distribution is None or not _same_version(distribution.version, pin.version):
        have = "none" if distribution is None else distribution.version
        raise StepError(
            step,
            f"No matching distribution found for {pin.name}=={pin.version}: this server installs from its own "
            f"environment, which has {have}",
        )
    record = distribution.read_text("RECORD")
    if record is None or _is_editable(distribution):
        reason = "it was installed without a list of its files" if record is None else "it is an editable install"
        raise StepError(step, f"{pin.name}=={pin.version} cannot be installed from this server's environment: {reason}")
    return Found(pin=pin, distribution=distribution, record=record)


def _same_version(left: str, right: str) -> bool:
    from packaging.version import InvalidVersion, Version

    try:
        return Version(left) == Version(right)
    except InvalidVersion:
        return left == right


def _is_editable(distribution: importlib.metadata.Distribution) -> bool:
    text = distribution.read_text("direct_url.json")
    return text is not None and bool(json.loads(text).get("dir_info", {}).get("editable"))


def _requirements(environment: dict[str, importlib.metadata.Distribution], found: Found, step: str) -> Iterator[Pin]:
    """Yield what a distribution requires here, each at the version that is installed."""
    from packaging.requirements import Requirement
    from packaging.utils import canonicalize_name

    extras: Iterable[str] = ("", *found.pin.extras)
    for text in found.distribution.requires or ():
        requirement = Requirement(text)
        if requirement.marker and not any(requirement.marker.evaluate({"extra": extra}) for extra in extras):
            continue
        name = canonicalize_name(requirement.name)
        installed = environment.get(name)
        if installed is None or not requirement.specifier.contains(installed.version, prereleases=True):
            wanted = f"{name}{requirement.specifier}"
            raise StepError(step, f"No matching distribution found for {wanted} (from {found.pin.name})")
        yield Pin(name=name, version=installed.version, extras=frozenset(requirement.extras))


def _files(record: str, site: Path) -> Iterator[PurePosixPath]:
    """Yield the files of a distribution relative to its site directory; scripts aside, compiled ones if they are there."""
    for row in csv.reader(record.splitlines()):
        path = PurePosixPath(row[0])
        outside = ".." in path.parts
        if path.suffix == ".pyc" or path.is_absolute() or (outside and "share" not in path.parts):
            continue
        yield path
        compiled = path.parent / "__pycache__" / f"{path.stem}.{sys.implementation.cache_tag}.pyc"
        if path.suffix == ".py" and not outside and (site / compiled).is_file():
            yield compiled


def _link(source: Path, target: Path) -> None:
    try:
        os.link(source, target, follow_symlinks=True)
    except FileExistsError:
        return  # two distributions list one file, as namespace packages do
    except OSError as error:
        if error.errno not in _NO_LINK:
            raise
        shutil.copy2(source, target)

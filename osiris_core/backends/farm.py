"""A farm: a read-only tree, shaped like a virtual environment, that holds exactly one closure.

Files are hard links into the host's environment: no bytes are copied and nothing is downloaded, and what is
linked stays what it was when the closure was locked, even if the host upgrades meanwhile. Compiled modules
that are missing are made once. The tree is never chmod-ed: that would reach through to the host's files.
"""

from __future__ import annotations

import contextlib
import csv
import errno
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from osiris_core.backends.cache import cache_directory, shared_directory
from osiris_core.backends.farms import BUILDING, being_built
from osiris_core.backends.protocol import Cancellation
from osiris_core.errors import ClosureError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from osiris_core.backends.closure import Closure, LockedDistribution
    from osiris_core.backends.interpreter import Interpreter

MOUNT_POINT = "/opt/osiris"
"""Where every sandbox shows the closure; templates in E2B's cloud install it to the same place."""

_COMPILE_TIMEOUT_S = 600
_KEPT_VARIABLES = ("PATH", "TMPDIR", "LD_LIBRARY_PATH")  # of the compiler, which needs no secret of the host's
_NO_LINK = {errno.EXDEV, errno.EPERM, errno.EMLINK}  # other filesystem, protected_hardlinks, too many links


def build_farm(closure: Closure, interpreter: Interpreter, cancellation: Cancellation | None = None) -> Path:
    """Return the farm of `closure`, built if the cache lacks it.

    Raises `ClosureError` where the files of a distribution are missing or cannot be read, or where the run is stopped.
    """
    home = _farms_directory(closure)
    farm = home / closure.digest[:32]
    if farm.is_dir():
        return farm
    shared_directory(home)
    scratch = Path(tempfile.mkdtemp(prefix=BUILDING, dir=home))
    try:
        with being_built(scratch):
            _fill(scratch, closure, interpreter)
            _compile(scratch, interpreter, cancellation)
            _open_directories(scratch)
            scratch.rename(farm)
    except OSError as error:
        if error.errno not in {errno.EEXIST, errno.ENOTEMPTY} or not farm.is_dir():
            raise ClosureError(f"the closure cannot be laid out in {home}: {error}") from error
    finally:
        shutil.rmtree(scratch, ignore_errors=True)  # already renamed, or lost the race against another process
    return farm


def _farms_directory(closure: Closure) -> Path:
    """Return the cache, or a place beside the environment when only that is on the environment's filesystem."""
    cache = cache_directory()
    sites = {each.site for each in closure.distributions}
    if any(site.stat().st_dev != cache.stat().st_dev for site in sites) and os.access(sys.prefix, os.W_OK):
        return Path(sys.prefix) / ".osiris-closures"
    return cache / "closures"


def _fill(farm: Path, closure: Closure, interpreter: Interpreter) -> None:
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    site = farm / "lib" / version / "site-packages"
    site.mkdir(parents=True)
    (farm / "bin").mkdir()
    (farm / "pyvenv.cfg").write_text(
        f"home = {interpreter.executable.parent}\ninclude-system-site-packages = false\n", encoding="utf-8"
    )
    for name in ("python", "python3", version):
        (farm / "bin" / name).symlink_to(interpreter.executable)
    for distribution in closure.distributions:
        for relative in _files(distribution):
            _link(distribution, relative, farm, site)


def _files(distribution: LockedDistribution) -> Iterator[PurePosixPath]:
    """Yield the files of a distribution relative to its site directory; scripts and compiled files aside."""
    for row in csv.reader(distribution.record.splitlines()):
        path = PurePosixPath(row[0])
        outside = ".." in path.parts
        if path.suffix == ".pyc" or path.is_absolute() or (outside and "share" not in path.parts):
            continue
        yield path
        if path.suffix == ".py" and not outside:
            compiled = path.parent / "__pycache__" / f"{path.stem}.{sys.implementation.cache_tag}.pyc"
            if (distribution.site / compiled).is_file():
                yield compiled


def _link(distribution: LockedDistribution, relative: PurePosixPath, farm: Path, site: Path) -> None:
    source = distribution.site / relative
    if ".." in relative.parts:  # `../../../share/x`: data installed beside the site directory
        target = farm.joinpath(*relative.parts[relative.parts.index("share") :])
    else:
        target = site / relative
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.link(source, target, follow_symlinks=True)
    except FileExistsError:
        return  # two distributions list one file, as namespace packages do
    except FileNotFoundError as error:
        raise ClosureError(
            f"{distribution.pin} lists {relative}, which is not on the disk", hint="reinstall it"
        ) from error
    except OSError as error:
        if error.errno not in _NO_LINK:
            raise
        shutil.copy2(source, target)


def _open_directories(farm: Path) -> None:
    """Let others enter the farm's own directories and read its own file; linked files keep the host's modes."""
    (farm / "pyvenv.cfg").chmod(0o644)
    for directory, _, _ in os.walk(farm):
        Path(directory).chmod(0o755)


def _compile(farm: Path, interpreter: Interpreter, cancellation: Cancellation | None) -> None:
    """Compile what the host has not compiled yet; a file that does not compile stays as it is, as on the host.

    The tests that packages bring along are most of some (of pandas, two files in three), and no pipeline imports them.
    A stop kills the compiler and its helpers: a farm that is not whole is thrown away, and nobody waits for it.
    """
    library = farm / "lib"
    options = ["-q", "-j0", "-x", f"^{re.escape(str(library))}/.*/tests?/", "-s", str(farm), "-p", MOUNT_POINT]
    command = [str(interpreter.executable), "-I", "-m", "compileall", *options, str(library)]
    variables = {name: os.environ[name] for name in _KEPT_VARIABLES if name in os.environ}
    compiler = subprocess.Popen(  # noqa: S603 - the interpreter that runs this process
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=variables, start_new_session=True
    )

    def stop() -> None:
        with contextlib.suppress(ProcessLookupError):  # it has just ended
            os.killpg(compiler.pid, signal.SIGKILL)

    try:
        with (cancellation or Cancellation()).calling(stop):
            compiler.wait(_COMPILE_TIMEOUT_S)
    except subprocess.TimeoutExpired as error:
        raise ClosureError(f"compiling the closure took longer than {_COMPILE_TIMEOUT_S} s") from error
    finally:
        if compiler.poll() is None:
            stop()
            compiler.wait()
    if cancellation is not None and cancellation.requested:
        raise ClosureError("the run was stopped while the closure was compiled")

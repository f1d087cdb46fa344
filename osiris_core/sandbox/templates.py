"""What a sandbox is made from: an interpreter, a read-only view of distributions, and a size."""

from __future__ import annotations

import os
import sys
import sysconfig
from dataclasses import dataclass
from pathlib import Path
from typing import Any

BASE_NAME = "base"


class TemplateError(Exception):
    """Raised when a template cannot be registered as asked; the sentence is for the caller."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Interpreter:
    """A Python of the host: `executable` lies in `prefix`; `libpython_dir` holds a shared libpython outside of it."""

    executable: Path
    prefix: Path
    libpython_dir: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """`closure_dir` is a venv-shaped directory, or None for an interpreter without third-party distributions.

    `template_id` is empty where the name is the id. Commands start in `workdir`, a directory below the home; empty is the
    home of whoever runs them.
    """

    name: str
    interpreter: Interpreter
    closure_dir: Path | None = None
    template_id: str = ""
    workdir: str = ""
    cpus: int = 2
    memory_mb: int = 512
    disk_mb: int = 1024


def base_template() -> Template:
    """Return the template that always exists: the interpreter of this server, none of its distributions."""
    executable = Path(os.path.realpath(sys.executable))
    prefix = Path(sys.base_prefix)
    library = sysconfig.get_config_var("LIBDIR")
    outside = library and sysconfig.get_config_var("Py_ENABLE_SHARED") and not Path(library).is_relative_to(prefix)
    libpython = Path(library) if outside and Path(library).is_dir() else None
    return Template(
        name=BASE_NAME, interpreter=Interpreter(executable=executable, prefix=prefix, libpython_dir=libpython)
    )


def from_request(name: str, body: Any) -> Template:
    """Return the template that a decoded PUT body describes; raises TemplateError for the first thing wrong."""
    fields = _mapping(body, "the template")
    interpreter = _mapping(fields.get("interpreter"), "interpreter")
    _only(fields, {"closure_dir", "interpreter", "cpus", "memory_mb", "disk_mb"}, "the template")
    _only(interpreter, {"executable", "prefix", "libpython_dir"}, "interpreter")
    if name == BASE_NAME:
        raise TemplateError("the template 'base' is this server's own and cannot be replaced")
    library = interpreter.get("libpython_dir")
    return Template(
        name=name,
        closure_dir=_absolute(fields.get("closure_dir"), "closure_dir"),
        interpreter=Interpreter(
            executable=_absolute(interpreter.get("executable"), "interpreter.executable"),
            prefix=_absolute(interpreter.get("prefix"), "interpreter.prefix"),
            libpython_dir=None if library is None else _absolute(library, "interpreter.libpython_dir"),
        ),
        cpus=_at_least_one(fields.get("cpus", 2), "cpus"),
        memory_mb=_at_least_one(fields.get("memory_mb", 512), "memory_mb"),
        disk_mb=_at_least_one(fields.get("disk_mb", 1024), "disk_mb"),
    )


def require_readable(template: Template) -> None:
    """Raise TemplateError unless this process can read what the template needs, file by file."""
    interpreter = template.interpreter
    _access(interpreter.executable, os.X_OK)
    _access(interpreter.prefix, os.R_OK | os.X_OK)
    if interpreter.libpython_dir:
        _access(interpreter.libpython_dir, os.R_OK | os.X_OK)
    if template.closure_dir is None:
        return
    _access(template.closure_dir, os.R_OK | os.X_OK)
    _access(template.closure_dir / "pyvenv.cfg", os.R_OK)
    _access(template.closure_dir / "bin" / "python", os.X_OK)
    sites = sorted(template.closure_dir.glob("lib/python*/site-packages"))
    if not sites:
        raise TemplateError(f"{template.closure_dir} is not venv-shaped: it has no lib/pythonX.Y/site-packages")
    for site in sites:
        _access(site, os.R_OK | os.X_OK)
        for found in site.iterdir():
            _access(found, os.R_OK | os.X_OK if found.is_dir() else os.R_OK)


def _access(path: Path, mode: int) -> None:
    if os.access(path, mode):
        return
    state = "is not readable by" if os.path.lexists(path) else "does not exist for"
    raise TemplateError(f"{path} {state} the sandbox server, which runs as user {os.getuid()}: run both as one user")


def _mapping(value: Any, name: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise TemplateError(f"{name} must be a JSON object")
    return value


def _only(fields: dict[str, Any], known: set[str], name: str) -> None:
    if unknown := sorted(set(fields) - known):
        raise TemplateError(f"{name} has unknown keys: {', '.join(unknown)}")


def _absolute(value: Any, name: str) -> Path:
    if not isinstance(value, str) or not value.startswith("/") or "\0" in value:
        raise TemplateError(f"{name} must be an absolute path")
    return Path(value)


def _at_least_one(value: Any, name: str) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise TemplateError(f"{name} must be a whole number of at least 1")
    return value

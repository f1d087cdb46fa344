"""Sandboxes without a namespace: ordinary processes in a private directory of the host. Asked for, never fallen back to."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from osiris_core.sandbox import profile

if TYPE_CHECKING:
    from collections.abc import Mapping

    from osiris_core.sandbox.templates import Template

PREFIX = "osiris-sandbox-"


def make_root(template: Template) -> str:
    """Return a new private directory laid out as a sandbox; its agent removes it at its end.

    The interpreter's view is at the same place below it as in a namespace, so that the path of it relative to the home
    directory, where commands start, is the same in both: `../../opt/osiris/bin/python`.
    """
    root = Path(os.path.realpath(tempfile.mkdtemp(prefix=PREFIX)))
    for path in ("home/user", "root", "tmp", "var/tmp", "opt"):
        (root / path).mkdir(parents=True)
    if template.workdir:
        (root / template.workdir.lstrip("/")).mkdir(parents=True, exist_ok=True)
    view = root / profile.VIEW.lstrip("/")
    if template.closure_dir:
        view.symlink_to(template.closure_dir)
        return str(root)
    executable = template.interpreter.executable
    (view / "bin").mkdir(parents=True)
    (view / "pyvenv.cfg").write_text(f"home = {executable.parent}\ninclude-system-site-packages = false\n")
    for name in ("python", "python3"):
        (view / "bin" / name).symlink_to(executable)
    return str(root)


def environment(root: str, variables: Mapping[str, str]) -> dict[str, str]:
    """Return `variables` pointed at the sandbox's directory instead of at the host's, in UTC unless they say otherwise."""
    return {"TZ": "UTC"} | dict(variables) | {"HOME": f"{root}/home/user", "TMPDIR": f"{root}/tmp"}  # noqa: S108 - below the private root

"""What a run was asked for, in the engine's words, and how a test, its manifest and its command are named."""

from __future__ import annotations

import os
import shlex
from typing import TYPE_CHECKING

import pytest

from osiris_core.backend_set import require_targets
from osiris_core.backends.catalog import BackendCatalog
from osiris_core.check import CheckOptions, validate_options
from osiris_core.errors import UsageError
from osiris_core.manifest.loader import find_project_root
from osiris_core.targets import target_word
from pytest_osiris.extension import backends_of
from pytest_osiris.keys import SETTINGS

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from pytest_osiris.settings import Settings


def check_options(settings: Settings, project_root: Path, session_root: Path) -> CheckOptions:
    """Return the settings in the engine's words."""
    return CheckOptions(
        project_root=project_root,
        session_root=session_root,
        provider=settings.provider,
        isolation=settings.isolation,
        now=settings.now,
        env_file=settings.env_file,
        max_sandboxes=settings.max_sandboxes,
        create_rate=settings.create_rate,
        keep_sandbox=settings.keep_sandbox,
        fetch=settings.fetch,
        strict=settings.strict,
        require=settings.require,
        triage=settings.triage,
        repeat=settings.repeat,
    )


def require_possible(config: pytest.Config) -> None:
    """Raise `pytest.UsageError` where the options cannot work on this machine; nothing is started."""
    settings, root = config.stash[SETTINGS], config.rootpath
    options = check_options(settings, root, root)
    try:
        require_targets(options, settings.targets, backends_of(config))
    except UsageError as error:
        raise pytest.UsageError(f"--osiris-target: {error}") from None
    try:
        validate_options(options, settings.targets, BackendCatalog(backends_of(config)))
    except UsageError as error:
        raise pytest.UsageError(str(error)) from None


def project_of(path: Path, root: Path) -> Path:
    """Return a manifest's project: pytest's root directory, or its own where it lies elsewhere."""
    return root if path.is_relative_to(root) else find_project_root(path)


def command_for(item: pytest.Item, targets: Sequence[str], settings: Settings) -> str:
    """Return the command that repeats one test alone, from the directory that pytest was started in."""
    file, separator, name = item.nodeid.partition("::")
    file = os.path.relpath(item.config.rootpath / file, item.config.invocation_params.dir)
    return shlex.join(["pytest", f"{file}{separator}{name}", *settings.command_line(target_word(targets))])


def relative_name(path: Path, root: Path) -> str:
    """Return a path as records name it: from the root directory where it lies below."""
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else str(path)

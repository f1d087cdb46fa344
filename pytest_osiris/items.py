"""A manifest file as a test: one item, whatever the number of targets.

Reading the YAML is all that collection does. A manifest that cannot be read is an item too, and fails when
it is run: so it has a name that can be selected, and it does not keep the others from running.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from osiris_core.errors import ManifestError
from osiris_core.surface import refused_record
from pytest_osiris.checks import checks_of, command_for, load_manifest, relative_name
from pytest_osiris.failure import explanation
from pytest_osiris.keys import SETTINGS, CheckFailedError

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator

    from osiris_core.manifest.model import Manifest

UNREADABLE = "unreadable"
"""Name of the item of a manifest that has problems: its pipeline's id cannot be relied upon."""


class ManifestFile(pytest.File):
    """A file that `osiris_manifests` names."""

    def collect(self) -> Iterator[pytest.Item]:
        """Yield the one test of this manifest."""
        try:
            manifest = load_manifest(self.path, self.config.rootpath)
        except ManifestError as error:
            yield UnreadableItem.from_parent(self, name=UNREADABLE, error=error)
        else:
            yield ManifestItem.from_parent(self, name=manifest.pipeline.id, manifest=manifest)


class _OsirisItem(pytest.Item):
    """What both kinds of items share: `-m osiris` selects them, and they fail without a traceback."""

    def __init__(self, **given: Any) -> None:
        super().__init__(**given)
        self.add_marker("osiris")

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """Return the explanation as it stands; anything unforeseen keeps its traceback."""
        if isinstance(excinfo.value, CheckFailedError):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)


class ManifestItem(_OsirisItem):
    """Runs a manifest on the targets of this run, and compares them where there is more than one."""

    def __init__(self, *, manifest: Manifest, **given: Any) -> None:
        super().__init__(**given)
        self.manifest = manifest

    def runtest(self) -> None:
        """Run and compare; raises `CheckFailedError` with the lines to show."""
        record = checks_of(self.config).run(self, self.manifest, self.config.stash[SETTINGS].targets)
        if not record.passed:
            raise CheckFailedError(explanation(record))

    def reportinfo(self) -> tuple[os.PathLike[str], int, str]:
        """Return the file, its first line, and `<pipeline> [<target>]`."""
        return self.path, 0, f"{self.name} [{self.config.stash[SETTINGS].target}]"


class UnreadableItem(_OsirisItem):
    """Fails with everything that is wrong in a manifest."""

    def __init__(self, *, error: ManifestError, **given: Any) -> None:
        super().__init__(**given)
        self.error = error

    def runtest(self) -> None:
        """Fail; nothing is started."""
        checks = checks_of(self.config)
        command = command_for(self, checks.settings.targets, checks.settings)
        checks.keep(self, refused_record(relative_name(self.path, checks.root), self.error, reproduce=command))
        raise CheckFailedError(str(self.error))

    def reportinfo(self) -> tuple[os.PathLike[str], int, str]:
        """Return the file, the line of the first problem, and its name."""
        return self.path, self.error.problems[0].line - 1, self.path.name

"""A manifest file as a test: one item a case, whatever the number of targets.

Reading the YAML is all that collection does. A manifest that cannot be read is an item too, and fails when
it is run: so it has a name that can be selected, and it does not keep the others from running.
"""

from __future__ import annotations

import dataclasses
import os
from typing import TYPE_CHECKING, Any

import pytest

from osiris_core.baseline.places import of_manifest
from osiris_core.check import load_cases
from osiris_core.parity.record import Verdict
from osiris_core.surface import refused_record
from pytest_osiris.checking.asking import command_for, project_of, relative_name
from pytest_osiris.checking.attempts import new_attempt
from pytest_osiris.checking.checks import checks_of
from pytest_osiris.checking.conditions import skip_of
from pytest_osiris.checking.failure import explanation
from pytest_osiris.keys import SETTINGS, CheckFailedError, PipelineFailedError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from osiris_core.errors import ManifestError
    from osiris_core.manifest.model import Manifest, Mark

UNREADABLE = "unreadable"
"""Name of the item of a manifest that has problems: its pipeline's id cannot be relied upon."""


class ManifestFile(pytest.File):
    """A file that `osiris_manifests` names."""

    @classmethod
    def of(cls, parent: pytest.Collector, path: Path) -> ManifestFile:
        """Return the collector of a file; one outside of the root directory is called by its path from there.

        pytest itself would have such files go without a name, so that their tests could not be told apart.
        """
        root = parent.config.rootpath
        if path.is_relative_to(root):
            return cls.from_parent(parent, path=path)
        return cls.from_parent(parent, path=path, nodeid=os.path.relpath(path, root).replace(os.sep, "/"))

    def collect(self) -> Iterator[pytest.Item]:
        """Yield the test of this manifest, or one for each of its cases, with the marks that it gives itself."""
        for each in load_cases(
            self.path,
            project_root=project_of(self.path, self.config.rootpath),
            offered=self.config.stash[SETTINGS].params,
        ):
            case = "" if each.case is None else each.case.id
            suffix = f"[{case}]" if case else ""
            if each.manifest is None:
                yield UnreadableItem.from_parent(self, name=f"{UNREADABLE}{suffix}", error=each.error, case=case)
                continue
            name = f"{each.manifest.pipeline.id}{suffix}"
            item = ManifestItem.from_parent(self, name=name, manifest=each.manifest, case=case, line=each.line)
            for mark in each.manifest.pytest.marks:
                decorator = skip_of(mark, self.config.stash[SETTINGS]) if mark.name == "skip" else _decorator(mark)
                if decorator is not None:
                    item.add_marker(decorator)
            yield item


def _decorator(mark: Mark) -> pytest.MarkDecorator:
    """Return a manifest's mark; pytest says what it thinks of one that nobody registered.

    An expected failure is one of the pipeline: a target that could not run fails all the same.
    """
    kwargs = {**mark.kwargs, "raises": PipelineFailedError} if mark.name == "xfail" else mark.kwargs
    decorator: pytest.MarkDecorator = getattr(pytest.mark, mark.name)
    return decorator.with_args(*mark.args, **kwargs)


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

    def __init__(self, *, manifest: Manifest, case: str, line: int, **given: Any) -> None:
        super().__init__(**given)
        self.manifest = manifest
        self.case = case
        self.line = line

    def runtest(self) -> None:
        """Run and compare; raises `CheckFailedError` with the lines to show."""
        new_attempt(self)  # whoever calls this again wants it again, also without a setup and a teardown between
        record = checks_of(self.config).run(
            self,
            self.manifest,
            self.config.stash[SETTINGS].targets,
            case=self.case,
            baseline=of_manifest(self.path, self.case),
        )
        if record.verdict is Verdict.INFRA:
            raise CheckFailedError(explanation(record, self.config.stash[SETTINGS]))
        if not record.passed:
            raise PipelineFailedError(explanation(record, self.config.stash[SETTINGS]))

    def reportinfo(self) -> tuple[os.PathLike[str], int, str]:
        """Return the file, the line of its case or of `pipeline`, and `<pipeline> [<target>]`."""
        return self.path, self.line - 1, f"{self.name} [{self.config.stash[SETTINGS].target}]"


class UnreadableItem(_OsirisItem):
    """Fails with everything that is wrong in a manifest."""

    def __init__(self, *, error: ManifestError, case: str, **given: Any) -> None:
        super().__init__(**given)
        self.error = error
        self.case = case

    def runtest(self) -> None:
        """Fail; nothing is started."""
        checks = checks_of(self.config)
        command = command_for(self, checks.settings.targets, checks.settings)
        record = refused_record(relative_name(self.path, checks.root), self.error, reproduce=command)
        attempt = new_attempt(self)
        attempt.keep(dataclasses.replace(record, case=self.case), attempt.reserve())
        raise CheckFailedError(str(self.error))

    def reportinfo(self) -> tuple[os.PathLike[str], int, str]:
        """Return the file, the line of the first problem, and its name."""
        return self.path, self.error.problems[0].line - 1, self.path.name

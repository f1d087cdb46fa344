"""`Osiris`, what the fixture `osiris` hands to a test: runs manifests, as many as the test likes.

Where the marker says which manifest a test is about, this is for tests that decide it while they run. Both share all else:
the options of the run, the record of each check, and what a failure shows.
"""

from __future__ import annotations

import inspect
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import pytest

from osiris_core.manifest.collecting import case_id
from osiris_core.secrets.resolution import told_names
from pytest_osiris.checking.asking import relative_name
from pytest_osiris.checking.attempts import attempt_of
from pytest_osiris.checking.checks import checks_of
from pytest_osiris.checking.marked import keep_refused, load_for
from pytest_osiris.checking.masking import GIVEN_BY_FIXTURE, declared_secrets, hidden
from pytest_osiris.checking.store import file_stem
from pytest_osiris.keys import CheckFailedError
from pytest_osiris.marker import params_of, parse_rules, rules_of, targets_of
from pytest_osiris.running.building import DIRECTORY, Ground, build
from pytest_osiris.running.run import open_run
from pytest_osiris.values import parse_targets

if TYPE_CHECKING:
    import os
    from collections.abc import Sequence
    from pathlib import Path
    from typing import Literal

    from osiris_core.manifest.model import Manifest
    from osiris_core.parity.record import ParityRecord
    from pytest_osiris.running.building import BuiltManifest, StepEntry
    from pytest_osiris.running.run import Run


_STEM_CHARACTERS: Final = 63


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """What a call asks for beside the manifest."""

    target: str | None
    params: Mapping[str, Any]
    normalizers: Sequence[Mapping[str, Any]]
    secrets: Mapping[str, str]
    case: str | None


class Osiris:
    """Runs manifests for one test; the fixture `osiris` gives it.

    A manifest is given by its path, which counts from the test file.
    """

    def __init__(self, item: pytest.Item, secrets: Mapping[str, str]) -> None:
        self._item = item
        self._secrets = hidden(item, secrets, GIVEN_BY_FIXTURE)
        self._built: Counter[str] = Counter()
        attempt_of(item)

    def run(
        self,
        manifest: str | os.PathLike[str],
        *,
        target: str | None = None,
        params: Mapping[str, Any] | None = None,
        normalizers: Sequence[Mapping[str, Any]] | None = None,
        secrets: Mapping[str, str] | None = None,
        case: str | None = None,
    ) -> Run:
        """Run a manifest and return its `Run`; the test fails here where the check does not pass.

        `target` is `local`, `e2b`, `both`, or a comma list; by default that of the test's marker, or of the options.
        `params` are values of the manifest's parameters and `normalizers` rules of what may differ, both before all others.
        `secrets` are values of its secrets, which no report shows and no file holds. `case` names the run in reports, where
        a test has several of one manifest; by default the values of `params` do.
        """
        __tracebackhide__ = True
        asked = _Asked(
            target=target, params=params or {}, normalizers=normalizers or (), secrets=secrets or {}, case=case
        )
        try:
            return open_run(self._item, self._check(manifest, asked))
        except CheckFailedError as error:
            raise self._placed(error, "run") from None

    def parity(
        self,
        manifest: str | os.PathLike[str],
        *,
        target: str | None = None,
        params: Mapping[str, Any] | None = None,
        normalizers: Sequence[Mapping[str, Any]] | None = None,
        secrets: Mapping[str, str] | None = None,
        case: str | None = None,
    ) -> ParityRecord:
        """Run a manifest and return its `ParityRecord`, whatever came out: the test looks at `verdict` itself.

        It takes what `run` takes. With one target `verdict` is None. Where the test passes, reports take a check that did not for an
        expected failure (INFRA never is one). What makes a check impossible, as a manifest that
        cannot be read, fails the test all the same.
        """
        __tracebackhide__ = True
        asked = _Asked(
            target=target, params=params or {}, normalizers=normalizers or (), secrets=secrets or {}, case=case
        )
        try:
            record = self._check(manifest, asked)
        except CheckFailedError as error:
            raise self._placed(error, "parity") from None
        attempt_of(self._item).leave(record)
        return record

    def manifest(
        self,
        pipeline: str,
        *,
        steps: Sequence[StepEntry],
        inputs: Sequence[str | os.PathLike[str]] | None = None,
        code: Sequence[str | os.PathLike[str]] | None = None,
        requirements: Sequence[str] | None = None,
        env: Sequence[str] | Mapping[str, str] | None = None,
        params: Mapping[str, Any] | None = None,
        secrets: Sequence[str] | None = None,
        secrets_in_artifacts: Mapping[str, str] | None = None,
        connections: str | os.PathLike[str] | None = None,
        network: str | Sequence[str] | None = None,
        resources: Mapping[str, int] | None = None,
        template: str | None = None,
        timeout_s: float | None = None,
        on_failure: Literal["stop", "continue"] | None = None,
        expect: Mapping[str, Any] | None = None,
        parity: Mapping[str, Any] | None = None,
        version: str | None = None,
        description: str | None = None,
    ) -> BuiltManifest:
        """Return a manifest that is said in Python; `run` and `parity` take it. `pipeline` is its id.

        Each argument is the key of that name, `docs/manifest.md`. Paths count from the test file: `inputs`, `code`, `connections`, what
        a driver declares as a path to read, and everywhere else a `pathlib.Path`. The file is `.osiris/manifests/<test>/<pipeline>.osiris.yaml`;
        what is wrong with it is said at its line when it is run.
        """
        __tracebackhide__ = True
        about = {"id": pipeline, "version": version, "description": description}
        form: dict[str, Any] = {
            "inputs": inputs,
            "code": code,
            "requirements": requirements,
            "env": env,
            "params": params,
            "secrets": secrets,
            "secrets_in_artifacts": secrets_in_artifacts,
            "connections": connections,
            "network": network,
            "resources": resources,
            "template": template,
            "timeout_s": timeout_s,
            "on_failure": on_failure,
            "steps": steps,
            "expect": expect,
            "parity": parity,
        }
        said: dict[str, Any] = {"pipeline": {name: value for name, value in about.items() if value is not None}}
        said |= {name: value for name, value in form.items() if value is not None}
        try:
            return build(said, self._ground, self._stem(pipeline))
        except CheckFailedError as error:
            raise self._placed(error, "manifest") from None

    @property
    def _ground(self) -> Ground:
        root = self._item.config.rootpath
        base = self._item.path.parent
        project = root if base.is_relative_to(root) else base
        return Ground(base=base, directory=project / DIRECTORY / file_stem(self._item.nodeid), root=project)

    def _stem(self, pipeline: str) -> str:
        """Return the name of a file that no manifest of this test has yet."""
        word = re.sub(r"[^A-Za-z0-9_-]+", "-", str(pipeline))[:_STEM_CHARACTERS] or "pipeline"
        self._built[word] += 1
        return word if self._built[word] == 1 else f"{word}-{self._built[word]}"

    def _check(self, manifest: str | os.PathLike[str], asked: _Asked) -> ParityRecord:
        item = self._item
        secrets = hidden(item, asked.secrets, "`secrets`")
        targets = targets_of(item) if asked.target is None else _targets(asked.target, item.config)
        rules = (*parse_rules(asked.normalizers, "test", "`normalizers`"), *rules_of(item))
        loaded = self._load(manifest, targets, asked.params)
        if unknown := sorted(secrets.keys() - told_names(loaded)):
            known = ", ".join(sorted(told_names(loaded))) or "none"
            raise CheckFailedError(f"{loaded.location}: there is no secret {', '.join(unknown)} in it; it has {known}")
        return checks_of(item.config).run(
            item,
            loaded,
            targets,
            case=self._case(loaded, asked),
            rules=rules,
            secrets={**declared_secrets(loaded, self._secrets), **secrets},
        )

    def _load(self, manifest: str | os.PathLike[str], targets: Sequence[str], params: Mapping[str, Any]) -> Manifest:
        if not isinstance(params, Mapping):
            raise CheckFailedError(f"`params` is {params!r:.80}, but a mapping of names to values is asked for")
        path = self._path(manifest)
        offered = {**checks_of(self._item.config).settings.params, **params_of(self._item)}
        return load_for(self._item, path, targets, params=params, offered=offered)

    def _path(self, manifest: str | os.PathLike[str]) -> Path:
        path = self._item.path.parent / manifest
        if not path.is_file():
            raise CheckFailedError(f"there is no manifest {path}; a path counts from the test file")
        return path.resolve()

    def _case(self, manifest: Manifest, asked: _Asked) -> str:
        """Return what tells a run of this test from others of the same manifest."""
        name = case_id(asked.params) if asked.case is None else asked.case
        taken = {record.case for record in attempt_of(self._item).records if record.manifest == manifest.location}
        numbers = (f"{name}#{number}" for number in range(2, len(taken) + 2))
        return name if name not in taken else next(each for each in numbers if each not in taken)

    def _placed(self, error: CheckFailedError, method: str) -> CheckFailedError:
        """Return a failure of a method that says where in the test it was, of which reports know: a test can have many runs."""
        keep_refused(self._item, error)
        place = self._caller()
        attempt_of(self._item).raising(f"osiris.{method}(...){place and f' at {place}'}", error)
        return type(error)(f"{error}\n    called at {place}") if place else error

    def _caller(self) -> str:
        """Return the place in the test that a method was called at, or nothing where it is not known."""
        frame = inspect.currentframe()
        while frame is not None and frame.f_code.co_filename == __file__:
            frame = frame.f_back
        if frame is None:
            return ""
        file = relative_name(self._item.path.__class__(frame.f_code.co_filename), self._item.config.rootpath)
        return f"{file}:{frame.f_lineno}"


def _targets(text: str, config: pytest.Config) -> tuple[str, ...]:
    try:
        return parse_targets(str(text), "osiris.run(target=...)", config)
    except pytest.UsageError as error:
        raise CheckFailedError(str(error)) from None

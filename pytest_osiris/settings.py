"""What a run was asked for: options, ini entries and `[tool.osiris]` become `Settings`, by way of `values`.

An option on the command line wins over pytest's ini file, that over `[tool.osiris]` in the project's `pyproject.toml`, and that
over the default.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from pytest_osiris.options import ALL_NAMES, DEFAULT_MANIFESTS, ON_COMMAND_LINE_ONLY, flag_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from pytest_osiris.sharding import Shard


class Given(NamedTuple):
    """A value that was asked for: `source` is `command line`, `ini` or `project`; `place` is the directory that paths in it count from."""

    value: Any
    source: str
    place: Path


@dataclass(
    frozen=True, slots=True, kw_only=True, eq=False, repr=False
)  # one a process: what is not made costs no run its time
class Settings:
    """What the user asked for.

    `params` are values of parameters, `written_params` the same as they were written; `given` and `on_command_line`
    name the options that were set at all, and there.
    """

    targets: tuple[str, ...] = ("local",)
    provider: str = "embedded"
    isolation: str = "bubblewrap"
    now: str | None = None
    report: Path | None = None
    env_file: Path | None = None
    max_sandboxes: int | None = None
    create_rate: float | None = None
    keep_sandbox: str = "no"
    keep_sessions: str = "failed"
    fetch: str = "all"
    strict: bool = False
    baselines: str = "auto"
    update: frozenset[str] = frozenset()
    require: str = ""
    min_manifests: int | None = None
    shard: Shard | None = None
    summary: Path | None = None
    github: str = "auto"
    triage: str = "divergent"
    progress: str = "auto"
    repeat: int = 0
    manifests: tuple[str, ...] = DEFAULT_MANIFESTS
    params: Mapping[str, Any] = field(default_factory=dict)
    written_params: tuple[str, ...] = ()
    given: frozenset[str] = frozenset()
    on_command_line: frozenset[str] = frozenset()

    @property
    def target(self) -> str:
        """The word for the targets: `local`, `both`, `local,venv:envs/old`."""
        from osiris_core.targets import target_word

        return target_word(self.targets)

    def is_manifest(self, path: Path, root: Path) -> bool:
        """Whether a file is one: a pattern with a slash is held against its path from the root directory."""
        inner = path.relative_to(root).as_posix() if path.is_relative_to(root) else ""
        return any(fnmatchcase(inner if "/" in each else path.name, each) for each in self.manifests)

    def command_line(self, target: str) -> list[str]:
        """Return the options that repeat a check on `target` as it was made here."""
        in_sandbox = not {"both", "e2b"}.isdisjoint(target.split(","))
        said = (
            (in_sandbox and self.provider != "embedded", f"--osiris-e2b={self.provider}"),
            (in_sandbox and self.isolation != "bubblewrap", f"--osiris-isolation={self.isolation}"),
            (self.now is not None, f"--osiris-now={self.now}"),
            (in_sandbox and self.fetch != "all", f"--osiris-fetch={self.fetch}"),
            (self.baselines != "auto", f"--osiris-baselines={self.baselines}"),
            (self.strict, "--osiris-strict"),
            (bool(self.require), f"--osiris-require={self.require}"),
            (self.triage != "divergent", f"--osiris-triage={self.triage}"),
            (self.repeat > 0, f"--osiris-repeat={self.repeat}"),
            (self.env_file is not None, f"--osiris-env-file={self.env_file}"),
        )
        repeated = [option for asked, option in said if asked]
        return [f"--osiris-target={target}", *repeated, *(f"--osiris-param={each}" for each in self.written_params)]


def read_settings(config: pytest.Config) -> Settings:
    """Return the settings of this run; raises `pytest.UsageError` with one sentence."""
    given = given_values(config)
    if not given:
        return Settings()
    from osiris_core.choices import (
        BASELINES,
        FETCHING,
        GITHUB,
        ISOLATIONS,
        KEEPING,
        KEEPING_SESSIONS,
        PROGRESSES,
        REQUIREMENTS,
        TRIAGES,
    )
    from pytest_osiris import values
    from pytest_osiris.sharding import parse_shard

    def choice(name: str, known: Sequence[str]) -> str:
        return values.parse_choice(given[name].value, flag_of(name), known) if name in given else known[0]

    def number(name: str, kind: Callable[[str], values.Number]) -> values.Number | None:
        return values.parse_number(str(given[name].value), flag_of(name), kind) if name in given else None

    def place(name: str) -> Path | None:
        return given[name].place / given[name].value if name in given and given[name].value else None

    written_params = tuple(given["param"].value) if "param" in given else ()
    default = Settings()
    return Settings(
        targets=values.parse_targets(given["target"].value, "--osiris-target", config)
        if "target" in given
        else default.targets,
        provider=values.parse_provider(given["e2b"].value) if "e2b" in given else default.provider,
        isolation=choice("isolation", ISOLATIONS),
        now=values.require_time(given["now"].value) if "now" in given else None,
        report=place("report"),
        env_file=place("env_file"),
        max_sandboxes=number("max_sandboxes", int),
        create_rate=number("create_rate", float),
        keep_sandbox=choice("keep_sandbox", KEEPING),
        keep_sessions=choice("keep_sessions", KEEPING_SESSIONS),
        fetch=choice("fetch", FETCHING),
        baselines=choice("baselines", BASELINES),
        update=values.parse_update(given["update"].value) if "update" in given else default.update,
        strict="strict" in given and bool(given["strict"].value),
        require=choice("require", REQUIREMENTS) if "require" in given and given["require"].value else "",
        min_manifests=number("min_manifests", int),
        shard=parse_shard(given["shard"].value) if "shard" in given else None,
        summary=place("summary"),
        github=choice("github", GITHUB),
        triage=choice("triage", TRIAGES),
        progress=choice("progress", PROGRESSES),
        repeat=0 if "repeat" in given and given["repeat"].value == "0" else number("repeat", int) or 0,
        manifests=tuple(given["manifests"].value) if "manifests" in given else default.manifests,
        params=values.parse_params(written_params) if written_params else {},
        written_params=written_params,
        given=frozenset(given),
        on_command_line=frozenset(name for name, each in given.items() if each.source == "command line"),
    )


def given_values(config: pytest.Config) -> dict[str, Given]:
    """Return every option that was set, from the nearest place that sets it; raises `pytest.UsageError` for an unknown name.

    `param` is the one that adds up: all places' values in a row, the nearest last.
    """
    ini_directory = config.inipath.parent if config.inipath else config.rootpath
    given = project_values(config.rootpath)
    if _names_osiris(config):
        from pytest_osiris.entries import require_known_entries

        require_known_entries(config)
    written = list(given["param"].value) if "param" in given else []
    for name in ALL_NAMES:
        entry = config.getini(f"osiris_{name}") if name not in ON_COMMAND_LINE_ONLY else None
        if entry is not None and entry != []:
            given[name] = Given(entry, "ini", ini_directory)
            written += entry if name == "param" else []
        option = config.getoption(f"osiris_{name}", None)
        if option is not None and option != []:
            given[name] = Given(option, "command line", config.invocation_params.dir)
            written += option if name == "param" else []
    if written:
        given["param"] = given["param"]._replace(value=written)
    return given


def project_values(root: Path) -> dict[str, Given]:
    """Return the options in `[tool.osiris]` of the project's `pyproject.toml`; raises `pytest.UsageError`."""
    file = root / "pyproject.toml"
    if not file.is_file() or b"osiris" not in file.read_bytes():
        return {}
    from osiris_core.errors import UsageError
    from osiris_core.project import read_options

    try:
        return {name: Given(value, "project", root) for name, value in read_options(root).items()}
    except UsageError as error:
        raise pytest.UsageError(str(error)) from None


def _names_osiris(config: pytest.Config) -> bool:
    """Whether an entry of ours may stand in the ini file, or in `-o`; reading them properly is only then worth its time."""
    overridden = any("osiris" in each for each in config.getoption("override_ini", None) or ())
    return overridden or (config.inipath is not None and b"osiris" in config.inipath.read_bytes())

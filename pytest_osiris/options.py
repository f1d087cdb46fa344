"""Options and their ini twins become `Settings`; what cannot be right is refused in one sentence.

An option on the command line wins over the ini file, which wins over the default. Here only the form of a
value is judged: whether it works on this machine is the engine's business, once there is something to run.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import pytest

from osiris_core.choices import FETCHING, ISOLATIONS, KEEPING, TARGETS, TRIAGES

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

DEFAULT_MANIFESTS = ("*.osiris.yaml",)
Number = TypeVar("Number", int, float)
_MOST = 1_000_000

# name, metavar, help: each becomes `--osiris-<name>`, with `-` for `_`, and the ini entry `osiris_<name>`
_OPTIONS = (
    (
        "target",
        "TARGET",
        (
            "where manifests run: `local` (this machine), `e2b` (a sandbox), `both` (run on both and compare), "
            "or a comma list (default: local)"
        ),
    ),
    (
        "e2b",
        "PROVIDER",
        (
            "who serves the sandboxes: `embedded` (a server that pytest starts on this machine, no account needed), "
            "`cloud` (E2B, needs E2B_API_KEY), or the URL of a self-hosted E2B (default: embedded)"
        ),
    ),
    ("report", "PATH", "write an HTML report to PATH and its data beside it as .json (default: no report)"),
    (
        "isolation",
        "LEVEL",
        (
            "how the embedded server isolates a sandbox: `bubblewrap` (namespaces) or `plain` (processes of yours: "
            "weaker, shown beside every verdict) (default: bubblewrap)"
        ),
    ),
    (
        "now",
        "TIME",
        (
            "the logical time that every step is told, ISO 8601, such as 2026-01-31T12:00:00Z (default: the start of "
            "each check)"
        ),
    ),
    (
        "max_sandboxes",
        "N",
        "how many sandboxes may live at once, in all processes of this run and others with its root (default: no limit)",
    ),
    (
        "create_rate",
        "N",
        "how many sandboxes may be made in a second, counted alike; 0.5 is one in 2 s (default: no limit)",
    ),
    (
        "keep_sandbox",
        "WHEN",
        (
            "whether a sandbox outlives its run for half an hour, to be looked at: `no`, `on-failure` or `always`; needs a "
            "server that outlives pytest (default: no)"
        ),
    ),
    (
        "fetch",
        "WHICH",
        (
            "which artifacts are brought back from a sandbox: `all`, or with both targets only those that are `differing` "
            "by the digests taken where they are (default: all)"
        ),
    ),
    (
        "triage",
        "WHICH",
        (
            "which checks are run again to find out where a divergence comes from (chance, a factor of the environment, the "
            "code): `divergent`, `always` or `off` (default: divergent)"
        ),
    ),
    (
        "repeat",
        "N",
        (
            "how often each target is run again and held against itself, whatever the verdict: one that differs from itself is "
            "NONDETERMINISTIC (default: 0, and 3 in a triage)"
        ),
    ),
    (
        "env_file",
        "PATH",
        (
            "a file of NAME=value lines, such as .env: where secrets and connections have their values from, if the "
            "environment does not say them (default: none)"
        ),
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What the user asked for.

    `params` are values of parameters, `written_params` the same as they were written; `given` and `on_command_line`
    name the options that were set at all, and there.
    """

    targets: tuple[str, ...]
    provider: str
    isolation: str
    now: str | None
    report: Path | None
    env_file: Path | None
    max_sandboxes: int | None
    create_rate: float | None
    keep_sandbox: str
    fetch: str
    strict: bool
    triage: str
    repeat: int
    manifests: tuple[str, ...]
    params: Mapping[str, Any]
    written_params: tuple[str, ...]
    given: frozenset[str]
    on_command_line: frozenset[str]

    @property
    def target(self) -> str:
        """The word for the targets: `local`, `e2b` or `both`."""
        return target_word(self.targets)

    def command_line(self, target: str) -> list[str]:
        """Return the options that repeat a check on `target` as it was made here."""
        repeated = [f"--osiris-target={target}"]
        if target != "local" and self.provider != "embedded":
            repeated.append(f"--osiris-e2b={self.provider}")
        if target != "local" and self.isolation != "bubblewrap":
            repeated.append(f"--osiris-isolation={self.isolation}")
        if self.now is not None:
            repeated.append(f"--osiris-now={self.now}")
        if target != "local" and self.fetch != "all":
            repeated.append(f"--osiris-fetch={self.fetch}")
        if self.strict:
            repeated.append("--osiris-strict")
        if self.triage != TRIAGES[0]:
            repeated.append(f"--osiris-triage={self.triage}")
        if self.repeat:
            repeated.append(f"--osiris-repeat={self.repeat}")
        if self.env_file is not None:
            repeated.append(f"--osiris-env-file={self.env_file}")
        return repeated + [f"--osiris-param={each}" for each in self.written_params]


def add_options(parser: pytest.Parser) -> None:
    """Declare every option with its ini twin, and the ini entry that names the manifests."""
    group = parser.getgroup("osiris", "osiris: run pipeline manifests, and compare where they ran")
    for name, metavar, explanation in _OPTIONS:
        option = f"--osiris-{name.replace('_', '-')}"
        group.addoption(option, dest=f"osiris_{name}", metavar=metavar, default=None, help=explanation)
        parser.addini(f"osiris_{name}", f"the same as {option}", type="string", default=None)
    group.addoption(
        "--osiris-strict",
        dest="osiris_strict",
        action="store_true",
        default=None,
        help="fail a check whose declared rules have nothing to do: one that never met a value (default: warn)",
    )
    parser.addini("osiris_strict", "the same as --osiris-strict", type="bool", default=False)
    group.addoption(
        "--osiris-param",
        dest="osiris_param",
        metavar="NAME=VALUE",
        action="append",
        default=[],
        help="a parameter's value, for every manifest that declares it; read as YAML, so 5 is a number (repeatable)",
    )
    parser.addini("osiris_param", "the same as --osiris-param, one NAME=VALUE a line", type="linelist", default=[])
    parser.addini(
        "osiris_manifests",
        "which files are manifests: patterns of file names, or of paths from the root directory (default: *.osiris.yaml)",
        type="args",
        default=list(DEFAULT_MANIFESTS),
    )


def read_settings(config: pytest.Config) -> Settings:
    """Return the settings of this run; raises `pytest.UsageError` with one sentence."""
    options = {name: config.getoption(f"osiris_{name}") for name, _, _ in _OPTIONS}
    entries = {name: config.getini(f"osiris_{name}") for name, _, _ in _OPTIONS}
    values = {name: options[name] if options[name] is not None else entries[name] for name in options}
    written_params = (*config.getini("osiris_param"), *config.getoption("osiris_param"))
    return Settings(
        targets=parse_targets(_or_default(values["target"], "local"), "--osiris-target"),
        provider=_parse_provider(_or_default(values["e2b"], "embedded")),
        isolation=_parse_choice(values["isolation"], "--osiris-isolation", ISOLATIONS),
        now=None if values["now"] is None else _parse_now(values["now"]),
        report=_parse_place(options["report"], entries["report"], config),
        env_file=_parse_place(options["env_file"], entries["env_file"], config),
        max_sandboxes=_parse_number(values["max_sandboxes"], "--osiris-max-sandboxes", int),
        create_rate=_parse_number(values["create_rate"], "--osiris-create-rate", float),
        keep_sandbox=_parse_choice(values["keep_sandbox"], "--osiris-keep-sandbox", KEEPING),
        fetch=_parse_choice(values["fetch"], "--osiris-fetch", FETCHING),
        strict=bool(config.getoption("osiris_strict") or config.getini("osiris_strict")),
        triage=_parse_choice(values["triage"], "--osiris-triage", TRIAGES),
        repeat=_parse_repeat(values["repeat"]),
        manifests=tuple(config.getini("osiris_manifests")),
        params=_parse_params(written_params) if written_params else {},
        written_params=written_params,
        given=frozenset(name for name, value in values.items() if value is not None),
        on_command_line=frozenset(name for name, value in options.items() if value is not None),
    )


def parse_targets(text: str, origin: str) -> tuple[str, ...]:
    """Return the targets that `text` names, in its order; `origin` is what a refusal says was wrong."""
    targets = TARGETS if text.strip() == "both" else tuple(part.strip() for part in text.split(","))
    for target in targets:
        if target not in TARGETS:
            hint = "local, e2b, both, or a comma list such as local,e2b"
            raise pytest.UsageError(f"{origin}: unknown target {target!r}; give {hint}")
        if targets.count(target) > 1:
            raise pytest.UsageError(f"{origin}: {target!r} is named twice; give every target once")
    return targets


def target_word(targets: Sequence[str]) -> str:
    """Return `both` for the two targets, or the name of the one."""
    return targets[0] if len(targets) == 1 else "both"


def public_url(url: str) -> str:
    """Return an address without a name and password in front of the host."""
    scheme, _, rest = url.partition("://")
    authority, slash, path = rest.partition("/")
    return f"{scheme}://{authority.rpartition('@')[2]}{slash}{path}"


def _or_default(value: str | None, default: str) -> str:
    return default if value is None else value


def _parse_provider(text: str) -> str:
    if text in {"embedded", "cloud"} or text.startswith(("http://", "https://")):
        return text
    raise pytest.UsageError(
        f"--osiris-e2b: unknown provider {text!r}; give embedded, cloud, or a URL such as http://host:port"
    )


def _parse_choice(text: str | None, option: str, known: Sequence[str]) -> str:
    """Return which of the words that an option knows was given; the first of them where none was."""
    chosen = _or_default(text, known[0])
    if chosen in known:
        return chosen
    raise pytest.UsageError(f"{option}: unknown {chosen!r}; give {', '.join(known[:-1])} or {known[-1]}")


def _parse_number(text: str | None, option: str, kind: Callable[[str], Number]) -> Number | None:
    if not text:
        return None
    try:
        number = kind(text)
    except ValueError:
        number = kind("0")
    if not 0 < number < _MOST:
        raise pytest.UsageError(f"{option}: {text!r} is no number above 0")
    return number


def _parse_repeat(text: str | None) -> int:
    return 0 if text == "0" else _parse_number(text, "--osiris-repeat", int) or 0


def _parse_now(text: str) -> str:
    from datetime import datetime

    try:
        datetime.fromisoformat(text)
    except ValueError:
        raise pytest.UsageError(
            f"--osiris-now: {text!r} is no time; give ISO 8601, such as 2026-01-31T12:00:00Z"
        ) from None
    return text


def _parse_params(written: Sequence[str]) -> Mapping[str, Any]:
    """Return the values by name; those of the command line come last, and count."""
    from osiris_core.errors import UsageError
    from osiris_core.manifest.overrides import read_overrides

    try:
        return read_overrides(written, "--osiris-param")
    except UsageError as error:
        raise pytest.UsageError(str(error)) from None


def _parse_place(option: str | None, entry: str | None, config: pytest.Config) -> Path | None:
    """Return the path of a file: an option counts from the current directory, an ini entry from its file."""
    if not (entry if option is None else option):  # an empty value turns off what the ini file asks for
        return None
    if option is not None:
        return config.invocation_params.dir / option
    return (config.inipath.parent if config.inipath else config.rootpath) / str(entry)


def require_writable(report: Path) -> None:
    """Raise `pytest.UsageError` where the report could not be written, so that nobody finds out after the run."""
    from osiris_core.errors import UsageError
    from osiris_core.surface import require_report_place

    try:
        require_report_place(report)
    except UsageError as error:
        raise pytest.UsageError(f"--osiris-report: {error}") from None

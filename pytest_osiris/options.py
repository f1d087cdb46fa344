"""Every option of the plugin: `--osiris-<name>` on the command line, `osiris_<name>` in pytest's ini file, `<name>` in `[tool.osiris]`.

What they mean together is `settings`; what stands in which file is `configuration`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    import pytest

DEFAULT_MANIFESTS: Final = ("*.osiris.yaml",)
MARKER: Final = (
    "osiris(manifest, *, target=None, params=None, normalizers=None): the pipeline manifest that the fixtures "
    "`osiris_run` and `osiris_parity` run, as a path from the test file; `target` overrides --osiris-target for this "
    "test, `params` are values of the manifest's parameters, and `normalizers` are rules of what may differ."
)
"""What `pytest --markers` says of ours."""


class Option(NamedTuple):
    """An option that is given as one text; `name` has underscores."""

    name: str
    metavar: str
    explanation: str

    @property
    def flag(self) -> str:
        """The option on the command line."""
        return flag_of(self.name)


OPTIONS: Final = (
    Option(
        "target",
        "TARGET",
        (
            "where manifests run: `local` (this machine), `e2b` (a sandbox), `venv:PATH` (this machine with another virtual "
            "environment), or two with a comma between them, which are compared; `both` is `local,e2b` (default: local)"
        ),
    ),
    Option(
        "e2b",
        "PROVIDER",
        (
            "who serves the sandboxes: `embedded` (a server that pytest starts on this machine, no account needed), "
            "`cloud` (E2B, needs E2B_API_KEY), or the URL of a self-hosted E2B (default: embedded)"
        ),
    ),
    Option("report", "PATH", "write an HTML report to PATH and its data beside it as .json (default: no report)"),
    Option(
        "isolation",
        "LEVEL",
        (
            "how the embedded server isolates a sandbox: `bubblewrap` (namespaces) or `plain` (ordinary processes: "
            "weaker, shown beside every verdict) (default: bubblewrap)"
        ),
    ),
    Option(
        "now",
        "TIME",
        (
            "the time that every step is told (`ctx.now`), ISO 8601, such as 2026-01-31T12:00:00Z (default: the start of "
            "each check)"
        ),
    ),
    Option(
        "max_sandboxes",
        "N",
        "how many sandboxes may live at once, in all processes of this run and others with its root (default: no limit)",
    ),
    Option(
        "create_rate",
        "N",
        "how many sandboxes may be made a second, in the same processes; 0.5 is one in 2 s (default: no limit)",
    ),
    Option(
        "keep_sandbox",
        "WHEN",
        (
            "whether a sandbox outlives its run for half an hour, to be looked at: `no`, `on-failure` or `always`; needs a "
            "server that outlives pytest (default: no)"
        ),
    ),
    Option(
        "keep_sessions",
        "WHICH",
        (
            "which session directories stay when the run is over: those of tests that `failed`, `all` or `none` "
            "(default: failed)"
        ),
    ),
    Option(
        "fetch",
        "WHICH",
        (
            "which artifacts are brought back from a sandbox: `all`, or with both targets only those that are `differing` "
            "by the digests taken where they are (default: all)"
        ),
    ),
    Option(
        "triage",
        "WHICH",
        (
            "which checks are run again to find out where a divergence comes from (chance, a factor of the environment, the "
            "code): `divergent`, `always` or `off` (default: divergent)"
        ),
    ),
    Option(
        "repeat",
        "N",
        (
            "how often each target is run again and held against itself, whatever the verdict: one that differs from itself is "
            "NONDETERMINISTIC (default: 0, and 3 in a triage)"
        ),
    ),
    Option(
        "progress",
        "HOW",
        (
            "how the progress of long runs is shown: `live` (lines that are redrawn), `lines` (one after 10 s, then one every 30 s), "
            "`off`, or `auto`: live on a terminal, lines in CI and in a file, off with -q (default: auto)"
        ),
    ),
    Option(
        "require",
        "VERDICT",
        (
            "the weakest verdict that passes: `IDENTICAL`, or `EQUIVALENT` to let no waiver pass (default: any that passes, "
            "ACCEPTED too)"
        ),
    ),
    Option(
        "min_manifests",
        "N",
        "fail the run where fewer than N manifests were compared, even if every test passed (default: no minimum)",
    ),
    Option(
        "shard",
        "K/N",
        (
            "run the K-th of N parts of all tests, the same part on every machine; `osiris-parity merge` makes one report of them "
            "(default: all tests)"
        ),
    ),
    Option(
        "summary",
        "PATH",
        "write a summary in Markdown to PATH; on GitHub the step's own is written anyway (default: no summary)",
    ),
    Option(
        "github",
        "WHEN",
        (
            "whether GitHub Actions is told: `auto` (annotations where GITHUB_ACTIONS=true, a summary where GITHUB_STEP_SUMMARY "
            "names a file), `on` (annotations everywhere) or `off` (default: auto)"
        ),
    ),
    Option(
        "baselines",
        "WHICH",
        (
            "whether a check is held against its baseline, a stored session: `auto` (where it has one), `required` (one "
            "that has none fails) or `off` (default: auto)"
        ),
    ),
    Option(
        "update",
        "WHAT",
        (
            "write baselines: `new` (of tests that have none), `changed` (that differ), `prune` (remove those of no test), or "
            "a comma list; refused in CI (default: write nothing)"
        ),
    ),
    Option(
        "env_file",
        "PATH",
        (
            "a file of NAME=value lines, such as .env: where secrets and connections have their values from, if the "
            "environment does not say them (default: none)"
        ),
    ),
)

ON_COMMAND_LINE_ONLY: Final = frozenset({"shard", "update"})
"""Options that are a deed rather than a setting: no file can ask for them."""
ALL_NAMES: Final = (*(option.name for option in OPTIONS), "strict", "param", "manifests")


def flag_of(name: str) -> str:
    """Return `--osiris-env-file` for `env_file`."""
    return f"--osiris-{name.replace('_', '-')}"


def add_options(parser: pytest.Parser) -> None:
    """Declare every option with its ini twin, and the ini entry that names the manifests."""
    group = parser.getgroup(
        "osiris",
        "osiris: pipeline manifests as tests, here and in E2B sandboxes",
    )
    for name, metavar, explanation in OPTIONS:
        group.addoption(flag_of(name), dest=f"osiris_{name}", metavar=metavar, default=None, help=explanation)
        if name not in ON_COMMAND_LINE_ONLY:
            parser.addini(f"osiris_{name}", f"the same as {flag_of(name)}", type="string", default=None)
    group.addoption(
        "--osiris-strict",
        dest="osiris_strict",
        action="store_true",
        default=None,
        help="fail a check whose declared rules have nothing to do, and a run with a waiver that has expired or that nothing needed, "
        "or with baselines of no test (default: warn)",
    )
    parser.addini("osiris_strict", "the same as --osiris-strict", type="bool", default=None)
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
        default=[],
    )
    group.addoption(
        "--osiris-config",
        dest="osiris_config",
        action="store_true",
        default=False,
        help="print the value of each of these options and where it is set, and end",
    )

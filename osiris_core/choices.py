"""What can be chosen, for everyone who asks: the plugin, the command line, the checker. Imports nothing."""

from __future__ import annotations

TARGETS = ("local", "e2b")
"""Where a manifest can run; `both` is both of them, the author's machine first."""

ISOLATIONS = ("bubblewrap", "plain")
"""What may stand between an embedded sandbox and this machine; the first is the default."""
FETCHING = ("all", "differing")
"""Which artifacts are brought back from a sandbox: all, or under both targets those that are not as this machine's."""
KEEPING = ("no", "on-failure", "always")
"""When a sandbox outlives its run: never, where the check did not pass, whatever came out."""
KEEPING_SESSIONS = ("failed", "all", "none")
"""Whose sessions stay when a test run is over: those of tests that failed, all, or none."""
TRIAGES = ("divergent", "always", "off")
"""Which checks are run again to find out more: those that diverge, all, or none."""
REQUIREMENTS = ("EQUIVALENT", "IDENTICAL")
"""The weakest verdict that a gate lets pass, where ACCEPTED is not enough for it."""
GITHUB = ("auto", "on", "off")
"""Whether GitHub Actions is told of failures by annotations and a summary: where it runs us, always, never."""
BASELINES = ("auto", "required", "off")
"""Whether a check is held against its baseline: where it has one, always (one that has none fails), never."""
UPDATES = ("new", "changed", "prune")
"""What of baselines may be written: those that are not there, those that differ, and that unused ones are removed."""
PROGRESSES = ("auto", "live", "lines", "off")
"""How it is shown how far runs are: as the place allows, redrawn, a plain line now and then, not at all."""
PROJECT_OPTIONS = {
    "target": "text",
    "e2b": "text",
    "report": "text",
    "isolation": "text",
    "now": "text",
    "max_sandboxes": "number",
    "create_rate": "number",
    "keep_sandbox": "text",
    "keep_sessions": "text",
    "fetch": "text",
    "triage": "text",
    "repeat": "number",
    "progress": "text",
    "env_file": "text",
    "baselines": "text",
    "strict": "switch",
    "require": "text",
    "min_manifests": "number",
    "summary": "text",
    "github": "text",
    "param": "texts",
    "manifests": "texts",
}
"""The options that a project can settle for everyone, in `[tool.osiris]` of its `pyproject.toml`, each with the form of its value."""

"""The config is what the declaration says: no more, no less."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from osiris_core.errors import ManifestError
from osiris_core.testing.comparison import difference
from osiris_core.testing.findings import broken, kept, not_asked
from osiris_core.testing.pipeline import load_pipeline, write_pipeline

if TYPE_CHECKING:
    from osiris_core.testing.findings import Finding
    from osiris_core.testing.subject import Subject

_UNKNOWN = "no_such_option"


def declaration(subject: Subject) -> Finding:
    """Declare the options, so that the example loads, and a wrong config is refused before anything runs."""
    spec, config = subject.spec, subject.config
    with tempfile.TemporaryDirectory(prefix="osiris-conformance-") as scratch:
        write_pipeline(subject, Path(scratch))
        if refusal := _refusal(subject, Path(scratch), config):
            return broken(f"its own example is refused by its declaration: {refusal}")
        wrong: list[tuple[str, dict[str, Any]]] = []
        if not spec.open_options:
            wrong.append((f"the unknown option {_UNKNOWN!r}", {**config, _UNKNOWN: 1}))
        for name, option in spec.options.items():
            if option.required:
                wrong.append((f"a config without {name!r}", {key: config[key] for key in config if key != name}))
            if option.choices:
                wrong.append((f"{name!r} with none of its choices", {**config, name: "no such choice"}))
        for what, each in wrong:
            if not _refusal(subject, Path(scratch), each):
                return broken(f"{what} is not refused when a manifest is loaded")
    return kept(f"its example loads, and {len(wrong)} wrong configs are refused before anything runs")


def options_declared(subject: Subject) -> Finding:
    """Ask for no option that is not declared: nobody could set it."""
    if subject.spec.open_options:
        return not_asked("it declares that it takes options beyond those it names")
    hidden = sorted(subject.plain.asked - subject.spec.options.keys())
    if hidden:
        return broken(
            f"it asks for the option {hidden[0]!r}, which it does not declare, so that no manifest can set it"
        )
    return kept(f"every option that it asks for is among the {len(subject.spec.options)} it declares")


def options_required(subject: Subject) -> Finding:
    """Fail without an option that is declared as required."""
    names = [name for name, option in subject.spec.options.items() if option.required]
    if not names:
        return not_asked("it declares no option as required")
    for name in names:
        outcome = subject.call(config={key: value for key, value in subject.config.items() if key != name})
        if outcome.error is None:
            return broken(f"it runs without {name!r}, which it declares as required")
    return kept(f"it refuses to run without {', '.join(names)}")


def options_optional(subject: Subject) -> Finding:
    """Take a config without the options that are not declared as required."""
    names = [
        name for name in subject.config if name in subject.spec.options and not subject.spec.options[name].required
    ]
    if not names:
        return not_asked("the example's config has required options only")
    for name in names:
        outcome = subject.call(config={key: value for key, value in subject.config.items() if key != name})
        if isinstance(outcome.error, KeyError) and outcome.error.args == (name,):
            return broken(f"it fails without {name!r}, which it does not declare as required: {outcome.failure}")
    return kept(f"it takes a config without {', '.join(names)}")


def defaults(subject: Subject) -> Finding:
    """Take the declared default where an option is missing."""
    declared = {name: option.default for name, option in subject.spec.options.items() if option.default is not None}
    told = {name: value for name, value in declared.items() if name not in subject.config}
    if not told:
        return not_asked("it declares no default for an option that its example leaves out")
    if difference(subject.plain, subject.again):
        return not_asked("it does not do the same twice: see 'deterministic'")
    for name, value in told.items():
        outcome = subject.call(config={**subject.config, name: value})
        if found := difference(subject.plain, outcome):
            return broken(f"with its declared default written out, {name}: {value!r}, {found}")
    return kept(f"the defaults of {', '.join(told)} are what it takes without them")


def _refusal(subject: Subject, project: Path, config: Any) -> str:
    """Return why a manifest with this config is refused, empty when it loads."""
    try:
        load_pipeline(subject, project, config=config)
    except ManifestError as error:
        return error.problems[0].message
    return ""

"""Writes the pages of the reference that the code itself can tell: `uv run python docs/generate.py`.

They are kept in the repository, so that they are read where it is read; a test says when they do not fit the code any more.
"""

from __future__ import annotations

import argparse
import dataclasses
import inspect
import re
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from osiris_core.choices import PROJECT_OPTIONS
from osiris_core.cli.main import COMMANDS
from pytest_osiris import fixtures, hooks
from pytest_osiris.options import ALL_NAMES, MARKER, add_options

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

HERE: Final = Path(__file__).resolve().parent / "reference"
_DEFAULT = re.compile(r" \((default: .*|repeatable)\)$")
_FORMS: Final = {"text": "a text", "number": "a number", "switch": "true or false", "texts": "a list of texts"}
_API: Final = (
    (
        "In a test",
        "What the fixtures hand to a test: `from pytest_osiris import Run`.",
        (
            "pytest_osiris",
            (
                "Osiris",
                "BuiltManifest",
                "Run",
                "Step",
                "Sandboxes",
                "Artifact",
                "Artifacts",
                "ArtifactContentError",
                "NoSuchNameError",
            ),
        ),
    ),
    (
        "Results",
        "What a check comes to, as data. `osiris_parity` gives a `ParityRecord`, `--json` prints it, and the report is made from it.",
        (
            "osiris_core.parity.record",
            (
                "ParityRecord",
                "Verdict",
                "TargetRun",
                "StepRun",
                "Comparison",
                "Finding",
                "FindingGroup",
                "TableDifference",
                "ColumnDifference",
                "CellDifference",
                "RuleUse",
                "WaiverUse",
                "Triage",
                "TriageFactor",
                "BaselineUse",
                "BaselineState",
                "HeldTarget",
                "Compared",
                "RecordSet",
            ),
        ),
    ),
    (
        "Running a check without pytest",
        "`from osiris_core.check import Checker, load` and `from osiris_core.options import CheckOptions`.",
        ("osiris_core.check", ("load", "load_cases", "check", "Checker")),
        ("osiris_core.options", ("CheckOptions",)),
    ),
    (
        "Reading sessions",
        "Sessions that lie on a disk, whoever made them.",
        ("osiris_core.session.reader", ("open_session",)),
        ("osiris_core.session.model", ("Session", "StepState")),
        ("osiris_core.parity.compare", ("compare",)),
        ("osiris_core.parity.record_io", ("encode_records", "decode_records")),
    ),
    (
        "Bringing targets and comparers",
        "What another distribution implements, and is given. How: [extend it](../how-to/extending.md).",
        ("osiris_core.backends.extension", ("BackendRequest", "BackendFactory", "RunsHere")),
        ("osiris_core.backends.protocol", ("Backend", "TargetFacts", "Job", "Cancellation")),
        (
            "osiris_core.parity.kinds.protocol",
            ("FileComparer", "FilePair", "FileComparison", "FileFinding", "SetAside"),
        ),
        ("osiris_core.parity.record", ("ReportSection", "ComparerUse")),
    ),
    (
        "Testing drivers and programs",
        "[Testing a driver](../testing.md) shows their use.",
        ("osiris_core.testing", ("conformance_checks", "Check", "CheckResult", "sample_table", "fault_plan", "Fault")),
    ),
)


def pages() -> dict[str, str]:
    """Return the generated pages by file name."""
    return {
        "options.md": _options(),
        "fixtures.md": _fixtures(),
        "commands.md": _commands(),
        "python.md": _python(),
    }


class _Option(NamedTuple):
    flag: str
    metavar: str
    help: str


class _Listener:
    """Is given the options as pytest's own parser is, and remembers them."""

    def __init__(self) -> None:
        self.options: dict[str, _Option] = {}
        self.entries: dict[str, str] = {}

    def getgroup(self, *_: str) -> _Listener:
        return self

    def addoption(self, flag: str, **facts: Any) -> None:
        self.options[facts["dest"].removeprefix("osiris_")] = _Option(flag, facts.get("metavar", ""), facts["help"])

    def addini(self, entry: str, text: str, **_: Any) -> None:
        self.entries[entry.removeprefix("osiris_")] = text


def _options() -> str:
    listener: Any = _Listener()
    add_options(listener)
    names = [*listener.options, *(name for name in listener.entries if name not in listener.options)]
    assert set(ALL_NAMES) <= set(names)
    parts: list[str] = []
    for name in names:
        flag, metavar, text = listener.options.get(name, _Option("", "", listener.entries.get(name, "")))
        parts += [f"## `{flag}={metavar}`" if metavar else f"## `{flag or f'osiris_{name}'}`"]
        parts += [_sentence(_DEFAULT.sub("", text)), _settled(name, text, in_ini_file=name in listener.entries)]
    return _page(
        "Options",
        "The options of pytest that this plugin adds. An option on the command line wins over pytest's ini file (`osiris_...`, in "
        "`pytest.ini` or `[tool.pytest]`), that over `[tool.osiris]` in `pyproject.toml`, and that over the default. "
        "`pytest --osiris-config` prints what is in force, and where it is said. What they do together, and what each refuses: "
        "[pytest](../pytest.md). What else `[tool.osiris]` can say: [the project's section](project.md).",
        *parts,
    )


def _settled(name: str, text: str, *, in_ini_file: bool) -> str:
    """Return where an option can be said beside the command line, and what it is where nobody says it."""
    default = _DEFAULT.search(text)
    facts = [default[1][0].upper() + default[1][1:]] if default else []
    if in_ini_file:
        facts.append(f"ini file: `osiris_{name}`")
    if name in PROJECT_OPTIONS:
        facts.append(f"`[tool.osiris]`: `{name}`, {_FORMS[PROJECT_OPTIONS[name]]}")
    if not in_ini_file and name not in PROJECT_OPTIONS:
        facts.append("on the command line only")
    return " · ".join(facts)


def _fixtures() -> str:
    parts = [
        "## The marker",
        f"`@pytest.mark.{MARKER.partition(':')[0]}`",
        _sentence(MARKER.partition(": ")[2]),
        "## Fixtures",
    ]
    for name, fixture in _own(fixtures):
        function = inspect.unwrap(fixture)
        parts += [f"### `{name}`", f"Gives: `{function.__annotations__['return']}`", inspect.getdoc(function) or ""]
    parts.append("## Hooks")
    parts.append("What a `conftest.py`, or another plugin, can implement.")
    for name, function in _own(hooks):
        parts += [f"### `{name}`", f"`{name}{_signature(function)}`", inspect.getdoc(function) or ""]
    return _page(
        "Marker, fixtures and hooks",
        "As `pytest --markers` and `pytest --fixtures` say it. Examples: [pytest](../pytest.md).",
        *parts,
    )


def _own(module: Any) -> Iterator[tuple[str, Any]]:
    """Yield what is public in a module and was written there, in the order of the file."""
    names = re.findall(r"^def (\w+)", inspect.getsource(module), re.MULTILINE)
    return ((name, getattr(module, name)) for name in names if not name.startswith("_"))


def _commands() -> str:
    parser = argparse.ArgumentParser(prog="osiris-parity")
    subparsers = parser.add_subparsers()
    for module in COMMANDS.values():
        import_module(f"osiris_core.cli.{module}").add_parser(subparsers)
    parts: list[str] = []
    for name, command in subparsers.choices.items():
        parts += [f"## `osiris-parity {name}`", *_command(command)]
    return _page(
        "Commands",
        "As `osiris-parity COMMAND --help` says it. What they print and when to use which: [the command line](../cli.md).",
        *parts,
    )


def _command(command: argparse.ArgumentParser) -> Iterator[str]:
    yield (command.description or "").replace("%(prog)s", command.prog)
    rows, actions = [], {}
    for each in command._actions:  # noqa: SLF001 - argparse has no other way to tell its arguments
        if isinstance(each, argparse._SubParsersAction):  # noqa: SLF001 - as above
            actions = each.choices
        elif "--help" not in each.option_strings and each.help != argparse.SUPPRESS:
            rows.append((_spelled(each), (each.help or "").replace("%%", "%")))
    if rows:
        yield _table(("argument", "meaning"), rows)
    if command.epilog:
        yield _sentence(command.epilog)
    for name, action in actions.items():
        yield f"### `{command.prog.partition(' ')[2].split(' [')[0]} {name}`"
        yield from _command(action)


def _spelled(action: argparse.Action) -> str:
    choices = "|".join(map(str, action.choices)) if action.choices else ""
    value = action.metavar or choices or action.dest.upper()
    value = value if isinstance(value, str) else " ".join(value)
    value += "..." if action.nargs in {"+", "*", "..."} and not value.endswith("...") else ""
    if not action.option_strings:
        return f"`{value}`"
    takes = action.nargs != 0
    return ", ".join(f"`{each} {value}`" if takes else f"`{each}`" for each in action.option_strings)


def _python() -> str:
    parts: list[str] = []
    for title, text, *modules in _API:
        parts += [f"## {title}", text]
        for module, names in modules:
            found = import_module(module)
            for name in names:
                parts += [f"### `{name}`", f"`{module}.{name}`", *_described(getattr(found, name))]
    return _page("In Python", "The classes and functions that programs and tests use.", *parts)


def _described(thing: Any) -> Iterator[str]:
    if not inspect.isclass(thing):
        yield f"`{thing.__name__}{_signature(thing)}`"
    yield inspect.getdoc(thing) or ""
    if dataclasses.is_dataclass(thing):
        fields = [each for each in dataclasses.fields(thing) if not each.name.startswith("_")]
        yield _table(("field", "type", "default"), [(f"`{f.name}`", f"`{f.type}`", _default_of(f)) for f in fields])
    elif inspect.isclass(thing) and issubclass(thing, str):
        yield ", ".join(f"`{member}`" for member in thing)
    if inspect.isclass(thing):
        yield "\n".join(f"- {member}: {text}" for member, text in _members(thing))


def _members(cls: type) -> Iterator[tuple[str, str]]:
    """Yield the methods and properties that a class has for its users, each with the first sentence of its docstring."""
    for name, member in vars(cls).items():
        text = (inspect.getdoc(member) or "").partition("\n\n")[0].replace("\n", " ")
        if isinstance(member, property) and not name.startswith("_"):
            yield f"`{name}`", text
        elif inspect.isfunction(member) and not name.startswith("_") and text:
            yield f"`{name}{_signature(member)}`", text


def _default_of(field: dataclasses.Field[Any]) -> str:
    if field.default is not dataclasses.MISSING:
        return f"`{field.default!r}`"
    return "empty" if field.default_factory is not dataclasses.MISSING else "required"


def _signature(function: Callable[..., Any]) -> str:
    """Return what a function takes and gives; a default that is longer than a word stands as `...`."""
    signature = inspect.signature(function)
    own = [_short(each) for each in signature.parameters.values() if each.name not in {"self", "cls"}]
    text = str(signature.replace(parameters=own)).replace("= Ellipsis", "= ...")
    return re.sub(r"""(: |-> )(['"])(.*?)\2""", r"\1\3", text)


def _short(parameter: inspect.Parameter) -> inspect.Parameter:
    plain = parameter.default is parameter.empty or isinstance(parameter.default, str | int | float | None)
    return parameter if plain or parameter.default == () else parameter.replace(default=...)


def _page(title: str, *parts: str) -> str:
    return (
        "\n\n".join(
            [f"# {title}", "<!-- Made by docs/generate.py from the code: change it there. -->", *filter(None, parts)]
        )
        + "\n"
    )


def _table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    lines = [head, ("---",) * len(head), *rows]
    return "\n".join("| " + " | ".join(_cell(cell) for cell in line) + " |" for line in lines)


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def _sentence(text: str) -> str:
    text = text[0].upper() + text[1:]
    return text if text.endswith(".") else f"{text}."


if __name__ == "__main__":
    HERE.mkdir(exist_ok=True)
    for file, content in pages().items():
        (HERE / file).write_text(content, encoding="utf-8")

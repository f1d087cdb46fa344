"""Types what a page of the documentation says, in the order in which it says it, and holds what is printed to what it shows.

    python .ci/follow.py docs/tutorial.md DIRECTORY

types a whole page into one shell that starts in an empty directory. How a page says it:

- A block of the language `console` is what a terminal shows: `$ ` and a command, below it what the command prints. A line
  `...` stands for any lines, `...` in a line for any text. Where nothing is shown anything may be printed.
- A block of the language `diff` changes a file that is there: lines with ` ` and `-` are to be found in it once, those with ` ` and `+`
  take their place; `@@` stands between two such places.
- Any other block is a file. It is named by the last words in front of the block, as is the one that is changed: `sales.osiris.yaml`:
- A command ends with 0, unless `echo $?` follows.

What no two runs have in common, such as durations, is left out of the comparison; see `plain`.
"""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_FENCE: Final = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_NAMED: Final = re.compile(r"`([^`\n]+)`[^`.]*:\s*\Z")
_PROMPT: Final = "$ "
_STATUS: Final = "echo $?"
_END: Final = "\x1e"
_FOREIGN: Final = ("PYTHON", "PYTEST", "COV", "VIRTUAL_ENV", "UV", "OSIRIS", "E2B", "CI", "BUILD_NUMBER", "GITHUB")
"""What variables begin with that a reader, on a machine of their own, would not have."""


class PageError(Exception):
    """A page has a block that nobody can follow, or what it shows is not what is seen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """A file that the page has its reader write; `line` is where the page has it."""

    line: int
    path: str
    content: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed:
    """Lines of a file that the page has its reader replace, as texts of before and after."""

    line: int
    path: str
    places: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Typed:
    """A command, the lines that the page shows below it, and whether the page asks for its status next."""

    line: int
    command: str
    shown: tuple[str, ...] = ()
    may_fail: bool = False


Deed = Written | Changed | Typed


def deeds(text: str) -> list[Deed]:
    """Return what a page has its reader do, in order; raises `PageError` for a block that is neither command nor named file."""
    found: list[Deed] = []
    for block in _FENCE.finditer(text):
        line = text.count("\n", 0, block.start()) + 2
        if block[1] == "console":
            found += _commands(block[2], line)
            continue
        named = _NAMED.search(text[: block.start()])
        if named is None:
            raise PageError(f"line {line}: this block is no console, and nothing in front of it names a file")
        if block[1] == "diff":
            found.append(Changed(line=line, path=named[1], places=tuple(_places(block[2]))))
        else:
            found.append(Written(line=line, path=named[1], content=block[2]))
    return found


def _places(block: str) -> Iterator[tuple[str, str]]:
    for place in re.split(r"^@@\n", block, flags=re.MULTILINE):
        lines = place.splitlines(keepends=True)
        yield (
            "".join(line[1:] for line in lines if line[0] in " -"),
            "".join(line[1:] for line in lines if line[0] in " +"),
        )


def _commands(block: str, first: int) -> Iterator[Typed]:
    lines = block.splitlines()
    starts = [number for number, line in enumerate(lines) if line.startswith(_PROMPT)]
    if not starts or starts[0] != 0:
        raise PageError(f"line {first}: a console block begins with `$ ` and a command")
    for start, end in zip(starts, [*starts[1:], len(lines)], strict=True):
        asked = end < len(lines) and lines[end] == _PROMPT + _STATUS
        yield Typed(
            line=first + start,
            command=lines[start].removeprefix(_PROMPT),
            shown=tuple(lines[start + 1 : end]),
            may_fail=asked,
        )


def require_shown(deed: Typed, printed: str) -> None:
    """Raise `PageError` where a command printed something else than the page shows below it."""
    if not deed.shown:
        return
    parts = [r"(?:[^\n]*\n)*?" if line.strip() == "..." else _pattern(line) for line in deed.shown]
    seen = "".join(f"{plain(line)}\n" for line in printed.splitlines() if line.strip())
    if re.fullmatch("".join(parts), seen) is None:
        shown = "\n".join(deed.shown)
        raise PageError(
            f"line {deed.line}: `{deed.command}` does not print what the page shows.\n{shown}\n-- but:\n{printed}"
        )


def _pattern(line: str) -> str:
    """Return what matches one shown line; an empty one matches nothing, as empty lines are not looked at."""
    if not line.strip():
        return ""
    return r"[^\n]*".join(re.escape(plain(part)) for part in plain(line).split("...")) + r"\n"


def plain(line: str) -> str:
    """Return a line without what no two runs have in common: session ids, durations, widths of rulers and columns."""
    line = re.sub(r"\b\d{8}T\d{6}Z-[0-9a-f]{8}\b", "SESSION", line.rstrip())
    line = re.sub(r"\b\d+\.\d+s\b", "SECONDS", line)
    line = re.sub(r"([=_-])\1{3,}", r"\1\1\1", line)
    return re.sub(r"\s+", " ", line)


class Shell:
    """One bash for a whole page: what a command exports or enters holds for those that follow."""

    def __init__(self, directory: Path, environment: Mapping[str, str]) -> None:
        self._bash = subprocess.Popen(
            ["bash", "--noprofile", "--norc"],
            cwd=directory,
            env=dict(environment),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self._status = 0

    def close(self) -> None:
        """End it."""
        self._bash.communicate()

    def run(self, command: str) -> tuple[str, int]:
        """Return what a command prints, and its status."""
        assert self._bash.stdin is not None
        assert self._bash.stdout is not None
        self._bash.stdin.write(f"(exit {self._status})\n{{ {command}\n}} </dev/null\nprintf '\\036%s\\n' $?\n")
        self._bash.stdin.flush()
        printed: list[str] = []
        for line in self._bash.stdout:
            text, ended, status = line.rpartition(_END)
            printed.append(text if ended else line)
            if ended:
                self._status = int(status)
                return "".join(printed), self._status
        raise PageError(f"the shell ended in the middle of `{command}`")


def follow(page: Path, directory: Path, environment: Mapping[str, str]) -> Iterator[str]:
    """Do all that a page says, and yield a line for each deed; raises `PageError` where it does not come out as shown."""
    with contextlib.closing(Shell(directory, environment)) as shell:
        for deed in deeds(page.read_text(encoding="utf-8")):
            if not isinstance(deed, Typed):
                yield f"{page.name}:{deed.line}: writes {deed.path}"
                write(deed, directory)
                continue
            yield f"{page.name}:{deed.line}: $ {deed.command}"
            printed, status = shell.run(deed.command)
            if status and not deed.may_fail:
                raise PageError(f"line {deed.line}: `{deed.command}` ended with {status}:\n{printed}")
            require_shown(deed, printed)


def write(deed: Written | Changed, directory: Path) -> None:
    """Write or change a file as its reader would."""
    path = directory / deed.path
    if isinstance(deed, Written):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(deed.content, encoding="utf-8")
        return
    text = path.read_text(encoding="utf-8")
    for before, after in deed.places:
        if text.count(before) != 1:
            raise PageError(f"line {deed.line}: {deed.path} has these lines {text.count(before)} times:\n{before}")
        text = text.replace(before, after)
    path.write_text(text, encoding="utf-8")


def main() -> int:
    """Follow the page that the command line names."""
    page, directory = Path(sys.argv[1]), Path(sys.argv[2])
    environment = {name: value for name, value in os.environ.items() if not name.startswith(_FOREIGN)}
    environment |= {"COLUMNS": "80", "TERM": "dumb"}
    try:
        for said in follow(page, directory, environment):
            sys.stdout.write(f"{said}\n")
            sys.stdout.flush()
    except PageError as error:
        sys.stderr.write(f"{page}: {error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""What a build is asked to do, as far as this server can do it: one interpreter, pinned distributions, a working directory.

The steps are those that the SDK's template builder sends. E2B runs any command in any image; here a step that is not
understood ends the build with a sentence, because a template that silently lacks it would be another template.
"""

from __future__ import annotations

import posixpath
import re
import shlex
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from osiris_core.sandbox import profile

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

BASE_STEP = "base"
BASE_IMAGE = "e2bdev/base"
VIEW_PYTHON = f"{profile.VIEW}/bin/python"
SERVED = "pip install of pinned distributions (name==version), set_envs, set_workdir below /home/user, set_user"

_MINOR = f"{sys.version_info.major}.{sys.version_info.minor}"
_IMAGE = re.compile(rf"(?:docker\.io/)?(?:library/)?python:{re.escape(_MINOR)}(?:\.\d+)?(?:-[a-z0-9.-]+)?")
_BASE_IMAGE = re.compile(rf"{re.escape(BASE_IMAGE)}(?::[\w.-]+)?")
_HARMLESS = {
    "--no-cache-dir",
    "--no-input",
    "--disable-pip-version-check",
    "--root-user-action=ignore",
    "--quiet",
    "-q",
    "--upgrade",
    "-U",
}
_MAKE_VIEW = ["-m", "venv", "--without-pip", profile.VIEW]


class StepError(Exception):
    """Raised for a step that fails or is not served: `step` as the SDK counts it, `base` or from 1; one sentence."""

    def __init__(self, step: str, message: str) -> None:
        super().__init__(message)
        self.step = step


@dataclass(frozen=True, slots=True, kw_only=True)
class Pin:
    """One distribution of an install: its canonical name, its version, its extras."""

    name: str
    version: str
    extras: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Install:
    """One `pip install`: what it names, and whether what that requires comes with it."""

    step: str
    pins: tuple[Pin, ...]
    with_requirements: bool


@dataclass(slots=True, kw_only=True)
class Recipe:
    """All of a build; `lines` are what its log says of each step before it is done."""

    installs: list[Install] = field(default_factory=list)
    workdir: str = ""
    lines: list[tuple[str, str]] = field(default_factory=list)
    has_view: bool = False


def read_recipe(body: dict[str, Any]) -> Recipe:
    """Return what the body of a started build asks for; raises StepError for the first thing that is not served."""
    recipe = Recipe()
    recipe.lines.append((BASE_STEP, f"FROM {_image(body)} (served as this machine's Python {_MINOR})"))
    for number, step in enumerate(body.get("steps") or (), 1):
        args = step.get("args") or []
        if not isinstance(args, list) or not all(isinstance(each, str) for each in args):
            raise StepError(str(number), "the arguments of a step must be a list of strings")
        _read_step(recipe, str(number), str(step.get("type", "")).upper(), args)
    if body.get("startCmd") or body.get("readyCmd"):
        raise StepError("finalize", "this server starts no command with a sandbox: leave set_start_cmd out")
    return recipe


def _image(body: dict[str, Any]) -> str:
    if body.get("fromImageRegistry"):
        raise StepError(BASE_STEP, "this server pulls no image: it has this machine's interpreter and nothing else")
    if template := body.get("fromTemplate"):
        if template != BASE_STEP:
            raise StepError(BASE_STEP, f"this server builds on the template 'base' only, not on '{template}'")
        return str(template)
    image = str(body.get("fromImage") or BASE_IMAGE)
    if not _IMAGE.fullmatch(image) and not _BASE_IMAGE.fullmatch(image):
        raise StepError(
            BASE_STEP,
            f"this server has no image '{image}': it serves from_python_image('{_MINOR}'), which is the Python that it "
            "runs on, and from_base_image()",
        )
    return image


def _read_step(recipe: Recipe, step: str, kind: str, args: list[str]) -> None:
    match kind, args:
        case "RUN", [command, *_]:
            for words in _commands(step, command):
                _read_command(recipe, step, words)
            recipe.lines.append((step, f"RUN {command}"))
        case "ENV", _:
            # E2B, too, sets these for the steps of the build only; the steps served here look at none.
            recipe.lines.append((step, f"ENV {' '.join(args[::2])}"))
        case "WORKDIR", [workdir]:
            recipe.workdir = _workdir(step, recipe.workdir, workdir)
            recipe.lines.append((step, f"WORKDIR {recipe.workdir}"))
        case "USER", ["user" | "root" as user]:
            recipe.lines.append((step, f"USER {user}"))
        case _:
            raise StepError(step, f"this server does not serve the step {kind or '?'}: it serves {SERVED}")


def _workdir(step: str, current: str, given: str) -> str:
    home = profile.HOMES["user"]
    path = posixpath.normpath(posixpath.join(current or home, given))
    if path != home and not path.startswith(f"{home}/"):
        raise StepError(
            step, f"this server has no place for the working directory '{given}': it serves {home} and below"
        )
    return path


def _commands(step: str, command: str) -> Iterator[list[str]]:
    """Yield the words of each command of a line of commands joined by `&&`."""
    lexer = shlex.shlex(command, posix=True, punctuation_chars=True)
    lexer.whitespace_split = True
    lexer.commenters = ""
    try:
        words = list(lexer)
    except ValueError as error:
        raise StepError(step, f"the command cannot be read: {error}") from error
    start = 0
    for index in [*(at for at, word in enumerate(words) if word == "&&"), len(words)]:
        yield words[start:index]
        start = index + 1


def _read_command(recipe: Recipe, step: str, words: list[str]) -> None:
    match words:
        case ["python" | "python3", *rest] if rest == _MAKE_VIEW:
            recipe.has_view = True
            return
        case ["python" | "python3", "-m", "pip", *rest] | ["pip" | "pip3", *rest]:
            recipe.installs.append(_install(recipe, step, rest))
            return
    raise StepError(step, f"this server does not run '{shlex.join(words)}': it serves {SERVED}")


def _install(recipe: Recipe, step: str, words: Sequence[str]) -> Install:
    match words:
        case ["--python", python, "install", *rest] if python == VIEW_PYTHON:
            if not recipe.has_view:
                raise StepError(step, f"there is no interpreter at {VIEW_PYTHON} yet")
        case ["install", *rest]:
            if recipe.has_view:
                raise StepError(
                    step, f"two places to install to: with a {profile.VIEW}, use pip --python {VIEW_PYTHON}"
                )
        case _:
            raise StepError(step, f"this server does not run 'pip {shlex.join(words)}': it serves {SERVED}")
    options = [word for word in rest if word.startswith("-")]
    if unknown := [word for word in options if word not in _HARMLESS | {"--no-deps"}]:
        raise StepError(step, f"this server does not serve pip's option {unknown[0]}: it serves {SERVED}")
    pins = tuple(_pin(step, word) for word in rest if not word.startswith("-"))
    return Install(step=step, pins=pins, with_requirements="--no-deps" not in options)


def _pin(step: str, word: str) -> Pin:
    from packaging.requirements import InvalidRequirement, Requirement  # few servers build a template
    from packaging.utils import canonicalize_name

    sentence = f"this server installs pinned distributions only, written name==version, and '{word}' is none"
    try:
        requirement = Requirement(word)
    except InvalidRequirement as error:
        raise StepError(step, sentence) from error
    [*specifiers] = requirement.specifier
    exact = len(specifiers) == 1 and specifiers[0].operator == "==" and not specifiers[0].version.endswith(".*")
    if not exact or requirement.url or requirement.marker:
        raise StepError(step, sentence)
    return Pin(
        name=canonicalize_name(requirement.name),
        version=specifiers[0].version,
        extras=frozenset(requirement.extras),
    )

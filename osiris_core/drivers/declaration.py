"""A driver's declaration, whoever wrote it and where, checked and made a `DriverSpec`."""

from __future__ import annotations

import re
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, get_args

from osiris_core.drivers.protocol import DriverSpec, Effects, Frame, Kind, Option, OptionType
from osiris_core.errors import DriverDeclarationError
from osiris_core.nearest import nearest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from osiris_core.drivers.stated import Stated

_WORDS: Final = {"kind": get_args(Kind), "frame": get_args(Frame), "effects": get_args(Effects)}
_OPTION_KEYS: Final = ("type", "required", "choices", "default", "summary", "minimum", "maximum")
_TYPES: Final = get_args(OptionType)
_TEXTS: Final = ("string", "input_path", "output_path")
_LISTS: Final = ("strings", "output_paths")
_NUMBERS: Final = ("integer", "number")


def spec_of(
    name: str, target: str, stated: Mapping[str, Stated], *, source: str, documentation: str = "", summary: str = ""
) -> DriverSpec:
    """Return the declaration of the driver called `name`. Raises `DriverDeclarationError` with the place of what is wrong.

    A driver that states nothing is taken for one of Osiris': it is handed pandas frames and takes any option. One that
    asks for frames requires the distribution that they come from.
    """
    requirements = _texts("requirements", stated["requirements"]) if "requirements" in stated else ()
    words = {key: _word(key, stated[key]) for key in _WORDS if key in stated}
    text = " ".join(documentation.partition("\n\n")[0].split())
    return DriverSpec(
        name=name,
        target=target,
        kind=words.get("kind", "callable"),
        frame=words.get("frame", "arrow" if stated else "pandas"),
        effects=words.get("effects", "artifacts"),
        requirements=(*requirements, *_missing_frame(words.get("frame", "arrow"), requirements)),
        options=MappingProxyType(_options(stated["options"]) if "options" in stated else {}),
        open_options=_flag("open_options", stated["open_options"]) if "open_options" in stated else not stated,
        secret_variables=_texts("secret_variables", stated["secret_variables"]) if "secret_variables" in stated else (),
        summary=summary or text,
        documentation=documentation,
        source=source,
    )


def _missing_frame(frame: str, requirements: tuple[str, ...]) -> tuple[str, ...]:
    """Return the distribution of a frame that a driver asks for and does not require by itself."""
    required = any(re.match(rf"{frame}(?![\w.-])", each, re.IGNORECASE) for each in requirements)
    return () if frame == "arrow" or required else (frame,)


def _word(key: str, stated: Stated) -> Any:
    if stated.value not in _WORDS[key]:
        hint = (nearest(stated.value, _WORDS[key]) if isinstance(stated.value, str) else "") or "known: " + ", ".join(
            _WORDS[key]
        )
        raise DriverDeclarationError(f"{stated.at}: {key} cannot be {stated.value!r}", hint=hint)
    return stated.value


def _flag(key: str, stated: Stated) -> bool:
    if not isinstance(stated.value, bool):
        raise DriverDeclarationError(f"{stated.at}: {key} is true or false, not {stated.value!r}")
    return stated.value


def _texts(key: str, stated: Stated) -> tuple[str, ...]:
    if not isinstance(stated.value, (list, tuple)) or not all(isinstance(each, str) for each in stated.value):
        raise DriverDeclarationError(f"{stated.at}: {key} is a list of texts, not {stated.value!r}")
    return tuple(stated.value)


def _options(stated: Stated) -> dict[str, Option]:
    if not isinstance(stated.value, dict) or not all(isinstance(key, str) for key in stated.value):
        hint = 'for example: options = {"column": {"type": "string", "required": True}}'
        raise DriverDeclarationError(f"{stated.at}: options is a mapping of names to mappings", hint=hint)
    return {key: _option(key, value, stated.inside.get(key, stated.at)) for key, value in stated.value.items()}


def _option(name: str, given: Any, at: str) -> Option:
    """Return one option; nothing of it may be of another type, or contradict the rest."""
    where = f"{at}: the option {name!r}"
    if not isinstance(given, dict):
        raise DriverDeclarationError(f"{where} is a mapping, not {given!r}", hint='for example: {"type": "string"}')
    unknown = next((key for key in given if key not in _OPTION_KEYS), None)
    if unknown is not None:
        hint = nearest(str(unknown), _OPTION_KEYS) or "known: " + ", ".join(_OPTION_KEYS)
        raise DriverDeclarationError(f"{where} has an unknown key {unknown!r}", hint=hint)
    kind = given.get("type")
    if kind not in _TYPES:
        hint = (nearest(kind, _TYPES) if isinstance(kind, str) else "") or "known: " + ", ".join(_TYPES)
        raise DriverDeclarationError(f"{where} has " + (f"no type {kind!r}" if kind else "no type"), hint=hint)
    choices = given.get("choices", ())
    rules = (
        (isinstance(given.get("required", False), bool), "required is true or false"),
        (isinstance(given.get("summary", ""), str), "summary is text"),
        (
            isinstance(choices, (list, tuple)) and all(isinstance(each, str) for each in choices),
            "choices is a list of texts",
        ),
        (not choices or kind in ("string", "strings"), "only texts have choices"),
        (all(_is_number(given.get(key, 0)) for key in ("minimum", "maximum")), "minimum and maximum are numbers"),
        (kind in _NUMBERS or not given.keys() & {"minimum", "maximum"}, "only numbers have a minimum or maximum"),
        (not (given.get("required") and "default" in given), "what is required has no default"),
        (given.get("default") is None or _fits(given["default"], kind, choices), f"the default is no {kind} it takes"),
    )
    broken = next((words for holds, words in rules if not holds), None)
    if broken is not None:
        raise DriverDeclarationError(f"{where} is contradictory: {broken}")
    return Option(**{**given, "choices": tuple(choices)})


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _fits(value: Any, kind: object, choices: Any) -> bool:
    """Return whether a default is a value that the option takes."""
    if kind in _TEXTS:
        return isinstance(value, str) and (not choices or value in choices)
    if kind in _LISTS:
        return isinstance(value, (list, tuple)) and all(_fits(each, "string", choices) for each in value)
    if kind in _NUMBERS:
        return _is_number(value) and (kind == "number" or isinstance(value, int))
    plain = {"boolean": bool, "mapping": dict}
    return isinstance(value, plain.get(str(kind), object))

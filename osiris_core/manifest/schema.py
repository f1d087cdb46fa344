"""The JSON Schema of a manifest, for editors: made from what the loader itself is made of, and from drivers' declarations.

It says less than the loader, never more: what it refuses, the loader refuses. Wherever a value may be a parameter, a text
that refers to one is accepted. The schema with the built-in drivers is published as `manifest.schema.json` beside this
module (`osiris-parity schema --built-in` writes it, a test holds it against the code).
"""

from __future__ import annotations

import json
from importlib import resources
from typing import TYPE_CHECKING, Any, Final, Protocol

from osiris_core.choices import REQUIREMENTS
from osiris_core.manifest.collecting import MAX_CASES
from osiris_core.manifest.expect import OUTCOMES
from osiris_core.manifest.header import NETWORKS, ON_FAILURE, PARITY_TEXTS, TEMPLATE_RULE, VARIABLE_RULE
from osiris_core.manifest.model import FORMAT, STEP_ID_RULE, Pipeline, Resources
from osiris_core.manifest.params import NAME_RULE
from osiris_core.manifest.shapes import DriverShape, OptionShape
from osiris_core.manifest.steps import MAX_RETRIES
from osiris_core.rules.forms import Form
from osiris_core.rules.model import KNOWN, SHAPE_TYPES, RecordKind, RuleKind
from osiris_core.rules.presets import PRESETS
from osiris_core.rules.reading import ID_RULE, KIND_KEYS, MOST

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

Schema = dict[str, Any]
FILE: Final = "manifest.schema.json"

_REFERENCE: Final = {"type": "string", "pattern": r"\$\{params\."}
_TEXT: Final = {"type": "string"}
_TEXTS: Final = {"type": "array", "items": _TEXT, "uniqueItems": True}
_SECONDS: Final = {"type": "number", "exclusiveMinimum": 0}
_CONFIG_OR_FILE: Final = [{"required": ["config"]}, {"required": ["cfg_path"]}]
_OPTION_TYPES: Final[Mapping[str, Schema]] = {
    "string": _TEXT,
    "input_path": {"type": "string", "minLength": 1},
    "output_path": {"type": "string", "minLength": 1},
    "output_paths": {"type": "array", "items": {"type": "string", "minLength": 1}, "uniqueItems": True},
    "integer": {"type": "integer"},
    "number": {"type": "number"},
    "boolean": {"type": "boolean"},
    "strings": {"type": "array", "items": _TEXT},
    "mapping": {"type": "object"},
    "any": {},
}


class DescribedOption(OptionShape, Protocol):
    """An option with words for readers."""

    @property
    def default(self) -> Any:
        """What the driver takes where the key is missing."""

    @property
    def summary(self) -> str:
        """One sentence."""


class DescribedDriver(DriverShape, Protocol):
    """A driver with words for readers."""

    @property
    def name(self) -> str:
        """How steps call it."""

    @property
    def summary(self) -> str:
        """One sentence."""

    @property
    def options(self) -> Mapping[str, DescribedOption]:
        """Its options by name."""


def published_schema() -> Schema:
    """Return the schema that ships with this package."""
    schema: Schema = json.loads((resources.files(__package__) / FILE).read_text(encoding="utf-8"))
    return schema


def schema_text(schema: Schema) -> str:
    """Return a schema as the text of a file."""
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def manifest_schema(drivers: Iterable[DescribedDriver]) -> Schema:
    """Return the schema of manifests whose steps may use these drivers; of others the config is not looked at."""
    known = sorted(drivers, key=lambda each: each.name)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:pytest-osiris:manifest:{FORMAT}",
        "title": "Osiris manifest",
        "description": "A pipeline, and everything that a run of it may need.",
        "type": "object",
        "required": ["osiris", "pipeline", "steps"],
        "additionalProperties": False,
        "properties": {
            "osiris": {"const": FORMAT, "description": "The format; text, so with quotes."},
            "pipeline": _pipeline(),
            **_given(),
            "params": {
                "description": "Values that `${params.NAME}` stands for, by default.",
                "type": "object",
                "propertyNames": {"pattern": _whole(NAME_RULE)},
            },
            "steps": {
                "description": "Executed one after the other, each after what it needs.",
                "type": "array",
                "minItems": 1,
                "items": _step(known),
            },
            "expect": {**_open(_expect()), "description": "What must be true of every run."},
            "parity": _closed(
                "Rules of the comparison.",
                text={
                    "enum": list(PARITY_TEXTS),
                    "description": "Whether log and error text is compared after replacing known directories and noise.",
                },
                require={
                    "enum": list(REQUIREMENTS),
                    "description": "The weakest verdict that passes where two targets are compared.",
                },
                normalizers={
                    "type": "array",
                    "maxItems": MOST,
                    "items": {"anyOf": _rules()},
                    "description": "Declared rules: what may differ between two sessions, why, and within which bounds.",
                },
            ),
            "pytest": _pytest(),
        },
    }


def _rules() -> list[Schema]:
    """Return the schemas of what can stand in `normalizers`: a preset, or a rule of each kind."""
    return [
        _closed(
            "Rules that many projects need.",
            required=["preset"],
            preset={"enum": list(PRESETS)},
            reason=_TEXT,
            step=_TEXT,
            records={"type": "array", "items": _TEXT},
        ),
        *(_rule(kind) for kind in RuleKind),
    ]


def _rule(kind: RuleKind) -> Schema:
    """Return the schema of the rules of one kind."""
    distance: Schema = {"type": "number", "minimum": 0}
    own: dict[str, Schema] = {
        "space": _TEXT,
        "absolute": distance,
        "relative": distance,
        "ulp": {"type": "integer", "minimum": 0},
        "signed_zero": {"type": "boolean"},
        "by": {"type": "array", "items": _TEXT},
        "known": {"type": "array", "items": {"enum": list(KNOWN)}},
        "form": {"enum": list(Form)},
    }
    return _closed(
        f"A rule of kind `{kind}`.",
        required=["id", "reason", "kind", "scope", *(["form"] if kind is RuleKind.CANONICAL else [])],
        id={"type": "string", "pattern": _whole(ID_RULE)},
        reason=_TEXT,
        kind={"const": kind.value},
        scope=_closed(
            "Where it holds; `*` stands for anything.",
            required=["record"],
            record={"enum": list(RecordKind)},
            step=_TEXT,
            name=_TEXT,
            path=_TEXT,
            match=_TEXT,
        ),
        shape=_closed(
            "What a value must be on both sides.",
            type={"enum": list(SHAPE_TYPES)},
            pattern=_TEXT,
            least={"type": "number"},
            greatest={"type": "number"},
        ),
        max_hits={"type": "integer", "minimum": 0},
        max_share={"type": "number", "minimum": 0, "maximum": 1},
        must_fire={"type": "boolean"},
        **{name: own[name] for name in KIND_KEYS[kind]},
    )


def _whole(rule: str) -> str:
    return f"^(?:{rule})$"


def _open(schema: Schema) -> Schema:
    """Return the schema of a value that may be a parameter."""
    return {"anyOf": [schema, _REFERENCE]}


def _closed(words: str, /, *, required: Iterable[str] = (), **properties: Schema) -> Schema:
    """Return the schema of a mapping that has these keys and no others."""
    needed = list(required)
    return {
        **({"description": words} if words else {}),
        "type": "object",
        **({"required": needed} if needed else {}),
        "additionalProperties": False,
        "properties": properties,
    }


def _pipeline() -> Schema:
    default = Pipeline(id="")
    return _closed(
        "What the pipeline is called.",
        required=["id"],
        id={"type": "string", "pattern": _whole(STEP_ID_RULE)},
        version={"type": "string", "default": default.version},
        description=_TEXT,
    )


def _given() -> dict[str, Schema]:
    """Return what a run is given, by key."""
    sizes = {
        name: {**_open({"type": "integer", "minimum": 1}), "default": getattr(Resources(), name)}
        for name in ("cpus", "memory_mb", "disk_mb")
    }
    variable = {"pattern": _whole(VARIABLE_RULE)}
    names = {"type": "array", "items": {"type": "string", **variable}, "uniqueItems": True}
    return {
        "inputs": {
            **_open({"type": "array", "items": _TEXT, "uniqueItems": True}),
            "description": "Paths and patterns of the files that the run may read, from the manifest's directory.",
        },
        "code": {**_TEXTS, "description": "Directories of the project's own Python, put on `sys.path` in this order."},
        "requirements": {**_TEXTS, "description": "Distributions needed beyond what the drivers declare (PEP 508)."},
        "env": {
            "description": "Variables that steps see in a sandbox too. `NAME: value` fixes the value on both targets.",
            "anyOf": [
                names,
                {"type": "object", "propertyNames": variable, "additionalProperties": {"type": ["string", "null"]}},
            ],
        },
        "resources": {**_open(_closed("", **sizes)), "description": "Size of the sandbox."},
        "network": {
            **_open({"enum": list(NETWORKS)}),
            "description": "What the sandbox can reach: nothing but itself, or everything.",
            "default": NETWORKS[0],
        },
        "template": {
            **_open({"type": "string", "pattern": _whole(TEMPLATE_RULE)}),
            "description": "The sandbox template to use instead of the one made from the requirements.",
        },
        "timeout_s": {**_open(_SECONDS), "description": "Seconds that the whole run may take."},
        "on_failure": {
            **_open({"enum": list(ON_FAILURE)}),
            "description": "Whether steps that do not need a failed one still run.",
            "default": ON_FAILURE[0],
        },
        "secrets": {**names, "description": "Variables of the host whose values steps may know and no file may hold."},
        "secrets_in_artifacts": {
            "description": "Artifacts that may hold a secret, as patterns of `<step>/<file>`, and why.",
            "type": "object",
            "propertyNames": {"pattern": "/"},
            "additionalProperties": {"type": "string", "minLength": 1},
        },
        "connections": {"type": "string", "description": "A file of connections, as Osiris has it."},
    }


def _step(drivers: list[DescribedDriver]) -> Schema:
    step = _closed(
        "",
        required=["id", "driver"],
        id={
            "type": "string",
            "pattern": _whole(STEP_ID_RULE),
            "description": "A letter, then up to 62 letters, digits, `_` or `-`.",
        },
        driver={
            "description": "What does the step's work.",
            "anyOf": [{"enum": [each.name for each in drivers]}, {"type": "string", "minLength": 1}],
        },
        needs={**_TEXTS, "description": "Steps whose tables this one is given, as `df_<id>` with `_` for `-`."},
        config={**_open({"type": "object"}), "description": "The driver's options."},
        cfg_path={"type": "string", "minLength": 1, "description": "A JSON file with the driver's options, instead."},
        timeout_s={**_open(_SECONDS), "description": "Seconds that one attempt may take."},
        retries={
            **_open({"type": "integer", "minimum": 0, "maximum": MAX_RETRIES}),
            "description": "How often a failed step is tried again, as long as it has had no effect.",
            "default": 0,
        },
    )
    return {**step, "allOf": [_condition(each) for each in drivers]}


def _condition(driver: DescribedDriver) -> Schema:
    """Return what holds for the config of steps with this driver."""
    required = [name for name, option in driver.options.items() if option.required]
    config = {
        "description": driver.summary,
        "additionalProperties": driver.open_options,
        "properties": {name: _option(each) for name, each in driver.options.items()},
        **({"required": required} if required else {}),
    }
    then = {"properties": {"config": config}, **({"anyOf": _CONFIG_OR_FILE} if required else {})}
    return {"if": {"properties": {"driver": {"const": driver.name}}, "required": ["driver"]}, "then": then}


def _option(option: DescribedOption) -> Schema:
    schema = dict(_OPTION_TYPES.get(option.type, {}))
    if option.choices and option.type == "string":
        schema = {"enum": list(option.choices)}
    elif option.choices and option.type == "strings":
        schema["items"] = _open({"enum": list(option.choices)})
    for name, bound in (("minimum", option.minimum), ("maximum", option.maximum)):
        if bound is not None and option.type in {"integer", "number"}:
            schema[name] = bound
    described: Schema = {"description": option.summary} if option.summary else {}
    if option.default is not None:
        described["default"] = list(option.default) if isinstance(option.default, tuple) else option.default
    return {**(_open(schema) if schema else {}), **described}


def _expect() -> Schema:
    def limits(number: Schema) -> Schema:
        pair = {**_closed("", min=_open(number), max=_open(number)), "minProperties": 1}
        return {"anyOf": [number, pair, _REFERENCE]}

    count, value = limits({"type": "integer", "minimum": 0}), limits({"type": "number"})
    artifact = _closed(
        "What must be true of the file.",
        absent={**_open({"const": True}), "description": "It must not be there."},
        sha256=_open({"type": "string", "pattern": "^[0-9a-fA-F]{64}$"}),
        size_bytes=count,
        lines={**count, "description": "Its line ends, and a last line without one."},
        contains={
            "description": "Texts that must be in it, in UTF-8.",
            "anyOf": [
                {"type": "string", "minLength": 1},
                {"type": "array", "items": {"type": "string", "minLength": 1}},
            ],
        },
    )
    by_path = {
        "type": "object",
        "propertyNames": _open({"pattern": "^[^/]+/."}),
        "additionalProperties": _open(artifact),
    }
    listed = {
        "type": "array",
        "items": {"anyOf": [{"type": "string", "pattern": "^[^/]+/."}, _REFERENCE]},
        "uniqueItems": True,
    }
    return _closed(
        "",
        outcome={
            **_open({"enum": list(OUTCOMES)}),
            "description": "How the run ends.",
            "default": OUTCOMES[0],
        },
        failed_step={**_TEXT, "description": "The step that fails."},
        rows={
            **_open({"type": "object", "additionalProperties": count}),
            "description": "Rows of the table that a step hands on: a number, or limits.",
        },
        metrics={
            **_open(
                {"type": "object", "additionalProperties": _open({"type": "object", "additionalProperties": value})}
            ),
            "description": "What a step logged, by step and name: a number, or limits.",
        },
        artifacts={
            **_open({"anyOf": [listed, by_path]}),
            "description": "Files that must be there, as `<step>/<file>`, or what must be true of them.",
        },
    )


def _pytest() -> Schema:
    mark = {"anyOf": [_TEXT, {"type": "object", "minProperties": 1, "maxProperties": 1}]}
    values = {"type": "object", "minProperties": 1, "additionalProperties": {"type": "array", "minItems": 1}}
    cases = {"type": "array", "minItems": 1, "maxItems": MAX_CASES, "items": {"type": "object"}}
    return _closed(
        "How pytest collects the file.",
        marks={"type": "array", "items": mark, "description": "Names, or one `name: arguments` each."},
        parametrize={
            "anyOf": [values, cases],
            "description": "Parameters to lists of values (their product), or a list of cases.",
        },
        ids={"type": "array", "items": {"type": "string", "minLength": 1}, "uniqueItems": True},
    )

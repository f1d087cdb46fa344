"""The schema for editors is held against the loader: it never refuses what loads."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import jsonschema
import pytest

from osiris_core.drivers.registry import builtin_specs
from osiris_core.errors import ManifestError
from osiris_core.manifest import loader, steps
from osiris_core.manifest.nodes import to_json
from osiris_core.manifest.problems import Problems
from osiris_core.manifest.schema import FILE, manifest_schema, published_schema, schema_text
from osiris_core.manifest.tree import read_tree

if TYPE_CHECKING:
    from pathlib import Path

    from tests.manifest.project import Project

HEAD = 'osiris: "1"\npipeline: {id: p}\n'
STEPS = "steps: [{id: a, driver: filesystem.csv_extractor, config: {path: x.csv}}]\n"


def value(text: str) -> Any:
    """Return a manifest's text as plain values, as an editor's YAML reader has them."""
    return to_json(read_tree(text, Problems("x")))


def refused(text: str) -> list[str]:
    """Return why the published schema refuses a manifest."""
    checker = jsonschema.Draft202012Validator(published_schema())
    return [each.message for each in checker.iter_errors(value(text))]


def test_the_schema_is_one():
    """It is a valid JSON Schema."""
    jsonschema.Draft202012Validator.check_schema(published_schema())


def test_the_published_schema_is_in_step_with_the_code(repository: Path):
    """Keys, values and drivers' options come from the code. Mend it with the command of the message."""
    written = (repository / "osiris_core" / "manifest" / FILE).read_text(encoding="utf-8")
    command = f"python -m osiris_core.cli schema --built-in > osiris_core/manifest/{FILE}"
    assert written == schema_text(manifest_schema(builtin_specs().values())), f"run: {command}"


def test_every_key_is_in_the_schema():
    """A key that the loader serves and the schema forgets would be refused by editors."""
    schema = manifest_schema(builtin_specs().values())
    assert set(schema["properties"]) == set(loader.SERVED)
    assert set(schema["properties"]["steps"]["items"]["properties"]) == set(steps.SERVED)


def test_every_shipped_pipeline_passes(repository: Path):
    """Fixtures, and the example of the reference."""
    manifests = sorted((repository / "fixtures").rglob("*.osiris.yaml"))
    assert len(manifests) > 10
    assert {each.name: refused(each.read_text(encoding="utf-8")) for each in manifests} == {
        each.name: [] for each in manifests
    }


GOOD = [
    "",
    "inputs: [a.csv, 'b*.csv']\ncode: [src]\nrequirements: [pandas>=2]\n",
    "env: [A, B]\n",
    "env: {A: x, B: }\n",
    "resources: {cpus: 1}\nnetwork: full\ntemplate: base\ntimeout_s: 1.5\non_failure: continue\n",
    "params: {a: 1, b: [x], c: {d: null}}\nresources: {cpus: '${params.a}'}\ntimeout_s: ${params.a}\n",
    "params: {r: {cpus: 1}, e: {}}\nresources: ${params.r}\nexpect: ${params.e}\n",
    "expect: {outcome: failed, failed_step: a}\n",
    "expect: {rows: {a: 1}, metrics: {a: {x: 1.5, y: {min: 1}}}, artifacts: [a/x]}\n",
    "expect: {rows: {a: {min: 1, max: 2}}, artifacts: {a/x: {}, a/y: {absent: true}, a/z: {lines: {max: 3}}}}\n",
    f"expect: {{artifacts: {{a/x: {{sha256: {'0a' * 32}, size_bytes: 3, contains: [a, b]}}}}}}\n",
    "params: {n: 3}\nexpect: {rows: {a: '${params.n}'}, artifacts: {a/x: {lines: '${params.n}'}}}\n",
    "params: {n: a/x}\nexpect: {artifacts: {'${params.n}': {lines: 1}, 'a/${params.n}': {}}}\n",
    "params: {c: {path: y.csv}}\nsteps: [{id: a, driver: filesystem.csv_extractor, config: '${params.c}'}]\n",
    "parity: {text: exact}\n",
    "parity: {normalizers: [{id: r, reason: why, kind: token, scope: {record: log, match: a}, max_hits: 3}]}\n",
    "parity: {normalizers: [{preset: float-noise}, {id: r, reason: why, kind: canonical, form: case, scope: {record: log}}]}\n",
    "params: {n: 3}\npytest: {marks: [slow, {skip: why}], parametrize: {n: [1, 2]}, ids: [one, two]}\n",
    "params: {n: 3}\npytest: {parametrize: [{n: 1}, {}]}\n",
]


@pytest.mark.parametrize("text", GOOD)
def test_good_manifests_pass_both(project: Project, text: str):
    """What the loader reads, the schema accepts."""
    for each in ("pipelines/a.csv", "pipelines/b1.csv", "pipelines/src/x.py"):
        project.write(each)
    whole = HEAD + ("" if "steps:" in text else STEPS) + text
    assert refused(whole) == []
    load(project, whole)


def load(project: Project, text: str) -> None:
    """Load a manifest with the built-in drivers."""
    from osiris_core.drivers.catalog import DriverCatalog

    project.manifest.write_text(text)
    loader.load_manifest(project.manifest, project_root=project.root, drivers=DriverCatalog())


BAD = [
    "osiris: 1\npipeline: {id: p}\n" + STEPS,
    'osiris: "2"\npipeline: {id: p}\n' + STEPS,
    'osiris: "1"\n' + STEPS,
    HEAD,
    HEAD + "steps: []\n",
    HEAD + "steps: {}\n",
    HEAD + "steps: [{id: a}]\n",
    HEAD + "steps: [{driver: duckdb.processor, config: {query: x}}]\n",
    HEAD + "steps: [{id: 1a, driver: duckdb.processor, config: {query: x}}]\n",
    HEAD + "steps: [{id: a, driver: duckdb.processor}]\n",
    HEAD + "steps: [{id: a, driver: duckdb.processor, config: {}}]\n",
    HEAD + "steps: [{id: a, driver: duckdb.processor, config: {query: 5}}]\n",
    HEAD + "steps: [{id: a, driver: duckdb.processor, config: {query: x, qeury: y}}]\n",
    HEAD + "steps: [{id: a, driver: filesystem.csv_extractor, config: {path: x, header: yes}}]\n",
    HEAD + "steps: [{id: a, driver: filesystem.csv_extractor, config: {path: x, encoding: ebcdic}}]\n",
    HEAD + "steps: [{id: a, driver: filesystem.csv_extractor, config: {path: x, nulls: NA}}]\n",
    HEAD + "steps: [{id: a, driver: filesystem.csv_writer, config: {path: ''}}]\n",
    HEAD + "steps: [{id: a, driver: python.callable, config: {function: 'a:b', kwargs: []}}]\n",
    HEAD + "steps: [{id: a, driver: duckdb.processor, config: {query: x}, needs: a}]\n",
    HEAD + "steps: [{id: a, driver: duckdb.processor, config: {query: x}, needs: [b, b]}]\n",
    HEAD + "steps: [{id: a, driver: duckdb.processor, config: {query: x}, retries: 101}]\n",
    HEAD + "steps: [{id: a, driver: duckdb.processor, config: {query: x}, timeout_s: 0}]\n",
    HEAD + "steps: [{id: a, driver: duckdb.processor, config: {query: x}, colour: red}]\n",
    *(
        HEAD + STEPS + each
        for each in (
            "colour: red\n",
            "pipeline2: {}\n",
            "inputs: a.csv\n",
            "inputs: [1]\n",
            "code: {}\n",
            "requirements: [a, a]\n",
            "env: {1A: x}\n",
            "env: {A: 1}\n",
            "env: [A=1]\n",
            "resources: {cpus: 0}\n",
            "resources: {cpu: 1}\n",
            "network: some\n",
            "network: ['a:1']\n",
            "template: ' x'\n",
            "timeout_s: 0\n",
            "timeout_s: soon\n",
            "on_failure: retry\n",
            "params: []\n",
            "params: {1a: x}\n",
            "secrets: [1A]\n",
            "connections: []\n",
            "expect: {outcome: lost}\n",
            "expect: {rows: {a: -1}}\n",
            "expect: {rows: {a: {}}}\n",
            "expect: {rows: {a: {min: x}}}\n",
            "expect: {metrics: {a: {x: true}}}\n",
            "expect: {metrics: {a: 1}}\n",
            "expect: {artifacts: [a]}\n",
            "expect: {artifacts: {a: {}}}\n",
            "expect: {artifacts: {a/x: {size: 1}}}\n",
            "expect: {artifacts: {a/x: {sha256: abc}}}\n",
            "expect: {artifacts: {a/x: {absent: false}}}\n",
            "expect: {artifacts: {a/x: {contains: ''}}}\n",
            "parity: {text: loose}\n",
            "parity: {normalizers: [{id: r}]}\n",
            "parity: {normalizers: [{preset: nothing}]}\n",
            "parity: {normalizers: [{id: r, reason: why, kind: token, scope: {record: log, match: a}, form: case}]}\n",
            "pytest: {marks: slow}\n",
            "pytest: {marks: [{a: 1, b: 2}]}\n",
            "params: {n: 1}\npytest: {parametrize: []}\n",
            "params: {n: 1}\npytest: {parametrize: {n: []}}\n",
            "params: {n: 1}\npytest: {parametrize: {n: 1}}\n",
            "params: {n: 1}\npytest: {parametrize: {n: [1]}, ids: [1]}\n",
        )
    ),
]


@pytest.mark.parametrize("text", BAD)
def test_what_the_schema_refuses_the_loader_refuses(project: Project, text: str):
    """Each of these is refused by both: the schema finds what it can, and is never stricter."""
    assert refused(text) != []
    with pytest.raises(ManifestError):
        load(project, text)


def test_options_are_completed_with_their_words():
    """An editor shows what a driver says of its options."""
    schema = manifest_schema(builtin_specs().values())["properties"]["steps"]["items"]
    config = next(
        each["then"]["properties"]["config"]
        for each in schema["allOf"]
        if each["if"]["properties"]["driver"]["const"] == "filesystem.csv_extractor"
    )
    assert config["description"] == "Reads a CSV file into a table."
    assert config["required"] == ["path"]
    assert config["properties"]["delimiter"]["default"] == ","
    assert config["properties"]["delimiter"]["description"].startswith("One character")

"""Secrets and connections are declared, referred to, and never looked at while a manifest is read."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from osiris_core.drivers.catalog import DriverCatalog
from osiris_core.errors import ManifestError
from osiris_core.manifest.loader import load_manifest
from tests.manifest.project import HEAD

if TYPE_CHECKING:
    from tests.manifest.project import Project

CONNECTIONS = """\
version: 1
connections:
  mysql:
    spare: {host: spare.example}
    main: {default: true, host: "${DB_HOST}", password: hunter2-hunter2}
  duckdb:
    default: {path: x.duckdb}
  plain:
    one: {host: a}
    two: {host: b}
"""


def manifest(top: str = "", config: str = "{}") -> str:
    """Return a manifest whose one step may have any config."""
    return HEAD + top + f"steps:\n  - {{id: a, driver: open, config: {config}}}\n"


@pytest.fixture
def project(project: Project, monkeypatch: pytest.MonkeyPatch) -> Project:
    """A project with a file of connections, and a driver that takes any option."""
    from tests.manifest import project as module

    drivers = module.Drivers(module.DRIVERS)
    drivers["open"] = module.Driver(
        open_options=True,
        options={"file": module.Option(type="input_path"), "seen": module.Option(type="any", visible=True)},
    )
    monkeypatch.setattr(module, "DRIVERS", drivers)
    project.write("pipelines/connections.yaml", CONNECTIONS)
    return project


def test_references_stay_references(project: Project):
    """Neither the manifest, nor its canonical form, nor what it prints holds a value; its fields keep their places."""
    loaded = project.load(
        manifest(
            "secrets: [TOKEN]\nconnections: connections.yaml\n",
            '{connection: "@mysql", deep: [{token: "a${secret:TOKEN}b"}]}',
        )
    )
    assert loaded.secrets == ("TOKEN",)
    assert loaded.canonical["secrets"] == ["TOKEN"]
    assert loaded.canonical["connections"] == "pipelines/connections.yaml"
    assert loaded.steps[0].config == {"connection": "@mysql", "deep": [{"token": "a${secret:TOKEN}b"}]}
    assert [each.reference for each in loaded.connections] == ["@mysql"]
    assert "hunter2" not in repr(loaded)
    assert "hunter2" not in str(loaded.canonical)


@pytest.mark.parametrize(
    ("top", "config", "problem"),
    [
        (
            "",
            '{a: "${secret:TOKEN}"}',
            "4:39: the secret `TOKEN` is not declared (declare it: `secrets: [TOKEN]`)",
        ),
        (
            "secrets: [TOKEN]\n",
            '{a: "${secret:TOKEN}", b: ["${secret:TOKN}"]}',
            "5:62: the secret `TOKN` is not declared (did you mean `TOKEN`?)",
        ),
        (
            "secrets: [T]\n",
            '{a: "${secret:T} ${secret: T}"}',
            "5:39: `${secret:T} ${secret: T}` holds a malformed reference (write `${secret:NAME}`)",
        ),
        (
            "secrets: [T]\n",
            '{a: "${secret}"}',
            "5:39: `${secret}` holds a malformed reference (write `${secret:NAME}`)",
        ),
        (
            "secrets: [T]\n",
            '{a: {"${secret:T}": 1}}',
            "5:40: the key `${secret:T}` cannot hold a secret (only values can)",
        ),
        (
            "secrets: [T]\n",
            '{file: "data/${secret:T}"}',
            "5:42: `file` is a path, and cannot hold a secret (write the path out)",
        ),
        (
            "secrets: [T]\n",
            '{seen: ["${secret:T}"]}',
            "5:43: `seen` can be seen by others while the step runs, and cannot hold a secret",
        ),
        (
            "secrets: [1T]\n",
            "{}",
            "3:11: `1T` is no name of a secret (a name of a variable: letters, digits, `_`)",
        ),
        ("secrets: [T, T]\n", "{}", "3:14: `T` is listed twice in `secrets`"),
        (
            "secrets: [T]\nenv: [T]\n",
            "{}",
            (
                "4:1: `T` is a secret and one of `env`, whose values are written into files (leave it out of `env`; steps "
                "have it from `ctx.secret` and `${secret:...}`)"
            ),
        ),
        (
            'secrets: [T]\nenv: {U: "${secret:T}"}\n',
            "{}",
            "4:1: the value of `U` cannot hold a secret (only a config can)",
        ),
        (
            "connections: connections.yaml\n",
            "{}",
            "3:1: no step has a `connection` (leave `connections` out)",
        ),
        (
            "connections: connections.yml\n",
            '{connection: "@mysql"}',
            "3:14: `connections.yml` does not exist (did you mean `connections.yaml`?)",
        ),
        (
            "",
            '{connection: "@mysql.main"}',
            (
                "4:48: `@mysql.main` refers to a connection, and there is no file of connections (name it in the manifest: "
                "`connections: osiris_connections.yaml`)"
            ),
        ),
        (
            "connections: connections.yaml\n",
            '{connection: "@mysq.main"}',
            "5:48: pipelines/connections.yaml has no connections of the family `mysq` (did you mean `mysql`?)",
        ),
        (
            "connections: connections.yaml\n",
            '{connection: "@mysql.mian"}',
            "5:48: the family `mysql` has no connection `mian` (did you mean `main`?)",
        ),
        (
            "connections: connections.yaml\n",
            '{connection: "@plain"}',
            (
                "5:48: the family `plain` has no default connection (name one of one, two; or give one `default: true`, or "
                "the name `default`)"
            ),
        ),
        (
            "connections: connections.yaml\n",
            '{connection: "@.main"}',
            "5:48: `@.main` is no reference to a connection (`@family.alias`, or `@family` for its default)",
        ),
        (
            "connections: connections.yaml\ninputs: [connections.yaml]\n",
            '{connection: "@mysql"}',
            "4:1: `pipelines/connections.yaml` is among the inputs (it is never sent)",
        ),
    ],
)
def test_each_problem_has_its_place(project: Project, top: str, config: str, problem: str):
    """What is malformed, not declared, or would be written down is said where it stands."""
    assert problem in project.problems(manifest(top, config))


def test_a_secret_that_nothing_can_use_is_a_problem(project: Project):
    """Where all steps run built-in drivers, a secret that no config mentions has no way to be used."""
    project.manifest.write_text(
        HEAD + 'secrets: [T]\nsteps: [{id: a, driver: duckdb.processor, config: {query: "x"}}]\n'
    )
    with pytest.raises(ManifestError, match=r":3:11: the secret `T` is not used"):
        load_manifest(project.manifest, project_root=project.root, drivers=DriverCatalog())
    asks = HEAD + 'secrets: [T]\nsteps: [{id: a, driver: python.callable, config: {function: "m:f"}}]\n'
    project.manifest.write_text(asks)
    assert load_manifest(project.manifest, project_root=project.root, drivers=DriverCatalog()).secrets == ("T",)


def test_a_driver_without_connections_refuses_one(project: Project):
    """`connection` is an option like any other."""
    text = manifest("connections: connections.yaml\n", '{connection: "@mysql"}').replace(
        "driver: open", "driver: query"
    )
    assert "5:37: `query` has no option `connection` (it has query)" in project.problems(text)


@pytest.mark.parametrize(
    "password",
    [
        "123456789012345678901234567890",
        "!hunter2!secret",
        "*hunter2",
        ".inf",
        '"hunter2',
        "hunter2: more: hunter2",
        "%hunter2",
        "@hunter2",
        "[hunter2",
        "{hunter2",
        "!<hunter2`x`y> 1",
        '"\\qhunter2"',
        "0xfffffffffffffffffffffffhunter2",
        "hunter2\n    main: {password: hunter2}",
    ],
)
def test_a_broken_file_of_connections_shows_no_value(project: Project, password: str):
    """Whatever is wrong with it, the message has its place in that file, and nothing of what stands there."""
    project.write("pipelines/connections.yaml", f"connections:\n  mysql:\n    main:\n      password: {password}\n")
    try:
        loaded = project.load(manifest("connections: connections.yaml\n", '{connection: "@mysql.main"}'))
    except ManifestError as error:
        said = str(error)
        assert said.startswith("pipelines/connections.yaml:")
    else:
        said = repr(loaded)
    assert "hunter2" not in said
    assert "1234567890" not in said


def test_problems_of_the_file_have_their_place_in_it(project: Project):
    """A value of the wrong kind, or a reference that no variable can meet."""
    project.write("pipelines/connections.yaml", 'connections:\n  a: {default: {x: "${no name}"}}\n  b: 1\n')
    text = (
        HEAD + "connections: connections.yaml\nsteps:\n"
        '  - {id: a, driver: open, config: {connection: "@a"}}\n  - {id: b, driver: open, config: {connection: "@b"}}\n'
    )
    assert project.problems(text) == [
        "pipelines/connections.yaml:2:20: a `${...}` here is no name of a variable (write `${NAME}`)",
        "pipelines/connections.yaml:3:6: `b` must be a mapping, but it is a whole number",
    ]

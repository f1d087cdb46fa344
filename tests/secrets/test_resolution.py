"""Values are found on the host when a run begins, all that is missing is said at once, and nothing shows a value."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from osiris_core.errors import UsageError
from osiris_core.manifest.loader import load_manifest
from osiris_core.preparation import prepare
from osiris_core.secrets.environment import host_environment
from osiris_core.secrets.resolution import resolve_secrets, secret_variables
from tests.manifest.project import HEAD, Driver, Drivers

if TYPE_CHECKING:
    from pathlib import Path

    from osiris_core.manifest.model import Manifest

CONNECTIONS = """\
connections:
  mysql:
    main:
      default: true
      port: 3306
      url: "mysql://${DB_USER}:${DB_PASSWORD}@db"
      hosts: ["${DB_HOST}", plain]
      api_key: literal
      user: "${DB_USER}"
      nested: {key: "in the file", plain: "not one"}
  other: {one: {token: "${NOBODY}"}}
"""
STEPS = """\
secrets: [TOKEN, KEY]
connections: osiris_connections.yaml
steps:
  - {id: a, driver: open, config: {connection: "@mysql", token: "${secret:TOKEN}"}}
  - {id: b, driver: open, config: {connection: "@mysql.main", token: "${secret:KEY}"}}
"""
ENVIRONMENT = {"TOKEN": "t", "KEY": "two\nlines", "DB_USER": "u", "DB_PASSWORD": "p", "DB_HOST": "h", "OTHER": "o"}


@pytest.fixture
def manifest(tmp_path: Path) -> Manifest:
    """Two steps that refer to one connection in two ways."""
    (tmp_path / "osiris_connections.yaml").write_text(CONNECTIONS)
    (tmp_path / "x.osiris.yaml").write_text(HEAD + STEPS)
    drivers = Drivers(open=Driver(open_options=True))
    return load_manifest(tmp_path / "x.osiris.yaml", project_root=tmp_path, drivers=drivers)


def test_references_get_their_values(manifest: Manifest):
    """Secrets by name, connections by the reference as it is written, without the mark of the default."""
    found = resolve_secrets(manifest, ENVIRONMENT)
    assert found.values == {"TOKEN": "t", "KEY": "two\nlines"}
    fields = {"port": 3306, "url": "mysql://u:p@db", "hosts": ["h", "plain"], "api_key": "literal", "user": "u"}
    fields |= {"nested": {"key": "in the file", "plain": "not one"}}
    assert found.connections == {"@mysql": fields, "@mysql.main": fields}
    assert "two" not in repr(found)


def test_what_is_hidden_is_what_is_secret(manifest: Manifest):
    """Variables by their names, texts by what their keys say; hosts, ports and users are no secrets wherever they come from."""
    found = resolve_secrets(manifest, ENVIRONMENT)
    assert found.hidden == (
        ("DB_PASSWORD", "p"),
        ("DB_PASSWORD", "mysql://u:p@db"),
        ("MYSQL_API_KEY", "literal"),
        ("MYSQL_KEY", "in the file"),
        ("MYSQL_MAIN_API_KEY", "literal"),
        ("MYSQL_MAIN_KEY", "in the file"),
    )


def test_all_that_is_missing_is_said_at_once(manifest: Manifest):
    """Secrets by name, variables of connections once and by place; what is set to nothing is missing. No value is said."""
    with pytest.raises(UsageError) as caught:
        resolve_secrets(manifest, {"KEY": "", "DB_USER": "u-u-u", "DB_HOST": ""})
    assert str(caught.value) == (
        "the secret KEY is not set; the secret TOKEN is not set; "
        "osiris_connections.yaml:6:12: the variable DB_PASSWORD is not set; "
        "osiris_connections.yaml:7:15: the variable DB_HOST is not set "
        "(export it, or name a file of variables: `--env-file`, in pytest `--osiris-env-file`)"
    )


def test_too_much_is_refused(manifest: Manifest):
    """The line of secrets is bounded."""
    with pytest.raises(UsageError, match="bigger than 262,144 bytes"):
        resolve_secrets(manifest, {**ENVIRONMENT, "TOKEN": "x" * (1 << 18)})


def test_the_variables_of_secrets_are_known(manifest: Manifest):
    """These are what no process of a run inherits; connections that nobody refers to ask for nothing."""
    assert secret_variables(manifest) == {"TOKEN", "KEY", "DB_USER", "DB_PASSWORD", "DB_HOST"}


def test_a_file_of_variables_speaks_where_the_host_does_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """The environment wins; quotes, comments and `export` are as other tools read them."""
    monkeypatch.setenv("OSIRIS_TEST_ONE", "from the host")
    monkeypatch.delenv("OSIRIS_TEST_TWO", raising=False)
    file = tmp_path / ".env"
    file.write_text("# words\nOSIRIS_TEST_ONE=file\nexport OSIRIS_TEST_TWO='a ${b} \"c'\n")
    found = host_environment(file)
    assert found["OSIRIS_TEST_ONE"] == "from the host"
    assert found["OSIRIS_TEST_TWO"] == 'a ${b} "c'
    assert "OSIRIS_TEST_TWO" not in host_environment()


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"A=1\n'hunter2 = \n", r"\.env:2: this is no line of variables"),
        (b"A=hunter2\xff\n", r"\.env cannot be read: it is not UTF-8"),
        (None, r"\.env cannot be read: No such file or directory"),
    ],
)
def test_a_broken_file_of_variables_is_one_sentence(tmp_path: Path, data: bytes | None, said: str):
    """It has a place, and shows nothing of the file."""
    if data is not None:
        (tmp_path / ".env").write_bytes(data)
    with pytest.raises(UsageError, match=said) as caught:
        host_environment(tmp_path / ".env")
    assert "hunter2" not in str(caught.value)


def test_a_file_of_variables_among_the_files_of_a_run_is_refused(tmp_path: Path):
    """It would be sent to the sandbox."""
    (tmp_path / "my.vars").write_text("TOKEN=t\n")
    (tmp_path / "x.osiris.yaml").write_text(HEAD + "inputs: [my.vars]\nsteps: [{id: a, driver: open}]\n")
    drivers = Drivers(open=Driver(open_options=True))
    manifest = load_manifest(tmp_path / "x.osiris.yaml", project_root=tmp_path, drivers=drivers)
    with pytest.raises(UsageError, match=r"my\.vars is among the files of the run"):
        prepare(manifest, session_id="s", logical_now="2026-01-01T00:00:00.000000Z", env_file=tmp_path / "my.vars")

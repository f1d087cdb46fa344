"""`osiris_sandbox`: tests of E2B programs against an embedded server, which touch nothing of the user's."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Project

PROGRAM = """
import sys
from e2b import Sandbox

with Sandbox.create() as sandbox:
    sandbox.files.write("x.txt", "from " + sys.argv[1])
    print(sandbox.commands.run("cat x.txt").stdout)
"""
TESTS = """
import os, subprocess, sys
from pathlib import Path

import pytest
from pytest_osiris import Sandboxes

KEPT = []

@pytest.fixture
def sandbox(osiris_sandbox: Sandboxes):
    made = osiris_sandbox.sandbox(envs={"GREETING": "hello"})
    KEPT.append(made)
    yield made
    assert made.is_running()  # to the end of the test's own fixtures

def test_a_sandbox_of_the_sdk(sandbox, osiris_sandbox):
    from e2b import Sandbox

    assert type(sandbox) is Sandbox
    assert sandbox.commands.run("echo $GREETING $USER").stdout == "hello user\\n"
    assert osiris_sandbox.isolation == "bubblewrap"
    assert os.environ["E2B_API_KEY"] == "e2b_of-the-user"
    assert "E2B_API_URL" not in os.environ
    Path("server.txt").write_text(osiris_sandbox.url)

def test_it_has_ended_with_its_test(osiris_sandbox):
    assert not KEPT[0].is_running()
    assert len(osiris_sandbox.api_key) > 20

def test_a_program_of_ones_own(osiris_sandbox, monkeypatch):
    monkeypatch.setenv("E2B_DEBUG", "true")
    environment = {**os.environ, **osiris_sandbox.env}
    program = [sys.executable, "program.py", "a program"]
    assert subprocess.run(program, env=environment, capture_output=True, text=True, check=True).stdout == "from a program\\n"
    assert os.environ["E2B_API_KEY"] == "e2b_of-the-user"
    assert osiris_sandbox.sandbox().commands.run("echo once more").exit_code == 0
"""

PLAIN = """
import os
from pathlib import Path
from urllib.request import Request, urlopen

def test_it(osiris_sandbox):
    assert osiris_sandbox.isolation == "plain"
    headers = {"X-API-KEY": osiris_sandbox.env["E2B_API_KEY"]}
    with urlopen(Request(osiris_sandbox.url + "/osiris/stats", headers=headers)) as answer:
        assert answer.status == 200
    assert osiris_sandbox.env["E2B_API_KEY"] != os.environ["E2B_API_KEY"] == "e2b_of-the-user"
    Path("server.txt").write_text(osiris_sandbox.url)
"""


@pytest.fixture
def programs(project: Project, monkeypatch: pytest.MonkeyPatch) -> Project:
    """A project with a program that uses E2B, and a user who has a key of it."""
    monkeypatch.setenv("E2B_API_KEY", "e2b_of-the-user")
    monkeypatch.delenv("E2B_API_URL", raising=False)
    (project.root / "program.py").write_text(PROGRAM)
    return project


def is_served(file: Path) -> bool:
    """Whether the server whose address is in a file still answers."""
    import http.client
    from urllib.parse import urlsplit

    connection = http.client.HTTPConnection(urlsplit(file.read_text()).netloc, timeout=5)
    try:
        connection.request("GET", "/health")
    except ConnectionError:
        return False
    finally:
        connection.close()
    return True


def test_programs_are_tested_against_a_server_that_ends_with_the_run(programs: Project, bubblewrap: None) -> None:
    """A sandbox is the SDK's own and ends with its test; variables are for whoever takes them."""
    (programs.root / "test_it.py").write_text(TESTS)

    programs.run("test_it.py", "-p", "no:randomly").assert_outcomes(passed=3)

    assert not is_served(programs.root / "server.txt")
    assert not (programs.root / ".osiris").exists()


def test_the_isolation_is_that_of_the_option(programs: Project) -> None:
    """In xdist's workers too, each of which has a server of its own."""
    (programs.root / "test_it.py").write_text(PLAIN)

    programs.run("test_it.py", "-p", "xdist", "-n1", "--osiris-isolation=plain").assert_outcomes(passed=1)

    assert not is_served(programs.root / "server.txt")


def test_a_server_that_cannot_serve_is_one_sentence(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """A failure of each test that asks for it, and of no other."""
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.setattr("osiris_core.sandbox.launch._KEPT_VARIABLES", ())
    monkeypatch.setattr("osiris_core.sandbox.launch.sys.executable", "/bin/false")
    project.pytester.makepyfile(
        test_it="""
        def test_a(osiris_sandbox): pass
        def test_b(osiris_sandbox): pass
        def test_other(): pass
    """
    )

    result = project.run("test_it.py")

    result.assert_outcomes(failed=2, passed=1)
    result.stdout.fnmatch_lines(
        ["there is no embedded E2B server for `osiris_sandbox`: the sandbox server ended with exit code 1 *"]
    )
    assert "sandboxes.py" not in result.stdout.str()

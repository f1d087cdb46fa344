"""Promises of the weaker mode, for machines where no namespace can be made."""

from __future__ import annotations

import importlib.metadata
import os
import select
import sys
from pathlib import Path

import e2b
import pytest

from osiris_core.sandbox.launch import ServerProcess
from tests.sandbox.helpers import WAIT_S, bound, until


@pytest.fixture(scope="module")
def plain_server(tmp_path_factory):
    """A server in plain mode, its sandboxes in a directory of these tests."""
    place = tmp_path_factory.mktemp("plain")
    before = os.environ.get("TMPDIR")
    os.environ["TMPDIR"] = str(place)
    try:
        started = ServerProcess.start(isolation="plain")
    finally:
        if before is None:
            del os.environ["TMPDIR"]
        else:
            os.environ["TMPDIR"] = before
    with started:
        started.place = place
        yield started


@pytest.fixture
def plain(plain_server):
    """A sandbox without isolation."""
    made = bound(plain_server.address).Sandbox.create()
    yield made
    made.kill()


def test_the_mode_is_said(plain_server, server):
    """Whoever shows results can show it beside them."""
    assert (plain_server.address.isolation, plain_server.address.bubblewrap_version) == ("plain", None)
    assert server.address.isolation == "bubblewrap"
    assert server.address.bubblewrap_version[0].isdigit()


def test_commands_and_files_meet_in_the_home(plain):
    """A file written at a sandbox's path is where a command looks for it, and the other way round."""
    plain.files.write("in.txt", "x")
    plain.files.write("/home/user/sub/abs.txt", "y")
    assert plain.commands.run("cat in.txt sub/abs.txt; echo out > out.txt").stdout == "xy"
    assert plain.files.read("/home/user/out.txt") == "out\n"
    assert [entry.path for entry in plain.files.list("~")] == [
        "/home/user/in.txt",
        "/home/user/out.txt",
        "/home/user/sub",
    ]
    assert plain.commands.run("pwd", cwd="/home/user/sub").stdout.endswith("/home/user/sub\n")


def test_the_interpreter_is_at_its_place_relative_to_the_home(plain):
    """`../../opt/osiris/bin/python` is the template's interpreter in both modes."""
    done = plain.commands.run(
        "../../opt/osiris/bin/python -c 'import importlib.metadata as m; print(list(m.distributions()))'"
    )
    assert done.stdout == "[]\n"


def test_commands_behave_as_in_a_namespace(plain):
    """Streams, exit codes, stdin and kills work."""
    with pytest.raises(e2b.CommandExitException) as caught:
        plain.commands.run("echo o; echo e >&2; exit 4")
    assert (caught.value.exit_code, caught.value.stdout, caught.value.stderr) == (4, "o\n", "e\n")
    handle = plain.commands.run("cat", background=True, stdin=True)
    handle.send_stdin("x")
    handle.close_stdin()
    assert handle.wait().stdout == "x"
    sleeping = plain.commands.run("sleep 60", background=True)
    assert sleeping.kill() is True


@pytest.mark.parametrize("how", ["kill", "server killed"])
def test_descendants_and_the_directory_go_with_the_sandbox(how, tmp_path, monkeypatch):
    """What left its session is found too; what was made unreadable is removed too; also after a kill -9 of the server."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    with ServerProcess.start(isolation="plain") as started:
        made = bound(started.address).Sandbox.create()
        made.commands.run("mkdir -p locked/in; touch locked/in/f; chmod 000 locked")
        made.commands.run(
            "(setsid sh -c 'trap \"\" TERM; echo $$ > ../escaped; exec sleep 61' > /dev/null 2>&1 &)",
            cwd="/home/user",
        )
        found = until(lambda: [path for path in tmp_path.glob("*/home/escaped") if path.read_text()])
        escaped = os.pidfd_open(int(found[0].read_text()))
        try:
            if how == "kill":
                made.kill()
            else:
                os.kill(started.address.pid, 9)
            assert select.select([escaped], [], [], WAIT_S)[0]
            until(lambda: list(tmp_path.iterdir()) == [])
        finally:
            os.close(escaped)


def test_each_sandbox_has_a_directory_of_its_own(plain_server):
    """It is readable by nobody else, and goes with the sandbox."""
    client = bound(plain_server.address)
    made = [client.Sandbox.create() for _ in range(5)]
    roots = list(Path(plain_server.place).glob("osiris-sandbox-*"))  # beside them are templates, if any were built
    assert len(roots) == 5
    assert {root.stat().st_mode & 0o777 for root in roots} == {0o700}
    for sandbox in made:
        sandbox.kill()
    assert list(Path(plain_server.place).glob("osiris-sandbox-*")) == []


def test_a_template_is_built_in_this_mode_too(plain_server):
    """Its view is where a namespace would have it, below the sandbox's root, and its working directory is made."""
    client = bound(plain_server.address)
    minor = f"{sys.version_info.major}.{sys.version_info.minor}"
    pin = f"iniconfig=={importlib.metadata.version('iniconfig')}"
    template = client.Template().from_python_image(minor).pip_install(["--no-deps", pin]).set_workdir("app")
    client.Template.build(template, "plain")
    made = client.Sandbox.create("plain")
    try:
        script = "import importlib.metadata as m, os; print([d.name for d in m.distributions()], os.getcwd())"
        out = made.commands.run(f'"$HOME/../../opt/osiris/bin/python" -c "{script}"').stdout
        assert out.startswith("['iniconfig'] ")
        assert out.endswith("/home/user/app\n")
        assert made.get_info().allow_internet_access is True
    finally:
        made.kill()

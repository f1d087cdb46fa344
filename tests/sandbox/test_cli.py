"""Promises of `osiris-parity sandbox`."""

from __future__ import annotations

import argparse
import io
import os
import select
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from osiris_core.cli import sandbox as cli
from osiris_core.errors import UsageError
from tests.sandbox.helpers import WAIT_S, bound, project_environment

MAIN = (
    "import argparse, sys; from osiris_core.cli import sandbox\n"
    "parser = argparse.ArgumentParser(); sandbox.add_parser(parser.add_subparsers())\n"
    "args = parser.parse_args(sys.argv[1:]); sys.exit(args.run(args, sys.stdout, sys.stderr))\n"
)


def run(*argv) -> tuple[int, str, str]:
    """Run the subcommand in this process; return its exit code and what it wrote."""
    parser = argparse.ArgumentParser()
    cli.add_parser(parser.add_subparsers())
    args, out, err = parser.parse_args(["sandbox", *argv]), io.StringIO(), io.StringIO()
    return args.run(args, out, err), out.getvalue(), err.getvalue()


def test_exec_runs_a_command_against_the_server(tmp_path):
    """A program that knows only E2B's variables makes a sandbox; its exit code is returned."""
    program = tmp_path / "program.py"
    program.write_text(
        "import e2b, sys\n"
        "made = e2b.Sandbox.create()\n"
        "open(sys.argv[1], 'w').write(made.commands.run('whoami; hostname').stdout)\n"
        "made.kill()\nsys.exit(5)\n"
    )
    written = tmp_path / "out"
    assert run("--exec", sys.executable, str(program), str(written)) == (5, "", "")
    assert written.read_text() == "user\ne2b.local\n"


def test_exec_options_belong_to_the_command():
    """What follows the command is its own, also when it looks like an option of this one."""
    assert run("--exec", "sh", "-c", 'test "$0" = --port', "--port") == (0, "", "")


def test_a_fault_plan_strikes_what_the_command_does(tmp_path):
    """The command's first sandbox is refused as the plan says, its second one is not."""
    plan, program = tmp_path / "plan.json", tmp_path / "program.py"
    plan.write_text('{"faults": [{"at": "create", "what": "answer", "status": 429}]}')
    program.write_text(
        "import e2b, sys\n"
        "try:\n    e2b.Sandbox.create(retries=0)\n"
        "except e2b.RateLimitException:\n    e2b.Sandbox.create().kill()\n    sys.exit(9)\n"
    )
    assert run("--faults", str(plan), "--exec", sys.executable, str(program)) == (9, "", "")


@pytest.mark.parametrize(
    ("plan", "sentence"),
    [
        (None, "cannot be read: No such file"),
        ("{", "the fault plan is not JSON"),
        ('{"faults": [{"at": "create", "what": "answer", "statuss": 429}]}', r"faults\[0\]\.statuss: unknown key; did you mean"),
    ],
)  # fmt: skip
def test_a_wrong_fault_plan_starts_nothing(tmp_path, plan, sentence):
    """It is a wrong option, not a server that cannot serve."""
    file = tmp_path / "plan.json"
    if plan is not None:
        file.write_text(plan)
    with pytest.raises(UsageError, match=sentence):
        run("--faults", str(file), "--exec", "true")


def test_a_command_ended_by_a_signal_is_returned_as_shells_do():
    """128 plus the signal's number."""
    assert run("--exec", "sh", "-c", "kill -TERM $$") == (143, "", "")


@pytest.mark.parametrize(
    ("argv", "code", "sentence"),
    [
        (["--exec"], 2, "--exec needs a command to run\n"),
        (["--exec", "/no/such/program"], 127, "cannot run /no/such/program: No such file or directory\n"),
    ],
)
def test_what_cannot_be_run_is_said(argv, code, sentence):
    """One sentence, and an exit code that means it."""
    assert run(*argv) == (code, "", sentence)


def test_a_taken_port_is_infrastructure(server):
    """Exit code 3 and the server's sentence."""
    code, out, err = run("--port", server.address.url.rpartition(":")[2])
    assert (code, out) == (3, "")
    assert "cannot be used" in err
    assert err.count("\n") == 1


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_the_foreground_server_ends_with_its_signal_and_leaves_nothing(number, code, processes_of):
    """It prints what a shell can eval, serves, and takes its sandboxes along."""
    started = subprocess.Popen(
        [sys.executable, "-c", MAIN, "sandbox"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=project_environment(),
        text=True,
    )
    lines = [started.stdout.readline() for _ in range(4)]
    exported = dict(line.removeprefix("export ").strip().split("=", 1) for line in lines[:3])
    assert sorted(exported) == ["E2B_API_KEY", "E2B_API_URL", "E2B_SANDBOX_URL"]
    assert lines[3].startswith("# isolation: bubblewrap; press Ctrl-C to stop")

    class Address:
        url, api_key = exported["E2B_API_URL"], exported["E2B_API_KEY"]

    made = bound(Address).Sandbox.create()
    made.commands.run("sleep 61", background=True, timeout=0).disconnect()
    watched = processes_of(made)
    assert watched.none_ended()
    started.send_signal(number)
    rest, err = started.communicate(timeout=WAIT_S)
    assert (started.returncode, rest, err) == (code, "", "")
    assert watched.all_end()


def test_a_server_that_dies_under_it_is_infrastructure():
    """The command does not go on as if something were served."""
    started = subprocess.Popen(
        [sys.executable, "-c", MAIN, "sandbox", "--isolation", "plain"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=project_environment(),
        text=True,
    )
    lines = [started.stdout.readline() for _ in range(4)]
    assert lines[3].startswith("# isolation: plain")
    (server_pid,) = Path(f"/proc/{started.pid}/task/{started.pid}/children").read_text().split()
    pidfd = os.pidfd_open(int(server_pid))
    os.kill(int(server_pid), signal.SIGKILL)
    assert select.select([pidfd], [], [], WAIT_S)[0]
    os.close(pidfd)
    _, err = started.communicate(timeout=WAIT_S)
    assert (started.returncode, err) == (3, "the sandbox server ended by itself with exit code -9\n")

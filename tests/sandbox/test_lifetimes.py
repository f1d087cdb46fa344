"""Promises about ends: whatever ends, nothing of it is left. Watched from the host, through pidfds."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import e2b
import pytest

from osiris_core.sandbox.launch import SandboxServerError, ServerProcess
from tests.sandbox.helpers import WAIT_S, bound, project_environment, until

STUBBORN = "trap '' TERM INT HUP; (setsid sleep 61 &) ; nohup sleep 62 & sleep 63"
"""A command that ignores signals, with children that left its session."""


@pytest.fixture
def own_server():
    """A server of the test's own, to be hurt."""
    with ServerProcess.start() as started:
        yield started


def filled(server):
    """Two sandboxes of a server, full of stubborn commands."""
    client = bound(server.address)
    made = [client.Sandbox.create() for _ in range(2)]
    for sandbox in made:
        sandbox.commands.run(STUBBORN, background=True, timeout=0).disconnect()
        until(lambda sandbox=sandbox: sandbox.commands.run("pgrep -c sleep || true").stdout == "3\n")
    return made


@pytest.fixture
def busy(own_server, processes_of):
    """The host's processes of two such sandboxes."""
    watched = processes_of(*filled(own_server))
    assert len(watched.pids) >= 2 * 5  # the agent, a shell and three sleeps in each
    assert watched.none_ended()
    return watched


def test_neither_kill_nor_expiry_leaves_a_process(server, processes_of):
    """When kill has returned, every process of that sandbox is gone already; the end of the lease is as thorough.

    Those of another sandbox are not touched.
    """
    first, second = filled(server)
    mine, others = processes_of(first), processes_of(second)
    assert min(len(mine.pids), len(others.pids)) >= 5  # the agent, a shell and three sleeps
    first.kill()
    assert mine.all_end()
    assert others.none_ended()
    second.set_timeout(0)
    assert others.all_end()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGKILL])
def test_a_signal_to_the_server_leaves_no_process(own_server, busy, number):
    """Also when the server is killed without a chance to clean up."""
    os.kill(own_server.address.pid, number)
    assert busy.all_end()
    assert own_server.wait() == (-9 if number == signal.SIGKILL else 0)


def test_stop_leaves_no_process(own_server, busy):
    """Stopping ends the server too, and may be repeated."""
    own_server.stop()
    assert busy.all_end()
    own_server.stop()


def test_the_end_of_the_lifeline_leaves_no_process(own_server, busy):
    """Whoever holds the other end of the server's stdin need not say goodbye."""
    own_server._process.stdin.close()
    assert busy.all_end()
    assert own_server.wait() == 0


@pytest.mark.parametrize("hold_lifeline", [False, True])
def test_the_death_of_the_parent_leaves_no_server(hold_lifeline):
    """A parent killed without a chance takes its server along, even when another process holds the lifeline open."""
    script = (
        "import os, signal, sys\n"
        "from osiris_core.sandbox.launch import ServerProcess\n"
        "server = ServerProcess.start()\n"
        "if sys.argv[1] == 'True' and os.fork() == 0:\n"
        "    sys.stdin.buffer.read()\n"  # a fork keeps the pipe's end, until this test lets it go
        "    os._exit(0)\n"
        "print(server.address.pid, flush=True)\n"
        "signal.pause()\n"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", script, str(hold_lifeline)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=project_environment(),
    )
    server = os.pidfd_open(int(parent.stdout.readline()))
    try:
        parent.kill()
        parent.wait()
        import select

        assert select.select([server], [], [], WAIT_S)[0]
    finally:
        parent.stdin.close()
        parent.stdout.close()
        os.close(server)


def test_a_thread_that_started_the_server_may_end(e2b_client):
    """The kernel's parent-death signal also comes for a thread; the server knows the difference."""
    import threading

    started = []
    thread = threading.Thread(target=lambda: started.append(ServerProcess.start()))
    thread.start()
    thread.join()
    with started[0] as server:
        assert bound(server.address).Sandbox.list().next_items() == []
        assert bound(server.address).Sandbox.list().next_items() == []


def test_a_port_that_is_taken_is_said_in_one_sentence(server):
    """Nothing is retried, nothing is left; the sentence names the port."""
    port = int(server.address.url.rpartition(":")[2])
    with pytest.raises(SandboxServerError, match=rf"^port {port} on 127\.0\.0\.1 cannot be used: [^\n]+$"):
        ServerProcess.start(port=port)


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.1", "::", "example.org", "localhost.example"])
def test_only_loopback_is_listened_on(host):
    """A server that runs commands for whoever reaches it is never reachable from outside."""
    with pytest.raises(SandboxServerError, match="loopback"):
        ServerProcess.start(options=("--host", host))


def test_the_server_listens_on_loopback(server):
    """Its only listening socket is on 127.0.0.1."""
    port = int(server.address.url.rpartition(":")[2])
    listening = [line.split()[1] for line in Path("/proc/net/tcp").read_text().splitlines()[1:] if " 0A " in line]
    assert [address for address in listening if address.endswith(f":{port:04X}")] == [f"0100007F:{port:04X}"]


def test_a_broken_bubblewrap_is_said_in_one_sentence():
    """Without a namespace the server does not start, and never falls back to less."""
    with pytest.raises(SandboxServerError, match=r"apt-get install bubblewrap.*plain isolation"):
        ServerProcess.start(options=("--bwrap", "/bin/false"))


def test_a_server_that_does_not_answer_in_time_is_given_up():
    """The wait for it is bounded, and what was started is ended."""
    with pytest.raises(SandboxServerError, match="did not answer within 0 s"):
        ServerProcess.start(ready_timeout_s=0)


def test_importing_launch_loads_the_standard_library_only():
    """The plugin imports it in every test run, so it must cost nothing."""
    script = (
        "import sys; import osiris_core.sandbox.launch\n"
        "roots = {name.partition('.')[0] for name in sys.modules}\n"
        "print(sorted(roots - sys.stdlib_module_names - {'__main__', 'osiris_core'}))"
    )
    argv = [sys.executable, "-S", "-c", script]
    env = project_environment()
    done = subprocess.run(argv, env=env, capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
    script = script.replace("osiris_core.sandbox.launch", "osiris_core.sandbox.server")
    with_site = subprocess.run([sys.executable, "-c", script], env=env, capture_output=True, text=True, check=True)
    assert "uvicorn" in with_site.stdout  # the check above can fail


def test_a_server_keeps_no_descriptor_of_what_has_ended(own_server):
    """After sandboxes, commands, files and refusals of every kind it has as many open files as after the first of them."""
    client = bound(own_server.address)

    def everything():
        made = client.Sandbox.create()
        made.commands.run("echo x")
        handle = made.commands.run("cat", background=True, stdin=True)
        handle.send_stdin("x")
        handle.kill()
        made.commands.run("sleep 60", background=True)
        made.files.write("f", "x" * 100_000)
        made.files.read("f")
        made.pty.create(size=e2b.PtySize(rows=1, cols=1))
        for refused in (
            lambda: made.files.read("none"),
            lambda: made.files.read("/etc"),
            lambda: made.commands.run("true", cwd="/none"),
        ):
            with pytest.raises(e2b.SandboxException):
                refused()
        made.kill()

    def open_files():
        # Sockets to this test's own client come and go as the SDK likes; what leaked would be anything else, or an agent's.
        links = [str(found.readlink()) for found in Path(f"/proc/{own_server.address.pid}/fd").iterdir()]
        return sum(not link.startswith("socket:") for link in links)

    everything()
    before = until(open_files)
    for _ in range(3):
        everything()
    until(lambda: open_files() <= before)

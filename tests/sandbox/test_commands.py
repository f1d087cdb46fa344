"""Promises about commands, made to the unmodified SDK."""

from __future__ import annotations

import asyncio
import hashlib
from concurrent.futures import ThreadPoolExecutor

import e2b
import pytest

from tests.sandbox.helpers import bound, until


def test_a_command_gives_back_both_streams_apart(sandbox):
    """Stdout and stderr arrive each on its own, also to callbacks."""
    out, err = [], []
    result = sandbox.commands.run("echo out; echo err >&2", on_stdout=out.append, on_stderr=err.append)
    assert (result.stdout, result.stderr, result.exit_code, result.error) == ("out\n", "err\n", 0, None)
    assert ("".join(out), "".join(err)) == ("out\n", "err\n")


def test_a_failing_command_raises_with_all_it_left(sandbox):
    """The exit code, the error and both streams are in the exception."""
    with pytest.raises(e2b.CommandExitException) as caught:
        sandbox.commands.run("echo so far; echo why >&2; exit 7")
    error = caught.value
    assert (error.exit_code, error.error, error.stdout, error.stderr) == (7, "exit status 7", "so far\n", "why\n")


def test_a_command_killed_by_a_signal_has_exit_code_minus_one(sandbox):
    """Go's words for it are kept: exit code -1 and `signal: killed`."""
    with pytest.raises(e2b.CommandExitException) as caught:
        sandbox.commands.run("kill -9 $$")
    assert (caught.value.exit_code, caught.value.error) == (-1, "signal: killed")


def test_a_command_starts_in_the_home_with_its_user(sandbox):
    """Nothing given means user `user` in /home/user; root has its own home."""
    assert sandbox.commands.run("pwd; whoami; echo $USER $HOME").stdout == "/home/user\nuser\nuser /home/user\n"
    assert sandbox.commands.run("pwd; echo $USER $HOME", user="root").stdout == "/root\nroot /root\n"


def test_a_command_for_an_unknown_user_is_refused(sandbox):
    """A user that the sandbox does not have is an authentication error, as with envd."""
    with pytest.raises(e2b.AuthenticationException, match="invalid username: 'nobody-here'"):
        sandbox.commands.run("true", user="nobody-here")


def test_cwd_is_taken_from_the_home_when_relative(sandbox):
    """`cwd` resolves as a file path does."""
    sandbox.files.make_dir("deep/er")
    assert sandbox.commands.run("pwd", cwd="deep/er").stdout == "/home/user/deep/er\n"
    assert sandbox.commands.run("pwd", cwd="/usr").stdout == "/usr\n"


def test_a_missing_cwd_is_named(sandbox):
    """A directory that is not there is an argument error."""
    with pytest.raises(e2b.InvalidArgumentException, match="cwd '/nope' does not exist"):
        sandbox.commands.run("true", cwd="/nope")


def test_variables_of_the_call_win_over_those_of_the_sandbox(e2b_client):
    """Sandbox-wide variables reach every command; a command's own come last."""
    made = e2b_client.Sandbox.create(envs={"A": "sandbox", "B": "sandbox"})
    try:
        assert made.commands.run("echo $A $B", envs={"B": "call"}).stdout == "sandbox call\n"
    finally:
        made.kill()


def test_stdin_is_empty_unless_asked_for(sandbox):
    """A command that reads finds the end at once."""
    assert sandbox.commands.run("cat; echo done").stdout == "done\n"


def test_stdin_can_be_sent_and_closed(sandbox):
    """What is sent arrives in order; closing it is the end, and closing it twice does no harm."""
    handle = sandbox.commands.run("cat", background=True, stdin=True)
    sandbox.commands.send_stdin(handle.pid, "one ")
    handle.send_stdin(b"two\n")
    handle.close_stdin()
    handle.close_stdin()
    assert handle.wait().stdout == "one two\n"


def test_stdin_that_was_not_asked_for_cannot_be_sent(sandbox):
    """Input for a command without stdin is an error, not silence."""
    handle = sandbox.commands.run("sleep 60", background=True)
    with pytest.raises(e2b.SandboxException, match="stdin not enabled"):
        handle.send_stdin("lost")
    handle.kill()


def test_huge_stdin_arrives_whole(sandbox):
    """8 MiB in one message, and as many in a stream of pieces, are what the command reads."""
    data = bytes(range(256)) * 32768
    expected = hashlib.sha256(data).hexdigest() + "  -\n"
    for send in (
        lambda handle: handle.send_stdin(data),
        lambda handle: sandbox.commands.stream_input(
            handle.pid, (data[at : at + 65536] for at in range(0, len(data), 65536))
        ),
    ):
        handle = sandbox.commands.run("sha256sum", background=True, stdin=True)
        send(handle)
        handle.close_stdin()
        assert handle.wait().stdout == expected


def test_output_that_is_not_utf8_is_not_lost_on_the_way(sandbox, envd):
    """The SDK shows replacement characters; the bytes are on the wire, as a file shows."""
    result = sandbox.commands.run(r"printf '\xff\x00a\xc3' | tee raw")
    assert result.stdout == "\ufffd\x00a\ufffd"
    assert bytes(sandbox.files.read("raw", format="bytes")) == b"\xff\x00a\xc3"


def test_twenty_megabytes_of_output_arrive_whole(sandbox):
    """Nothing is lost and nothing comes twice, however slow the reader."""
    result = sandbox.commands.run("seq 1 2500000", timeout=200)
    assert hashlib.md5(result.stdout.encode()).hexdigest() == _md5_of_numbers(2_500_000)


def test_list_shows_what_runs_and_only_that(sandbox):
    """The list has the command as it was asked for, until it ends."""
    handle = sandbox.commands.run("sleep 60", background=True, envs={"A": "1"}, cwd="/usr")
    (info,) = sandbox.commands.list()
    assert (info.pid, info.cmd, info.args, info.envs, info.cwd, info.tag) == (
        handle.pid,
        "/bin/bash",
        ["-l", "-c", "sleep 60"],
        {"A": "1"},
        "/usr",
        None,
    )
    assert handle.kill() is True
    until(lambda: sandbox.commands.list() == [])


def test_kill_of_an_unknown_pid_is_false(sandbox):
    """There is nothing to kill, and the SDK says so."""
    assert sandbox.commands.kill(4_000_000) is False


def test_pids_are_those_that_the_sandbox_sees(sandbox):
    """A second command can act on the first by its number."""
    handle = sandbox.commands.run("sleep 60", background=True)
    assert sandbox.commands.run(f"ps -o args= -p {handle.pid}").stdout == "sleep 60\n"
    sandbox.commands.run(f"kill -TERM {handle.pid}")
    with pytest.raises(e2b.CommandExitException) as caught:
        handle.wait()
    assert caught.value.error == "signal: terminated"


def test_a_terminal_can_be_used_and_resized(sandbox):
    """A pty is one: it has a size, a name, an end."""
    handle = sandbox.pty.create(size=e2b.PtySize(rows=30, cols=100))
    sandbox.pty.resize(handle.pid, e2b.PtySize(rows=40, cols=120))
    sandbox.pty.send_stdin(handle.pid, b"stty size; tty; exit 0\n")
    shown = []
    handle.wait(on_pty=shown.append)
    text = b"".join(shown).decode()
    assert "40 120" in text
    assert "/dev/pts/0" in text


def test_twenty_commands_run_at_once(sandbox):
    """Twenty commands that wait for each other all end: none waits for its turn."""
    meet = "echo >> here; until [ $(wc -l < here) = 20 ]; do read -t 0.01 <> <(:); done; echo $0"
    with ThreadPoolExecutor(20) as pool:
        results = list(pool.map(lambda i: sandbox.commands.run(f"{meet} {i}", timeout=200), range(20)))
    assert [result.exit_code for result in results] == [0] * 20


def test_twenty_sandboxes_live_at_once(server):
    """Twenty sandboxes made together are apart: each has its own files and its own processes."""

    async def one(client, number):
        made = await client.AsyncSandbox.create()
        await made.files.write("number", str(number))
        return made

    async def all_of_them():
        client = bound(server.address)
        made = await asyncio.gather(*(one(client, number) for number in range(20)))
        said = await asyncio.gather(*(sandbox.commands.run("cat number; ls; echo $$") for sandbox in made))
        killed = await asyncio.gather(*(sandbox.kill() for sandbox in made))
        return [result.stdout.splitlines()[:2] for result in said], killed

    said, killed = asyncio.run(all_of_them())
    assert said == [[f"{number}number", *lines[1:]] for number, lines in enumerate(said)]
    assert killed == [True] * 20


def _md5_of_numbers(last: int) -> str:
    digest = hashlib.md5()
    for number in range(1, last + 1):
        digest.update(b"%d\n" % number)
    return digest.hexdigest()


def test_the_agent_keeps_no_descriptor_of_commands(sandbox):
    """Commands that ran, that could not be started and that had a terminal leave nothing open in process number 1."""
    count = "ls /proc/1/fd | wc -l"
    before = int(sandbox.commands.run(count).stdout)
    for _ in range(3):
        sandbox.commands.run("true")
        sandbox.commands.run("cat", background=True, stdin=True).kill()
        sandbox.pty.create(size=e2b.PtySize(rows=1, cols=1)).kill()
        with pytest.raises(e2b.InvalidArgumentException):
            sandbox.commands.run("true", cwd="/none")
    until(lambda: int(sandbox.commands.run(count).stdout) <= before)  # the count can see the command's own pipes

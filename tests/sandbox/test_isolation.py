"""Promises about what a sandbox can see and take: E2B's profile, and nothing of the host."""

from __future__ import annotations

import os
import signal
import socket
from pathlib import Path

import e2b
import pytest

from osiris_core.sandbox import namespace, profile, templates
from osiris_core.sandbox.launch import ServerProcess
from tests.sandbox.helpers import bound


@pytest.fixture(scope="module")
def marked_server():
    """A server started from an environment with a secret in it."""
    os.environ["OSIRIS_TEST_HOST_SECRET"] = "leaked"
    try:
        with ServerProcess.start() as started:
            yield started
    finally:
        del os.environ["OSIRIS_TEST_HOST_SECRET"]


def test_a_command_has_envds_variables_and_no_other(marked_server):
    """Nothing of the host's environment reaches a command."""
    made = bound(marked_server.address).Sandbox.create(envs={"MINE": "1"})
    try:
        lines = made.commands.run("env | sort | grep -v '^_='").stdout.splitlines()
    finally:
        made.kill()
    assert lines == [
        "E2B_SANDBOX=true",
        f"E2B_SANDBOX_ID={made.sandbox_id}",
        "E2B_TEMPLATE_ID=base",
        "HOME=/home/user",
        "LANG=C.UTF-8",
        "LOGNAME=user",
        "MINE=1",
        "PATH=/opt/osiris/bin:/usr/local/bin:/usr/bin:/bin:/usr/local/games:/usr/games",
        "PWD=/home/user",
        "SHLVL=1",
        "USER=user",
    ]


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("id", "uid=1000(user) gid=1000(user) groups=1000(user)"),
        ("hostname", "e2b.local"),
        ("cat /etc/hostname", "e2b.local"),
        ("date +%Z%z", "UTC+0000"),
        ("echo ${TZ-unset}", "unset"),
        ("getent passwd user", "user:x:1000:1000:user:/home/user:/bin/bash"),
        ("python3 -c 'import socket; print(socket.gethostbyname(\"localhost\"))'", "127.0.0.1"),
        ("ls /sys/class/net 2>/dev/null; cut -d: -f1 /proc/net/dev | tail -n +3 | tr -d ' '", "lo"),
        ("ls /home", "user"),
        ("ls -d /mnt /srv /boot /etc/shadow /etc/ssh 2>/dev/null; true", ""),
        ("umask", "0022"),
        ("awk '/NoNewPrivs/ {print $2}' /proc/self/status", "1"),
        ("awk '/CapEff/ {print $2}' /proc/self/status", "0000000000000000"),
        ("echo /proc/[0-9]*", "/proc/1 /proc/2"),
        ("echo /proc/self/fd/*", "/proc/self/fd/0 /proc/self/fd/1 /proc/self/fd/2 /proc/self/fd/3"),
    ],
)
def test_the_profile_is_e2bs(sandbox, command, expected):
    """User, host name, time zone, names, network, processes and descriptors are those of a fresh sandbox."""
    assert sandbox.commands.run(command).stdout.strip() == expected


def test_python_is_the_templates_with_no_distribution(sandbox):
    """`base` has this server's interpreter and nothing installed."""
    script = "import sys, importlib.metadata as m; print(sys.prefix, list(m.distributions()), sys.flags.isolated)"
    for name in ("python", "python3", "/opt/osiris/bin/python"):
        assert sandbox.commands.run(f'{name} -c "{script}"').stdout == "/opt/osiris [] 0\n"


def test_the_systems_interpreter_shows_no_distribution_of_the_host(sandbox):
    """Debian's own Python, where it is, has its dist-packages masked."""
    script = "import importlib.metadata as m; print(list(m.distributions()))"
    found = sandbox.commands.run(f'[ ! -x /usr/bin/python3 ] && echo "[]" || /usr/bin/python3 -c "{script}"')
    assert found.stdout == "[]\n"


def test_a_link_to_a_file_of_the_host_never_reads_it(sandbox, tmp_path):
    """Links are followed inside the sandbox, where the host's files are not, by every operation."""
    secret = tmp_path / "secret"
    secret.write_text("host's own")
    sandbox.commands.run(f"ln -s /etc/shadow shadow; ln -s {secret} secret; ln -s {tmp_path} dir; ln -s / root")
    for path in ("shadow", "secret", "dir/secret", f"root{secret}", str(secret), "../.." + str(secret)):
        with pytest.raises(e2b.FileNotFoundException):
            sandbox.files.read(path)


def test_a_write_through_a_link_never_reaches_the_host(sandbox, tmp_path):
    """The same path inside the sandbox is another file, or none."""
    victim = tmp_path / "victim"
    victim.write_text("untouched")
    sandbox.commands.run(f"ln -s {victim} link")
    with pytest.raises(e2b.SandboxException):
        sandbox.files.write("link", "overwritten")
    assert victim.read_text() == "untouched"


def test_links_in_the_sandbox_do_read_the_sandboxs_own_file(sandbox):
    """The test above can fail: a link to a file that is there is followed."""
    sandbox.commands.run("ln -s /etc/hostname link")
    assert sandbox.files.read("link") == "e2b.local\n"


def test_servers_of_the_host_cannot_be_reached(sandbox):
    """A port that listens on the host's loopback does not answer inside; the sandbox's own does."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        probe = "import socket, sys; socket.create_connection(('127.0.0.1', int(sys.argv[1])), 2)"
        with pytest.raises(e2b.CommandExitException) as caught:
            sandbox.commands.run(f'python3 -c "{probe}" {port}')
        assert "ConnectionRefusedError" in caught.value.stderr
    own = "import socket; s = socket.create_server(('127.0.0.1', 0)); socket.create_connection(s.getsockname()); print('ok')"
    assert sandbox.commands.run(f'python3 -c "{own}"').stdout == "ok\n"


def test_what_is_not_the_users_cannot_be_written(sandbox):
    """System directories, the interpreter and the masked site directory are read-only for a program."""
    for path in ("/", "/etc", "/usr", "/opt", "/opt/osiris", "/run", "/var", "/home"):
        assert sandbox.commands.run(f"touch {path}/x 2>/dev/null && echo wrote || echo refused").stdout == "refused\n"
    for path in ("/tmp", "/var/tmp", "/home/user", "/dev/shm"):
        assert sandbox.commands.run(f"touch {path}/x 2>/dev/null && echo wrote || echo refused").stdout == "wrote\n"


def test_one_sandbox_sees_nothing_of_another(e2b_client, sandbox):
    """Files and processes are each sandbox's own."""
    other = e2b_client.Sandbox.create()
    try:
        other.files.write("/tmp/mine", "x")
        other.commands.run("sleep 61", background=True)
        assert sandbox.commands.run("ls /tmp; pgrep sleep; true").stdout == ""
    finally:
        other.kill()


def test_the_processors_of_the_template_are_what_programs_see(sized):
    """With one processor asked for, both ways of counting say one, and so does nproc."""
    made = sized(cpus=1)
    script = "import os; print(os.cpu_count(), len(os.sched_getaffinity(0)))"
    assert made.commands.run(f'python3 -c "{script}"; nproc; getconf _NPROCESSORS_ONLN').stdout == "1 1\n1\n1\n"
    assert made.get_info().cpu_count == 1


def test_more_processors_than_the_host_has_are_not_pretended(sized):
    """A template that asks for too many gets all there are."""
    made = sized(cpus=4096)
    script = "import os; print(len(os.sched_getaffinity(0)))"
    assert made.commands.run(f'python3 -c "{script}"').stdout == f"{len(os.sched_getaffinity(0))}\n"


def test_the_largest_process_over_the_memory_is_killed(sized, http):
    """One that takes too much is ended as by the kernel; the agent, the sandbox and the small ones live on."""
    made = sized(memory_mb=64)
    small = made.commands.run("sleep 60", background=True)
    with pytest.raises(e2b.CommandExitException) as caught:
        made.commands.run("exec python3 -c \"x = b'x' * (256 << 20); import signal; signal.pause()\"")
    assert caught.value.error == "signal: killed"
    assert [info.pid for info in made.commands.list()] == [small.pid]
    assert http.get("/osiris/stats").json()["memory_kills"][made.sandbox_id] >= 1


def test_who_is_killed_first_can_be_said_and_kills_are_counted(sized):
    """A smaller process that offered itself goes before the largest, as with the kernel, which counts it in the same place."""
    made = sized(memory_mb=128)
    count = "cat /sys/fs/cgroup/memory.events"
    assert made.commands.run(count).stdout == "oom 0\noom_kill 0\n"
    big = "exec python3 -c \"x = b'x' * (80 << 20); import signal; signal.pause()\""
    large = made.commands.run(big, background=True)
    with pytest.raises(e2b.CommandExitException) as caught:
        made.commands.run("echo 900 > /proc/self/oom_score_adj; " + big.replace("80", "60"))
    assert caught.value.error == "signal: killed"
    assert [info.pid for info in made.commands.list()] == [large.pid]
    assert made.commands.run(count).stdout == "oom 1\noom_kill 1\n"


def test_below_the_memory_nothing_is_killed(sized):
    """Address space is not memory: much may be reserved."""
    made = sized(memory_mb=64)
    reserve = "import mmap; m = mmap.mmap(-1, 4 << 30); x = b'x' * (16 << 20); print('fine')"
    assert made.commands.run(f'python3 -c "{reserve}"').stdout == "fine\n"


def test_a_full_disk_is_said_and_survived(sized):
    """Writing more than the disk holds is an error in commands and uploads; removing makes room again."""
    made = sized(disk_mb=8)
    assert made.commands.run("head -c 20M /dev/zero > big 2>/dev/null || echo full").stdout == "full\n"
    with pytest.raises(e2b.NotEnoughSpaceException):
        made.files.write("more", b"x" * 4_000_000)
    made.files.remove("big")
    made.files.write("more", b"x" * 4_000_000)


def test_nothing_of_a_sandbox_is_on_the_hosts_disk(sandbox):
    """Every place that a program can write to is memory."""
    types = sandbox.commands.run("stat -f -c %T / /home/user /tmp /var/tmp /dev/shm | sort -u").stdout
    assert types == "tmpfs\n"


def test_the_arguments_never_bind_the_hosts_own_places():
    """Of /etc only public things, of /home, /root, /var and /tmp nothing is bound."""
    options = namespace.arguments(templates.base_template(), cpus_available=2).options
    sources = {options[at + 1] for at, word in enumerate(options) if word == "--ro-bind"}
    prefix = str(templates.base_template().interpreter.prefix)
    allowed = {"/usr", "/etc/ssl/certs", "/etc/ssl/openssl.cnf", "/etc/ld.so.cache", "/etc/alternatives"}
    allowed |= {"/etc/ca-certificates", "/etc/pki/tls", "/etc/pki/ca-trust/extracted", prefix}
    allowed |= {"/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", str(namespace.AGENT_SOURCE)}
    assert sources <= allowed
    assert "--bind" not in options
    assert "--dev-bind" not in options


def test_the_lists_of_processors_are_those_of_the_kernel():
    """One is `0`, several are a range; none is written when the host has fewer."""
    assert profile.cpu_files(1, 8)["/sys/devices/system/cpu/online"] == "0\n"
    assert profile.cpu_files(4, 8)["/sys/devices/system/cpu/online"] == "0-3\n"
    assert profile.cpu_files(9, 8) == {}


def test_a_sandbox_whose_agent_dies_is_gone(sandbox, processes_of):
    """Whatever ends process number 1 ends the sandbox: streams are told, and it is not found any more."""
    handle = sandbox.commands.run("sleep 60", background=True, timeout=0)
    watched = processes_of(sandbox)
    (agent,) = [pid for pid in watched.pids if _number_inside(pid) == 1]
    os.kill(agent, signal.SIGKILL)
    with pytest.raises(e2b.SandboxNotRunningException):
        handle.wait()
    assert watched.all_end()
    assert sandbox.kill() is False


def test_a_program_cannot_end_the_agent(sandbox):
    """The kernel keeps number 1 from signals of its own namespace."""
    sandbox.commands.run("kill -KILL 1; kill -TERM 1; true")
    assert sandbox.commands.run("echo still here").stdout == "still here\n"


def _number_inside(pid: int) -> int:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[-1]) for line in lines if line.startswith("NSpid"))

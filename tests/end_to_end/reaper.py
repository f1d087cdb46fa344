"""Run a command and say what it left behind: a process of its own, because it adopts all orphans below it.

Prints one JSON line `{"pid": n}` when the command has started, and `{"exit": n, "left": [...]}` at the end:
`left` are the command lines of descendants that were still alive `PATIENCE_S` after the command had ended.
"""

from __future__ import annotations

import ctypes
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

PR_SET_CHILD_SUBREAPER = 36  # linux/prctl.h
PATIENCE_S = 100


def children() -> list[int]:
    """Return the pids of this process's children."""
    return [int(each) for each in Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()]


def command_line(pid: int) -> str:
    """Return a child's command line."""
    return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace").strip()


def give_up(*_: object) -> None:
    """End the wait for descendants."""
    raise TimeoutError


def main(command: list[str]) -> None:
    """Start, report, wait, report."""
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL)
    sys.stdout.write(json.dumps({"pid": process.pid}) + "\n")
    sys.stdout.flush()
    code = process.wait()
    signal.signal(signal.SIGALRM, give_up)
    signal.alarm(PATIENCE_S)
    left: list[str] = []
    try:
        while True:
            os.waitpid(-1, 0)
    except ChildProcessError:
        pass
    except TimeoutError:
        left = [command_line(pid) for pid in children()]
        for pid in children():
            os.kill(pid, signal.SIGKILL)
    sys.stdout.write("\n" + json.dumps({"exit": code, "left": left}) + "\n")  # the command may have died within a line


if __name__ == "__main__":
    main(sys.argv[1:])

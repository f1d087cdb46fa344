"""Children that a driver forks die of SIGTERM whenever it comes, also in the first moments of their life."""

import subprocess
import sys

PROGRAM = """
import os, signal, sys
from osiris_core.worker.stop import StopSignal

HIT = False
os.register_at_fork(after_in_child=lambda: HIT and os.kill(os.getpid(), signal.SIGTERM))
StopSignal(None, None).install()
for HIT in (False, True):
    child = os.fork()
    if child == 0:
        os._exit(3)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
print(signal.SIGTERM in signal.pthread_sigmask(signal.SIG_BLOCK, []))
"""


def test_a_signal_that_comes_right_behind_the_fork_is_not_lost():
    """`multiprocessing` ends its pools so: it forks, signals and waits, and a lost signal would make it wait for ever."""
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["3", "-15", "False"]

"""`python -m osiris_core.sandbox`: serves until stopped; writes its address to stdout as one line of JSON."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from osiris_core.sandbox.faults.model import FaultError
from osiris_core.sandbox.faults.reading import faults_from_bytes
from osiris_core.sandbox.isolation import IsolationError, choose
from osiris_core.sandbox.settings import CONCURRENT_BUILDS, HOST, Settings, SettingsError, Timing, listen

if TYPE_CHECKING:
    from osiris_core.sandbox.launch import ServerAddress

EXIT_CANNOT_SERVE = 3


def main(argv: list[str]) -> int:
    """Serve as `argv` says; return the exit code."""
    defaults = Timing()
    parser = argparse.ArgumentParser(prog="python -m osiris_core.sandbox", description=__doc__)
    parser.add_argument("--host", default=HOST, help="a loopback address")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--isolation", choices=("bubblewrap", "plain"), default="bubblewrap")
    parser.add_argument("--bwrap", help="the bubblewrap to use, instead of looking for one")
    parser.add_argument("--parent-pid", type=int, help="end when this process is no longer the parent")
    parser.add_argument("--exit-retention-s", type=float, default=defaults.exit_retention_s)
    parser.add_argument("--memory-poll-s", type=float, default=defaults.memory_poll_s)
    parser.add_argument("--build-s", type=float, default=defaults.build_s, help="how long a build takes at least")
    parser.add_argument(
        "--concurrent-builds", type=int, default=CONCURRENT_BUILDS, help="more builds of templates at once are a 429"
    )
    parser.add_argument(
        "--allow-network",
        action="store_true",
        help="sandboxes that ask for internet access get this machine's network, its loopback included",
    )
    parser.add_argument("--faults", type=Path, metavar="FILE", help="a fault plan, as JSON")
    given = parser.parse_args(argv)
    try:
        faults = faults_from_bytes(given.faults.read_bytes()) if given.faults else ()
    except (OSError, FaultError) as error:
        sys.stderr.write(f"{given.faults}: {error.strerror if isinstance(error, OSError) else error}\n")
        return EXIT_CANNOT_SERVE
    settings = Settings(
        host=given.host,
        port=given.port,
        isolation=given.isolation,
        bwrap=given.bwrap,
        timing=Timing(
            exit_retention_s=given.exit_retention_s, memory_poll_s=given.memory_poll_s, build_s=given.build_s
        ),
        concurrent_builds=given.concurrent_builds,
        network_allowed=given.allow_network,
        faults=faults,
    )
    try:
        isolation = choose(settings.isolation, bwrap=settings.bwrap)
        sock = listen(settings.host, settings.port)
    except (SettingsError, IsolationError) as error:
        sys.stderr.write(f"{error}\n")
        return EXIT_CANNOT_SERVE
    # What serves takes most of the time of a start, and a refusal need not wait for it.
    import asyncio

    from osiris_core.sandbox.server import serve

    asyncio.run(serve(sock, isolation, settings, parent_pid=given.parent_pid, announce=_announce))
    return 0


def _announce(address: ServerAddress) -> None:
    sys.stdout.write(address.to_json() + "\n")
    sys.stdout.flush()
    # Nothing follows; closing the pipe's end here keeps a reader that waits for more from waiting for ever.
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""What an E2B sandbox looks like to a program: its user, its files under /etc, its variables.

The values are those of E2B's base template; `PATH` is the exception, where the template's interpreter comes first.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from osiris_core.sandbox.agent.memory import EVENTS, EVENTS_TEXT

if TYPE_CHECKING:
    from collections.abc import Mapping

HOSTNAME = "e2b.local"
UID = 1000
HOMES = {"user": "/home/user", "root": "/root"}
VIEW = "/opt/osiris"
"""Where a sandbox finds its template's interpreter and distributions."""

SHIMS = "/opt/osiris-bin"
"""Scripts for the interpreter's names that a template's own `bin` lacks."""

# envd starts commands with the system's PATH; a login shell then resets it, as Debian's /etc/profile does for a user.
COMMAND_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
LOGIN_PATH = "/usr/local/bin:/usr/bin:/bin:/usr/local/games:/usr/games"

# Fixed, as a template's is: programs that hash it must not differ from one sandbox to the next.
MACHINE_ID = "e2b10ca1e2b10ca1e2b10ca1e2b10ca1"


NO_RESOLVER = "# this sandbox has no network but its own loopback\n"


def etc_files(*, has_shims: bool, resolver: str = NO_RESOLVER) -> dict[str, str]:
    """Return the text of every file that this server writes under /etc of a sandbox, by path."""
    path = f"{VIEW}/bin:{SHIMS}:{LOGIN_PATH}" if has_shims else f"{VIEW}/bin:{LOGIN_PATH}"
    return {
        "/etc/passwd": (
            "root:x:0:0:root:/root:/bin/bash\n"
            f"user:x:{UID}:{UID}:user:/home/user:/bin/bash\n"
            "nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n"
        ),
        "/etc/group": f"root:x:0:\nuser:x:{UID}:\nnogroup:x:65534:\n",
        "/etc/hosts": f"127.0.0.1 localhost\n::1 localhost ip6-localhost ip6-loopback\n127.0.1.1 {HOSTNAME}\n",
        "/etc/hostname": f"{HOSTNAME}\n",
        "/etc/nsswitch.conf": "passwd: files\ngroup: files\nshadow: files\nhosts: files dns\nservices: files\n",
        "/etc/resolv.conf": resolver,
        "/etc/machine-id": f"{MACHINE_ID}\n",
        "/etc/timezone": "Etc/UTC\n",
        "/etc/profile": f"PATH={path}\nexport PATH\n",
    }


def cpu_files(cpus: int, available: int) -> dict[str, str]:
    """Return the kernel's lists of processors that show `cpus` of them; nothing when the host has fewer `available`."""
    if cpus > available:
        return {}
    listed = "0\n" if cpus == 1 else f"0-{cpus - 1}\n"
    return {f"/sys/devices/system/cpu/{name}": listed for name in ("online", "possible", "present")}


def memory_files() -> dict[str, str]:
    """Return the file in which the agent counts the processes that it kills for lack of memory, as a kernel would."""
    return {EVENTS: EVENTS_TEXT}


def environment(
    *, user: str, home: str, sandbox_id: str, template_id: str, sandbox_variables: Mapping[str, str]
) -> dict[str, str]:
    """Return the variables that a command starts with, before its own: envd's, then the sandbox's."""
    return {
        "PATH": COMMAND_PATH,
        "HOME": home,
        "USER": user,
        "LOGNAME": user,
        "LANG": "C.UTF-8",
        **sandbox_variables,
        "E2B_SANDBOX": "true",
        "E2B_SANDBOX_ID": sandbox_id,
        "E2B_TEMPLATE_ID": template_id,
    }

"""The number of HTTP requests is a property of a run, not of its steps."""

from __future__ import annotations

import dataclasses
import json
import urllib.request
from typing import TYPE_CHECKING

import pytest

from osiris_core.sandbox.launch import ServerProcess

if TYPE_CHECKING:
    from collections.abc import Iterator

    from osiris_core.sandbox.launch import ServerAddress

    from conftest import Project

BUDGET = 8
SMALL = 5
"""A sandbox, two uploads, the start, the end: what a small run leaves comes with its records."""


def requests_so_far(server: ServerAddress) -> int:
    """Ask the server, which counts what really arrives, instead of believing the client."""
    request = urllib.request.Request(f"{server.url}/osiris/stats", headers={"X-API-KEY": server.api_key})
    with urllib.request.urlopen(request) as response:
        return int(json.load(response)["requests"])


def manifest_of(steps: int) -> str:
    lines = ['osiris: "1"', "pipeline: {id: chain}", "code: [code]", "steps:"]
    for index in range(steps):
        needs = f", needs: [s{index - 1}]" if index else ""
        lines.append(f'  - {{id: s{index}{needs}, driver: python.callable, config: {{function: "nothing:nothing"}}}}')
    lines += [
        f'  - {{id: last, needs: [s{steps - 1}], driver: python.callable, config: {{function: "nothing:write"}}}}',
    ]
    return "\n".join(lines) + "\n"


@pytest.fixture
def project(project: Project, bubblewrap: None) -> Iterator[Project]:
    """A project with a server of its own: others' sandboxes would be counted too."""
    with ServerProcess.start() as server:
        yield dataclasses.replace(project, server=server.address)


def test_the_number_of_requests_does_not_depend_on_the_number_of_steps(project: Project) -> None:
    """1, 10 and 60 steps make the same few requests, by the server's own count."""
    project.write(
        "code/nothing.py",
        "def nothing(inputs, ctx):\n    return None\n\n\n"
        "def write(inputs, ctx):\n    (ctx.output_dir / 'done.txt').write_text('done\\n')\n",
    )
    project.write("chain1.osiris.yaml", manifest_of(1))
    project.check("chain1.osiris.yaml")  # registers the closure, once for all runs that share it
    counted = []
    for steps in (1, 10, 60):
        project.write(f"chain{steps}.osiris.yaml", manifest_of(steps))
        before = requests_so_far(project.server)
        record = project.check(f"chain{steps}.osiris.yaml")
        assert record.verdict == "IDENTICAL", record
        [local, e2b] = record.targets
        counted.append(requests_so_far(project.server) - before - 1)  # less the template's registration
        assert local.http_requests == 0
        assert e2b.http_requests == counted[-1]

    assert len(set(counted)) == 1
    assert counted[0] == SMALL
    assert counted[0] <= BUDGET

"""The action and the workflows that the how-tos show: what of them can be tried without GitHub or GitLab is tried.

The shell of every step runs, with stand-ins for what would install or change this machine.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
from ruamel.yaml import YAML

from tests.docs.test_commands import blocks

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

EXPRESSION = re.compile(r"\$\{\{(.*?)\}\}", re.DOTALL)
KNOWN = {
    "actions/checkout@v4",
    "actions/setup-python@v5",
    "actions/cache@v4",
    "actions/upload-artifact@v4",
    "actions/download-artifact@v4",
    "OWNER/pytest-osiris@COMMIT",
}
"""Actions by tags that are sure to be there, and our own, which a reader fills in."""


@pytest.fixture(scope="module")
def action(repository: Path) -> dict[str, Any]:
    """`action.yml`."""
    return YAML(typ="safe").load((repository / "action.yml").read_text(encoding="utf-8"))


def expressions(value: Any) -> Iterator[str]:
    """Yield what stands between `${{` and `}}` anywhere in a document, and in the conditions of steps."""
    if isinstance(value, dict):
        for key, each in value.items():
            if key == "if":
                yield str(each)
            yield from expressions(each)
    elif isinstance(value, list):
        for each in value:
            yield from expressions(each)
    elif isinstance(value, str):
        yield from (found.strip() for found in EXPRESSION.findall(value))


def steps_of(workflow: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [step for job in workflow.get("jobs", {}).values() for step in job["steps"]]


def workflows(repository: Path) -> list[tuple[str, dict[str, Any]]]:
    found = [(place, YAML(typ="safe").load(text)) for place, text in blocks(repository, "yaml")]
    return [(place, workflow) for place, workflow in found if "jobs" in workflow]


def test_every_input_is_used_and_every_expression_is_there(action):
    """An input that nobody reads is a promise that nobody keeps."""
    used = {name for each in expressions(action["runs"]) for name in re.findall(r"inputs\.([a-z-]+)", each)}
    assert used == set(action["inputs"])
    assert all(each["description"].endswith(".") and "default" in each for each in action["inputs"].values())

    ids = {step["id"] for step in action["runs"]["steps"] if "id" in step}
    plain = [re.sub(r"'[^']*'", "", each) for each in expressions(action)]
    contexts = {word for each in plain for word in re.findall(r"\b([a-z]+)\.[a-z_.-]+", each)}
    assert contexts == {"inputs", "runner", "github", "steps"}
    assert {name for each in expressions(action) for name in re.findall(r"steps\.([a-z]+)\.", each)} == ids
    written = set(
        re.findall(r'"([a-z]+)=', next(step["run"] for step in action["runs"]["steps"] if step.get("id") == "places"))
    )
    assert {name for each in expressions(action) for name in re.findall(r"outputs\.([a-z]+)", each)} == written


def test_every_step_says_its_shell_and_takes_values_by_the_environment(action):
    """An expression in a script would be text of the script, and whoever names a branch could write into it."""
    for step in action["runs"]["steps"]:
        assert step["name"]
        assert ("run" in step) != ("uses" in step)
        if "run" in step:
            assert step["shell"] == "bash"
            assert EXPRESSION.search(step["run"]) is None
            assert set(step["env"]) <= set(re.findall(r"\$\{?([A-Z_]+)", step["run"]))


def test_no_action_is_used_that_is_not_pinned(action, repository):
    """In the action, in the tutorial and in the how-tos."""
    shown = [step for _, workflow in workflows(repository) for step in steps_of(workflow)]
    assert len(shown) >= 15
    assert {step["uses"] for step in (*action["runs"]["steps"], *shown) if "uses" in step} <= KNOWN


def test_workflows_give_the_action_only_inputs_that_it_has(action, repository):
    """And everything in them hangs together: needs, matrices, names of what is uploaded."""
    given: set[str] = set()
    for _, workflow in workflows(repository):
        jobs = workflow["jobs"]
        for job in jobs.values():
            assert job["runs-on"] == "ubuntu-latest"
            assert {job["needs"]} <= set(jobs) if "needs" in job else True
            matrix = job.get("strategy", {}).get("matrix", {})
            used = {name for each in expressions(job) for name in re.findall(r"matrix\.([a-z]+)", each)}
            assert used == set(matrix)
        given |= {
            name for step in steps_of(workflow) if "pytest-osiris@" in step.get("uses", "") for name in step["with"]
        }
    assert given
    assert given <= set(action["inputs"])


class Steps:
    """Runs a step of the action as GitHub would: its script, in bash, with what its `env` becomes."""

    def __init__(self, action: Mapping[str, Any], directory: Path) -> None:
        self._steps = {step["name"]: step for step in action["runs"]["steps"] if "run" in step}
        self._defaults = {name: each["default"] for name, each in action["inputs"].items()}
        self.directory = directory
        self.bin = directory / "bin"
        self.bin.mkdir()
        self.output = directory / "output"

    def stand_in(self, program: str, code: int = 0) -> None:
        """Put a program into the path that writes its arguments, one a line, and ends with a code."""
        path = self.bin / program
        path.write_text(
            f'#!/bin/sh\nprintf "%s\\n" {program} "$@" >>"{self.directory}/called"\n'
            f'printf "%s" "$PYTEST_ADDOPTS" >"{self.directory}/addopts"\nexit {code}\n'
        )
        path.chmod(0o755)

    def run(self, name: str, **inputs: str) -> int:
        """Return the exit code of a step."""
        values = {
            **{f"inputs.{key}": str(each) for key, each in self._defaults.items()},
            "github.action_path": "/action",
        }
        values |= {f"inputs.{key.replace('_', '-')}": each for key, each in inputs.items()}
        step = self._steps[name]
        environment = {
            key: EXPRESSION.sub(lambda found: values[found[1].strip()], str(each)) for key, each in step["env"].items()
        }
        return subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]],
            cwd=self.directory,
            env={
                **os.environ,
                "PATH": f"{self.bin}{os.pathsep}{os.environ['PATH']}",
                "GITHUB_OUTPUT": str(self.output),
                **environment,
            },
            check=False,
        ).returncode

    @property
    def called(self) -> list[str]:
        """What was called, with its arguments."""
        file = self.directory / "called"
        return file.read_text().splitlines() if file.exists() else []


@pytest.fixture
def steps(action: Mapping[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Steps:
    """The steps of the action, in an empty directory."""
    monkeypatch.delenv("PYTEST_ADDOPTS", raising=False)
    return Steps(action, tmp_path)


def test_the_step_that_runs_pytest_gives_it_what_was_asked_for(steps):
    """Nothing more, and every word as it was quoted; the exit code is pytest's."""
    steps.stand_in("python", code=5)

    assert (
        steps.run("Run manifests and compare", args="a dir/*.yaml -k 'x or y' $(id)", min_manifests="3", shard="1/2")
        == 5
    )
    assert steps.called == [
        *("python", "-m", "pytest", "--osiris-target=both", "--osiris-report=reports/parity.html"),
        *("--osiris-shard=1/2", "--osiris-min-manifests=3"),
    ]
    assert (steps.directory / "addopts").read_text() == " a dir/*.yaml -k 'x or y' $(id)"


def test_the_step_that_runs_pytest_is_a_gate(steps, monkeypatch):
    """With the real program, and the inputs' defaults but for the target: a run, its summary, and a gate that is missed."""
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(sys.path))
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(steps.directory / "step.md"))
    (steps.bin / "python").symlink_to(sys.executable)
    (steps.directory / "it.osiris.yaml").write_text(
        'osiris: "1"\npipeline: {id: it}\ncode: [.]\n'
        'steps: [{id: only, driver: python.callable, config: {function: "steps:write"}}]\n'
    )
    (steps.directory / "steps.py").write_text("def write(inputs, ctx): (ctx.output_dir / 'x').write_text('x')\n")

    code = steps.run("Run manifests and compare", target="local", args="-p osiris -q", min_manifests="1")

    assert code == 1
    assert (steps.directory / "reports" / "parity.json").is_file()
    summary = (steps.directory / "step.md").read_text()
    assert "**Not as asked for:** `0 manifests were compared, and at least 1 have to be`" in summary


@pytest.mark.parametrize(
    ("inputs", "written"),
    [
        ({}, ["report=./reports/parity.html", "records=./reports/parity.json"]),
        ({"report": "p.x.html", "working_directory": "a b"}, ["report=a b/p.x.html", "records=a b/p.x.json"]),
        ({"report": ""}, []),
    ],
)
def test_the_places_of_the_report_are_told(steps, inputs, written):
    """For the step that uploads them, and for whoever uses the action."""
    assert steps.run("Say where the report will lie", **inputs) == 0
    assert (steps.output.read_text().splitlines() if steps.output.exists() else []) == written


def test_what_is_installed_is_the_action_and_what_the_project_names(steps):
    """The version of the action is the version of the plugin."""
    steps.stand_in("python")

    assert steps.run("Install pytest-osiris", requirements="my reqs.txt") == 0
    assert steps.called == [
        *("python", "-m", "pip", "install", "--disable-pip-version-check", "/action", "-r", "my reqs.txt"),
    ]


@pytest.mark.parametrize(("known", "called"), [(0, True), (1, False)])
def test_namespaces_are_allowed_where_the_kernel_forbids_them(steps, known, called):
    """A kernel that has no such setting is left alone."""
    steps.stand_in("sysctl", code=known)
    steps.stand_in("sudo")

    assert steps.run("Let bubblewrap make namespaces") == 0
    assert ("sudo" in steps.called) is called
    assert ("kernel.apparmor_restrict_unprivileged_userns=0" in steps.called) is called


def scripts(repository: Path) -> list[str]:
    return [text for place, text in blocks(repository, "bash") if place.startswith("docs/how-to/gate-in-a-shell.md")]


@pytest.mark.parametrize(
    "case",
    [
        (0, "pytest", 0, 0, "gate: passed"),
        (0, "pytest", 1, 1, "gate: a check failed, or fewer than 12 manifests were compared"),
        (0, "pytest", 5, 5, "gate: there was no test at all"),
        (0, "pytest", 4, 4, "gate: it did not run to its end (exit code 4)"),
        (1, "osiris-parity", 0, 0, ""),
        (1, "osiris-parity", 1, 1, ""),
        (1, "osiris-parity", 3, 3, "gate: a target could not run, attempt 3"),
        (2, "pytest", 1, 0, ""),
        (3, "osiris-parity", 1, 1, ""),
    ],
)
def test_the_scripts_of_the_how_to_end_as_they_say(repository, steps, case):
    """Each of them runs, with a stand-in that ends with a code: the script, the program, its code, the script's, and what it says."""
    script, program, code, ended, said = case
    steps.stand_in(program, code=code)
    result = subprocess.run(
        ["bash", "-c", scripts(repository)[script]],
        cwd=steps.directory,
        env={"PATH": f"{steps.bin}:/usr/bin:/bin", "PART": "2", "PARTS": "3"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert (result.returncode, said in result.stdout + result.stderr) == (ended, True)
    assert steps.called.count(program) == (3 if code == 3 else 1)
    assert "" not in steps.called


def test_what_gitlab_is_told_hangs_together(repository):
    """Every job has an image and a script, needs jobs that there are, and keeps what its script writes."""
    listed = [
        YAML(typ="safe").load(text)
        for place, text in blocks(repository, "yaml")
        if place.startswith("docs/how-to/gate-in-gitlab.md")
    ]
    assert [sorted(jobs) for jobs in listed] == [["parity"], ["parity", "shard"]]
    for jobs in listed:
        for job in jobs.values():
            assert job["image"] == "python:3.12"
            assert set(job.get("needs", ())) <= set(jobs)
            kept = job["artifacts"]["paths"]
            for path in re.findall(r"(?:--osiris-report=\"?|--report |--junitxml=)([a-z]+/)", " ".join(job["script"])):
                assert path in kept

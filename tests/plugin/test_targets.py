"""Targets beyond the two: as options, markers and ini entries say them, and what plugins bring."""

from __future__ import annotations

import sys
import venv
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from conftest import Engine, Project

USAGE_ERROR = 4
SITE = f"lib/python{sys.version_info.major}.{sys.version_info.minor}/site-packages"
MOON = """
from osiris_core.backends.protocol import TargetFacts
from osiris_core.errors import InfrastructureError

class Moon:
    def __init__(self, request):
        self.target, self.told = request.target, request

    def facts(self):
        return TargetFacts(target=self.target, provider="moon", isolation="vacuum")

    def run(self, job, session, facts, cancellation):
        raise InfrastructureError(f"{self.told.argument} of {self.told.project_root.name} is behind the moon")

    def close(self):
        pass
"""


def brings(project: Project, answer: str, name: str = "conftest") -> None:
    """Write a plugin that answers `pytest_osiris_backends`."""
    (project.root / f"{name}.py").write_text(f"{MOON}\n\ndef pytest_osiris_backends(config):\n    return {answer}\n")


def test_two_sets_of_versions_are_compared_for_real(project: Project) -> None:
    """The option reaches workers, which run and import as they are asked; the failure and its command name both targets."""
    for name, price in (("one", 10), ("two", 11)):
        venv.create(project.root / name, symlinks=True)
        (project.root / name / SITE / "shop_rules.py").write_text(f"PRICE = {price}\n")
    project.manifest("it", function="price")
    (project.root / "code" / "steps.py").write_text(
        "def price(inputs, ctx):\n    import shop_rules\n"
        "    (ctx.output_dir / 'price.txt').write_text(str(shop_rules.PRICE))\n"
    )
    options = ["--osiris-target=venv:one,venv:two", "--osiris-triage=off"]

    result = project.run("it.osiris.yaml", *options, "-p", "xdist", "-n1")

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            "*DIVERGENT it.osiris.yaml first diverging step: only*",
            "*venv:one: 10*",
            "*venv:two: 11*",
            "*reproduce: pytest it.osiris.yaml::it --osiris-target=venv:one,venv:two --osiris-triage=off*",
            "*sessions: .osiris/runs/*/venv-one-* .osiris/runs/*/venv-two-*",
        ]
    )


def test_a_marker_and_an_ini_entry_name_targets_with_arguments(project: Project, engine: Engine) -> None:
    """All say them alike; the fixture gives them back as they were asked for."""
    venv.create(project.root / "old", symlinks=True)
    project.manifest("it")
    project.ini("osiris_target = local,venv:old")
    (project.root / "test_it.py").write_text(
        "import pytest\n\n"
        '@pytest.mark.osiris("it.osiris.yaml")\n'
        "def test_ini(osiris_parity, osiris_target):\n    assert osiris_target == 'local,venv:old'\n\n"
        '@pytest.mark.osiris("it.osiris.yaml", target="venv:old")\n'
        "def test_marker(osiris_parity, osiris_target):\n    assert osiris_target == 'venv:old'\n"
    )

    project.run("test_it.py").assert_outcomes(passed=2)

    assert engine.calls == [("it", ("local", "venv:old")), ("it", ("venv:old",))]


@pytest.mark.parametrize(
    ("target", "sentence"),
    [
        (
            "local,venv:none",
            "--osiris-target: the target `venv:none` is no virtual environment: */none does not exist*",
        ),
        ("local,venv", "--osiris-target: the target `venv` needs a virtual environment (write its path*"),
        ("local,e2b,venv:x", "--osiris-target: 3 targets are too many: a check compares two (check them in pairs)"),
        ("local,vemv:x", "--osiris-target: unknown target 'vemv' (did you mean `venv`?)"),
    ],
)
def test_a_target_that_cannot_be_is_a_usage_error(project: Project, engine: Engine, target: str, sentence: str) -> None:
    """Before anything is collected or started."""
    project.manifest("it")

    result = project.run(f"--osiris-target={target}")

    assert result.ret == USAGE_ERROR
    result.stderr.fnmatch_lines([f"ERROR: {sentence}"])
    assert engine.calls == []


def test_a_plugin_brings_a_backend(project: Project) -> None:
    """The factory is told what stands behind the colon, and the project; its failure is INFRA by its own name."""
    project.manifest("it")
    brings(project, "{'moon': Moon}")

    result = project.run("it.osiris.yaml", "--osiris-target=moon:Io")

    result.assert_outcomes(failed=1)
    sentence = f"INFRA it.osiris.yaml moon:Io: Io of {project.root.name} is behind the moon"
    assert sentence in " ".join(result.stdout.str().split())


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        ("[Moon]", "gave [[]<class 'conftest.Moon'>[]], but a mapping of names to factories is asked for"),
        ("{1: Moon}", "gave {1: <class 'conftest.Moon'>}, but a mapping of names to factories is asked for"),
        (
            "{'local': Moon}",
            "the backend `local` from conftest has the name of a built-in target (choose another name)",
        ),
        ("{'moon': 'Moon'}", "the backend `moon` is given by 'Moon', which cannot be called"),
        ("{'moon': lambda request: 1}", "the backend `moon` of conftest has not all of target, facts, run and close"),
    ],
)
def test_a_plugin_that_brings_no_backend_is_named(project: Project, answer: str, sentence: str) -> None:
    """One sentence with hook, plugin or module, and what is asked for."""
    project.manifest("it")
    brings(project, answer)

    result = project.run("--osiris-target=local,moon")

    assert result.ret == USAGE_ERROR
    result.stderr.fnmatch_lines([f"ERROR: --osiris-target: *{sentence}"])


def test_two_plugins_with_one_name_are_named(project: Project) -> None:
    """Neither is taken for the other."""
    brings(project, "{'moon': Moon}", "one")
    brings(project, "{'moon': Moon}", "two")
    project.pytester.syspathinsert()

    result = project.run("-p", "one", "-p", "two", "--osiris-target=moon")

    result.stderr.fnmatch_lines(
        ["ERROR: --osiris-target: the hook pytest_osiris_backends of one gives the backend `moon`, which two gives too"]
    )

"""Backends of other distributions: found by the name that a target says, and held to what a backend is."""

from __future__ import annotations

from pathlib import Path

import pytest

from osiris_core.backends.catalog import BackendCatalog
from osiris_core.backends.extension import BackendRequest
from osiris_core.backends.protocol import Patience, TargetFacts
from osiris_core.errors import InfrastructureError, UsageError

MODULE = """
from osiris_core.backends.protocol import TargetFacts

class Moon:
    def __init__(self, request):
        self.target = request.target

    def facts(self):
        return TargetFacts(target=self.target, provider="moon", isolation="vacuum")

    def run(self, job, session, facts, cancellation):
        raise AssertionError("nobody runs here")

    def close(self):
        pass

VERSION = "1.0"
"""


class Near:
    """A backend that is given."""

    def __init__(self, request):
        self.target = request.target
        self.request = request

    def facts(self):
        """Say who it is."""
        return TargetFacts(target=self.target, provider="near", isolation="none")

    def run(self, job, session, facts, cancellation):
        """Run nothing."""
        raise AssertionError("nobody runs here")

    def close(self):
        """Hold nothing."""


def asked(target, argument=""):
    return BackendRequest(
        target=target, argument=argument, patience=Patience(), project_root=Path("/p"), report=lambda _: None
    )


@pytest.fixture
def install(environment):
    """Return a function that installs a distribution with entry points of backends."""

    def installed(*points, name="moons"):
        environment.install(name, files={f"{name}.py": MODULE})
        (environment.site / f"{name}-1.0.dist-info" / "entry_points.txt").write_text(
            "\n".join(["[osiris.backends]", *points])
        )

    return installed


def test_an_entry_point_is_the_factory_of_a_backend(install):
    """The request reaches it, and what it makes is the target's backend."""
    install("moon = moons:Moon")
    catalog = BackendCatalog()

    catalog.require("moon", "far side")
    backend = catalog.make("moon", asked("moon:far side", "far side"))

    assert backend.facts().provider == "moon"
    assert backend.target == "moon:far side"
    assert list(catalog.names()) == ["e2b", "local", "moon", "venv"]


def test_a_given_backend_is_nearer_than_an_installed_one(install):
    """What a project says itself decides."""
    install("moon = moons:Moon")

    assert BackendCatalog({"moon": Near}).make("moon", asked("moon")).facts().provider == "near"


@pytest.mark.parametrize("name", ["local", "e2b", "venv", "both"])
def test_the_name_of_a_built_in_target_is_refused(install, name):
    """Nothing takes it, whether it is given or installed."""
    with pytest.raises(UsageError, match=rf"the backend `{name}` from {__name__} has the name of a built-in target"):
        BackendCatalog({name: Near})
    install(f"{name} = moons:Moon")
    with pytest.raises(UsageError, match=rf"the backend `{name}` from moons 1.0 has the name of a built-in target"):
        BackendCatalog().require("moon", "")


def test_one_name_of_two_distributions_is_refused(install):
    """Which is found first would depend on the machine."""
    install("moon = moons:Moon")
    install("moon = more_moons:Moon", name="more_moons")

    with pytest.raises(UsageError, match=r"moons 1.0 and more.moons 1.0 have a backend `moon`"):
        BackendCatalog().make("moon", asked("moon"))


@pytest.mark.parametrize(
    ("name", "argument", "sentence"),
    [
        ("venf", "", r"unknown target 'venf' \(did you mean `venv`\?\)"),
        ("somewhere", "", r"unknown target 'somewhere' \(known: e2b, local, venv, both\)"),
        ("local", "x", r"the target `local` takes nothing behind a colon"),
        ("e2b", "x", r"the target `e2b` takes nothing behind a colon"),
    ],
)
def test_a_name_that_is_none_is_refused_with_the_nearest(name, argument, sentence):
    """One sentence, and nothing is made."""
    with pytest.raises(UsageError, match=sentence):
        BackendCatalog().require(name, argument)


@pytest.mark.parametrize(
    ("point", "sentence"),
    [
        ("moons:Nothing", r"the backend `moon` of moons 1.0 cannot be loaded: AttributeError: .*Nothing"),
        ("moons:VERSION", r"the backend `moon` of moons 1.0 is moons:VERSION, which cannot be called"),
        ("moons:TargetFacts", r"the backend `moon` of moons 1.0 cannot be made: TypeError: .*"),
    ],
)
def test_an_entry_point_that_is_no_factory_is_told(install, point, sentence):
    """With the name of the backend and the distribution that brings it."""
    install(f"moon = {point}")

    with pytest.raises(UsageError, match=sentence):
        BackendCatalog().make("moon", asked("moon"))


class Elsewhere(Near):
    """Calls itself otherwise than it was asked for."""

    def __init__(self, request):
        super().__init__(request)
        self.target = "moon"


@pytest.mark.parametrize(
    ("factory", "sentence"),
    [
        (lambda _: object(), r"the backend `moon` of .*test_catalog has not all of target, facts, run and close"),
        (Elsewhere, r"calls its target 'moon', not 'moon:x' \(it has to be called as it was asked for"),
        (lambda _: 1 / 0, r"the backend `moon` of .*test_catalog cannot be made: ZeroDivisionError"),
    ],
)
def test_what_a_factory_makes_has_to_be_the_backend_of_its_target(factory, sentence):
    """Session, record and report go by its name."""
    with pytest.raises(UsageError, match=sentence):
        BackendCatalog({"moon": factory}).make("moon", asked("moon:x", "x"))


def test_what_a_factory_means_to_say_is_passed_on():
    """What is not there now is no misuse."""

    def away(_request):
        raise InfrastructureError("the moon has set")

    with pytest.raises(InfrastructureError, match="the moon has set"):
        BackendCatalog({"moon": away}).make("moon", asked("moon"))


def test_what_cannot_be_called_is_no_factory():
    """Told where it is given, not where it is used."""
    with pytest.raises(UsageError, match=r"the backend `moon` is given by 'x', which cannot be called"):
        BackendCatalog({"moon": "x"})

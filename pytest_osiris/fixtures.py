"""What a test function can ask for. The first line of each docstring is what `pytest --fixtures` shows.

Each imports what it needs when it is used: this module is loaded in every pytest run.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from pytest_osiris.keys import CheckFailedError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from osiris_core.parity.record import ParityRecord
    from pytest_osiris.running.fuzzing import Fuzz
    from pytest_osiris.running.osiris import Osiris
    from pytest_osiris.running.run import Run
    from pytest_osiris.running.sandboxes import Sandboxes


@pytest.fixture
def osiris_target(request: pytest.FixtureRequest) -> str:
    """Return where this test's manifest runs: `local`, `e2b`, `both`, or as it was asked for, such as `local,venv:envs/old`."""
    from osiris_core.targets import target_word
    from pytest_osiris.marker import targets_of

    return target_word(targets_of(request.node))


@pytest.fixture
def osiris_params(request: pytest.FixtureRequest) -> Mapping[str, Any]:
    """Return the values of parameters that this test's manifest runs with: those of its marker.

    Give a test others by a fixture of this name, or by `@pytest.mark.parametrize("osiris_params", [{...}, {...}])`,
    with or without `indirect`. They come before the marker's.
    """
    from pytest_osiris.marker import params_of

    return {**params_of(request.node), **getattr(request, "param", {})}


@pytest.fixture
def osiris_secrets() -> Mapping[str, str]:
    """Return values of secrets for this test's manifests, by name; by default none, and those of the environment are used.

    Give a test its own by a fixture of this name: `{"DB_PASSWORD": "x"}`. A manifest takes those that it declares; no report
    shows them, and no file holds them.
    """
    return {}


@pytest.fixture
def osiris(request: pytest.FixtureRequest, osiris_secrets: Mapping[str, str]) -> Osiris:
    """Return an `Osiris`: `osiris.run("x.osiris.yaml")` runs a manifest, `osiris.parity(...)` returns what came out.

    For a test that decides by itself what it runs, and how often; each run has its own record. Needs no marker.
    """
    from pytest_osiris.running.osiris import Osiris

    return Osiris(request.node, osiris_secrets)


@pytest.fixture
def osiris_parity(
    request: pytest.FixtureRequest, osiris_params: Mapping[str, Any], osiris_secrets: Mapping[str, str]
) -> ParityRecord:
    """Run the marked manifest and return its `ParityRecord`, whatever came out: the test looks at `verdict` itself.

    Mark the test with `@pytest.mark.osiris("x.osiris.yaml")`. A test that uses this fixture alone fails only
    by its own assertions; with one target `verdict` is None.
    """
    from pytest_osiris.checking.marked import run_marked

    return run_marked(request.node, osiris_params, osiris_secrets)


@pytest.fixture
def osiris_run(request: pytest.FixtureRequest, osiris_parity: ParityRecord) -> Run:
    """Run the marked manifest and return the `Run`: outcome, steps, events, metrics, logs and artifacts.

    With `both` the manifest ran on both targets, the test has failed before its body if they differ, and
    the run holds only facts that are true of both.
    """
    from pytest_osiris.checking.attempts import attempt_of
    from pytest_osiris.running.run import open_run

    try:
        return open_run(request.node, osiris_parity)
    except CheckFailedError as error:
        attempt_of(request.node).raising("the fixture osiris_run", error)
        raise


@pytest.fixture
def osiris_session_dir(request: pytest.FixtureRequest, osiris_parity: ParityRecord) -> Path:
    """Return the session directory of the marked manifest's run; with `both`, that of the first target."""
    from pytest_osiris.running.run import session_directories

    directories = session_directories(osiris_parity, request.config.rootpath)
    if not directories:
        raise CheckFailedError(f"{osiris_parity.manifest}: there is no session, because {osiris_parity.headline}")
    return next(iter(directories.values()))


@pytest.fixture(scope="session")
def osiris_sandbox(pytestconfig: pytest.Config) -> Iterator[Sandboxes]:
    """Return an embedded E2B server, for tests of programs that use E2B: `.sandbox()`, `.env`, `.url`, `.api_key`.

    `osiris_sandbox.sandbox()` is an `e2b.Sandbox` that ends with the test; `env={**os.environ, **osiris_sandbox.env}` points a program at
    the server. No account is needed, no variable of this process is touched, and nothing is left when the tests are over.
    """
    from pytest_osiris.running.sandboxes import serving

    with serving(pytestconfig) as sandboxes:
        yield sandboxes


@pytest.fixture
def osiris_fuzz(request: pytest.FixtureRequest) -> Fuzz:
    """Return a function that runs generated manifests over drivers of one's own, on both targets.

    `osiris_fuzz("shop.drivers:Orders", code=["code"], examples=100)` fails the test with the smallest manifest that
    parts the targets, which is written beside the test. Needs the extra `fuzz`; see `docs/fuzz.md`.
    """
    from pytest_osiris.running.fuzzing import Fuzz

    return Fuzz(request.node)

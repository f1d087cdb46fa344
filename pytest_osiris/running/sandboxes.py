"""`Sandboxes`, what the fixture `osiris_sandbox` gives: an embedded E2B server for tests of one's own E2B programs.

The server is a process of its own beside the ones that checks use. Nothing is exported: who wants the variables takes `env`, so that a
real `E2B_API_KEY` is neither used nor changed.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

import pytest

from osiris_core.backends.sdk import require_supported_sdk
from osiris_core.errors import OsirisError
from osiris_core.sandbox.launch import SandboxServerError, ServerProcess, environment_for
from pytest_osiris.keys import SETTINGS, CheckFailedError

if TYPE_CHECKING:
    from collections.abc import Iterator

    import e2b

    from osiris_core.sandbox.launch import ServerAddress

_PLUGIN: Final = "osiris-sandboxes"


class Sandboxes:
    """An embedded E2B server that answers on this machine until the tests are over."""

    def __init__(self, address: ServerAddress) -> None:
        self._address = address
        self._open: list[e2b.Sandbox] = []

    @property
    def url(self) -> str:
        """Where it answers, as `E2B_API_URL` and `E2B_SANDBOX_URL` have it."""
        return self._address.url

    @property
    def api_key(self) -> str:
        """The key that it lets in; it is of no use anywhere else."""
        return self._address.api_key

    @property
    def isolation(self) -> str:
        """What stands between a sandbox and this machine: `bubblewrap` or `plain`, as `--osiris-isolation` asks."""
        return self._address.isolation

    @property
    def env(self) -> dict[str, str]:
        """The variables that point any program which uses E2B's SDK at it: `env={**os.environ, **osiris_sandbox.env}`."""
        return {**environment_for(self._address), "E2B_DEBUG": "false"}

    @property
    def connection(self) -> dict[str, Any]:
        """The arguments that point a call of the SDK at it: `AsyncSandbox.create(**osiris_sandbox.connection)`."""
        return {"api_key": self.api_key, "api_url": self.url, "sandbox_url": self.url, "debug": False}

    def sandbox(self, template: str | None = None, **options: Any) -> e2b.Sandbox:
        """Return a new `e2b.Sandbox`, which ends with the test that is going on.

        `options` are those of `e2b.Sandbox.create`: `timeout`, `envs`, `metadata`. One that shall live longer is made by that call,
        with `connection`; it ends with the server.
        """
        from e2b import Sandbox

        made = Sandbox.create(template, **{**self.connection, **options})
        self._open.append(made)
        return made

    def end_all(self) -> None:
        """End the sandboxes of `sandbox`; one that has ended already is fine."""
        while self._open:
            self._open.pop().kill()


class _Ends:
    """Ends the sandboxes of a test when its fixtures are torn down."""

    def __init__(self, sandboxes: Sandboxes) -> None:
        self._sandboxes = sandboxes

    @pytest.hookimpl(trylast=True)
    def pytest_runtest_teardown(self) -> None:
        """Come after the fixtures of the test, which may use them to the last."""
        self._sandboxes.end_all()


@contextmanager
def serving(config: pytest.Config) -> Iterator[Sandboxes]:
    """Start a server and give what tests need of it; `CheckFailedError` with one sentence where it cannot serve."""
    try:
        require_supported_sdk()
        server = ServerProcess.start(isolation=config.stash[SETTINGS].isolation)
    except (SandboxServerError, OsirisError) as error:
        raise CheckFailedError(f"there is no embedded E2B server for `osiris_sandbox`: {error}") from error
    with server:
        sandboxes = Sandboxes(server.address)
        config.pluginmanager.register(_Ends(sandboxes), _PLUGIN)
        try:
            yield sandboxes
        finally:
            config.pluginmanager.unregister(name=_PLUGIN)
            sandboxes.end_all()

"""The backends of one checker, each made when it is first needed, and what they share: server, provider, limits."""

from __future__ import annotations

import contextlib
import threading
from typing import TYPE_CHECKING

from osiris_core.backends.catalog import BackendCatalog
from osiris_core.choices import TARGETS
from osiris_core.errors import InfrastructureError
from osiris_core.options import validate_targets
from osiris_core.signals import deaf
from osiris_core.targets import parse_target

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from osiris_core.backends.e2b import E2BBackend
    from osiris_core.backends.extension import BackendFactory
    from osiris_core.backends.limits import Limits
    from osiris_core.backends.protocol import Backend, Patience
    from osiris_core.backends.provider import Provider
    from osiris_core.backends.templates import Report, TemplateSource
    from osiris_core.options import CheckOptions
    from osiris_core.sandbox.launch import ServerAddress, ServerProcess

_LOCAL, _E2B = TARGETS


class BackendSet:
    """Makes backends as `options` ask; `server`, `server_options`, `report`, `warm` and `backends` are those of `Checker`.

    Raises `UsageError` for a backend whose name is taken.
    """

    def __init__(
        self,
        options: CheckOptions,
        *,
        patience: Patience,
        server: ServerAddress | None,
        server_options: Sequence[str],
        report: Report,
        warm: bool,
        backends: Mapping[str, BackendFactory] | None = None,
    ) -> None:
        self.catalog = BackendCatalog(backends)
        self._options = options
        self._patience = patience
        self._given_server = server
        self._server_options = tuple(server_options)
        self._report = report
        self._warm = warm
        self._own_server: ServerProcess | None = None
        self._e2b: E2BBackend | None = None
        self._making = threading.Lock()
        self.made: dict[str, Backend] = {}
        """By target."""

    def close(self) -> None:
        """Stop what was started, Ctrl-C or not; closing twice is harmless."""
        server, self._own_server = self._own_server, None
        with deaf(), contextlib.ExitStack() as stack:
            if server is not None:
                stack.callback(server.stop)
            while self.made:
                stack.callback(self.made.popitem()[1].close)

    def find(self, target: str) -> Backend | InfrastructureError:
        """Return the backend, or why it cannot be had: that is a verdict, not a crash. Raises `UsageError` for what makes no sense."""
        try:
            with self._making:
                if target not in self.made:
                    self.made[target] = self._make(target)
                return self.made[target]
        except InfrastructureError as error:
            return error

    def _make(self, target: str) -> Backend:
        if target == _LOCAL:
            from osiris_core.backends.local import LocalBackend

            local = LocalBackend(patience=self._patience)
            if not self._warm:
                return local
            from osiris_core.backends.warm import WarmLocalBackend

            return WarmLocalBackend(local, patience=self._patience)
        if target != _E2B:
            return self._brought(target)
        from osiris_core.backends.e2b import E2BBackend

        provider, templates = self.provider()
        keep = self._options.keep_sandbox != "no" and not self.serves_itself
        e2b = self._e2b = E2BBackend(provider, templates, patience=self._patience, limits=self._limits(), keep=keep)
        if not self._warm:
            return e2b
        from osiris_core.backends.warm_e2b import WarmE2BBackend

        return WarmE2BBackend(provider, templates, e2b, patience=self._patience)

    def _brought(self, target: str) -> Backend:
        return make_backend(self.catalog, target, self._options, patience=self._patience, report=self._report)

    def end_kept(self, sandbox_id: str) -> None:
        """End a sandbox that was kept, and is not wanted after all."""
        if self._e2b is not None:
            self._e2b.discard(sandbox_id)

    @property
    def serves_itself(self) -> bool:
        """Whether the sandboxes live in a server that ends with this checker: none of them can be kept."""
        return self._options.provider == "embedded" and self._given_server is None

    def _limits(self) -> Limits | None:
        from osiris_core.backends.limits import LIMITS_DIRECTORY, Limits

        options = self._options
        if options.max_sandboxes is None and options.create_rate is None:
            return None
        return Limits(
            directory=options.root / LIMITS_DIRECTORY,
            sandboxes=options.max_sandboxes,
            creations_per_s=options.create_rate,
            report=self._report,
        )

    def provider(self) -> tuple[Provider, TemplateSource]:
        """Return who serves the E2B API, and where its templates come from: the only two things that differ."""
        from osiris_core.backends.built import BuiltTemplates
        from osiris_core.backends.provider import Provider, remote_provider
        from osiris_core.backends.registered import RegisteredTemplates

        name = self._options.provider
        if name == "embedded":
            address = self._server()
            provider = Provider(name=name, url=address.url, api_key=address.api_key, isolation=address.isolation)
            return provider, RegisteredTemplates(provider)
        provider = remote_provider(name)
        return provider, BuiltTemplates(provider, self._patience, report=self._report)

    def _server(self) -> ServerAddress:
        """Return the embedded server's address; it is started on this thread, whose end would be its own."""
        if self._given_server is not None:
            return self._given_server
        if self._own_server is None:
            from osiris_core.sandbox.launch import SandboxServerError, ServerProcess

            try:
                # Every sandbox of ours says whether it is to have the network; a manifest's default is that it has not.
                options = ("--allow-network", *self._server_options)
                self._own_server = ServerProcess.start(isolation=self._options.isolation, options=options)
            except SandboxServerError as error:
                raise InfrastructureError(str(error)) from error
        return self._own_server.address


def require_targets(
    options: CheckOptions, targets: Sequence[str], backends: Mapping[str, BackendFactory] | None = None
) -> None:
    """Raise `UsageError` where a target is none, or cannot be reached as it is written; nothing is started.

    Unlike `validate_options` this makes the backends that others bring, and that of a virtual environment.
    """
    from osiris_core.backends.protocol import Patience

    catalog = BackendCatalog(backends)
    validate_targets(targets, catalog)
    for each in targets:
        if each not in TARGETS:
            with contextlib.suppress(InfrastructureError):  # what is not there now may be when it is needed
                make_backend(catalog, each, options, patience=options.patience or Patience(), report=_ignore).close()


def make_backend(
    catalog: BackendCatalog, target: str, options: CheckOptions, *, patience: Patience, report: Report
) -> Backend:
    """Return the backend of a target that has a factory; errors as in `BackendCatalog.make`."""
    from osiris_core.backends.extension import BackendRequest

    asked = parse_target(target)
    request = BackendRequest(
        target=target,
        argument=asked.argument,
        patience=patience,
        project_root=options.project_root,
        report=report,
    )
    return catalog.make(asked.backend, request)


def _ignore(_line: str) -> None:
    """Report nothing."""

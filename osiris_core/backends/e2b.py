"""The e2b target: one sandbox a run, through the unmodified E2B SDK. Transport only.

A run makes the same few requests whatever its number of steps: create, upload, upload of the workspace,
start, fetch, kill; and one renewal of the lease every `renew_s` seconds. What the worker prints on stdout is
a hint that may have holes: the spool in the sandbox fills them, and the session verifies the whole.
"""

from __future__ import annotations

import contextlib
import threading
from concurrent.futures import CancelledError
from typing import TYPE_CHECKING, Any

from osiris_core.backends.closure import resolve_closure
from osiris_core.backends.loop import LoopThread
from osiris_core.backends.owned import kill_sandbox
from osiris_core.backends.protocol import Patience, TargetFacts
from osiris_core.backends.sandbox_run import SandboxRun
from osiris_core.backends.templates import named_template
from osiris_core.errors import SandboxError, TemplateMissingError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from osiris_core.backends.limits import Limits
    from osiris_core.backends.protocol import Cancellation, Job
    from osiris_core.backends.provider import Provider
    from osiris_core.backends.templates import ChosenTemplate, TemplateSource
    from osiris_core.session.writer import SessionWriter


class E2BBackend:
    """Runs the worker in a sandbox of `provider`, made from a template that `templates` knows."""

    target = "e2b"

    def __init__(
        self,
        provider: Provider,
        templates: TemplateSource,
        *,
        patience: Patience | None = None,
        limits: Limits | None = None,
        keep: bool = False,
    ) -> None:
        self._provider = provider
        self._templates = templates
        self._limits = limits
        self._keep = keep
        self._choosing = threading.Lock()
        self._patience = patience or Patience()
        self._thread = LoopThread()
        self._client: Any = None

    def facts(self) -> TargetFacts:
        """Return an empty record naming the provider and what isolates its sandboxes."""
        return TargetFacts(target=self.target, provider=self._provider.name, isolation=self._provider.isolation)

    def close(self) -> None:
        """Stop the private event loop."""
        self._thread.close()

    def run(self, job: Job, session: SessionWriter, facts: TargetFacts, cancellation: Cancellation) -> None:
        """Run the worker in a fresh sandbox; the sandbox is gone when this returns."""
        facts.bundle_digest = job.bundle.digest
        for attempt in (0, 1):
            _unless_stopped(cancellation)
            template = self._template(job, facts, cancellation)
            _unless_stopped(cancellation)  # nobody waits for a sandbox that is not wanted any more
            try:
                with self._slot(facts, cancellation):
                    self._run_in(template, job, session, facts, cancellation, attempt=attempt)
            except TemplateMissingError:
                # Believed to be there and deleted meanwhile: nothing has run yet, so it is looked for once more.
                if attempt == 1 or job.manifest.template is not None or not self._templates.forget(template.name):
                    raise
            else:
                return

    @contextlib.contextmanager
    def _slot(self, facts: TargetFacts, cancellation: Cancellation) -> Iterator[None]:
        """Wait until there may be one more sandbox, and hold its place."""
        with contextlib.ExitStack() as held:
            if self._limits is not None:
                with facts.phase("wait"):
                    held.enter_context(self._limits.sandbox(cancellation))
            yield

    def discard(self, sandbox_id: str) -> None:
        """End a sandbox that was kept. SandboxError where it may still live."""
        self._thread.submit(kill_sandbox(self._connect(), sandbox_id)).result(self._patience.kill_s)

    def _template(self, job: Job, facts: TargetFacts, cancellation: Cancellation) -> ChosenTemplate:
        """Return the template that the manifest names, or the one that shows its closure."""
        if job.manifest.template is not None:
            template = named_template(job.manifest.template)
        else:
            with facts.phase("closure"):
                closure = resolve_closure(job.requirements)
            with facts.phase("template"), self._choosing:  # one thread builds, the others find it there
                template = self._templates.ensure(closure, job.manifest.resources, cancellation)
        facts.template = template.name
        return template

    def _run_in(
        self,
        template: ChosenTemplate,
        job: Job,
        session: SessionWriter,
        facts: TargetFacts,
        cancellation: Cancellation,
        *,
        attempt: int,
    ) -> None:
        session.remember(
            provider=facts.provider,
            url=self._provider.public_url,
            isolation=facts.isolation,
            network=job.manifest.network,
            template=template.name,
        )
        run = SandboxRun(
            job, session, facts, self._patience, self._connect(), template=template, attempt=attempt, keep=self._keep
        )
        with self._thread.stoppable(run.to_its_end(), run.stop, cancellation) as future:
            try:
                future.result()
            except CancelledError as error:
                raise SandboxError("the run was torn down before it ended") from error

    def _connect(self) -> Any:
        """Return the SDK's client, bound to the provider's address without touching the environment."""
        if self._client is None:
            from e2b import E2B

            self._client = E2B(**self._provider.address)
        return self._client


def _unless_stopped(cancellation: Cancellation) -> None:
    """Raise where the run was stopped."""
    if cancellation.requested:
        raise SandboxError("the run was stopped before its sandbox was made")

"""One target of a check: what its backend learns and raises ends in a session, and holds no secret there."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace

from osiris_core.backends.protocol import Cancellation, Retry, TargetFacts
from osiris_core.errors import SandboxError
from osiris_core.target_run import run_target
from osiris_core.wire.leaks import Leaks
from osiris_core.wire.limits import ArtifactLimits
from osiris_core.wire.masking import MaskTable
from tests.session.tape import REQUEST

SECRET = "tr0ub4dor-and-3"


class Echoing:
    """A backend whose provider repeats in its errors what it was sent."""

    target = "e2b"

    def facts(self):
        """Return an empty record."""
        return TargetFacts(target="e2b", provider="echoing", isolation="none")

    def run(self, job, session, facts, cancellation):
        """Try twice, in vain."""
        facts.retries.append(Retry(what="secrets", cause=f"the provider answered 400: {SECRET}", waited_ms=1.0))
        raise SandboxError(f"the provider answered 400: {SECRET}")


def test_what_a_server_repeats_is_masked_in_the_error_and_in_every_retry(tmp_path):
    """An answer may hold what was sent; `target.json` and the report tell why something was tried again, too."""
    manifest = SimpleNamespace(canonical={}, path=Path("m"), project_root=Path(), params={}, params_given=())
    leaks = Leaks(table=MaskTable.of_values([("KEY", SECRET)]))
    job = SimpleNamespace(request=REQUEST, manifest=manifest, limits=ArtifactLimits(), leaks=leaks)
    backend = Echoing()

    result = run_target(backend, backend.facts(), job, tmp_path, Cancellation())

    told = json.loads((result.session.directory / "target.json").read_text())
    assert told["retries"][0]["cause"] == told["error"]["message"] == "the provider answered 400: ***KEY***"
    assert SECRET not in str(result.facts)
    written = [each.read_bytes() for each in tmp_path.rglob("*") if each.is_file()]
    assert written
    assert not [each for each in written if SECRET.encode() in each]

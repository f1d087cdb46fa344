"""Templates of the embedded server: a farm on this machine, registered by one control call each."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from osiris_core.backends.farm import build_farm
from osiris_core.backends.interpreter import current_interpreter
from osiris_core.backends.templates import ChosenTemplate, template_name
from osiris_core.errors import InfrastructureError

if TYPE_CHECKING:
    from pathlib import Path

    from osiris_core.backends.closure import Closure
    from osiris_core.backends.interpreter import Interpreter
    from osiris_core.backends.protocol import Cancellation
    from osiris_core.backends.provider import Provider
    from osiris_core.manifest.model import Resources

_CONTROL_TIMEOUT_S = 30.0


class RegisteredTemplates:
    """Shows closures to an embedded server without a copy."""

    def __init__(self, provider: Provider) -> None:
        self._provider = provider
        self._known: set[str] = set()

    def ensure(self, closure: Closure, resources: Resources, cancellation: Cancellation) -> ChosenTemplate:
        """Build the farm, register it once, and return its template."""
        interpreter = current_interpreter()
        name = template_name(closure.digest, resources)
        if name not in self._known:
            self._register(name, build_farm(closure, interpreter, cancellation), interpreter, resources)
            self._known.add(name)
        return ChosenTemplate(name=name, hosts_build=True)

    def forget(self, name: str) -> bool:
        """Register it again next time."""
        known = name in self._known
        self._known.discard(name)
        return known

    def _register(self, name: str, farm: Path, interpreter: Interpreter, resources: Resources) -> None:
        import httpx

        url = self._provider.url
        body = {
            "closure_dir": str(farm),
            "interpreter": {
                "executable": str(interpreter.executable),
                "prefix": str(interpreter.prefix),
                "libpython_dir": str(interpreter.libpython_dir) if interpreter.libpython_dir else None,
            },
            "cpus": resources.cpus,
            "memory_mb": resources.memory_mb,
            "disk_mb": resources.disk_mb,
        }
        try:
            response = httpx.put(
                f"{url}/osiris/templates/{name}",
                json=body,
                headers={"X-API-KEY": self._provider.api_key},
                timeout=_CONTROL_TIMEOUT_S,
                trust_env=False,  # a proxy for the internet has no business between two loopback ends
            )
        except httpx.HTTPError as error:
            raise InfrastructureError(f"the sandbox server at {url} does not answer: {error}") from error
        if response.is_error:
            raise InfrastructureError(f"the sandbox server cannot show the closure: {_message(response.text)}")


def _message(body: str) -> str:
    """Return the sentence in an error body, or the body itself where it has another form."""
    try:
        decoded = json.loads(body)
    except ValueError:
        return body
    return str(decoded.get("message", body)) if isinstance(decoded, dict) else body

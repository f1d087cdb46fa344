"""Who serves the E2B API: this machine's embedded server, E2B's cloud, or a self-hosted address."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from osiris_core.backends.farm import build_farm
from osiris_core.backends.interpreter import current_interpreter
from osiris_core.errors import InfrastructureError

if TYPE_CHECKING:
    from pathlib import Path

    from osiris_core.backends.closure import Closure
    from osiris_core.backends.interpreter import Interpreter
    from osiris_core.manifest.model import Resources

_CONTROL_TIMEOUT_S = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """An address and the name that headers and reports show for it.

    `url` is None for E2B's cloud, where the SDK knows the address. `isolation` is what stands between a
    sandbox and its host: `bubblewrap`, `plain`, `microvm`, or `unknown`.
    """

    name: str
    api_key: str
    isolation: str
    url: str | None = None


class TemplateSource(Protocol):
    """Makes sure that a provider can show a closure, and says under which template name."""

    def ensure(self, closure: Closure, resources: Resources) -> str:
        """Return the template's name; raises `InfrastructureError` where the provider cannot show it."""
        ...


def template_name(closure: Closure, interpreter: Interpreter, resources: Resources) -> str:
    """Return the name that a closure with its resources has everywhere: lower case, digits and dashes."""
    version = interpreter.executable.name.removeprefix("python").replace(".", "")
    return f"osiris-py{version}-{closure.digest[:20]}-{resources.cpus}c-{resources.memory_mb}m-{resources.disk_mb}d"


class NamedTemplates:
    """Templates that were built before, by name: E2B's cloud and self-hosted servers."""

    def ensure(self, closure: Closure, resources: Resources) -> str:
        """Return the name; whether the provider knows it shows when a sandbox is made from it."""
        return template_name(closure, current_interpreter(), resources)


class RegisteredTemplates:
    """Templates of the embedded server: a farm on this machine, registered by one control call each."""

    def __init__(self, url: str, api_key: str) -> None:
        self._url = url
        self._api_key = api_key
        self._known: set[str] = set()

    def ensure(self, closure: Closure, resources: Resources) -> str:
        """Build the farm, register it once, and return its name."""
        interpreter = current_interpreter()
        name = template_name(closure, interpreter, resources)
        if name not in self._known:
            self._register(name, build_farm(closure, interpreter), interpreter, resources)
            self._known.add(name)
        return name

    def _register(self, name: str, farm: Path, interpreter: Interpreter, resources: Resources) -> None:
        import httpx

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
                f"{self._url}/osiris/templates/{name}",
                json=body,
                headers={"X-API-KEY": self._api_key},
                timeout=_CONTROL_TIMEOUT_S,
                trust_env=False,  # a proxy for the internet has no business between two loopback ends
            )
        except httpx.HTTPError as error:
            raise InfrastructureError(f"the sandbox server at {self._url} does not answer: {error}") from error
        if response.is_error:
            raise InfrastructureError(f"the sandbox server cannot show the closure: {_message(response.text)}")


def _message(body: str) -> str:
    """Return the sentence in an error body, or the body itself where it has another form."""
    import json

    try:
        decoded = json.loads(body)
    except ValueError:
        return body
    return str(decoded.get("message", body)) if isinstance(decoded, dict) else body

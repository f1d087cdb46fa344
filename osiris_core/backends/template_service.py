"""A provider's templates through the E2B SDK: found, built, watched, listed, deleted.

The only module that uses the SDK's generated API client, for what its builder has no method for: the SDK's
`exists` says that a name is taken, which it is from the first request of a build on, whether it ever succeeds.
"""

from __future__ import annotations

import contextlib
import shlex
import textwrap
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from osiris_core.backends.farm import MOUNT_POINT
from osiris_core.backends.templates import MINOR
from osiris_core.errors import InfrastructureError, SandboxError, TemplateBuildError

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator, Sequence

    from e2b.api import ApiClient

    from osiris_core.backends.provider import Provider
    from osiris_core.manifest.model import Resources

_LIST_PAGE = 100
_MESSAGE_CHARACTERS = 400
_PYTHON = f"{MOUNT_POINT}/bin/python"


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedTemplate:
    """A template as a provider lists it; `status` is waiting, building, ready or error."""

    template_id: str
    names: tuple[str, ...]
    status: str
    cpus: int
    memory_mb: int
    disk_mb: int
    created_at: dt.datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundTemplate:
    """A template's id; whether a build of it is ready; and one that is on its way, or None."""

    template_id: str
    ready: bool
    unfinished_build: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildState:
    """How far a build is: its status, new lines of its log, and why it failed."""

    status: str
    lines: tuple[str, ...]
    reason: str = ""

    @property
    def finished(self) -> bool:
        """Whether nothing more will happen to it."""
        return self.status in {"ready", "error"}


class TemplateService:
    """The templates of one provider."""

    def __init__(self, provider: Provider) -> None:
        self._provider = provider

    def find(self, name: str) -> FoundTemplate | None:
        """Return what the provider knows under a name, or None."""
        from e2b.api.client.api.templates import get_templates_aliases_alias, get_templates_template_id

        with self._errors(f"could not be asked for the template {name}"):
            client = self._client()
            alias = _parsed(get_templates_aliases_alias.sync_detailed(alias=name, client=client))
            if alias is None:
                return None
            found = _parsed(get_templates_template_id.sync_detailed(alias.template_id, client=client))
        builds = [] if found is None else found.builds
        unfinished = [str(each.build_id) for each in builds if each.status.value in {"waiting", "building"}]
        return FoundTemplate(
            template_id=alias.template_id,
            ready=any(each.status.value in {"ready", "uploaded"} for each in builds),
            unfinished_build=unfinished[0] if unfinished else None,
        )

    def start(self, name: str, pins: Sequence[str], resources: Resources) -> tuple[str, str]:
        """Start a build of the pinned distributions; return the ids of template and build."""
        from e2b import E2B

        with self._errors(f"did not take the template {name}"):
            builder = E2B(**self._provider.address).Template
            template = builder().from_python_image(MINOR).run_cmd(install_commands(pins), user="root")
            info = builder.build_in_background(
                template,
                name,
                cpu_count=resources.cpus,
                memory_mb=resources.memory_mb,
                min_free_disk_mb=resources.disk_mb,
            )
        return info.template_id, info.build_id

    def state(self, template_id: str, build_id: str, log_offset: int) -> BuildState:
        """Return how far a build is, with its log from an offset on."""
        from e2b import E2B, BuildInfo

        info = BuildInfo(template_id=template_id, build_id=build_id, name="", alias="")
        with self._errors("was lost while it built a template"):
            said = E2B(**self._provider.address).Template.get_build_status(info, logs_offset=log_offset)
        return BuildState(
            status=said.status.value,
            lines=tuple(each.message for each in said.log_entries),
            reason=said.reason.message if said.reason else "",
        )

    def list(self) -> list[ListedTemplate]:
        """Return all templates of the account."""
        from e2b.api.client.api.templates import get_v2_templates

        found: list[ListedTemplate] = []
        token: str | None = None
        with self._errors("could not list its templates"):
            client = self._client()
            while True:
                more = {} if token is None else {"next_token": token}
                answer = get_v2_templates.sync_detailed(client=client, limit=_LIST_PAGE, **more)
                found += [_listed(each) for each in _parsed(answer) or ()]
                token = answer.headers.get("x-next-token")
                if not token:
                    return found

    def delete(self, name: str) -> bool:
        """Delete a template; False when there is none."""
        from e2b.api.client.api.templates import delete_templates_template_id

        found = self.find(name)
        if found is None:
            return False
        with self._errors(f"did not delete the template {name}"):
            _parsed(delete_templates_template_id.sync_detailed(found.template_id, client=self._client()))
        return True

    def _client(self) -> ApiClient:
        from e2b.api.client_sync import get_api_client
        from e2b.connection_config import ConnectionConfig

        return get_api_client(ConnectionConfig(**self._provider.address))

    @contextlib.contextmanager
    def _errors(self, what: str) -> Iterator[None]:
        """Turn what the SDK raises into one sentence that says what was being done and what to do."""
        from e2b.exceptions import AuthenticationException, BuildException, RateLimitException

        name = self._provider.name
        try:
            yield
        except InfrastructureError:
            raise
        except AuthenticationException as error:
            raise SandboxError(f"{name} refused the API key: {error}", hint="set E2B_API_KEY to a valid key") from error
        except RateLimitException as error:
            raise TemplateBuildError(
                f"{name} {what}, because a limit of the account is reached: {_short(error)}",
                hint="wait until other builds have ended, or ask for a higher limit",
            ) from error
        except BuildException as error:
            raise TemplateBuildError(
                f"{name} {what}: {_short(error)}",
                hint="where it builds none, name one that it has in the manifest: `template: NAME`",
            ) from error
        except Exception as error:  # the SDK lets its transport's own errors through
            raise SandboxError(f"{name} {what}: {_short(error)}") from error


def install_commands(pins: Sequence[str]) -> list[str]:
    """Return the commands that make a template show exactly `pins`.

    An environment of its own keeps the image's pip and whatever else it has installed out of it, and puts the
    interpreter where the embedded server shows it, too.
    """
    install = f"python -m pip --python {_PYTHON} install --no-deps --no-cache-dir --disable-pip-version-check"
    make = f"python -m venv --without-pip {MOUNT_POINT}"
    return [make, f"{install} {' '.join(map(shlex.quote, pins))}"] if pins else [make]


def _parsed(answer: Any) -> Any:
    """Return the decoded body of a generated call, None for a 404; raises what the SDK raises for other errors."""
    from http import HTTPStatus

    from e2b.api import handle_api_exception
    from e2b.exceptions import TemplateException

    if answer.status_code == HTTPStatus.NOT_FOUND:
        return None
    if answer.status_code >= HTTPStatus.MULTIPLE_CHOICES:
        raise handle_api_exception(answer, TemplateException)
    return answer.parsed


def _listed(given: Any) -> ListedTemplate:
    return ListedTemplate(
        template_id=given.template_id,
        names=tuple(given.names or given.aliases),
        status=given.build_status.value,
        cpus=given.cpu_count,
        memory_mb=given.memory_mb,
        disk_mb=given.disk_size_mb,
        created_at=given.created_at,
    )


def _short(error: Exception) -> str:
    text = " ".join(str(error).split()) or type(error).__name__
    return textwrap.shorten(text, _MESSAGE_CHARACTERS, placeholder=" …")

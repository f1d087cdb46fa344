"""Masks what pytest is about to show of a test that used secrets: tracebacks with their locals, assertions, captured output.

pytest shortens long values with `...`, and may cut through a secret there: what is left of it beside the dots is masked too.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from osiris_core.secrets.environment import host_environment
from osiris_core.secrets.masked_record import host_table
from osiris_core.secrets.resolution import resolve_secrets, secret_variables, told_names
from osiris_core.wire.masking import MaskTable, token
from pytest_osiris.keys import MASK, CheckFailedError

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from osiris_core.manifest.model import Manifest

GIVEN_BY_FIXTURE: Final = "the fixture `osiris_secrets`"
_CUT: Final = re.compile(rb"\.\.\.+|\xe2\x80\xa6")
_LEAST_OF_A_CUT: Final = 5
_DEEP: Final = 20
_UNTOUCHED: Final = (int, float, bool, type(None))


def table_of(
    manifest: Manifest, env_file: Path | None, provider: str, given: Mapping[str, str] | None = None
) -> MaskTable | None:
    """Return the table of what a test of this manifest may not show; `UsageError` where a secret is missing."""
    from osiris_core.wire.secrets import Secrets

    has_any = manifest.secrets or secret_variables(manifest) or manifest.connections
    secrets = resolve_secrets(manifest, host_environment(env_file, given)) if has_any else Secrets()
    return host_table(secrets, provider)


def masked(item: pytest.Item, text: str) -> str:
    """Return a text without what the reports of a test may not show."""
    for table in item.stash.get(MASK, ()):
        text = table.inside(text)
    return text


def mask_report(item: pytest.Item, report: pytest.TestReport) -> None:
    """Mask a report of a test in place: it is what the terminal, JUnit and every other plugin are told."""
    for table in item.stash.get(MASK, ()):
        mask = _Mask(table)
        report.longrepr = mask.anything(report.longrepr)
        report.sections = [(name, mask.text(content)) for name, content in report.sections]
        report.user_properties = [(name, mask.anything(value)) for name, value in report.user_properties]


class _Mask:
    def __init__(self, table: MaskTable) -> None:
        self._table = table
        self._seen: set[int] = set()

    def text(self, text: str) -> str:
        """Return a text, masked, also where a secret was cut."""
        text = self._table.inside(text)
        data = text.encode("utf-8", "surrogatepass")
        cuts = list(_CUT.finditer(data))
        if not cuts:
            return text
        out, at = [], 0
        for cut in cuts:
            start, left = self._before(data[at : cut.start()])
            out += [data[at : at + start], left, cut.group()]
            at = cut.end()
            end, right = self._behind(data[at:])
            out.append(right)
            at += end
        return b"".join((*out, data[at:])).decode("utf-8", "backslashreplace")

    def _before(self, data: bytes) -> tuple[int, bytes]:
        """Return where the beginning of a form starts that `data` ends with, and what stands for it."""
        for form, name in self._table.needles:
            for length in range(min(len(form) - 1, len(data)), _LEAST_OF_A_CUT, -1):
                if data.endswith(form[:length]):
                    return len(data) - length, token(name).encode()
        return len(data), b""

    def _behind(self, data: bytes) -> tuple[int, bytes]:
        for form, name in self._table.needles:
            for length in range(min(len(form) - 1, len(data)), _LEAST_OF_A_CUT, -1):
                if data.startswith(form[-length:]):
                    return length, token(name).encode()
        return 0, b""

    def anything(self, value: Any, depth: int = 0) -> Any:
        """Return a value with its texts masked; pytest's own representations of failures are changed in place."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, _UNTOUCHED) or depth > _DEEP or id(value) in self._seen:
            return value
        if isinstance(value, (list, tuple)):
            return type(value)(self.anything(each, depth + 1) for each in value)
        if isinstance(value, dict):
            return {self.anything(key, depth + 1): self.anything(each, depth + 1) for key, each in value.items()}
        if type(value).__module__.startswith("_pytest."):
            self._seen.add(id(value))
            for name, each in list(vars(value).items()):
                object.__setattr__(value, name, self.anything(each, depth + 1))
        return value


def mask(item: pytest.Item, table: MaskTable | None) -> None:
    """Show nothing of what a table has in the reports of a test."""
    if table is not None:
        item.stash.setdefault(MASK, []).append(table)


def hidden(item: pytest.Item, secrets: Mapping[str, str], what: str) -> dict[str, str]:
    """Return values of secrets by name, which no report of the test shows from now on.

    `CheckFailedError`, which repeats none of them, for anything but texts by name; `what` is who gave them.
    """
    is_right = isinstance(secrets, Mapping) and all(
        isinstance(name, str) and isinstance(value, str) and value for name, value in secrets.items()
    )
    if not is_right:
        raise CheckFailedError(f"{what} must be a mapping of names to texts that are not empty")
    mask(item, MaskTable.of_values(secrets.items()))
    return dict(secrets)


def declared_secrets(manifest: Manifest, offered: Mapping[str, str]) -> dict[str, str]:
    """Return those values that a manifest has a use for."""
    return {name: value for name, value in offered.items() if name in told_names(manifest)} if offered else {}

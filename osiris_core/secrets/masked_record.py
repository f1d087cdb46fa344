"""The result of a check with tokens in place of secrets: every report is made from it, so nothing shows what it does not."""

from __future__ import annotations

import dataclasses
import os
from enum import Enum
from typing import TYPE_CHECKING, Any, TypeVar, cast
from urllib.parse import unquote

from osiris_core.wire.masking import MaskTable

if TYPE_CHECKING:
    from osiris_core.wire.secrets import Secrets

_Value = TypeVar("_Value")

_PART_BYTES = 4
"""So many bytes of a secret are one too many; fewer are in any file by chance."""
_KEYS = ("E2B_API_KEY", "E2B_ACCESS_TOKEN")
_NAMES = frozenset(
    [
        "manifest",
        "pipeline_id",
        "fingerprint",
        "session_id",
        "session_directory",
        "started_at",
        "target",
        "isolation",
        "network",
        "outcome",
        "state",
        "failed_step",
        "id",
        "driver",
        "needs",
        "blamed",
        "layer",
        "code",
        "step",
        "options",
        "classes",
        "artifacts",
        "verdict",
        "cause",
        "case",
        "worker",
        "became",
        "reproduce",
        "template",
        "sandbox_id",
        "first_diverging_step",
    ]
)
"""Members that name things of ours, of the manifest, or files that lie under that name."""


def host_table(secrets: Secrets, provider: str) -> MaskTable | None:
    """Return the table of what this host may not show: a run's secrets, the keys of E2B, the password of its address."""
    keys = [(name, os.environ[name]) for name in _KEYS if os.environ.get(name)]
    user = provider.partition("://")[2].partition("/")[0].rpartition("@")[0]
    told = [("E2B_ADDRESS", each) for each in (user, unquote(user), user.partition(":")[2]) if each]
    return MaskTable.of_values((*secrets.named(), *keys, *told))


def masked(value: _Value, table: MaskTable) -> _Value:
    """Return a record or a part of one, masked; the very same object where there is nothing to mask."""
    return cast("_Value", _masked(value, table))


def _shows_nothing(samples: tuple[str, str], table: MaskTable) -> bool:
    """Whether bytes in hexadecimal hold no secret and no part of one, which their ends may have cut."""
    for digits in samples:
        data = bytes.fromhex(digits)
        parts = (data[start : start + _PART_BYTES] for start in range(len(data) - _PART_BYTES + 1))
        if any(part in needle.data for part in parts for needle in table.needles):
            return False
    return True


def _masked(value: Any, table: MaskTable) -> Any:
    if isinstance(value, Enum):
        return value
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        if hasattr(value, "held_back"):  # a sample of bytes, whose digits show no secret to a table of texts
            sample = cast("Any", value)
            is_clear = _shows_nothing((sample.left, sample.right), table)
            return sample if is_clear else dataclasses.replace(sample, left="", right="", held_back=True)
        changed = {}
        for each in dataclasses.fields(value):
            if each.name not in _NAMES:
                old = getattr(value, each.name)
                new = _masked(old, table)
                if new is not old:
                    changed[each.name] = new
        return dataclasses.replace(value, **changed) if changed else value
    if isinstance(value, tuple):
        parts = tuple(_masked(each, table) for each in value)
        return value if all(new is old for new, old in zip(parts, value, strict=True)) else parts
    if isinstance(value, (str, dict, list)):
        return table.value_inside(value)
    return value

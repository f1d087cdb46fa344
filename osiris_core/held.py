"""A check's record with what its baseline says: the rules, waivers and time of the check, in the words of `baseline/`."""

from __future__ import annotations

import dataclasses
import functools
from typing import TYPE_CHECKING

from osiris_core.baseline.settling import settle
from osiris_core.options import accepted_differences, declared_rules

if TYPE_CHECKING:
    from collections.abc import Sequence

    from osiris_core.baseline.settling import Asked, Settled
    from osiris_core.manifest.model import Manifest
    from osiris_core.options import CheckOptions
    from osiris_core.parity.record import ParityRecord
    from osiris_core.rules.model import Rule


def held_against_baseline(
    record: ParityRecord, manifest: Manifest, options: CheckOptions, asked: Asked, *, rules: Sequence[Rule] = ()
) -> Settled:
    """Return the record of `manifest` with what its baseline says, and what writes that; `rules` are declared ones that come before the manifest's own.

    `asked` says where the baseline is and what is wanted of it. Raises `UsageError` for rules and waivers that are not understood.
    """
    as_checked = dataclasses.replace(
        asked,
        root=options.root,
        text=manifest.parity_text,
        rules=declared_rules(manifest, rules),
        waivers=functools.partial(accepted_differences, options, manifest.location),
        fixed_now=options.now is not None,
    )
    return settle(record, as_checked)

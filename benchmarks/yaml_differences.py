"""Which texts libyaml, as this project uses it, and ruamel.yaml do not agree on, by kind.

    python benchmarks/yaml_differences.py [--texts N] [--seed S]

To be run when PyYAML brings another libyaml: every kind that it prints stands in
`docs/decisions/0020-libyaml-finds-the-events.md`, and the kind `both read, differently` never occurs.
"""

from __future__ import annotations

import argparse
import random
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from tests.manifest.test_against_ruamel import BEGINNINGS, PIECES, differ, ours, theirs

_SHOWN = 5


def main() -> int:
    """Print how many texts of each kind there were, with the shortest; 1 where both read a mapping, differently."""
    given = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    given.add_argument("--texts", type=int, default=20_000)
    given.add_argument("--seed", type=int, default=1)
    chosen = given.parse_args()
    dice = random.Random(chosen.seed)
    kinds: dict[str, list[str]] = {"both refuse": [], "both read the same": [], "both read, differently": []}
    for _ in range(chosen.texts):
        text = dice.choice(BEGINNINGS.elements) + "".join(dice.choices(PIECES.elements, k=dice.randint(0, 8)))
        text += dice.choice(["", "\n", "]", "}", '"'])
        here, there = ours(text), theirs(text)
        if here is None or there is None:
            kind = "both refuse" if here is there else "only ruamel.yaml reads" if here is None else "only we read"
        else:
            kind = "both read, differently" if differ(here, there) and "!" not in text else "both read the same"
        kinds.setdefault(kind, []).append(text)
    for kind, texts in kinds.items():
        print(f"{len(texts):>8}  {kind}")
        for text in sorted(texts, key=len)[: 0 if kind.startswith("both r") and "diff" not in kind else _SHOWN]:
            print(f"{'':>10}{text!r}")
    return 1 if kinds["both read, differently"] else 0


if __name__ == "__main__":
    sys.exit(main())

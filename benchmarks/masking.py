"""How fast text is masked, and whether a text in pieces is masked as the whole is.

    python benchmarks/masking.py [--needles N] [--mib N] [--rounds N] [--splits N]

Speed: random text in chunks of 64 KiB, with a secret every 1 MiB, against one `re` alternation of the same forms and against `bytes.find` alone, in
turn. The quotients are what to quote. Splits: texts full of overlapping forms, cut at random, held against a mask that is
made byte by byte; `without carried marks` is the same stream with what it carries over switched off, which has to fail.
"""

from __future__ import annotations

import argparse
import random
import re
import statistics
import sys
import time
from typing import TYPE_CHECKING

from osiris_core.wire.masking import MaskTable, StreamMask, token

if TYPE_CHECKING:
    from collections.abc import Callable

CHUNK = 1 << 16
ALPHABET = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"


def table_of(needles: int, rng: random.Random) -> tuple[MaskTable, list[str]]:
    """Return a table of about so many forms, and its secrets."""
    values: list[str] = []
    while True:
        values.append("".join(rng.choices(ALPHABET, k=40)))
        table = MaskTable.of_values((f"S{number}", each) for number, each in enumerate(values))
        if table is not None and len(table.needles) >= needles:
            return table, values


def text_of(mib: int, values: list[str], rng: random.Random) -> list[bytes]:
    """Return text like that of logs, in chunks."""
    words = ["".join(rng.choices(ALPHABET, k=rng.randint(2, 10))) for _ in range(5000)]
    chunks = []
    for number in range(mib * 16):
        data = bytearray(" ".join(rng.choices(words, k=CHUNK // 6)).encode()[:CHUNK])
        if number % 16 == 0:
            data[100:140] = rng.choice(values).encode()
        chunks.append(bytes(data))
    return chunks


def speed(needles: int, mib: int, rounds: int) -> None:
    """Print the table of speeds."""
    rng = random.Random(7)
    table, values = table_of(needles, rng)
    chunks = text_of(mib, values, rng)
    names = {each.data: token(each.name).encode() for each in table.needles}
    pattern = re.compile(b"|".join(re.escape(each.data) for each in table.needles))

    def stream() -> bytes:
        mask = StreamMask(table)
        return b"".join((*map(mask.feed, chunks), mask.finish()))

    def alternation() -> bytes:
        return b"".join(pattern.sub(lambda found: names[found[0]], each) for each in chunks)

    def find() -> bytes:
        return b"".join(b"x" if table.names_in(each) else each for each in chunks)

    runs: dict[str, Callable[[], bytes]] = {"stream": stream, "re": alternation, "find": find}
    times: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(rounds):
        for name, run in runs.items():
            started = time.process_time()
            run()
            times[name].append(time.process_time() - started)
    if stream() != alternation():
        raise SystemExit("the two do not agree")
    medians = {name: statistics.median(each) for name, each in times.items()}
    print(f"{len(table.needles)} needles, {mib} MiB in chunks of 64 KiB, rounds: {rounds}, processor time")
    for name, median in medians.items():
        print(f"{name:>10} {mib * 1.048576 / median:8.1f} MB/s {medians['re'] / median:8.1f} x re")


def by_the_byte(table: MaskTable, data: bytes) -> bytes:
    """Mask by the definition: mark every byte of every form, then put one token for each run of marks."""
    marks = bytearray(len(data))
    for needle, _ in table.needles:
        for at in range(len(data)):
            if data.startswith(needle, at):
                marks[at : at + len(needle)] = b"\1" * len(needle)
    out, at = b"", 0
    while at < len(data):
        if not marks[at]:
            out += data[at : at + 1]
            at += 1
            continue
        out += token(
            max((len(each.data), each.name) for each in table.needles if data.startswith(each.data, at))[1]
        ).encode()
        while at < len(data) and marks[at]:
            at += 1
    return out


class WithoutMarks(StreamMask):
    """A stream that holds back, and forgets what it masked."""

    def feed(self, data: bytes) -> bytes:
        """Forget, then go on."""
        self._covered, self._inside = 0, False
        return super().feed(data)


def splits(count: int) -> None:
    """Print how many of the random texts are masked otherwise in pieces than as a whole."""
    rng = random.Random(11)
    failed = {"stream": 0, "without carried marks": 0}
    for _ in range(count):
        values = ["".join(rng.choices("ab", k=rng.randint(6, 9))) for _ in range(rng.randint(1, 4))]
        table = MaskTable.of_values((f"S{number}", each) for number, each in enumerate(values))
        if table is None:
            raise AssertionError("there are values")
        text = "".join(rng.choice([*values, "ab", "c", "ba", "b"]) for _ in range(16)).encode()
        expected = by_the_byte(table, text)
        cuts = sorted(rng.sample(range(len(text)), k=rng.randint(1, 12)))
        for name, mask in (("stream", StreamMask(table)), ("without carried marks", WithoutMarks(table))):
            pieces = [text[start:end] for start, end in zip([0, *cuts], [*cuts, len(text)], strict=True)]
            failed[name] += b"".join((*map(mask.feed, pieces), mask.finish())) != expected
    for name, number in failed.items():
        print(f"{count} random splits, {name}: {number} differ")


def main() -> None:
    """Run both."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--needles", type=int, default=100)
    parser.add_argument("--mib", type=int, default=16)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--splits", type=int, default=20_000)
    given = parser.parse_args()
    speed(given.needles, given.mib, given.rounds)
    sys.stdout.flush()
    splits(given.splits)


if __name__ == "__main__":
    main()

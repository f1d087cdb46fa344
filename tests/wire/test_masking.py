"""Masking: every form of the table is found, in pieces of any size, and nothing else is touched."""

from __future__ import annotations

import json
import random

import pytest

from osiris_core.wire.masked_records import RecordMask
from osiris_core.wire.masking import MaskTable, StreamMask
from osiris_core.wire.needles import pieces
from osiris_core.wire.secrets import Secrets

PLAIN = "kYp3/Xs+9q~Zt"
HARD = "a\"b'c\n<é&/+ z"
FORMS = [
    (PLAIN, b"kYp3/Xs+9q~Zt"),
    (PLAIN, b"kYp3%2FXs%2B9q~Zt"),
    (PLAIN, b"kYp3%2fXs%2b9q~Zt"),
    (PLAIN, b"kYp3/Xs%2B9q~Zt"),
    (PLAIN, b"a1lwMy9Ycys5cX5ad"),  # of base64, what does not depend on the neighbours
    (PLAIN, b"tZcDMvWHMrOXF+Wn"),
    (PLAIN, b"rWXAzL1hzKzlxflp0"),
    (PLAIN, b"tZcDMvWHMrOXF-Wn"),
    (PLAIN, b"tZcDMvWHMrOXF%2BWn"),
    (PLAIN, b"6b5970332f58732b39717e5a74"),
    (PLAIN, b"6B5970332F58732B39717E5A74"),
    (PLAIN, b"k\0Y\0p\0003\0/\0X\0s\0+\0009\0q\0~\0Z\0t\0"),
    (HARD, HARD.encode()),
    (HARD, "a\\\"b'c\\n<é&/+ z".encode()),
    (HARD, b"a\\\"b'c\\n<\\u00e9&/+ z"),
    (HARD, "a\"b\\'c\\n<é&/+ z".encode()),
    (HARD, b"a\"b\\'c\\n<\\xc3\\xa9&/+ z"),
    (HARD, b"a%22b%27c%0A%3C%C3%A9%26%2F%2B%20z"),
    (HARD, b"a%22b%27c%0a%3c%c3%a9%26%2f%2b+z"),
    (HARD, "a&quot;b&#x27;c\n&lt;é&amp;/+ z".encode()),
    (HARD, "a&quot;b&apos;c\n&lt;é&amp;/+ z".encode()),
    (HARD, b"a&#34;b&#39;c\n&#60;&#233;&#38;/+ z"),
    (HARD, "a\"b'\"'\"'c\n<é&/+ z".encode()),
    (HARD, "a\"b'\\''c\n<é&/+ z".encode()),
    (HARD, "a\"b'c\\n<é&/+ z".encode()),  # as a log line escapes it
]


def table(*values: str) -> MaskTable:
    made = MaskTable.of_values((f"S{number}", each) for number, each in enumerate(values))
    assert made is not None
    return made


def marked(made: MaskTable, text: bytes) -> bytes:
    """Mask by the definition, byte by byte."""
    marks = bytearray(len(text))
    for needle, _ in made.needles:
        for at in range(len(text)):
            if text.startswith(needle, at):
                marks[at : at + len(needle)] = b"\1" * len(needle)
    out, at = b"", 0
    while at < len(text):
        if not marks[at]:
            out += text[at : at + 1]
            at += 1
            continue
        here = [(len(needle), name) for needle, name in made.needles if text.startswith(needle, at)]
        out += b"***%s***" % max(here)[1].encode()
        while at < len(text) and marks[at]:
            at += 1
    return out


def in_pieces(mask: StreamMask, text: bytes, cuts: list[int]) -> bytes:
    pieces = [text[start:end] for start, end in zip([0, *cuts], [*cuts, len(text)], strict=True)]
    return b"".join((*map(mask.feed, pieces), mask.finish()))


class WithoutMarks(StreamMask):
    """A stream that holds back, and forgets what it masked."""

    def feed(self, data: bytes) -> bytes:
        """Forget, then go on."""
        self._covered, self._inside = 0, False
        return super().feed(data)


def test_every_form_is_masked() -> None:
    """Whole, in a stream of single bytes, and between other text."""
    for value, form in FORMS:
        made = table(value)
        assert made.raw(b"<" + form + b">") == b"<***S0***>", form
        assert in_pieces(StreamMask(made), b"<" + form + b">", list(range(1, len(form) + 2))) == b"<***S0***>", form


def test_a_stream_in_pieces_is_masked_as_a_whole() -> None:
    """Overlapping forms, cut at random; without what a stream carries over, some are masked otherwise."""
    rng = random.Random(5)
    forgetful = 0
    for _ in range(400):
        values = ["".join(rng.choices("ab", k=rng.randint(6, 9))) for _ in range(rng.randint(1, 4))]
        made = table(*values)
        text = "".join(rng.choice([*values, "ab", "c", "ba", "b"]) for _ in range(10)).encode()
        cuts = sorted(rng.sample(range(len(text)), k=rng.randint(1, 9)))
        expected = marked(made, text)
        assert made.raw(text) == expected
        assert in_pieces(StreamMask(made), text, cuts) == expected, (values, text, cuts)
        forgetful += in_pieces(WithoutMarks(made), text, cuts) != expected
    assert forgetful > 100


def test_what_a_stream_forgets_is_a_secret_shown() -> None:
    """The named case: the second form begins inside of the first, and ends in the next piece."""
    made = table("abcdefgh", "efghijkl")
    assert in_pieces(StreamMask(made), b"abcdefghijkl", [8]) == b"***S0***"
    assert in_pieces(WithoutMarks(made), b"abcdefghijkl", [8]) == b"***S0******S1***"


def test_nothing_is_held_back_that_begins_no_form() -> None:
    """A step's output is not delayed by the length of a key."""
    mask = StreamMask(table("abcdefgh" * 400))
    assert mask.feed(b"a line of output\n") == b"a line of output\n"
    assert mask.feed(b"the alphabet: abcd") == b"the alphabet: "
    assert mask.feed(b"!") == b"abcd!"
    assert mask.finish() == b""


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ("  padded-secret \n", ["  padded-secret \n", "padded-secret"]),
        ("first line\nxyz\nlast line", ["first line\nxyz\nlast line", "first line", "last line"]),
        ("postgres://u:p%40ss%2Fword@h:5/d", ["postgres://u:p%40ss%2Fword@h:5/d", "p%40ss%2Fword", "p@ss/word"]),
        ("host=h Password='so secret' x=1", ["host=h Password='so secret' x=1", "so secret"]),
        ("Server=h;Pwd=so-secret;Db=x", ["Server=h;Pwd=so-secret;Db=x", "so-secret"]),
        (
            '{"a": ["leaf-one", {"b": "leaf-two"}], "c": 7, "d": "x"}',
            ['{"a": ["leaf-one", {"b": "leaf-two"}], "c": 7, "d": "x"}', "leaf-one", "leaf-two"],
        ),
        ("{no json", ["{no json"]),
        ("[" * 5000, ["[" * 5000]),
    ],
)
def test_parts_of_a_secret_are_secrets(value: str, found: list[str]) -> None:
    """Lines, passwords, texts inside of JSON."""
    assert sorted(set(pieces(value))) == sorted(set(found))


@pytest.mark.parametrize("value", ["abcde", "x", "password", "POSTGRES", "succeeded", "step_complete"])
def test_a_word_is_masked_only_where_it_is_the_whole_value(value: str) -> None:
    """Short values and common words stay inside of other text, and are named."""
    made = table(value, "a-real-secret")
    assert made.weak == ("S0",)
    assert made.raw(f"the {value} of it".encode()) == f"the {value} of it".encode()
    assert made.value({"a": value, value: ["a-real-secret", f"{value}!"]}) == {
        "a": "***S0***",
        value: ["***S1***", f"{value}!"],
    }


def test_nothing_is_no_secret() -> None:
    """An empty value masks nothing, and a run without secrets has no table."""
    assert MaskTable.of(Secrets(values={"A": ""})) is None
    assert MaskTable.of(Secrets()) is None


def test_values_and_keys_of_json_are_masked() -> None:
    """Also in numbers and in keys that become equal; what has nothing to mask is the same object."""
    made = table("12345678", "secret-key")
    assert made.value({"n": 123456789, "b": True, "t": ("x", 1.5)}) == {"n": "***S0***9", "b": True, "t": ("x", 1.5)}
    assert made.value({"secret-key": 1, "***S1***": 2}) == {"***S1***": 1, "***S1*** 2": 2}
    clean = {"a": [1, "b", {"c": None}]}
    assert made.value(clean) is clean


def test_what_makes_a_record_is_never_masked() -> None:
    """Kinds, states, digests and the worker's own words stay, though a secret be one of them."""
    mask = RecordMask(table("artifact_root", "0a1b2c3d4e", "step-one", "20260102T030405Z-00000001"))
    for record in (
        {"kind": "checkpoint", "digest": "0a1b2c3d4e"},
        {"kind": "terminal", "artifact_root": "0a1b2c3d4e", "error": None, "steps": [{"id": "step-one"}]},
        {"kind": "event", "name": "inputs_resolved", "step": "step-one", "data": {"from_step": "step-one", "key": "x"}},
        {"kind": "artifact", "path": "step-one/x", "sha256": "0a1b2c3d4e"},
        {"kind": "hello", "session": "20260102T030405Z-00000001", "environment": {"a": "b"}},
    ):
        assert mask.record(record) is record
    said = {"type": "E", "message": "in step-one", "traceback": [{"module": "0a1b2c3d4e", "function": "f", "line": 1}]}
    assert mask.record({"kind": "terminal", "artifact_root": "0a1b2c3d4e", "error": said}) == {
        "kind": "terminal",
        "artifact_root": "0a1b2c3d4e",
        "error": {
            "type": "E",
            "message": "in ***S2***",
            "traceback": [{"module": "***S1***", "function": "f", "line": 1}],
        },
    }


@pytest.mark.parametrize("value", [PLAIN, HARD, "snow☃man 𝄞 clef"])
def test_a_payload_that_is_not_suspected_holds_nothing(value: str) -> None:
    """The screen over encoded JSON sees every form of the table that can be in a text."""
    mask = RecordMask(table(value))
    for needle, _ in mask.table.needles:
        try:
            text = needle.decode()
        except UnicodeDecodeError:
            continue
        payload = json.dumps({"kind": "log", "logger": "l", "message": f"<{text}>"}).encode()
        assert mask.suspects(payload)
        assert json.loads(mask.payload(payload))["message"] == "<***S0***>"


def test_the_screen_knows_whole_values_only_of_words() -> None:
    """A weak value inside of a text leaves the payload as it is, byte for byte."""
    mask = RecordMask(table("abc"))
    payload = b'{"kind":"log","logger":"abcd","message":"an abc"}'
    assert mask.payload(payload) is payload
    assert json.loads(mask.payload(b'{"kind":"event","name":"mine","data":{"x":["abc"]}}'))["data"] == {
        "x": ["***S0***"]
    }


def test_nothing_of_a_table_is_shown() -> None:
    """Neither a table nor what was told has a `repr` with values."""
    secrets = Secrets(values={"A": PLAIN}, hidden=(("B", HARD),))
    made = MaskTable.of(secrets)
    assert PLAIN not in repr(made) + repr(secrets)
    assert Secrets.from_line(secrets.to_line()) == secrets

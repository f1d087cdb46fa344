"""How targets are written, and what is refused of it."""

from __future__ import annotations

import pytest

from osiris_core.errors import UsageError
from osiris_core.targets import parse_target, parse_targets, target_word


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("both", ("local", "e2b")),
        ("local", ("local",)),
        ("e2b,local", ("e2b", "local")),
        (" local , venv: envs/old ", ("local", "venv:envs/old")),
        ("venv:a,venv:b", ("venv:a", "venv:b")),
        ("ssh:host:22", ("ssh:host:22",)),
    ],
)
def test_targets_are_a_backend_and_what_it_is_told(text, names):
    """Everything behind the first colon is the argument; the name is what is written, without the spaces around it."""
    assert parse_targets(text) == names


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "unknown target ''"),
        ("local,", "unknown target ''"),
        ("venv:", "unknown target 'venv:'"),
        (":x", "unknown target ':x'"),
        ("../x", "unknown target '../x'"),
        ("venv:a\nb", r"unknown target 'venv:a\\nb'"),
        ("venv:a, venv:a", "'venv:a' is named twice"),
        ("local,e2b,venv:a", "3 targets are too many: a check compares two"),
    ],
)
def test_what_is_no_list_of_targets_is_refused(text, sentence):
    """One sentence; a third target would stand in a record that says nothing about it."""
    with pytest.raises(UsageError, match=sentence):
        parse_targets(text)


def test_a_target_has_a_backend_and_an_argument():
    """Both come back in its name."""
    target = parse_target("venv:envs/old")

    assert (target.backend, target.argument, target.name) == ("venv", "envs/old", "venv:envs/old")


@pytest.mark.parametrize(
    ("names", "word"), [(["local", "e2b"], "both"), (["e2b", "local"], "e2b,local"), (["venv:a"], "venv:a")]
)
def test_a_word_asks_for_the_same_targets_in_the_same_order(names, word):
    """It is what a command that repeats a check says."""
    assert target_word(names) == word
    assert parse_targets(word) == tuple(names)

"""A secret is shown by nothing but `reveal()`."""

from __future__ import annotations

import copy
import json
import pickle

import pytest

from osiris_core.wire.secret import Secret

VALUE = "s3cr3t-ž-value"


@pytest.mark.parametrize(
    "show",
    [
        str,
        lambda secret: f"{secret}",
        lambda secret: f"{secret:>40}",
        "{}".format,
        lambda secret: "%s" % secret,  # noqa: UP031 - the old way, too
        json.dumps,
        lambda secret: json.dumps({"a": secret}),
        pickle.dumps,
        lambda secret: secret.join(["x", "y"]),
        lambda secret: "x" + secret,
        bytes,
        list,
        hash,
        vars,
        lambda secret: secret.__value,
        lambda secret: setattr(secret, "other", 1),
    ],
    ids=range(16),
)
def test_what_would_show_it_refuses(show):
    """And says what to do, where the refusal is ours; nothing says the value."""
    with pytest.raises((TypeError, AttributeError)) as caught:
        show(Secret("TOKEN", VALUE))
    assert VALUE not in str(caught.value)


def test_it_can_be_shown_by_name():
    """A traceback, a debugger and `%r` show that it is one."""
    secret = Secret("TOKEN", VALUE)
    assert (repr(secret), f"{secret!r}") == ("<Secret TOKEN>", "<Secret TOKEN>")
    assert VALUE not in str(dir(secret)) + str([getattr(secret, each) for each in ("name", "__slots__", "__doc__")])
    with pytest.raises(TypeError, match=r"the secret TOKEN cannot be made a text: `\.reveal\(\)` returns its value"):
        str(secret)


def test_it_is_compared_without_telling():
    """With texts and with its like; copies are itself; it is true as any object is."""
    secret = Secret("TOKEN", VALUE)
    assert secret.reveal() == VALUE
    assert secret == VALUE
    assert secret == Secret("OTHER", VALUE)
    assert secret != "another"
    assert secret != 7
    assert copy.copy(secret) is secret
    assert copy.deepcopy({"a": secret})["a"] is secret
    assert bool(secret)

"""A worker that is not the one that was sent is refused as soon as it says hello."""

from __future__ import annotations

import sys
from types import SimpleNamespace
from typing import Any

import pytest

from osiris_core.backends.confirm import confirm_hello
from osiris_core.backends.interpreter import mapped_libpython
from osiris_core.errors import InfrastructureError, WireError

JOB: Any = SimpleNamespace(bundle=SimpleNamespace(sha256="b" * 64), request=SimpleNamespace(digest="r" * 64))
HERE = "{}.{}.{}".format(*sys.version_info[:3])


def hello(**changes: Any) -> dict[str, Any]:
    environment = {"python": HERE, "libpython": None} | changes.pop("environment", {})
    return {"bundle_digest": "b" * 64, "request_digest": "r" * 64, "environment": environment} | changes


def test_the_worker_that_was_sent_is_accepted() -> None:
    """The control of this file: an honest hello passes."""
    confirm_hello(hello(), JOB)


def test_another_bundle_is_refused() -> None:
    """Both targets have to run the same program."""
    with pytest.raises(WireError, match="another bundle"):
        confirm_hello(hello(bundle_digest="0" * 64), JOB)


def test_another_request_is_refused() -> None:
    """Both targets have to be asked the same."""
    with pytest.raises(WireError, match="another request"):
        confirm_hello(hello(request_digest="0" * 64), JOB)


def test_another_minor_version_is_no_statement_about_the_pipeline() -> None:
    """Python 3.2 in the sandbox is a fault of the target."""
    with pytest.raises(InfrastructureError, match=r"the target runs Python 3\.2\.9"):
        confirm_hello(hello(environment={"python": "3.2.9"}), JOB)


def test_an_interpreter_of_the_templates_own_has_to_have_the_minor_version_only() -> None:
    """An image has another build of Python than this host; another version is refused there, too."""
    other = {"path": "/usr/local/lib/libpython3.so", "sha256": "0" * 64}

    confirm_hello(hello(environment={"libpython": other}), JOB, hosts_build=False)
    with pytest.raises(InfrastructureError, match=r"the target runs Python 3\.2\.9"):
        confirm_hello(hello(environment={"python": "3.2.9"}), JOB, hosts_build=False)


@pytest.mark.skipif(mapped_libpython() is None, reason="this interpreter has no shared library that could differ")
def test_another_build_of_the_same_version_is_refused() -> None:
    """A libpython that is mapped in the target and is not this host's is named."""
    other = {"path": "/usr/lib/libpython3.so", "sha256": "0" * 64}

    with pytest.raises(InfrastructureError, match=r"loaded /usr/lib/libpython3\.so, which is not this host's"):
        confirm_hello(hello(environment={"libpython": other}), JOB)

"""What pytest shows of a test that used secrets has none: traceback, locals, assertion, captured output, JUnit, properties."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from conftest import Project

SECRET = "pl4nt3d-c4n4ry-0f-40-ch4r4ct3rs-and-m0re"
KEY = "-----BEGIN KEY-----\n" + "\n".join(f"line-{number}-of-the-k3y-{'x' * 40}" for number in range(8))
TEST = """
    import logging, os, sys
    import pytest

    @pytest.mark.osiris("it.osiris.yaml")
    def test_it(osiris_run, record_property):
        token, key = os.environ["PLANTED_TOKEN"], os.environ["PLANTED_KEY"]
        padded = "p" * 90 + token + "q" * 300
        print(token)
        print("to stderr:", repr(token), file=sys.stderr)
        logging.getLogger("a").warning("logged %s", token)
        record_property("mine", {"x": [token]})
        try:
            raise KeyError(token)
        except KeyError as error:
            assert {"a": token} == {"a": key}, padded
"""


@pytest.mark.parametrize("masked", [True, False])
def test_nothing_that_pytest_shows_has_a_secret(
    project: Project, monkeypatch: pytest.MonkeyPatch, masked: bool
) -> None:
    """With masking off, each of these places shows it: the search is not blind."""
    monkeypatch.setenv("PLANTED_TOKEN", SECRET)
    monkeypatch.setenv("PLANTED_KEY", KEY)
    (project.root / "code" / "steps.py").write_text("def write(inputs, ctx): pass\n")
    project.manifest("it", rest="secrets: [PLANTED_TOKEN, PLANTED_KEY]\n" if masked else "")
    project.pytester.makepyfile(test_it=TEST)

    result = project.run("test_it.py", "--showlocals", "-vv", "-rA", "--junitxml=j.xml", "-o", "junit_family=xunit1")

    result.assert_outcomes(failed=1)
    places = {
        "terminal": result.stdout.str() + result.stderr.str(),
        "junit": (project.root / "j.xml").read_text(),
        **{
            str(path): path.read_text(errors="replace")
            for path in project.root.rglob("*")
            if path.is_file() and "/.pytest_cache/" in str(path)
        },
    }
    for name in ("terminal", "junit"):
        text = places[name]
        shown = [each for each in (SECRET, SECRET[:12], "-of-the-k3y-", SECRET[-12:]) if each in text]
        assert bool(shown) is not masked, [line for line in text.splitlines() if any(each in line for each in shown)]
    assert not [name for name, text in places.items() if SECRET in text and name not in ("terminal", "junit")]
    if masked:
        assert "***PLANTED_TOKEN***" in places["terminal"]
        assert "***PLANTED_KEY***" in places["terminal"]
        for words in ("Captured stdout call", "Captured stderr call", "Captured log call", "padded     = 'pppp"):
            assert words in places["terminal"]

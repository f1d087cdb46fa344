"""Promises about templates: registered by one call, exact in what they show, refused with a reason."""

from __future__ import annotations

import importlib.metadata
import os
import sys
from pathlib import Path

import e2b
import pytest

from osiris_core.sandbox.templates import TemplateError, from_request, require_readable

SCRIPT = "import sys, importlib.metadata as m; print(sys.prefix, sorted(d.name for d in m.distributions()))"


@pytest.fixture(scope="module")
def closure(tmp_path_factory):
    """A venv-shaped directory with one distribution, `iniconfig`, linked from this environment."""
    view = tmp_path_factory.mktemp("closures") / "one"
    site = view / "lib" / f"python{sys.version_info.major}.{sys.version_info.minor}" / "site-packages"
    for file in importlib.metadata.distribution("iniconfig").files:
        if ".." not in file.parts and file.suffix != ".pyc":
            target = site / file
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(file.locate().read_bytes())
    executable = os.path.realpath(sys.executable)
    (view / "bin").mkdir()
    (view / "bin" / "python").symlink_to(executable)
    (view / "pyvenv.cfg").write_text(f"home = {Path(executable).parent}\ninclude-system-site-packages = false\n")
    return view


def body(closure, **fields):
    """Return a registration's body, with `fields` put in."""
    interpreter = {"executable": os.path.realpath(sys.executable), "prefix": sys.base_prefix, "libpython_dir": None}
    return {"closure_dir": str(closure), "interpreter": interpreter} | fields


def test_a_registered_template_shows_exactly_its_distributions(http, e2b_client, closure):
    """Its sandbox has that one distribution, under every name of the interpreter, and its size."""
    answer = http.put("/osiris/templates/one-dist", json=body(closure, cpus=1, memory_mb=256, disk_mb=64))
    assert answer.status_code == 204
    made = e2b_client.Sandbox.create("one-dist")
    try:
        for name in ("python", "python3", "/opt/osiris/bin/python", "../../opt/osiris/bin/python"):
            assert made.commands.run(f'{name} -c "{SCRIPT}"').stdout == "/opt/osiris ['iniconfig']\n"
        imported = made.commands.run("python -c 'import iniconfig; print(iniconfig.__file__)'").stdout
        assert imported.startswith("/opt/osiris/lib/python")
        with pytest.raises(e2b.CommandExitException) as caught:
            made.commands.run("python -c 'import pytest'")
        assert "ModuleNotFoundError" in caught.value.stderr
        assert made.commands.run("echo $E2B_TEMPLATE_ID; touch /opt/osiris/x || echo no").stdout == "one-dist\nno\n"
        info = made.get_info()
        assert (info.template_id, info.cpu_count, info.memory_mb) == ("one-dist", 1, 256)
    finally:
        made.kill()


def test_registering_the_same_again_changes_nothing(http, closure):
    """A second registration of the same is a success, so two runs need not agree on who does it."""
    for _ in range(2):
        assert http.put("/osiris/templates/again", json=body(closure)).status_code == 204


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"closure_dir": "/no/such/dir"}, "/no/such/dir does not exist for the sandbox server"),
        ({"closure_dir": "relative"}, "closure_dir must be an absolute path"),
        ({"closure_dir": None}, "closure_dir must be an absolute path"),
        ({"closure_dir": "/usr"}, "/usr/pyvenv.cfg does not exist"),
        ({"interpreter": None}, "interpreter must be a JSON object"),
        ({"interpreter": {"executable": "/no/python", "prefix": "/usr"}}, "/no/python does not exist"),
        ({"cpus": 0}, "cpus must be a whole number of at least 1"),
        ({"cpus": True}, "cpus must be a whole number of at least 1"),
        ({"memory_mb": 1.5}, "memory_mb must be a whole number"),
        ({"disk_mb": -1}, "disk_mb must be a whole number"),
        ({"disc_mb": 5}, "unknown keys: disc_mb"),
    ],
)
def test_a_template_that_makes_no_sense_is_refused_with_a_sentence(http, closure, fields, sentence):
    """422, and the first thing wrong; nothing is registered."""
    answer = http.put("/osiris/templates/bad", json=body(closure, **fields))
    assert (answer.status_code, answer.json()["code"]) == (422, 422)
    assert sentence in answer.json()["message"]
    assert http.post("/v2/sandboxes", json={"templateID": "bad"}).status_code == 404


@pytest.mark.parametrize("content", [b"{", b"[]", b"null"])
def test_a_body_that_is_no_object_is_refused(http, content):
    """Malformed JSON is a 422 too."""
    assert http.put("/osiris/templates/bad", content=content).status_code == 422


def test_base_cannot_be_replaced(http, closure):
    """The server's own template stays what it is."""
    answer = http.put("/osiris/templates/base", json=body(closure))
    assert (answer.status_code, "base" in answer.json()["message"]) == (422, True)


def test_an_interpreter_that_does_not_start_inside_is_refused(http, closure, tmp_path):
    """A view that is readable but does not work in a namespace is found out when it is registered, not in a run."""
    broken = tmp_path / "broken"
    broken.mkdir()
    (broken / "lib").symlink_to(closure / "lib")
    (broken / "bin").mkdir()
    (broken / "bin" / "python").symlink_to("/bin/true")
    (broken / "pyvenv.cfg").write_text("home = /usr/bin\n")
    answer = http.put("/osiris/templates/broken", json=body(broken))
    assert answer.status_code == 422
    assert "interpreter" in answer.json()["message"] or "prefix" in answer.json()["message"]


def test_a_file_that_the_server_cannot_read_is_named(closure, monkeypatch):
    """The check looks at the files themselves, as the user that the server runs as."""
    template = from_request("t", body(closure))
    require_readable(template)
    hidden = next((closure / "lib").glob("python*/site-packages/iniconfig"))
    real = os.access
    monkeypatch.setattr(os, "access", lambda path, mode: Path(path) != hidden and real(path, mode))
    with pytest.raises(TemplateError, match=f"{hidden} is not readable by the sandbox server, which runs as user"):
        require_readable(template)


def test_a_registration_needs_the_api_key(http, closure):
    """Nobody else can say what a sandbox is made of."""
    answer = http.put("/osiris/templates/mine", json=body(closure), headers={"X-API-KEY": "e2b_00"})
    assert answer.status_code == 401


def test_a_prefix_that_is_a_link_is_seen_at_both_of_its_paths(http, e2b_client, closure, tmp_path):
    """Some installations name an interpreter's prefix by a link; the interpreter's real path must be there as well."""
    link = tmp_path / "prefix"
    link.symlink_to(sys.base_prefix)
    interpreter = {"executable": os.path.realpath(sys.executable), "prefix": str(link)}
    assert http.put("/osiris/templates/linked", json=body(closure, interpreter=interpreter)).status_code == 204
    made = e2b_client.Sandbox.create("linked")
    try:
        assert made.commands.run(f"ls -d {link}/lib {sys.base_prefix}/lib").exit_code == 0
    finally:
        made.kill()

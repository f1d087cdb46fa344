"""Promises about building templates with the SDK's own builder: what is served, what is refused, and how it fails."""

from __future__ import annotations

import asyncio
import importlib.metadata
import sys
from pathlib import Path

import e2b
import httpx
import pytest

from osiris_core.sandbox.launch import ServerProcess
from tests.sandbox.helpers import bound, until

MINOR = f"{sys.version_info.major}.{sys.version_info.minor}"
JINJA = f"jinja2=={importlib.metadata.version('jinja2')}"
MARKUPSAFE = f"markupsafe=={importlib.metadata.version('markupsafe')}"
INICONFIG = f"iniconfig=={importlib.metadata.version('iniconfig')}"
SCRIPT = "import sys, importlib.metadata as m; print(sys.prefix, sorted(d.name for d in m.distributions()))"
OURS = ["python -m venv --without-pip /opt/osiris", "python -m pip --python /opt/osiris/bin/python install --no-deps"]


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    """The SDK looks at a build every 0.2 s; nothing here takes that long."""
    for flavour in (e2b.Template, e2b.AsyncTemplate):
        monkeypatch.setattr(flavour, "_logs_refresh_frequency", 0.01)


@pytest.fixture
def python(e2b_client):
    """The builder of a template, from the image of this Python."""
    return e2b_client.Template().from_python_image(MINOR)


def shown(e2b_client, name, command=f'python -c "{SCRIPT}"'):
    """Return what a command prints in a sandbox of a template."""
    made = e2b_client.Sandbox.create(name)
    try:
        return made.commands.run(command).stdout
    finally:
        made.kill()


def test_a_built_template_shows_exactly_what_was_installed(e2b_client, python):
    """Its sandboxes have the pinned distributions and no other, its size, and its id."""
    info = e2b_client.Template.build(python.pip_install(["--no-deps", INICONFIG]), "one", cpu_count=1, memory_mb=256)
    made = e2b_client.Sandbox.create("one")
    try:
        assert made.commands.run(f'python -c "{SCRIPT}"').stdout == "/opt/osiris ['iniconfig']\n"
        assert made.commands.run("python -c 'import iniconfig'").exit_code == 0
        with pytest.raises(e2b.CommandExitException, match="No module named 'pytest'"):
            made.commands.run("python -c 'import pytest'")
        said = made.get_info()
        assert (said.template_id, said.cpu_count, said.memory_mb) == (info.template_id, 1, 256)
        assert made.commands.run("echo $E2B_TEMPLATE_ID").stdout.strip() == info.template_id
    finally:
        made.kill()


def test_the_asynchronous_builder_works_alike(server, e2b_client):
    """AsyncTemplate builds, and the template is the same kind of thing."""

    async def build():
        client = bound(server.address)
        template = client.AsyncTemplate().from_python_image(MINOR).pip_install(["--no-deps", JINJA])
        return await client.AsyncTemplate.build(template, "asynchronous"), await client.AsyncTemplate.exists(
            "asynchronous"
        )

    info, exists = asyncio.run(build())
    assert exists
    assert info.tags == ["default"]
    assert shown(e2b_client, "asynchronous") == "/opt/osiris ['Jinja2']\n"  # what it requires was not asked for


def test_an_environment_at_the_views_place_is_served(e2b_client, python):
    """The way that keeps an image's own pip out of the template: a bare environment, and pip told to install to it."""
    template = python.run_cmd([OURS[0], f"{OURS[1]} {JINJA} {MARKUPSAFE}"], user="root")
    e2b_client.Template.build(template, "bare")
    assert shown(e2b_client, "bare") == "/opt/osiris ['Jinja2', 'MarkupSafe']\n"


def test_without_no_deps_requirements_come_along(e2b_client, python):
    """As pip does; here at the versions that this environment has."""
    e2b_client.Template.build(python.pip_install(JINJA), "with-requirements")
    assert shown(e2b_client, "with-requirements") == "/opt/osiris ['Jinja2', 'MarkupSafe']\n"


def test_a_working_directory_is_where_commands_start(e2b_client, python):
    """It is made, writable, and the default of commands; files without a directory still go to the home."""
    e2b_client.Template.build(python.set_envs({"A": "1"}).set_workdir("app").set_workdir("sub"), "workdir")
    assert shown(e2b_client, "workdir", "pwd; touch x; ls; echo ${A-unset}") == "/home/user/app/sub\nx\nunset\n"


def test_the_log_says_what_was_done_step_by_step(e2b_client, python):
    """The builder's callback gets every line once, in order, however often it asks."""
    lines = []
    e2b_client.Template.build(python.pip_install([JINJA, MARKUPSAFE]), "logged", on_build_logs=lines.append)
    own = [line.message for line in lines if line.timestamp.tzinfo]
    assert own == [
        f"FROM python:{MINOR} (served as this machine's Python {MINOR})",
        f"RUN pip install {JINJA} {MARKUPSAFE}",
        f"Successfully installed {JINJA.replace('==', '-')} {MARKUPSAFE.replace('==', '-')}",
        "the template is ready",
    ]


def test_a_log_of_many_lines_comes_in_pages(e2b_client, python, http):
    """No answer has more than 100 lines; the SDK fetches the rest."""
    template = python
    for number in range(120):
        template = template.set_envs({f"N{number}": "x"})
    lines = []
    info = e2b_client.Template.build(template, "long", on_build_logs=lines.append)
    assert sum(line.message.startswith("ENV ") for line in lines) == 120
    path = f"/templates/{info.template_id}/builds/{info.build_id}/status"
    assert len(http.get(path).json()["logEntries"]) == 100
    assert len(http.get(path, params={"logsOffset": 100}).json()["logEntries"]) == 22


def template_of(client, how):
    """Return the template that a test's name of it means."""
    python, base = client.Template().from_python_image(MINOR), client.Template()
    return {
        "apt": lambda: python.apt_install("curl"),
        "arbitrary": lambda: python.run_cmd("rm -rf /"),
        "chained": lambda: python.run_cmd([f"pip install {INICONFIG}", "curl example.org | sh"]),
        "substituted": lambda: python.pip_install("$(cat /etc/passwd)"),
        "unpinned": lambda: python.pip_install("iniconfig"),
        "ranged": lambda: python.pip_install("iniconfig==2.*"),
        "address": lambda: python.pip_install("iniconfig@file:///tmp/x"),
        "option": lambda: python.pip_install(["--index-url=http://127.0.0.1", INICONFIG]),
        "project": python.pip_install,
        "absent": lambda: python.pip_install("no-such-distribution==1.0"),
        "version": lambda: python.pip_install("iniconfig==0.0.1"),
        "editable": lambda: python.pip_install(f"pytest-osiris=={importlib.metadata.version('pytest-osiris')}"),
        "no-view": lambda: python.run_cmd(f"{OURS[1]} {INICONFIG}"),
        "two-places": lambda: python.run_cmd([OURS[0], f"pip install {INICONFIG}"]),
        "elsewhere": lambda: python.set_workdir("/app"),
        "user": lambda: python.set_user("postgres"),
        "started": lambda: python.set_start_cmd("true", "true"),
        "image": lambda: base.from_image("nginx:latest"),
        "python": lambda: base.from_python_image("3.2"),
        "registry": lambda: base.from_image("python:3", username="u", password="p"),
        "template": lambda: base.from_template("mine"),
    }[how]()


@pytest.mark.parametrize(
    ("how", "step", "sentence"),
    [
        ("apt", "1", "this server does not run 'apt-get update'"),
        ("arbitrary", "1", "this server does not run 'rm -rf /': it serves pip install of pinned distributions"),
        ("chained", "1", "this server does not run 'curl example.org"),
        ("substituted", "1", "this server installs pinned distributions only"),
        ("unpinned", "1", "written name==version, and 'iniconfig' is none"),
        ("ranged", "1", "'iniconfig==2.*' is none"),
        ("address", "1", "'iniconfig@file:///tmp/x' is none"),
        ("option", "1", "does not serve pip's option --index-url=http://127.0.0.1"),
        ("project", "1", "'.' is none"),
        (
            "absent",
            "1",
            "No matching distribution found for no-such-distribution==1.0: this server installs from its own",
        ),
        ("version", "1", "No matching distribution found for iniconfig==0.0.1: this server installs from its own"),
        ("editable", "1", "cannot be installed from this server's environment: it is an editable install"),
        ("no-view", "1", "there is no interpreter at /opt/osiris/bin/python yet"),
        ("two-places", "1", "two places to install to"),
        ("elsewhere", "1", "no place for the working directory '/app'"),
        ("user", "1", "does not serve the step USER"),
        ("started", "finalize", "starts no command with a sandbox"),
        ("image", "base", "has no image 'nginx:latest'"),
        ("python", "base", f"it serves from_python_image('{MINOR}')"),
        ("registry", "base", "pulls no image"),
        ("template", "base", "builds on the template 'base' only"),
    ],
)
def test_what_is_not_served_ends_the_build_with_one_sentence(e2b_client, http, how, step, sentence):
    """The SDK raises its BuildException with it; the status names the step and has the log; no sandbox can be made."""
    lines = []
    with pytest.raises(e2b.BuildException) as caught:
        e2b_client.Template.build(template_of(e2b_client, how), f"refused-{how}", on_build_logs=lines.append)
    assert sentence in str(caught.value)
    assert "\n" not in str(caught.value)
    assert ("error", str(caught.value)) in [(line.level, line.message) for line in lines]
    [build] = http.get(f"/templates/refused-{how}").json()["builds"]
    template_id = http.get(f"/templates/aliases/refused-{how}").json()["templateID"]
    status = http.get(f"/templates/{template_id}/builds/{build['buildID']}/status").json()
    assert (status["status"], status["reason"]["step"]) == ("error", step)
    assert status["reason"]["logEntries"][-1]["message"] == str(caught.value)
    with pytest.raises(e2b.SandboxException, match="404: template"):
        e2b_client.Sandbox.create(f"refused-{how}")


def test_files_are_taken_and_their_step_is_refused(e2b_client, tmp_path, server):
    """COPY uploads as with E2B, by an address without a key; the build then says that it is not served."""
    (tmp_path / "app.py").write_text("print('hello')\n")
    template = e2b_client.Template(file_context_path=str(tmp_path)).from_python_image(MINOR).copy("app.py", "/app/")
    lines = []
    for said in ("Uploaded 'app.py'", "Skipping upload of 'app.py', already cached"):
        with pytest.raises(e2b.BuildException, match="does not serve the step COPY"):
            e2b_client.Template.build(template, "copied", on_build_logs=lines.append)
        assert said in [line.message for line in lines]
    assert httpx.put(f"{server.address.url}/osiris/uploads/guessed", content=b"x").status_code == 403


def test_names_tags_and_lists(e2b_client, python, http):
    """A name exists from its first build on; tags point at builds; what is deleted is gone."""
    assert not e2b_client.Template.exists("tagged")
    other = e2b_client.Template().from_python_image(MINOR).pip_install(["--no-deps", MARKUPSAFE])
    first = e2b_client.Template.build(python.pip_install(["--no-deps", INICONFIG]), "Tagged:v1", tags=["stable"])
    second = e2b_client.Template.build(other, "tagged:v2")
    assert first.template_id == second.template_id
    assert (first.tags, second.tags) == (["v1", "stable"], ["v2"])
    assert e2b_client.Template.exists("tagged")
    assert e2b_client.Template.exists("Tagged")
    assert shown(e2b_client, "tagged:v1") == "/opt/osiris ['iniconfig']\n"
    assert shown(e2b_client, f"{second.template_id}:v2") == "/opt/osiris ['MarkupSafe']\n"
    assert e2b_client.Template.assign_tags("tagged:v2", "stable").build_id == second.build_id
    assert shown(e2b_client, "tagged:stable") == "/opt/osiris ['MarkupSafe']\n"
    e2b_client.Template.remove_tags("tagged", "v1")
    assert {each.tag: each.build_id for each in e2b_client.Template.get_tags("tagged")} == {
        "stable": second.build_id,
        "v2": second.build_id,
    }
    for path in ("/templates", "/v2/templates"):
        [found] = [each for each in http.get(path).json() if each["names"] == ["tagged"]]
        assert (found["templateID"], found["buildStatus"], found["buildCount"]) == (first.template_id, "ready", 2)
    page = http.get("/v2/templates", params={"limit": 1})
    assert len(page.json()) == 1
    assert (
        http.get("/v2/templates", params={"limit": 1, "nextToken": page.headers["x-next-token"]}).json() != page.json()
    )
    assert http.delete("/templates/tagged").status_code == 204
    assert http.delete("/templates/tagged").status_code == 404
    assert not e2b_client.Template.exists("tagged")
    with pytest.raises(e2b.TemplateException, match="404: template 'tagged' not found"):
        e2b_client.Template.get_tags("tagged")


def test_a_name_exists_before_its_build_has_succeeded(e2b_client, python):
    """As with E2B: whoever asks for the name alone can be deceived by a build that failed."""
    with pytest.raises(e2b.BuildException):
        e2b_client.Template.build(python.run_cmd("false"), "never-built")
    assert e2b_client.Template.exists("never-built")


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ({}, "Name is required"),
        ({"name": "no spaces"}, "Invalid name"),
        ({"name": "team/name"}, "Invalid name"),
        ({"name": "x:!"}, "Invalid tag"),
        ({"name": "x", "cpuCount": 0}, "CPU count must be a whole number from 1 to 32"),
        ({"name": "x", "memoryMB": 1}, "memory in MB must be a whole number from 128"),
        ({"name": "x", "tags": "v1"}, "tags must be a list"),
    ],
)
def test_a_request_that_makes_no_sense_is_a_400(http, body, sentence):
    """With a sentence in E2B's shape of an error."""
    answer = http.post("/v3/templates", json=body)
    assert (answer.status_code, answer.json()["code"]) == (400, 400)
    assert sentence in answer.json()["message"]


def test_a_registered_name_cannot_be_built_over(e2b_client, http, bare_closure, python):
    """What a test registered stays what it is; `base` too."""
    assert http.put("/osiris/templates/registered", json=bare_closure).status_code == 204
    for name in ("registered", "base"):
        with pytest.raises(e2b.BuildException, match=r"403: the template '.*' is registered with this server"):
            e2b_client.Template.build(python, name)
        assert e2b_client.Template.exists(name)


def test_a_built_name_cannot_be_registered_over(e2b_client, http, bare_closure, python):
    """Nor the other way round: one name is one template until it is deleted."""
    e2b_client.Template.build(python, "built-first")
    answer = http.put("/osiris/templates/built-first", json=bare_closure)
    assert (answer.status_code, "was built on this server: delete it first" in answer.json()["message"]) == (422, True)
    assert http.delete("/templates/built-first").status_code == 204
    assert http.put("/osiris/templates/built-first", json=bare_closure).status_code == 204


def test_a_wrong_key_is_a_401_in_every_call(server, python):
    """The SDK raises its AuthenticationException."""
    client = e2b.E2B(api_key="e2b_00", api_url=server.address.url, sandbox_url=server.address.url)
    for call in (
        lambda: client.Template.build(client.Template().from_python_image(MINOR), "mine"),
        lambda: client.Template.exists("mine"),
        lambda: client.Template.get_tags("mine"),
    ):
        with pytest.raises(e2b.AuthenticationException, match="401"):
            call()


def test_unknown_builds_are_a_404_and_a_build_starts_once(e2b_client, python, http):
    """Neither can be mistaken for success."""
    info = e2b_client.Template.build(python, "started-once")
    path = f"/v2/templates/{info.template_id}/builds/{info.build_id}"
    assert (http.post(path, json={"steps": []}).status_code, http.post(path + "0", json={}).status_code) == (400, 404)
    with pytest.raises(e2b.BuildException, match="404"):
        e2b_client.Template.get_build_status(e2b.BuildInfo(template_id="t", build_id="b", name="x", alias="x"))


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"steps": 5}, 400),
        ({"steps": [5]}, 400),
        ({"steps": [{"type": "RUN", "args": 5}]}, 202),
        ({"steps": [{"type": "RUN", "args": [5]}]}, 202),
        ({"steps": [{"type": "RUN", "args": []}]}, 202),
        ({"steps": [{"type": "RUN", "args": ['"unclosed']}]}, 202),
        ({"steps": [{"type": "RUN", "args": ["&& &&"]}]}, 202),
        ({"steps": [{"type": "RUN", "args": ["pip install \0==1"]}]}, 202),
        ({"steps": [{"type": 5}]}, 202),
        ({"steps": [{"type": "WORKDIR", "args": ["../../etc"]}]}, 202),
        ({"fromImage": {"a": 1}}, 202),
        ({"fromTemplate": [1]}, 202),
    ],
)
def test_whatever_is_sent_a_build_ends(http, body, status):
    """Malformed bodies are refused or end the build with a sentence; none is left building for ever."""
    asked = http.post("/v3/templates", json={"name": "hostile"}).json()
    path = f"templates/{asked['templateID']}/builds/{asked['buildID']}"
    answer = http.post(f"/v2/{path}", json=body)
    assert answer.status_code == status
    if status == 202:
        said = until(lambda: (found := http.get(f"/{path}/status").json())["status"] != "building" and found)
        assert said["status"] == "error"
        assert said["reason"]["message"]
        assert "this server failed" not in said["reason"]["message"]


@pytest.fixture(scope="module")
def slow_server():
    """A server whose builds do not end by themselves, and that makes one at a time."""
    with ServerProcess.start(options=("--build-s", "3600", "--concurrent-builds", "1")) as started:
        yield started


def test_more_builds_than_allowed_are_a_429(slow_server):
    """The SDK raises its RateLimitException, with E2B's sentence."""
    client = bound(slow_server.address)
    template = client.Template().from_python_image(MINOR)
    first = client.Template.build_in_background(template, "first")
    with pytest.raises(e2b.RateLimitException, match=r"maximum number of concurrent template builds \(1\)"):
        client.Template.build_in_background(template, "second", retries=0)
    again = client.Template.build_in_background(template, "first")
    assert client.Template.get_build_status(again).status == "building"
    status = client.Template.get_build_status(first)
    assert (status.status, status.reason.message) == ("error", "the build was cancelled by a newer one")


def test_a_build_ends_with_its_server_and_leaves_nothing(tmp_path, monkeypatch):
    """Killed while it builds: what watches it gets an error at once, and the next server sweeps the directory."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    server = ServerProcess.start()
    client = bound(server.address)
    template = client.Template().from_python_image(MINOR).pip_install(["--no-deps", INICONFIG])
    client.Template.build(template, "kept")
    beside = [*tmp_path.glob("osiris-templates-*"), *Path(sys.prefix).glob("osiris-templates-*")]
    assert beside
    server._process.kill()
    server.stop()
    with pytest.raises(Exception, match=r"(?i)connect|request"):
        client.Template.build(template, "dead", retries=0)
    with ServerProcess.start() as again:
        bound(again.address).Template.build(template, "again")
        assert not any(each.exists() for each in beside)
    assert until(lambda: not [*tmp_path.glob("osiris-templates-*")])

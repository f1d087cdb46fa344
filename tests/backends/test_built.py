"""Templates of a provider that builds them: found by name, built once, and every way that can fail, said."""

from __future__ import annotations

import importlib.metadata
import subprocess
import sys
import threading
from typing import TYPE_CHECKING

import pytest

from osiris_core.backends.built import BuiltTemplates, built_name
from osiris_core.backends.closure import resolve_closure
from osiris_core.backends.known_templates import KnownTemplates
from osiris_core.backends.protocol import Cancellation, Patience
from osiris_core.backends.provider import Provider
from osiris_core.backends.template_service import TemplateService
from osiris_core.errors import InfrastructureError, SandboxError, TemplateBuildError
from osiris_core.manifest.model import Resources
from osiris_core.sandbox.launch import ServerProcess

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from osiris_core.backends.closure import Closure

    from conftest import Environment

SMALL = Resources(cpus=1, memory_mb=256, disk_mb=64)
QUICK = Patience(build_s=200.0, build_poll_s=0.01)
INICONFIG = f"iniconfig=={importlib.metadata.version('iniconfig')}"
SCRIPT = "import sys, importlib.metadata as m; print(sys.prefix, sorted(d.name for d in m.distributions()))"


def self_hosted(server: ServerProcess) -> Provider:
    address = server.address
    return Provider(name=address.url, url=address.url, api_key=address.api_key, isolation="unknown")


@pytest.fixture(scope="module")
def server(bubblewrap: None) -> Iterator[ServerProcess]:
    """A server that is used by its address and key alone, as somebody else's would be."""
    with ServerProcess.start() as started:
        yield started


@pytest.fixture(scope="module")
def endless(bubblewrap: None) -> Iterator[ServerProcess]:
    """A server whose builds do not end by themselves, one at a time."""
    with ServerProcess.start(options=("--build-s", "3600", "--concurrent-builds", "1")) as started:
        yield started


@pytest.fixture
def slow(endless: ServerProcess) -> Iterator[Provider]:
    """The same, without what the test before left unfinished."""
    provider = self_hosted(endless)
    yield provider
    service = TemplateService(provider)
    for left in service.list():
        service.delete(left.names[0])


@pytest.fixture
def closure() -> Closure:
    """A closure of one distribution."""
    return resolve_closure(["iniconfig"])


def ask(provider: Provider, closure: Closure, patience: Patience = QUICK, **more: object) -> str:
    """Ensure a template with a fresh memory of this process; return its name."""
    templates = BuiltTemplates(provider, patience, **more)  # type: ignore[arg-type]
    return templates.ensure(closure, SMALL, Cancellation()).name


def requests(server: ServerProcess) -> dict[str, int]:
    import httpx

    headers = {"X-API-KEY": server.address.api_key}
    return dict(httpx.get(f"{server.address.url}/osiris/stats", headers=headers).json()["by_route"])


def test_a_closure_is_built_once_and_then_known(
    server: ServerProcess, closure: Closure, cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first run builds, the next asks nobody, and another machine finds it there by its name."""
    said: list[str] = []
    provider = self_hosted(server)
    TemplateService(provider).delete(built_name([INICONFIG], SMALL))  # that of another test, which may have run before

    name = ask(provider, closure, report=said.append)
    after = requests(server)
    again = ask(provider, closure, report=said.append)
    assert requests(server) == after
    monkeypatch.setenv("OSIRIS_CACHE_DIR", str(tmp_path / "another machine"))
    elsewhere = ask(provider, closure, report=said.append)

    assert name == again == elsewhere == built_name([INICONFIG], SMALL)
    assert requests(server)["POST /v3/templates"] == after["POST /v3/templates"]
    assert [line.rpartition(" in ")[0] or line for line in said] == [
        f"building the template {name} at {provider.name} (1 distribution)",
        f"built the template {name}",
    ]
    assert provider.api_key not in "".join(each.read_text() for each in cache.rglob("*.json"))


def test_the_template_shows_exactly_the_closure_where_the_worker_looks(
    server: ServerProcess, closure: Closure, cache: Path
) -> None:
    """Its Python is at the path that a farm's has, of the size asked for, with nothing else installed."""
    from e2b import E2B

    provider = self_hosted(server)
    made = E2B(**provider.address).Sandbox.create(ask(provider, closure))
    try:
        out = made.commands.run(f'"$HOME/../../opt/osiris/bin/python" -c "{SCRIPT}"').stdout
        info = made.get_info()
    finally:
        made.kill()

    assert out == "/opt/osiris ['iniconfig']\n"
    assert (info.cpu_count, info.memory_mb) == (1, 256)


def test_the_name_follows_all_that_decides_a_template() -> None:
    """Pins and size are in it, in E2B's alphabet; machine and path are not."""
    name = built_name(["a==1", "b==2"], SMALL)

    assert name.startswith(f"osiris-py{sys.version_info.major}{sys.version_info.minor}-")
    assert name.endswith("-1c-256m-64d")
    assert set(name) <= set("abcdefghijklmnopqrstuvwxyz0123456789-")
    assert len({name, built_name(["a==1"], SMALL), built_name(["a==1", "b==3"], SMALL), built_name([], SMALL)}) == 4


def test_an_empty_closure_is_a_template_too(server: ServerProcess, cache: Path) -> None:
    """Nothing declared is an environment with nothing in it."""
    provider = self_hosted(server)
    found = TemplateService(provider).find(ask(provider, resolve_closure([])))

    assert found is not None
    assert found.ready


def test_threads_that_need_one_template_build_it_once(server: ServerProcess, cache: Path) -> None:
    """Whoever comes second waits for the first, and asks for nothing."""
    provider, closure = self_hosted(server), resolve_closure(["packaging"])
    before = requests(server).get("POST /v3/templates", 0)
    names: list[str] = []
    threads = [threading.Thread(target=lambda: names.append(ask(provider, closure))) for _ in range(4)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()

    assert len(names) == 4
    assert requests(server)["POST /v3/templates"] == before + 1


PROCESS = """
import sys
sys.path[:0] = {path!r}
from osiris_core.backends.built import BuiltTemplates
from osiris_core.backends.closure import resolve_closure
from osiris_core.backends.protocol import Cancellation, Patience
from osiris_core.backends.provider import Provider
from osiris_core.manifest.model import Resources
provider = Provider(name="x", url=sys.argv[1], api_key=sys.argv[2], isolation="unknown")
closure = resolve_closure(["pluggy"])
say = lambda line: print(line.split()[0], flush=True) if line.startswith("building") else None
templates = BuiltTemplates(provider, Patience(build_poll_s=0.01), report=say)
print(templates.ensure(closure, Resources(), Cancellation()).name)
"""


def test_processes_that_need_one_template_build_it_once(server: ServerProcess, cache: Path) -> None:
    """The lock is a file in the cache, so that workers of one test run share a build."""
    provider = self_hosted(server)
    before = requests(server).get("POST /v3/templates", 0)
    command = [sys.executable, "-c", PROCESS.format(path=sys.path), server.address.url, server.address.api_key]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "building\n"  # it has the lock, and has asked for nothing yet
        templates = BuiltTemplates(provider, QUICK)
        name = templates.ensure(resolve_closure(["pluggy"]), Resources(), Cancellation()).name
        theirs = process.stdout.readline().strip()

    assert name == theirs
    assert requests(server)["POST /v3/templates"] == before + 1


def test_a_name_whose_build_failed_is_built(server: ServerProcess, closure: Closure, cache: Path) -> None:
    """A name is taken from its first request on; only a build that is ready counts as a template."""
    from e2b import E2B, BuildException

    provider, size = self_hosted(server), Resources(cpus=2)
    name = built_name([INICONFIG], size)
    builder = E2B(**provider.address).Template
    with pytest.raises(BuildException):
        builder.build(builder().from_base_image().run_cmd("false"), name)
    assert builder.exists(name)

    templates = BuiltTemplates(provider, QUICK)

    assert templates.ensure(closure, size, Cancellation()).name == name
    found = TemplateService(provider).find(name)
    assert found is not None
    assert found.ready


def test_a_build_that_another_machine_started_is_waited_for(slow: Provider, closure: Closure, cache: Path) -> None:
    """Starting a second one would cancel the first."""
    name = built_name([INICONFIG], SMALL)
    TemplateService(slow).start(name, [INICONFIG], SMALL)
    said: list[str] = []

    with pytest.raises(TemplateBuildError, match=r"took longer than 0\.05 s"):
        ask(slow, closure, Patience(build_s=0.05, build_poll_s=0.01), report=said.append)

    assert said[0] == f"waiting for the template {name}, which is being built at {slow.name}"


def test_a_build_that_takes_too_long_is_given_up(slow: Provider, closure: Closure, cache: Path) -> None:
    """The bound is the caller's; the sentence says that the build itself goes on."""
    with pytest.raises(TemplateBuildError, match=r"took longer than 0\.05 s.*the next run finds it"):
        ask(slow, closure, Patience(build_s=0.05, build_poll_s=0.01))


def test_a_limit_of_the_account_is_named(slow: Provider, closure: Closure, cache: Path) -> None:
    """429 while another template is being built: what to do is said, nothing is retried for ever."""
    TemplateService(slow).start("another", [], SMALL)

    with pytest.raises(
        TemplateBuildError, match=r"a limit of the account is reached: 429.*\(1\).*wait until other builds have ended"
    ):
        ask(slow, closure)


def test_a_stop_is_heard_while_a_template_is_built(slow: Provider, closure: Closure, cache: Path) -> None:
    """A run that is stopped does not wait for the provider."""
    cancellation = Cancellation()
    templates = BuiltTemplates(slow, Patience(build_poll_s=60.0), report=lambda _: cancellation.request())

    with pytest.raises(SandboxError, match=r"the run was stopped while .* built the template"):
        templates.ensure(closure, SMALL, cancellation)


def test_a_stop_is_heard_while_another_one_builds(slow: Provider, closure: Closure, cache: Path) -> None:
    """So does one that waits for the lock."""
    holder, waiter = Cancellation(), Cancellation()
    inside = threading.Event()
    templates = BuiltTemplates(slow, QUICK, report=lambda _: inside.set())
    first: list[Exception] = []

    def hold() -> None:
        try:
            templates.ensure(closure, SMALL, holder)
        except SandboxError as error:
            first.append(error)

    thread = threading.Thread(target=hold)
    thread.start()
    assert inside.wait(100)
    waiter.request()
    with pytest.raises(SandboxError, match="stopped while another one built"):
        BuiltTemplates(slow, QUICK).ensure(closure, SMALL, waiter)
    holder.request()
    thread.join()
    assert len(first) == 1


def test_a_version_that_the_index_lacks_is_named(server: ServerProcess, environment: Environment, cache: Path) -> None:
    """The build's last lines are reported, and the hint says why a version may exist here alone."""
    environment.install("homemade", "1.0")
    said: list[str] = []

    with pytest.raises(TemplateBuildError) as caught:
        ask(self_hosted(server), resolve_closure(["homemade"]), report=said.append)

    assert caught.value.message.endswith(" failed: the index there has no homemade==1.0")
    assert caught.value.hint.startswith("this host has a version that was never released")
    assert caught.value.log[-1].startswith("No matching distribution found for homemade==1.0")
    assert said[1].endswith("was not built; the last lines of its log:")
    assert said[2:] == [f"  {line}" for line in caught.value.log]
    assert not list(cache.rglob("*.json"))


def test_a_size_that_the_provider_refuses_is_said(server: ServerProcess, closure: Closure, cache: Path) -> None:
    """A 400 is the provider's own sentence."""
    templates = BuiltTemplates(self_hosted(server), QUICK)

    with pytest.raises(TemplateBuildError, match=r"did not take the template .*: 400: CPU count must be"):
        templates.ensure(closure, Resources(cpus=100), Cancellation())


def test_a_wrong_key_is_said(server: ServerProcess, closure: Closure, cache: Path) -> None:
    """Nothing is built, and the variable is named."""
    wrong = Provider(name="there", url=server.address.url, api_key="e2b_00", isolation="unknown")

    with pytest.raises(SandboxError, match=r"there refused the API key: 401.*set E2B_API_KEY"):
        ask(wrong, closure)


def test_a_server_that_is_not_there_is_said(closure: Closure, cache: Path) -> None:
    """A dead address is one sentence."""
    nobody = Provider(name="nobody", url="http://127.0.0.1:1", api_key="e2b_00", isolation="unknown")

    with pytest.raises(SandboxError, match="nobody could not be asked for the template"):
        ask(nobody, closure)


def test_a_server_that_dies_while_it_builds_is_said(closure: Closure, cache: Path) -> None:
    """The run ends with a sentence instead of waiting for the bound, and nothing is remembered."""
    errors: list[Exception] = []
    watched = threading.Event()
    with ServerProcess.start(options=("--build-s", "3600")) as dying:
        provider = self_hosted(dying)

        def build() -> None:
            try:
                ask(provider, closure)
            except SandboxError as error:
                errors.append(error)

        thread = threading.Thread(target=build)
        thread.start()
        for _ in range(10_000):
            if any(route.endswith("/status") for route in requests(dying)):
                break
            watched.wait(0.01)
        dying._process.kill()
        thread.join(100)

    [error] = errors
    assert str(error).startswith(f"{provider.name} was lost while it built a template: ")
    assert not list(cache.rglob("*.json"))


def test_a_cache_that_cannot_be_written_is_said(server: ServerProcess, closure: Closure, cache: Path) -> None:
    """The variable that names another one is in the sentence; nothing is built that could not be remembered."""
    provider = self_hosted(server)
    name = built_name([INICONFIG], Resources(cpus=3))
    lock = KnownTemplates(provider)._file(name).with_suffix(".lock")
    lock.mkdir(parents=True)

    with pytest.raises(InfrastructureError, match="name another cache in OSIRIS_CACHE_DIR"):
        BuiltTemplates(provider, QUICK).ensure(closure, Resources(cpus=3), Cancellation())

    assert TemplateService(provider).find(name) is None


def test_what_was_deleted_there_can_be_forgotten_here(server: ServerProcess, cache: Path) -> None:
    """A memory that turns out wrong is dropped once, and the template is built again."""
    provider, closure = self_hosted(server), resolve_closure(["pygments"])
    templates = BuiltTemplates(provider, QUICK)
    name = templates.ensure(closure, SMALL, Cancellation()).name
    assert TemplateService(provider).delete(name)
    assert TemplateService(provider).find(name) is None

    assert templates.forget(name)
    assert not templates.forget(name)
    templates.ensure(closure, SMALL, Cancellation())

    assert TemplateService(provider).find(name) is not None

"""Secrets reach the driver, and no file, variable, argument or record of the harness's own."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import signal
import subprocess

import pytest

from osiris_core.wire.secrets import Secrets

CANARY = "c4n4ry-ž-9f31"
SECRETS = Secrets(
    values={"TOKEN": CANARY},
    connections={"@mysql.main": {"host": "db", "password": f"{CANARY}-2", "note": "${secret:TOKEN}", "port": 3306}},
    hidden=(("MYSQL", f"{CANARY}-2"),),
)
USE = """
import hashlib, json
def sha(value): return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()
def use(config, inputs, ctx):
    print(sha(config))
    print(sha(ctx.secret("TOKEN").reveal()))
    seen = [*os.environ.values(), *sys.argv, open("/proc/self/cmdline").read(), open(f"/proc/{os.getppid()}/cmdline").read()]
    print(any("c4n4ry" in each for each in seen), os.readlink("/proc/self/fd/0"), os.read(0, 1))
"""
CONFIG = {
    "url": "https://${secret:TOKEN}@host/${secret:TOKEN}",
    "deep": [{"token": "${secret:TOKEN}"}, 7, None],
    "plain": "${TOKEN}",
    "connection": "@mysql.main",
}
TOLD = {
    "url": f"https://{CANARY}@host/{CANARY}",
    "deep": [{"token": CANARY}, 7, None],
    "plain": "${TOKEN}",
    "resolved_connection": {"host": "db", "password": f"{CANARY}-2", "note": "${secret:TOKEN}", "port": 3306},
}


def sha(text):
    return hashlib.sha256(text.encode()).hexdigest()


def everything_left(worker, run):
    """All bytes that the worker wrote anywhere."""
    files = [path.read_bytes() for path in worker.run_directory.rglob("*") if path.is_file()]
    assert len(files) >= 4
    return b"\n".join([run.stdout, run.stderr, *files])


def test_a_driver_is_told_what_its_config_refers_to(worker):
    """Texts hold the values, a connection comes resolved and verbatim, `ctx.secret` answers; nothing else knows them."""
    told = SECRETS.to_line()
    run = worker.run(USE, ("use", "use", (), CONFIG), told=told, expects_secrets=True)
    assert run.terminal["outcome"] == "succeeded", run.terminal["error"]
    config, token, last = run.printed("use").decode().splitlines()
    assert config == sha(json.dumps(TOLD, sort_keys=True))
    assert token == sha(json.dumps(CANARY))
    assert last == "False /dev/null b''"
    left = everything_left(worker, run)
    assert b"c4n4ry" not in left
    assert b"${secret:TOKEN}" in left


LEAK = """
import base64, json, logging, urllib.parse, warnings
def leak(config, inputs, ctx):
    token, password = ctx.secret("TOKEN").reveal(), config["resolved_connection"]["password"]
    for text in (token, repr(token), json.dumps(token), urllib.parse.quote(token), token.encode().hex(),
                 base64.b64encode(b"u:" + token.encode()).decode(), password):
        print(text)
        ctx.logger.info("as text: %s", text)
        logging.getLogger(text).warning("as %r", {text: [text]})
        ctx.log_metric(text, 1, unit=text, **{text: text})
        ctx.log_event(text, **{text: {text: [text]}})
    for character in token:
        os.write(1, character.encode())
    os.system("printf " + token[:5] + "; printf " + token[5:])
    warnings.warn(token)
    (ctx.output_dir / "sub").mkdir()
    raise ValueError({"token": token, "nested": password.encode()}) from RuntimeError(token)
"""


def leaked(worker, run):
    """Whether any byte that was written holds the canary, plain or encoded."""
    left = everything_left(worker, run).replace(b"\\", b"")
    left += b"".join(run.printed(step["id"]) for step in run.terminal["steps"])
    forms = (b"c4n4ry", b"63346e347279", b"NG40cnkt")
    return [form for form in forms if form in left]


def test_what_a_driver_says_is_masked_before_it_is_written(worker):
    """Printed, logged, as metrics and events, in names and keys, raised: the spool has tokens."""
    run = worker.run(LEAK, ("leak", "leak", (), CONFIG), told=SECRETS.to_line(), expects_secrets=True)
    assert leaked(worker, run) == []
    assert run.terminal["error"]["message"] == "{'token': '***TOKEN***', 'nested': b'***MYSQL***'}"
    printed = run.printed("leak").decode()
    lines = [
        "***TOKEN***",
        "'***TOKEN***'",
        '"***TOKEN***"',
        "***TOKEN***",
        "***TOKEN***",
        "dTp***TOKEN***Q==",
        "***MYSQL***",
    ]
    assert printed.splitlines()[:7] == lines
    assert printed.splitlines()[7].startswith("***TOKEN***/")  # twice, without anything between
    assert "UserWarning: ***TOKEN***\n" in printed
    assert run.logged("leak")[0] == "INFO osiris.leak as text: ***TOKEN***"
    assert run.logged("leak")[1] == "WARNING ***TOKEN*** as {'***TOKEN***': ['***TOKEN***']}"
    assert run.of_kind("metric")[0]["name"] == "***TOKEN***"
    assert run.of_kind("metric")[0]["tags"] == {"***TOKEN***": "***TOKEN***"}
    (event, *_) = [each for each in run.of_kind("event") if each["name"] == "***TOKEN***"]
    assert event["data"] == {"***TOKEN***": {"***TOKEN***": ["***TOKEN***"]}}


def test_without_masking_the_search_finds_it(worker):
    """The same driver, told the values by its config: nothing is declared a secret, and all of it is written."""
    source = LEAK.replace(
        'ctx.secret("TOKEN").reveal(), config["resolved_connection"]["password"]', 'config["a"], config["b"]'
    )
    run = worker.run(source, ("leak", "leak", (), {"a": CANARY, "b": f"{CANARY}-2"}))
    assert leaked(worker, run) == [b"c4n4ry", b"63346e347279", b"NG40cnkt"]


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"a": ["${secret:OTHER}"]}, "the secret 'OTHER' is not declared: name it under `secrets:` in the manifest"),
        ({"connection": "@mysql.other"}, "the connection '@mysql.other' was not resolved for this run"),
    ],
)
def test_what_was_not_told_fails_the_step(worker, config, message):
    """A reference without a value is the step's failure, in a sentence that holds no other value."""
    run = worker.run(USE, ("use", "use", (), config), told=SECRETS.to_line(), expects_secrets=True)
    assert run.terminal["failed_step"] == "use"
    assert (run.terminal["error"]["type"], run.terminal["error"]["message"]) == ("LookupError", message)
    assert b"c4n4ry" not in everything_left(worker, run)


def test_an_error_in_a_driver_shows_no_values(worker):
    """The traceback of a step that fails with secrets in hand has modules, functions and lines."""
    source = """
    def fail(config, inputs, ctx):
        token = ctx.secret("TOKEN").reveal()
        raise ValueError("refused")
    """
    run = worker.run(source, ("fail", "fail", (), CONFIG), told=SECRETS.to_line(), expects_secrets=True)
    assert run.terminal["error"]["message"] == "refused"
    assert run.terminal["error"]["traceback"][-1] == {"module": "toys", "function": "fail", "line": 5}
    assert b"c4n4ry" not in everything_left(worker, run)


def test_a_connection_that_is_no_reference_is_the_drivers_business(worker):
    """A text without `@` stays where it is."""
    run = worker.run("def show(config, inputs, ctx): print(config)", ("show", "show", (), {"connection": "x.db"}))
    assert run.printed("show") == b"{'connection': 'x.db'}\n"


def test_a_long_line_arrives_whole(worker):
    """A line beyond what a pipe holds is no special case."""
    long = Secrets(values={"TOKEN": "x" * 900_000})
    source = "def size(config, inputs, ctx): print(len(ctx.secret('TOKEN').reveal()))"
    assert worker.run(source, "size", told=long.to_line(), expects_secrets=True).printed("size") == b"900000\n"


@pytest.mark.parametrize(
    ("told", "words"),
    [
        (b"", "stdin ended before the line of secrets did"),
        (SECRETS.to_line()[:-9], "stdin ended before the line of secrets did"),
        (b"x" * (1 << 20) + b"xx\n", "stdin is too long before the line of secrets did"),
        (b'{"c4n4ry": 1}\n', "the first line of stdin is not the line of secrets that was announced"),
        (b'SECRETS {"values": {"TOKEN": "c4n4ry', "stdin ended before the line of secrets did"),
        (
            b'SECRETS {"values": {"TOKEN": ["c4n4ry"]}, "connections": {}, "hidden": []}\n',
            "the first line of stdin is not the line",
        ),
        (
            b'SECRETS {"values": {}, "connections": {"@a.b": "c4n4ry"}, "hidden": []}\n',
            "the first line of stdin is not the line",
        ),
        (
            b'SECRETS {"values": {}, "connections": {}, "hidden": [["A", 7]]}\n',
            "the first line of stdin is not the line",
        ),
        (b"CANCEL\n" + SECRETS.to_line(), "the run was stopped before it was told its secrets"),
    ],
)
def test_without_the_line_nothing_starts(worker, told, words):
    """A line that does not come, or is another one, leaves no spool, exit code 3, and one sentence without the line."""
    run = worker.run(USE, ("use", "use", (), CONFIG), told=told, expects_secrets=True)
    assert (run.exit_code, run.spool) == (3, b"")
    assert words in run.stderr.decode()
    assert run.stderr.count(b"\n") == 1
    assert b"c4n4ry" not in run.stderr


def test_a_line_that_never_comes_is_waited_for_so_long(worker):
    """With stdin open and silent the wait is bounded."""
    worker.prepare(USE, [("use", "use", (), {})], expects_secrets=True, secrets_patience_s=0.05)
    worker.start(stdin=subprocess.PIPE).wait(timeout=200)
    run = worker.finish()
    assert (run.exit_code, run.spool) == (3, b"")
    assert b"the line of secrets did not come within 0.05 s" in run.stderr


def test_a_signal_ends_the_wait(worker):
    """A run can be stopped while it waits."""
    worker.prepare(USE, [("use", "use", (), {})], expects_secrets=True)
    process = worker.start(stdin=subprocess.PIPE)
    while not (worker.run_directory / "outbox").exists():
        assert process.poll() is None
    process.send_signal(signal.SIGTERM)
    process.wait(timeout=200)
    run = worker.finish()
    assert run.spool == b""
    assert run.exit_code in (3, -signal.SIGTERM)  # the latter where it came between the directory and the handler


def test_what_stands_behind_the_line_is_heard(worker):
    """`CANCEL` in the same write as the line of secrets stops the run."""
    source = "import threading\ndef wait(config, inputs, ctx): threading.Event().wait()"
    run = worker.run(source, "wait", told=SECRETS.to_line() + b"CANCEL\n", expects_secrets=True)
    assert run.terminal["outcome"] == "cancelled"


def test_a_line_that_was_not_announced_is_ignored(worker):
    """Without `expects_secrets` the line means nothing, and nobody is told."""
    run = worker.run(USE, "use", told=SECRETS.to_line())
    assert run.terminal["error"]["message"].startswith("the secret 'TOKEN' is not declared")


WRITE = """
import gzip, threading
def write(config, inputs, ctx):
    for name, data in config["files"].items():
        (ctx.output_dir / name).write_bytes(gzip.compress(data.encode()) if name.endswith(".gz") else data.encode())
    if config.get("wait"):
        threading.Event().wait()
"""


def test_an_artifact_with_a_secret_is_left_out_and_fails_its_step(worker):
    """Path and name are said, the value is not; other artifacts are there. A secret in a name is masked there."""
    files = {
        "a.txt": "x",
        "b.json": "[${secret:TOKEN}]",
        "c.gz": "${secret:TOKEN}",
        "${secret:TOKEN}.txt": "y",
        "p.bin": "PAR1",
    }
    files = {name.replace("${secret:TOKEN}", CANARY): text for name, text in files.items()}
    run = worker.run(WRITE, ("write", "write", (), {"files": files}), told=SECRETS.to_line(), expects_secrets=True)
    assert [each["path"] for each in run.of_kind("artifact")] == ["write/a.txt", "write/p.bin"]
    skipped = [each["data"] for each in run.of_kind("event") if each["name"] == "artifact_skipped"]
    assert skipped == [
        {"path": "write/b.json", "reason": "it holds the secret TOKEN"},
        {"path": "write/c.gz", "reason": "it holds the secret TOKEN"},
        {"path": "write/***TOKEN***.txt", "reason": "its path holds the secret TOKEN"},
    ]
    created = [each["data"] for each in run.of_kind("event") if each["name"] == "artifact_created"]
    assert created[1] == {"path": "write/p.bin", "unscanned": "what Parquet compresses is not looked into"}
    assert (run.terminal["outcome"], run.terminal["failed_step"]) == ("failed", "write")
    assert run.terminal["error"]["type"] == "SecretInArtifact"
    assert run.terminal["error"]["message"].startswith(
        "the artifact write/b.json was left out, because it holds the secret TOKEN, and so it is with 2 more; "
    )
    assert b"c4n4ry" not in run.spool


def test_an_artifact_that_may_hold_a_secret_is_one(worker):
    """A pattern of the manifest says so; the event says what is in it."""
    worker.prepare(WRITE, [("write", "write", (), {"files": {"b.json": CANARY}})], expects_secrets=True)
    manifest = {**worker.request.manifest, "secrets_in_artifacts": {"write/*.json": "a reason"}}
    request = dataclasses.replace(worker.request, manifest=manifest)
    (worker.run_directory / "request.json").write_bytes(request.to_bytes())
    process = worker.start(stdin=subprocess.PIPE)
    process.stdin.write(SECRETS.to_line())
    process.stdin.flush()
    run = worker.finish()
    assert run.terminal["outcome"] == "succeeded"
    assert run.event("artifact_created", "write") == {"path": "write/b.json", "secrets": ["TOKEN"]}


def test_what_a_killed_step_left_is_looked_through(worker):
    """The supervisor looks, as the executor cannot any more."""
    source = WRITE + "    os.kill(os.getpid(), 9)\n"
    run = worker.run(
        source, ("write", "write", (), {"files": {"b": CANARY, "a": "x"}}), told=SECRETS.to_line(), expects_secrets=True
    )
    assert run.terminal["outcome"] == "crashed"
    assert [each["path"] for each in run.of_kind("artifact")] == ["write/a"]
    assert run.event("artifact_skipped", "write") == {"path": "write/b", "reason": "it holds the secret TOKEN"}


def test_the_memory_of_an_executor_with_secrets_is_its_own(worker):
    """It cannot be looked into by other processes of its user (`PR_GET_DUMPABLE`), and leaves no core file."""
    source = """
    import ctypes, resource
    def look(config, inputs, ctx):
        print(ctypes.CDLL(None).prctl(3, 0, 0, 0, 0), resource.getrlimit(resource.RLIMIT_CORE)[0])
    """
    assert worker.run(source, "look", told=SECRETS.to_line(), expects_secrets=True).printed("look") == b"0 0\n"


def test_an_executor_without_secrets_can_be_looked_into(worker):
    """A debugger or a profiler may attach to it, as to any process."""
    source = """
    import ctypes
    def look(config, inputs, ctx):
        print(ctypes.CDLL(None).prctl(3, 0, 0, 0, 0))
    """
    assert worker.run(source, "look").printed("look") == b"1\n"


VARIABLES = """
def declares(config, inputs, ctx):
    print(os.environ["TOKEN"] == ctx.secret("TOKEN"), os.system('test -n "$TOKEN"'), repr(ctx.secret("TOKEN")))
def does_not(config, inputs, ctx):
    print("TOKEN" in os.environ, os.system('test -z "$TOKEN"'), os.environ.get("HOME"))
"""


def test_a_variable_is_there_for_the_driver_that_declares_it(worker):
    """And for its children; after the step it is gone."""
    run = worker.run(
        VARIABLES,
        "declares",
        "does_not",
        told=SECRETS.to_line(),
        expects_secrets=True,
        variables={"HOME": "/of/the/run"},
        declared={"declares": {"secret_variables": ["TOKEN"]}},
    )
    assert run.printed("declares") == b"True 0 <Secret TOKEN>\n"
    assert run.printed("does_not") == b"False 0 /of/the/run\n"


def test_a_variable_that_was_there_is_there_again(worker):
    """A step that fails changes nothing of it; what is not told fails the step."""
    source = VARIABLES.replace('"TOKEN" in os.environ', 'os.environ["TOKEN"]') + "def other(config, inputs, ctx): pass"
    run = worker.run(
        source,
        "other",
        "does_not",
        told=SECRETS.to_line(),
        expects_secrets=True,
        variables={"TOKEN": "before"},
        on_failure="continue",
        declared={"other": {"secret_variables": ["TOKEN", "NOT_TOLD"]}},
    )
    assert run.printed("does_not").startswith(b"before ")
    assert run.terminal["error"]["message"].startswith("the secret 'NOT_TOLD' is not declared")

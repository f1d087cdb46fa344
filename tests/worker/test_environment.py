"""The environment policy, alone and as a driver sees it."""

from __future__ import annotations

from osiris_core.worker.environment import executor_environment

FIXED = {"PYTHONHASHSEED": "0", "TERM": "dumb", "COLUMNS": "80", "LINES": "24", "NO_COLOR": "1"}


def test_what_must_not_matter_is_removed():
    """Python's, pytest's, coverage's and our own variables go, keys and colours too; look-alikes stay."""
    removed = ["PYTHONPATH", "PYTEST_ADDOPTS", "COV_CORE_SOURCE", "COVERAGE_FILE", "OSIRIS_X", "E2B_API_KEY"]
    removed += ["E2B_ACCESS_TOKEN", "FORCE_COLOR", "CLICOLOR_FORCE", "PY_COLORS"]
    stays = {"PATH": "/bin", "MY_PYTHON": "1", "E2B_SANDBOX": "true", "pythonpath": "x", "TZ": "Asia/Tokyo"}
    base = dict.fromkeys(removed, "x") | stays
    assert executor_environment(base, keep=(), variables={}) == stays | FIXED


def test_declared_variables_are_kept_or_set():
    """A kept name survives removal, a declared value wins over everything."""
    base = {"PYTHONPATH": "here", "OSIRIS_X": "1", "TERM": "xterm"}
    made = executor_environment(base, keep=("PYTHONPATH",), variables={"TERM": "vt100", "OSIRIS_X": "2"})
    assert made == FIXED | {"PYTHONPATH": "here", "TERM": "vt100", "OSIRIS_X": "2"}


def test_a_driver_sees_the_policy(worker):
    """In a run: hash seed, removed and declared variables, umask, empty stdin, working directory."""
    worker.environment |= {"OSIRIS_SECRET": "x", "PYTHONPATH": "/nowhere", "KEPT_COLOR": "1"}
    source = """
    def look(config, inputs, ctx):
        print("OSIRIS_SECRET" in os.environ, "PYTHONPATH" in os.environ, os.environ["REGION"], os.environ["TERM"])
        umask = os.umask(0); os.umask(umask)
        print(oct(umask), sys.stdin.read() == "", os.getcwd(), hash("x") == hash("x"), os.environ["PYTHONHASHSEED"])
        print(sys.stdout.encoding, sys.stdout.line_buffering, sys.stderr.encoding)
    """
    run = worker.run(source, "look", variables={"REGION": "north"})
    lines = run.printed("look").decode().splitlines()
    assert lines == [
        "False False north dumb",
        f"0o22 True {worker.project} True 0",
        "utf-8 True utf-8",
    ]

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from osiris_core.drivers.registry import load_driver


@pytest.fixture
def run(ctx):
    """Run a command with the given config; return where the step's artifacts are."""

    def run_it(command, *, inputs=None, **config):
        driver = load_driver("shell.command")
        given = {"command": command, **config}
        assert driver.run(step_id="s", config=given, inputs=inputs or {}, ctx=ctx) == {}
        return ctx.output_dir

    return run_it


def test_a_list_is_a_program_and_its_arguments(run, here, ctx):
    """No shell looks at them: neither stars, nor variables, nor quotes."""
    made = run(["printf", "%s|", "*", "$HOME", "a b", "'"], stdout="said.txt")
    assert (made / "said.txt").read_text() == "*|$HOME|a b|'|"
    assert ctx.metrics == [("exit_code", 0, None)]


def test_a_text_is_run_by_a_shell_that_is_asked_for(run, here):
    """In the manifest's directory, with the place for artifacts in a variable."""
    (here / "in.txt").write_text("b\na\n")
    made = run('sort in.txt > "$STEP_OUTPUT/sorted.txt"', shell=True, outputs=["sorted.txt"])
    assert (made / "sorted.txt").read_text() == "a\nb\n"


@pytest.mark.parametrize("command", ["echo hello", [], [1], ["echo", 1], None])
def test_a_command_of_another_form_is_refused(run, command):
    """A text without `shell: true` says how to ask for one."""
    with pytest.raises(TypeError, match="command is a list of texts, the program first"):
        run(command)


def test_a_list_is_no_text_for_a_shell(run):
    """Nothing is joined."""
    with pytest.raises(TypeError, match="with shell: true, command is a text"):
        run(["echo"], shell=True)


def test_output_goes_where_the_steps_output_goes(run, capfd):
    """Both streams, and what this process has said before stands before it."""
    sys.stdout.write("first|")
    run("printf out; printf err >&2", shell=True)
    assert capfd.readouterr() == ("first|out", "err")


def test_standard_input_is_empty(run):
    """A program that reads it ends."""
    assert (run(["cat"], stdout="nothing") / "nothing").read_bytes() == b""


def test_an_exit_code_fails_the_step_unless_it_is_expected(run, ctx):
    """As `grep` and `diff` use theirs."""
    with pytest.raises(RuntimeError, match=r"^/bin/sh ended with exit code 3$"):
        run("exit 3", shell=True)
    run("exit 3", shell=True, ok_codes=[0, 3])
    assert [value for _, value, _ in ctx.metrics] == [3, 3]


def test_a_signal_fails_the_step_by_its_name(run, ctx):
    """It is no exit code."""
    with pytest.raises(RuntimeError, match=r"^/bin/sh ended by SIGKILL$"):
        run("kill -9 $$", shell=True)
    assert ctx.metrics == []


def test_a_program_that_is_not_there_is_named(run):
    """As the command names it."""
    with pytest.raises(FileNotFoundError, match=r"there is no such program here: 'no-such-program'"):
        run(["no-such-program"])


def test_a_missing_output_fails_the_step(run):
    """All of them are named; the directories of outputs are there for the command to write into."""
    with pytest.raises(FileNotFoundError, match=r"^/bin/sh did not make b, c/d in \$STEP_OUTPUT$"):
        run('touch "$STEP_OUTPUT/a"', shell=True, outputs=["a", "b", "c/d"])
    run('touch "$STEP_OUTPUT/e/f"', shell=True, outputs=["e/f"])


@pytest.mark.parametrize("codes", [0, ["0"], [True]])
def test_codes_are_whole_numbers(run, codes):
    """In a list."""
    with pytest.raises(TypeError, match="ok_codes is a list of whole numbers"):
        run(["true"], ok_codes=codes)


def test_tables_are_handed_over_as_files(run, ctx, monkeypatch, tmp_path):
    """One a step that is needed and has a table; they are gone afterwards, and their rows are not this step's metric."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    table = pa.table({"a": [1, 2]})
    script = 'cat "$STEP_INPUTS/df_x.csv" > "$STEP_OUTPUT/seen"; ls "$STEP_INPUTS"; printf %s "$STEP_INPUTS" > "$STEP_OUTPUT/where"'
    made = run(script, shell=True, tables="csv", stdout="list", inputs={"df_x": table, "df_none": None})
    assert (made / "seen").read_text() == "a\n1\n2\n"
    assert (made / "list").read_text() == "df_x.csv\n"
    where = Path((made / "where").read_text())
    assert (where, where.exists()) == (tmp_path / f"osiris-{ctx.session_id}-s", False)
    assert ctx.metrics == [("exit_code", 0, None)]
    run('cp "$STEP_INPUTS/df_x.parquet" "$STEP_OUTPUT"', shell=True, tables="parquet", inputs={"df_x": table})
    assert pq.read_table(made / "df_x.parquet").equals(table)


def test_variables_of_the_config_are_the_commands(run, monkeypatch):
    """Beside those of the step; the places of the step stay what they are."""
    monkeypatch.setenv("FROM_THE_STEP", "1")
    made = run('printf "$A$FROM_THE_STEP" > "$STEP_OUTPUT/x"', shell=True, env={"A": "0", "STEP_OUTPUT": "/nowhere"})
    assert (made / "x").read_text() == "01"
    with pytest.raises(TypeError, match="the variable A is a text, not int"):
        run(["true"], env={"A": 5})


def test_a_place_for_tables_that_is_taken_is_left_alone(run, ctx, monkeypatch, tmp_path):
    """Two targets that share a machine have one each."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    taken = tmp_path / f"osiris-{ctx.session_id}-s"
    taken.mkdir()
    made = run('printf %s "$STEP_INPUTS"', shell=True, stdout="where")
    assert (made / "where").read_text().startswith(f"{taken}-")
    assert taken.exists()

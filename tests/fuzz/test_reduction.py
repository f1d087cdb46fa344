"""An example is made smaller by its parts, and stays what it was found to be."""

from __future__ import annotations

from osiris_core.fuzz.example import Example
from osiris_core.fuzz.reduction import reduced

CALL = "python.callable"


def source(name: str, *values: str) -> dict[str, object]:
    """A step that makes a table of two columns."""
    columns = [{"name": each, "type": "string", "values": list(values)} for each in ("a", "b")]
    return {"id": name, "driver": CALL, "config": {"function": "fuzz_steps:table", "kwargs": {"columns": columns}}}


def step(name: str, *needs: str, path: str = "") -> dict[str, object]:
    """A step of any other kind."""
    return {"id": name, "driver": "d", "needs": list(needs), "config": {"path": path} if path else {}}


def test_steps_rows_columns_and_files_go():
    """What is left is what the rule asks for."""
    read = {"id": "read", "driver": "csv", "config": {"path": "x.csv"}}
    steps = [
        source("s", "1", "2", "bad", "4"),
        read,
        step("t", "s"),
        step("u", "t", "read"),
        step("bug", "u"),
        step("v", "bug"),
    ]
    document = {"osiris": "1", "inputs": ["x.csv"], "steps": steps}
    example = Example(document=document, files={"x.csv": b"a\n1\n", "code/c.py": b""}, data=("x.csv",))

    def is_it(candidate: Example) -> bool:
        by_id = {each["id"]: each for each in candidate.document["steps"]}
        behind = ["bug"] if "bug" in by_id else []
        for each in behind:
            behind.extend(by_id[each].get("needs", ()))
        if "s" not in behind:
            return False
        columns = by_id["s"]["config"]["kwargs"]["columns"]
        return any("bad" in each["values"] for each in columns)

    smallest = reduced(example, is_it)
    assert [each["id"] for each in smallest.document["steps"]] == ["s", "bug"]
    (column,) = smallest.document["steps"][0]["config"]["kwargs"]["columns"]
    assert column["values"] == ["bad"]
    assert "inputs" not in smallest.document
    assert set(smallest.files) == {"code/c.py"}
    assert is_it(smallest)


def test_records_of_a_file_go_whole():
    """Also where a field has a line end in it."""
    document = {"inputs": ["x.csv"], "steps": [{"id": "r", "driver": "csv", "config": {"path": "x.csv"}}]}
    example = Example(document=document, files={"x.csv": b'a,b\n1,2\n3,"x\ny"\n5,6\n'}, data=("x.csv",))
    smallest = reduced(example, lambda each: b'"x\ny"' in each.files["x.csv"])
    assert smallest.files["x.csv"] == b'a,b\n3,"x\ny"\n'


def test_nothing_is_asked_beyond_the_limit():
    """And what was found so far is returned."""
    asked = []
    example = Example(document={"steps": [source("s", *"abcdefgh")]})
    reduced(example, lambda each: bool(asked.append(each)), most=3)
    assert len(asked) == 3

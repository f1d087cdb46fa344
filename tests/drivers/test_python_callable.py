from __future__ import annotations

import sys

import pyarrow as pa
import pytest

from osiris_core.drivers.registry import load_driver

_CODE = """
import pyarrow as pa

def table(inputs, ctx, *, factor=1):
    return pa.table({"n": [row["n"] * factor for row in inputs["df_up"].to_pylist()]})

def driver_like(inputs, ctx):
    return {"df": pa.table({"n": [1]}), "state": "kept"}

def nothing(inputs, ctx):
    ctx.log_event("seen", rows=inputs["df_up"].num_rows)

def empty(inputs, ctx):
    return {}

def frame(inputs, ctx):
    import pandas
    return pandas.DataFrame({"n": [1, 2, 3]}).iloc[1:]

def number(inputs, ctx):
    return 5

def fails(inputs, ctx):
    raise RuntimeError("no weather today")

def meddles(inputs, ctx):
    inputs.clear()

constant = 5

class Holder:
    @staticmethod
    def inside(inputs, ctx):
        return pa.table({"n": [9]})
"""


@pytest.fixture
def call(ctx, tmp_path, monkeypatch):
    """Call a function of a project's module over one table of three rows."""
    (tmp_path / "toys_for_callable.py").write_text(_CODE)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "toys_for_callable", raising=False)
    inputs = {"df_up": pa.table({"n": [1, 2, 3]})}

    def call_it(name, given=inputs, **kwargs):
        function = name if ":" in name else f"toys_for_callable:{name}"
        config = {"function": function, **({"kwargs": kwargs} if kwargs else {})}
        return load_driver("python.callable").run(step_id="c", config=config, inputs=given, ctx=ctx)

    yield call_it
    sys.modules.pop("toys_for_callable", None)


def test_a_table_is_handed_on(call, ctx):
    """With the arguments of the manifest, and counted."""
    assert call("table", factor=10)["df"].to_pydict() == {"n": [10, 20, 30]}
    assert ctx.metrics == [("rows_out", 3, "rows")]


def test_a_dict_is_what_a_driver_returns(call):
    """It passes as it is."""
    result = call("driver_like")
    assert (result["df"].to_pydict(), result["state"]) == ({"n": [1]}, "kept")


@pytest.mark.parametrize("name", ["nothing", "empty"])
def test_a_function_may_hand_on_nothing(call, ctx, name):
    """None or an empty dict: a step with effects alone."""
    assert call(name) == {}
    assert ctx.metrics == []


def test_the_function_speaks_through_the_context(call, ctx):
    """It is given the step's own."""
    call("nothing")
    assert ctx.events == [("seen", {"rows": 3})]


def test_a_data_frame_becomes_a_table_without_its_index(call):
    """Also where rows were filtered out of it."""
    pytest.importorskip("pandas")
    assert call("frame")["df"].to_pydict() == {"n": [2, 3]}


def test_another_result_is_refused_by_its_type(call):
    """The message says what is taken."""
    with pytest.raises(TypeError, match="int is no table"):
        call("number")


def test_what_the_function_raises_passes_unchanged(call):
    """It is the step's failure, in its own words."""
    with pytest.raises(RuntimeError, match=r"^no weather today$"):
        call("fails")


def test_the_inputs_are_the_functions_own(call):
    """Changing the mapping does not reach the run's."""
    given = {"df_up": pa.table({"n": [1]})}
    call("meddles", given)
    assert list(given) == ["df_up"]


def test_a_function_inside_a_class_can_be_named(call):
    """By a dotted name behind the colon."""
    assert call("Holder.inside")["df"].to_pydict() == {"n": [9]}


@pytest.mark.parametrize("name", ["no_colon", "a:b:c", ":x", "m:", "../m:x", "m:x()", "m :x"])
def test_another_form_of_name_is_refused(name, ctx):
    """Before anything is imported."""
    with pytest.raises(ValueError, match="is not of the form"):
        load_driver("python.callable").run(step_id="c", config={"function": name}, inputs={}, ctx=ctx)


def test_a_missing_module_is_pythons_own_error(call):
    """Hints look for its words."""
    with pytest.raises(ModuleNotFoundError, match=r"No module named 'no_such_module'"):
        call("no_such_module:f")


def test_a_missing_function_is_named(call):
    """And what is none is called what it is."""
    with pytest.raises(AttributeError, match="no_such"):
        call("no_such")
    with pytest.raises(TypeError, match="is no function but int"):
        call("constant")

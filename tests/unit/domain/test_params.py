"""Parameters: nothing out of bounds gets through, defaults fill in, what people type is read."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from motestudio.domain.params import Param, ShownIf, complete, is_shown
from motestudio.errors import PluginError

GAIN = Param("gain", "float", 1.0, "Gain", 0.5, 4.0, unit="x")
COUNT = Param("count", "int", 3, minimum=1, maximum=10)
FLAG = Param("flag", "bool", False)
MODE = Param("mode", "choice", "auto", choices=("auto", "fixed"))
NAME = Param("name", "text", "")
ALL = (GAIN, COUNT, FLAG, MODE, NAME)
ANYTHING = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=8), st.lists(st.integers()))


@given(value=ANYTHING, param=st.sampled_from(ALL))
def test_what_passes_is_of_the_type_and_in_bounds_and_the_rest_is_an_error_that_names_it(value, param):
    refused = None
    try:
        got = param.check(value)
    except PluginError as error:
        refused = error
    if refused is not None:
        assert (refused.code, refused.data["param"]) == ("param.value", param.key)
        assert refused.hint
        return
    kinds = {"float": float, "int": int, "bool": bool, "choice": str, "text": str}
    assert type(got) is kinds[param.type]
    assert got == value
    if isinstance(got, float | int) and param.minimum is not None:
        assert param.minimum <= got <= param.maximum
    if param.choices:
        assert got in param.choices


@given(st.floats(0.5, 4.0))
def test_every_number_in_bounds_passes(value):
    assert GAIN.check(value) == value


@pytest.mark.parametrize("value", [0.5, 4, 1])
def test_bounds_are_inside_and_whole_numbers_are_numbers(value):
    assert GAIN.check(value) == value
    assert isinstance(GAIN.check(value), float)


@pytest.mark.parametrize("value", [True, math.nan, math.inf, "1", 0.49, 4.01])
def test_what_is_no_number_in_bounds_is_refused_with_the_limits(value):
    with pytest.raises(PluginError) as refused:
        GAIN.check(value)
    assert "Gain" in refused.value.text


def test_the_limits_and_the_unit_stand_in_the_hint():
    with pytest.raises(PluginError, match=r"from 0\.5 to 4 x"):
        GAIN.check(9.0)


@pytest.mark.parametrize(
    ("param", "text", "value"),
    [(GAIN, "2.5", 2.5), (COUNT, "7", 7), (FLAG, " Yes", True), (FLAG, "off", False), (NAME, "any text", "any text")],
)
def test_typed_values_are_read(param, text, value):
    assert param.parse(text) == value


@pytest.mark.parametrize(
    ("param", "text"), [(GAIN, "much"), (GAIN, "nan"), (COUNT, "2.5"), (COUNT, "99"), (FLAG, "maybe"), (MODE, "x")]
)
def test_typed_nonsense_is_an_error_for_the_user(param, text):
    with pytest.raises(PluginError) as refused:
        param.parse(text)
    assert refused.value.exit_code == 2


def test_defaults_fill_in_and_the_order_is_the_tables():
    done = complete(ALL, {"mode": "fixed", "gain": 2})
    assert done == {"gain": 2.0, "count": 3, "flag": False, "mode": "fixed", "name": ""}
    assert list(done) == ["gain", "count", "flag", "mode", "name"]


def test_an_unknown_key_names_the_known_ones():
    with pytest.raises(PluginError) as unknown:
        complete(ALL, {"gian": 2.0})
    assert unknown.value.code == "param.unknown"
    assert "gain" in unknown.value.hint


def test_a_condition_decides_what_a_form_shows():
    shown = Param("level", "float", 1.0, shown_if=ShownIf("mode", "fixed"))
    assert is_shown(GAIN, {})
    assert is_shown(shown, {"mode": "fixed"})
    assert not is_shown(shown, {"mode": "auto"})
    assert not is_shown(shown, {})

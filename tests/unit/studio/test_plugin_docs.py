"""Docstrings taken apart for the reference, and parameters that the conformance kit tries."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from motestudio.domain.params import Param, ShownIf
from motestudio.studio.conformance.combinations import combinations
from motestudio.studio.docstrings import parse

DOC = """Does it.

More of ``it``.

Args:
    first: what comes
        first.
    second: a | b.

Returns:
    int8, same shape: saturated.

Raises:
    PluginError: it cannot."""


def test_a_docstring_taken_apart():
    doc = parse(DOC)
    assert doc.text == "Does it.\n\nMore of `it`."
    assert doc.sections["Args"] == {"first": "what comes first.", "second": "a \\| b."}
    assert doc.sections["Returns"] == {"": "int8, same shape: saturated."}
    assert doc.sections["Raises"] == {"PluginError": "it cannot."}


TABLE = (
    Param("mode", "choice", "a", choices=("a", "b", "c")),
    Param("count", "int", 3, minimum=1, maximum=9),
    Param("rate", "float", 0.5, minimum=0.0, maximum=10_000.0, shown_if=ShownIf("mode", "b")),
    Param("on", "bool", False),
    Param("name", "text", ""),
    Param("like", "run", ""),
)


def test_every_bound_choice_and_switch_is_tried_and_what_is_hidden_is_shown_for_it():
    tried = {c.name: c.params for c in combinations(TABLE, random=0)}
    assert {"defaults", "mode = 'b'", "mode = 'c'", "count = 1", "count = 9", "on = True"} <= set(tried)
    assert tried["rate = 10000"]["mode"] == "b"
    assert sum(name.startswith("name") for name in tried) == 3
    assert not any(name.startswith("like") for name in tried)


def test_a_base_stands_where_nothing_else_is_tried():
    tried = combinations(TABLE, {"count": 2}, random=5)
    assert {c.params["count"] for c in tried} == {1, 2, 9}


@given(seed=st.integers(0, 2**32 - 1))
def test_random_combinations_are_allowed_and_repeat_with_their_seed(seed):
    tried = combinations(TABLE, seed=seed, random=6)
    for one in tried:
        for param in TABLE:
            assert param.check(one.params[param.key]) == one.params[param.key]
    assert [c.params for c in tried] == [c.params for c in combinations(TABLE, seed=seed, random=6)]

"""The shared rounding: halves away from zero, saturation, and nothing undefined for any float."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from motestudio.sdk import quantise


@pytest.mark.parametrize(
    ("value", "code"),
    [(0.5, 1), (-0.5, -1), (1.5, 2), (-1.5, -2), (2.5, 3), (-2.5, -3), (0.49, 0), (-0.49, 0), (0.0, 0), (-0.0, 0)],
)
def test_halves_go_away_from_zero(value, code):
    assert quantise(np.array([value], np.float32), 1.0, 0)[0] == code


@pytest.mark.parametrize("zero_point", [-128, -3, 0, 127])
@pytest.mark.parametrize("value", [1e30, 3e9, 300.0, np.inf])
def test_beyond_the_range_it_saturates_on_both_sides(value, zero_point):
    assert quantise(np.array([value, -value], np.float32), 1.0, zero_point).tolist() == [127, -128]


@given(
    hnp.arrays(np.float32, st.integers(1, 50), elements=st.floats(-200, 200, width=32)),
    st.floats(2**-10, 8, width=32),
    st.integers(-128, 127),
)
def test_it_is_what_decimal_arithmetic_says_of_the_single_precision_product(values, scale, zero_point):
    products = values * (np.float32(1) / np.float32(scale))
    # Where adding a half in single precision rounds up, desk and board do so alike; leave those out here.
    exact = np.abs(products.astype(np.float64)) + 0.5 == (np.abs(products) + np.float32(0.5)).astype(np.float64)
    wanted = [
        min(127, max(-128, int(Decimal(float(p)).quantize(Decimal(1), ROUND_HALF_UP)) + zero_point)) for p in products
    ]
    got = quantise(values, scale, zero_point)
    assert got.dtype == np.int8
    assert got[exact].tolist() == [w for w, e in zip(wanted, exact, strict=True) if e]


@given(hnp.arrays(np.float32, (20,), elements=st.floats(-100, 100, width=32)), st.floats(0.125, 2, width=32))
def test_a_larger_value_never_gets_a_smaller_code(values, scale):
    codes = quantise(np.sort(values), scale, 5)
    assert np.all(np.diff(codes.astype(np.int16)) >= 0)


def test_the_shape_stays():
    assert quantise(np.zeros((2, 3, 4), np.float32), 0.1, 7).shape == (2, 3, 4)

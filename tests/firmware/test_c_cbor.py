"""The board's CBOR against cbor2, and against garbage."""

import struct
from collections.abc import Callable

import cbor2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st


@pytest.fixture(scope="module")
def cbor(start_driver: Callable):
    return start_driver("cbor", "mote_cbor.c")


def tokens(value) -> list[str]:
    """What the driver says of a value."""
    if isinstance(value, bool):
        return [f"bool:{int(value)}"]
    if value is None:
        return ["null"]
    if isinstance(value, int):
        return [f"int:{value}"]
    if isinstance(value, float):
        return [f"float:{struct.pack('>d', value).hex()}"]
    if isinstance(value, bytes):
        return [f"bytes:{value.hex()}"]
    if isinstance(value, str):
        return [f"text:{value.encode().hex()}"]
    if isinstance(value, list):
        return [f"array:{len(value)}"] + [t for item in value for t in tokens(item)]
    return [f"map:{len(value)}"] + [t for pair in value.items() for item in pair for t in tokens(item)]


values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.binary(max_size=300) | st.text(max_size=40)
    | st.floats(allow_nan=False),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=8), inner, max_size=5),
    max_leaves=12,
)  # fmt: skip


@settings(max_examples=200, deadline=None)
@given(values)
def test_reads_what_cbor2_writes(cbor, value):
    data = cbor2.dumps(value)
    assert cbor.ask(f"read {data.hex()}").split() == [*tokens(value), "end"]


@pytest.mark.parametrize("number", [0.0, -0.0, 1.0, -1.5, 65504.0, 2.0**-24, 2.0**-14, 0.333251953125])
def test_reads_half_floats(cbor, number: float):
    data = b"\xf9" + struct.pack(">e", number)
    assert cbor.ask(f"read {data.hex()}") == f"float:{struct.pack('>d', number).hex()} end"


def test_writes_what_cbor2_reads(cbor):
    data = bytes.fromhex(cbor.ask("write"))
    assert cbor2.loads(data) == {
        "numbers": [0, 23, 24, 255, 256, 65535, 65536, 2**32 - 1, 2**32, 2**63 - 1, -1, -24, -25, -(2**63)],
        "bytes": b"\x00\xff",
        "empty": "",
        "yes": True,
        "nothing": None,
        "single": struct.unpack("f", struct.pack("f", 0.1))[0],
        "double": -1e300,
    }
    for size in range(len(data)):
        assert cbor.ask(f"short {size}") == "failed"
    assert cbor.ask(f"short {len(data)}") == data.hex()


def test_finds_a_key_behind_nested_values(cbor):
    data = cbor2.dumps({"a": [1, {"op": 2}], "args": {"op": 3}, "op": "describe"}).hex()
    assert cbor.ask(f"find {data} op") == "text:" + b"describe".hex() + " "
    assert cbor.ask(f"find {data} other") == "absent"
    assert cbor.ask(f"find {cbor2.dumps([1]).hex()} op") == "absent"


@settings(max_examples=500, deadline=None)
@given(st.binary(max_size=60))
def test_garbage_ends_in_an_error_or_an_end(cbor, data: bytes):
    assert cbor.ask(f"read {data.hex()}").split()[-1] in ("end", "error")
    what, at = cbor.ask(f"skip {data.hex()}").split()
    assert what in ("end", "error")
    assert int(at) <= len(data)
    cbor.ask(f"find {data.hex()} op")


@pytest.mark.parametrize(
    "data", ["9bffffffffffffffff", "bbffffffffffffffff", "5bffffffffffffffff", "9f", "81" * 5000, "c0", "1c", "a1"]
)
def test_lies_about_lengths_end_at_once(cbor, data: str):
    assert cbor.ask(f"skip {data}").startswith("error")

"""The model package: round trip, sizes against the board, and garbage."""

import cbor2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from motestudio.domain.board import BoardFile
from motestudio.errors import FlashError
from motestudio.firmware.package import Package, build_package, check_fits, read_package, sha256_of

BOARD = BoardFile("b", "Board B", "x", "cortex-m4f", 80_000_000, 65_536, 262_144, "cmsis-nn")
DEPLOY = {"classes": ["idle", "wave"], "input_scale": 0.5, "signal": {"window_samples": 10}}


def package(**changes) -> bytes:
    facts = {
        "name": "wand", "board": BOARD, "deploy": DEPLOY, "model": b"TFL3" * 50, "host_library": b"\x7fELF",
        "arena_bytes": 9000, "flash_bytes": 100_000, "ram_bytes": 30_000,
    }  # fmt: skip
    return build_package(**(facts | changes))


def test_round_trip_and_determinism():
    data = package()
    assert data == package()
    read = read_package(data)
    assert isinstance(read, Package)
    assert read.model == b"TFL3" * 50
    assert read.sha256 == sha256_of(read.model)
    assert read.deploy == DEPLOY
    assert (read.board, read.arena_bytes, read.flash_bytes, read.ram_bytes) == ("b", 9000, 100_000, 30_000)
    assert read.files["core.so"] == b"\x7fELF"
    assert "core.so" not in read_package(package(host_library=b"")).files


@pytest.mark.parametrize(("what", "region"), [("flash_bytes", "flash"), ("ram_bytes", "ram")])
def test_too_big_says_by_how_many_bytes(what: str, region: str):
    limit = getattr(BOARD, what)
    assert read_package(package(**{what: limit}))
    with pytest.raises(FlashError) as caught:
        package(**{what: limit + 1234})
    assert caught.value.code == "flash.too_big"
    assert caught.value.data["over"] == 1234
    assert caught.value.data["region"] == region
    assert "1,234 bytes" in caught.value.text
    check_fits(BOARD, flash_bytes=BOARD.flash_bytes, ram_bytes=BOARD.ram_bytes)


def changed(**changes) -> bytes:
    return cbor2.dumps(cbor2.loads(package()) | changes)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        package()[:-1],
        package() + b"\0",
        cbor2.dumps([1, 2]),
        cbor2.dumps({}),
        changed(format=2),
        changed(format=[]),
        changed(name=7),
        changed(deploy=[1]),
        changed(files={}),
        changed(files={"model.tflite": "text"}),
        changed(files={"model.tflite": b"other"}),
        changed(files={"model.tflite": b"TFL3" * 50, "../evil": b"x"}),
        changed(arena_bytes=-1),
        changed(arena_bytes=True),
        changed(ram_bytes=1.5),
        changed(sha256="0" * 64),
    ],
)
def test_bad_packages_are_refused(data: bytes):
    with pytest.raises(FlashError) as caught:
        read_package(data)
    assert caught.value.code == "flash.package"
    assert caught.value.hint


@given(
    st.binary(max_size=200)
    | st.builds(
        lambda i, b: package()[:i] + b + package()[i + 1 :],
        st.integers(0, len(package()) - 1),
        st.binary(min_size=1, max_size=3),
    )
)
def test_garbage_never_raises_anything_else(data: bytes):
    try:
        assert isinstance(read_package(data), Package)
    except FlashError as error:
        assert error.code == "flash.package"  # noqa: PT017 - either outcome is right, another exception is not

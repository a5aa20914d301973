"""Model slots: what is written is what runs, and nothing that happens on the way leaves the board without its model."""

import dataclasses
import hashlib
from collections.abc import Callable
from enum import IntEnum

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from motestudio.domain.board import SLOT_HEADER_BYTES
from motestudio.firmware.slot_image import SlotImage

CONTRACT, FIRMWARE = b"\x11" * 16, b"\x22" * 16
SLOT_BYTES, ARENA = 1024, 4096


class State(IntEnum):
    """`mote_slot_state`."""

    GOOD = 0
    EMPTY = 1
    DAMAGED = 2
    STALE = 3
    TOO_LARGE = 4
    FORGED = 5
    FLASH = 6
    ORDER = 7


@pytest.fixture(scope="module")
def driver(start_driver: Callable):
    return start_driver("slot", "mote_slot.c", "mote_sha256.c", "mote_link.c")


@pytest.fixture
def board(driver):
    """A board whose flash is erased, without a key."""
    assert driver.ask(f"slots {SLOT_BYTES} {ARENA} 0") == "ok"
    assert driver.ask("boot") == f"-1 {State.EMPTY} {State.EMPTY}"
    return driver


def image(model: bytes = b"model" * 40, sequence: int = 1, **other) -> SlotImage:
    facts = {"name": "gestures", "arena_bytes": ARENA, "contract": CONTRACT, "made_for": FIRMWARE} | other
    return SlotImage(model=model, sequence=sequence, **facts)


def send(board, made: SlotImage, piece: int = 64) -> State | str:
    """The state of the first step that is not good, "dead" where power went."""
    answer = board.ask(f"begin {made.header.hex()}")
    offset = 0
    while answer == "0" and offset < len(made.model):
        answer = board.ask(f"write {offset} {made.model[offset : offset + piece].hex()}")
        offset += piece
    answer = board.ask("commit") if answer == "0" else answer
    return answer if answer == "dead" else State(int(answer))


def running(board) -> bytes | None:
    words = board.ask("model").split()
    return None if words == ["-"] else bytes.fromhex(words[-1])


def test_model_runs_and_is_there_after_a_boot(board):
    assert send(board, image(b"first" * 30)) == State.GOOD
    assert running(board) == b"first" * 30
    assert board.ask("boot") == f"0 {State.GOOD} {State.EMPTY}"
    assert board.ask("model").split()[:3] == ["gestures", "1", "0"]


def test_slots_take_turns(board):
    for sequence, active in [(1, "0"), (2, "1"), (3, "0"), (9, "1")]:
        model = bytes([sequence]) * (100 + sequence)
        assert send(board, image(model, sequence)) == State.GOOD
        assert running(board) == model
        assert board.ask("boot").split()[0] == active
        assert running(board) == model


def test_sequences_wrap_around(board):
    assert send(board, image(b"old", 0xFFFFFFFF)) == State.GOOD
    assert send(board, image(b"new", 2**32)) == State.GOOD
    board.ask("boot")
    assert running(board) == b"new"


@settings(max_examples=40, deadline=None)
@given(length=st.integers(1, SLOT_BYTES - SLOT_HEADER_BYTES), piece=st.integers(1, 30).map(lambda n: 16 * n))
def test_any_length_in_any_pieces(driver, length: int, piece: int):
    driver.ask(f"slots {SLOT_BYTES} {ARENA} 0")
    driver.ask("boot")
    model = hashlib.shake_128(b"%d" % length).digest(length)
    assert send(driver, image(model), piece) == State.GOOD
    driver.ask("boot")
    assert running(driver) == model


def test_power_lost_at_any_moment_leaves_the_old_model_or_the_new_one(driver):
    old, new = image(b"old" * 60, 1), image(b"new" * 70, 2)
    survived = set()
    for moment in range(1, 200):
        driver.ask(f"slots {SLOT_BYTES} {ARENA} 0")
        driver.ask("boot")
        assert send(driver, old) == State.GOOD
        assert send(driver, image(b"older", 2)) == State.GOOD  # so that the slot to be replaced is not empty
        assert send(driver, image(old.model, 3)) == State.GOOD
        driver.ask(f"fuse {moment}")
        ended = send(driver, dataclasses.replace(new, sequence=4))
        driver.ask("boot")
        there = running(driver)
        assert there in (old.model, new.model), moment
        survived.add(there)
        if ended == State.GOOD:
            break
        assert ended == "dead"
        # The next attempt works.
        assert send(driver, dataclasses.replace(new, sequence=4)) == State.GOOD
        assert running(driver) == new.model
    else:
        pytest.fail("it never got to the end")
    assert survived == {old.model, new.model}


@settings(max_examples=150, deadline=None)
@given(offset=st.integers(0, SLOT_HEADER_BYTES + 199))
def test_a_flipped_bit_anywhere_is_found_and_the_other_slot_runs(driver, offset: int):
    driver.ask(f"slots {SLOT_BYTES} {ARENA} 0")
    driver.ask("boot")
    assert send(driver, image(b"first", 1)) == State.GOOD
    assert send(driver, image(b"s" * 200, 2)) == State.GOOD
    driver.ask(f"flip 1 {offset}")
    assert State(int(driver.ask("check 1"))) == State.DAMAGED
    assert driver.ask("boot") == f"0 {State.GOOD} {State.DAMAGED}"
    assert running(driver) == b"first"


@pytest.mark.parametrize(
    ("wrong", "state"),
    [
        ({"contract": b"\x12" * 16}, State.STALE),
        ({"made_for": b"\x23" * 16}, State.STALE),
        ({"arena_bytes": ARENA + 1}, State.TOO_LARGE),
        ({"model": b"x" * (SLOT_BYTES - SLOT_HEADER_BYTES + 1)}, State.TOO_LARGE),
        ({"sequence": 1}, State.STALE),
    ],
)
def test_what_the_firmware_cannot_take_is_refused_and_the_old_one_kept(board, wrong: dict, state: State):
    assert send(board, image(b"old", 1)) == State.GOOD
    assert send(board, image(**({"model": b"new", "sequence": 2} | wrong))) == state
    assert running(board) == b"old"
    assert board.ask("boot") == f"0 {State.GOOD} {State.EMPTY}"
    assert send(board, image(b"x" * (SLOT_BYTES - SLOT_HEADER_BYTES), 2)) == State.GOOD


def test_model_that_is_not_what_its_header_says_does_not_run(board):
    assert send(board, image(b"old", 1)) == State.GOOD
    made = image(b"new" * 30, 2)
    tampered = dataclasses.replace(made, model=b"nEw" * 30)
    assert board.ask(f"begin {made.header.hex()}") == "0"
    assert board.ask(f"write 0 {tampered.model.hex()}") == "0"
    assert State(int(board.ask("commit"))) == State.DAMAGED
    assert running(board) == b"old"
    board.ask("boot")
    assert running(board) == b"old"


def test_pieces_out_of_order_are_refused(board):
    made = image(b"m" * 100)
    assert State(int(board.ask("write 0 00"))) == State.ORDER
    assert State(int(board.ask("commit"))) == State.ORDER
    assert board.ask(f"begin {made.header.hex()}") == "0"
    assert State(int(board.ask(f"write 16 {made.model[16:32].hex()}"))) == State.ORDER
    assert State(int(board.ask(f"write 0 {made.model[:10].hex()}"))) == State.ORDER  # not the last, no whole unit
    assert board.ask(f"write 0 {made.model[:96].hex()}") == "0"
    assert State(int(board.ask("commit"))) == State.ORDER
    assert State(int(board.ask(f"write 96 {(b'm' * 16).hex()}"))) == State.ORDER  # past the end
    assert board.ask(f"write 96 {made.model[96:].hex()}") == "0"
    assert board.ask("commit") == "0"


def test_model_that_the_interpreter_refuses_makes_way_for_the_other(board):
    assert send(board, image(b"old", 1)) == State.GOOD
    assert send(board, image(b"odd", 2)) == State.GOOD
    assert board.ask("reject") == "1"
    assert running(board) == b"old"
    assert board.ask("boot") == f"0 {State.GOOD} {State.EMPTY}"
    assert board.ask("reject") == "0"
    assert running(board) is None


@pytest.mark.parametrize("needed", [1, 2])
def test_signatures(driver, needed: int):
    driver.ask(f"slots {SLOT_BYTES} {ARENA} {needed}")  # 2: has a key and takes what is not signed
    driver.ask("boot")
    plain = image(b"plain", 1)
    signed = dataclasses.replace(plain, signature=b"s" * 64)
    signed = dataclasses.replace(plain, signature=hashlib.sha256(signed.header[:128]).digest() * 2)
    assert signed.signed_digest == signed.signature[:32]
    forged = dataclasses.replace(signed, sequence=7)
    assert send(driver, forged) == State.FORGED
    assert send(driver, plain) == (State.FORGED if needed == 1 else State.GOOD)
    driver.ask(f"slots {SLOT_BYTES} {ARENA} {needed}")
    driver.ask("boot")
    assert send(driver, signed) == State.GOOD
    assert driver.ask("model").split()[2] == "1"
    driver.ask("boot")
    assert running(driver) == b"plain"

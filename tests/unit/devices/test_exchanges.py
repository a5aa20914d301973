"""Conversations with a board, without one: pieces that fit its frames, and no model that it does not hold."""

import hashlib
from typing import Any

import pytest

from motestudio.devices import exchanges
from motestudio.devices.link.protocol import Reply
from motestudio.domain.board import SLOT_HEADER_BYTES, SLOT_MAGIC
from motestudio.errors import AppError, FlashError

MODEL = bytes(range(256)) * 10
IMAGE = SLOT_MAGIC.ljust(SLOT_HEADER_BYTES, b"h") + MODEL


def run(exchange: exchanges.Exchange, answers: dict[str, Reply]) -> tuple[dict[str, Any], list[tuple[str, dict]]]:
    """Play the board: `answers` by operation, an empty one for others; the result, and what was asked."""
    asked = []
    step = next(exchange)
    while True:
        asked.append(step)
        try:
            step = exchange.send(answers.get(step[0], Reply(1, True)))
        except StopIteration as done:
            return done.value, asked


def holding(sha256: str) -> dict[str, Reply]:
    return {"slots": Reply(1, True, {"active": 1, "slots": [{"state": "empty"}, {"state": "good", "sha256": sha256}]})}


@pytest.mark.parametrize("max_payload", [256, 768, 1000, 8192])
def test_slot_is_sent_in_whole_units_that_fit_the_boards_frames(max_payload: int):
    told: list[float] = []
    ours = hashlib.sha256(MODEL).hexdigest()
    result, asked = run(exchanges.load_package(IMAGE, "m", told.append, max_payload), holding(ours))
    assert result == {"sha256": ours}
    assert asked[0] == ("slot_begin", {"header": IMAGE[:256]})
    pieces = [args for op, args in asked if op == "slot_data"]
    assert b"".join(p["data"] for p in pieces) == MODEL
    assert all(len(p["data"]) % 16 == 0 and len(p["data"]) <= max_payload - 64 for p in pieces[:-1])
    assert [op for op, _ in asked[-2:]] == ["slot_end", "slots"]
    assert told == sorted(told)
    assert told[-1] == 1.0


@pytest.mark.parametrize(
    "answer",
    [
        {"active": 1, "slots": [{}, {"sha256": "0" * 64}]},
        {"active": -1, "slots": [{}, {"sha256": hashlib.sha256(MODEL).hexdigest()}]},
        {"active": 7, "slots": []},
        {"active": "one", "slots": "none"},
        {},
    ],
)
def test_board_that_does_not_hold_the_model_afterwards_is_an_error(answer: dict[str, Any]):
    with pytest.raises(FlashError) as caught:
        run(exchanges.load_package(IMAGE, "m"), {"slots": Reply(1, True, answer)})
    assert caught.value.code == "flash.verify"


def test_refusal_ends_it_with_what_to_do():
    refused = Reply(1, False, {}, "slot.stale", "The model was made for another firmware.")
    with pytest.raises(AppError) as caught:
        run(exchanges.load_package(IMAGE, "m"), {"slot_begin": refused})
    assert isinstance(caught.value, FlashError)
    assert (caught.value.code, caught.value.hint.split(":")[0]) == ("slot.stale", "Flash the whole firmware")


def test_window_goes_in_pieces_that_fit():
    samples = bytes(3000)
    answer = {"infer_window": Reply(1, True, {"output": b"\1", "latency_us": 3})}
    result, asked = run(exchanges.exchange_for("infer_window", {"samples": samples}, 768), answer)
    assert result["output"] == b"\1"
    sizes = [len(args.get("data", args.get("samples", b""))) for _, args in asked]
    assert sum(sizes) == 3000
    assert max(sizes) <= 672
    assert [args.get("offset") for _, args in asked] == [0, 672, 1344, 2016, 2688]

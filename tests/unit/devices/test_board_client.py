"""The blocking client against boards that answer, keep silent, talk nonsense or vanish."""

from __future__ import annotations

import hashlib
import random

import numpy as np
import pytest

from motestudio.devices.client import BoardClient
from motestudio.devices.link.protocol import Event, Kind, Reply, pack_event, pack_reply, pack_samples
from motestudio.devices.transports import open_transport
from motestudio.domain.signal import SampleBlock
from motestudio.errors import AppError, DeviceError, FlashError
from support.fake_boards import DESCRIPTION, Wire, fake_board


def error_of(behave: object, verb: str = "describe") -> AppError:
    with fake_board(behave) as url:  # type: ignore[arg-type]
        client = BoardClient(open_transport(url), 115200)
        with pytest.raises(AppError) as caught:
            client.describe(0.6) if verb == "describe" else client.request(verb, timeout_s=0.5)
        client.close()
    return caught.value


def test_describe_among_samples_that_a_forgotten_stream_sends() -> None:
    def behave(wire: Wire) -> None:
        wire.raw(b"\x07half a frame")
        for k in range(20):
            wire.frame(Kind.SAMPLES, pack_samples(0, k * 1000, 0, np.zeros((4, 2), np.int16)))
        wire.polite()

    with fake_board(behave) as url:
        client = BoardClient(open_transport(url))
        assert client.describe().name == "Fake board"
        blocks = [m for m in client.poll(0.0) if isinstance(m, SampleBlock)]
        assert len(blocks) >= 19  # the half frame spoils the first
        client.close()


def test_a_silent_board() -> None:
    def behave(wire: Wire) -> None:
        while wire.connection.recv(1000):
            pass

    error = error_of(behave)
    assert error.code == "device.silent"
    assert error.data["bytes"] == 0
    assert "reset" in error.hint


def test_a_board_at_the_wrong_baud_rate() -> None:
    rng = random.Random(4)

    def behave(wire: Wire) -> None:
        while wire.connection.recv(1000):
            wire.raw(rng.randbytes(3000))

    error = error_of(behave)
    assert error.code == "device.silent"
    assert error.data["bytes"] >= 3000
    assert "baud rate 115200" in error.hint


@pytest.mark.parametrize("answer", [{}, {"name": 3, "groups": "many"}, {**DESCRIPTION, "groups": []}])
def test_a_board_whose_description_cannot_be(answer: dict[str, object]) -> None:
    def behave(wire: Wire) -> None:
        while True:
            wire.reply(wire.request(), answer)

    assert error_of(behave).code == "device.nonsense"


def test_a_board_that_answers_with_broken_cbor() -> None:
    def behave(wire: Wire) -> None:
        while True:
            wire.request()
            wire.frame(Kind.REPLY, b"\xbf\xff\x00nonsense")

    error = error_of(behave)
    assert error.code == "device.nonsense"
    assert error.hint


def test_a_board_that_vanishes_in_the_middle_of_an_answer() -> None:
    def behave(wire: Wire) -> None:
        wire.request()
        wire.raw(b"\x09\x02\x00")

    assert error_of(behave).code == "device.gone"


def test_a_request_that_is_refused_or_never_answered() -> None:
    def refuse(wire: Wire) -> None:
        request = wire.request()
        wire.frame(Kind.REPLY, pack_reply(Reply(request.id, False, {}, "infer.no_model", "No model.")))
        wire.request()

    error = error_of(refuse, "infer_start")
    assert (error.code, error.hint) == ("infer.no_model", "Flash the board first.")

    def ignore(wire: Wire) -> None:
        wire.request()
        wire.frame(Kind.EVENT, pack_event(Event("busy")))
        wire.request()

    assert error_of(ignore, "stop").code == "device.timeout"


class FlashBoard:
    """Keeps what it is sent; may forget a byte."""

    def __init__(self, worn: bool = False) -> None:
        self.flash = bytearray()
        self.worn = worn

    def __call__(self, wire: Wire) -> None:
        while True:
            request = wire.request()
            args = request.args
            if request.op == "load_data":
                assert args["offset"] == len(self.flash)
                self.flash += args["data"]
            if request.op == "load_end" and self.worn:
                self.flash[3] ^= 1
            answers = {
                "load_end": {"sha256": hashlib.sha256(self.flash).hexdigest()},
                "read_back": {"data": bytes(self.flash[args.get("offset", 0) :][: args.get("length", 0)])},
            }
            wire.reply(request, answers.get(request.op, {}))


def test_a_package_is_sent_whole_and_verified() -> None:
    board, data, seen = FlashBoard(), random.Random(1).randbytes(20_001), []
    with fake_board(board) as url:
        client = BoardClient(open_transport(url))
        assert client.load_package(data, progress=seen.append) == {"sha256": hashlib.sha256(data).hexdigest()}
        assert bytes(board.flash) == data
        assert seen == sorted(seen)
        assert seen[-1] == 1.0
        assert client.read_back(len(data)) == data
        client.close()


def test_flash_that_does_not_keep_what_it_is_sent() -> None:
    with fake_board(FlashBoard(worn=True)) as url:
        client = BoardClient(open_transport(url))
        with pytest.raises(FlashError) as caught:
            client.load_package(b"0123456789")
        assert caught.value.code == "flash.verify"
        client.close()


def test_a_window_larger_than_a_frame_arrives_whole() -> None:
    got = bytearray()

    def behave(wire: Wire) -> None:
        while True:
            request = wire.request()
            assert request.args.get("offset", 0) == len(got)
            got.extend(request.args.get("data", b"") + request.args.get("samples", b""))
            wire.reply(request, {"output": b"\x01", "latency_us": 5} if request.op == "infer_window" else {})

    samples = random.Random(2).randbytes(32_000)
    with fake_board(behave) as url:
        client = BoardClient(open_transport(url))
        assert client.request("infer_window", {"samples": samples})["output"] == b"\x01"
        client.close()
    assert bytes(got) == samples


def test_device_errors_are_for_users() -> None:
    error = error_of(lambda wire: wire.polite(until="stop") and None, "stop")
    assert isinstance(error, DeviceError)
    assert error.text.endswith(".")

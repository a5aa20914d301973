"""Finding a board's baud rate by listening, and knowing which rate a signal needs."""

from __future__ import annotations

import os
import pty
import random
import termios
import threading
import time
import tty
from collections.abc import Callable, Iterator

import pytest

from motestudio.devices.baud import BAUDS, bytes_per_s, find_baud, too_slow
from motestudio.devices.client import BoardClient
from motestudio.devices.link.frames import FrameDecoder, encode_frame
from motestudio.devices.link.protocol import Kind, Reply, pack_reply, pack_samples, unpack_request
from motestudio.devices.transports import open_transport
from motestudio.domain.signal import Channel, ChannelGroup
from motestudio.errors import DeviceError
from support.fake_boards import DESCRIPTION

SPEEDS = {getattr(termios, f"B{b}"): b for b in BAUDS}
Answer = Callable[[bytes], bytes]


class Line:
    """A pseudo-terminal whose board hears and says noise where the client's rate is another than its own."""

    def __init__(self, baud: int, answer: Answer) -> None:
        self.master, self.slave = pty.openpty()
        tty.setraw(self.slave)
        self.path = os.ttyname(self.slave)
        self.baud, self.answer = baud, answer
        self.heard_at: list[int] = []
        self.noise = random.Random(3)
        self._end = threading.Event()
        self.thread = threading.Thread(target=self._run)
        self.thread.start()

    def _run(self) -> None:
        os.set_blocking(self.master, False)
        while not self._end.wait(0.003):
            try:
                data = os.read(self.master, 4096)
            except BlockingIOError:
                continue
            at = SPEEDS[termios.tcgetattr(self.master)[5]]
            if not self.heard_at or self.heard_at[-1] != at:
                self.heard_at.append(at)
            os.write(self.master, self.answer(data) if at == self.baud else self.noise.randbytes(40))

    def close(self) -> None:
        self._end.set()
        self.thread.join()
        os.close(self.master)
        os.close(self.slave)


def link_board() -> Answer:
    decoder = FrameDecoder()

    def answer(data: bytes) -> bytes:
        requests = [unpack_request(f.payload) for f in decoder.feed(data)]
        return b"".join(
            encode_frame(Kind.REPLY, i, pack_reply(Reply(r.id, True, DESCRIPTION))) for i, r in enumerate(requests)
        )

    return answer


@pytest.fixture
def lines() -> Iterator[Callable[[int, Answer], Line]]:
    made: list[Line] = []

    def make(baud: int, answer: Answer) -> Line:
        made.append(Line(baud, answer))
        return made[-1]

    yield make
    for line in made:
        line.close()


@pytest.mark.parametrize("baud", [115200, 921600, 57600, 9600])
def test_the_rate_at_which_a_board_answers_is_found(lines: Callable[[int, Answer], Line], baud: int) -> None:
    line = lines(baud, link_board())
    began = time.monotonic()
    port, found = find_baud(line.path)
    assert time.monotonic() - began < 3
    assert found == baud
    assert BoardClient(port, found).describe().name == "Fake board", "the port is open at that rate"
    port.close()


def test_a_stream_that_nobody_asked_for_tells_the_rate_too(lines: Callable[[int, Answer], Line]) -> None:
    import numpy as np

    frame = encode_frame(Kind.SAMPLES, 1, pack_samples(0, 5, 0, np.zeros((4, 2), np.int16)))
    line = lines(460800, lambda _: frame[7:] + frame)
    port, found = find_baud(line.path)
    assert found == 460800
    port.close()


def test_a_stream_that_a_decoder_knows_is_taken_where_nobody_answers(lines: Callable[[int, Answer], Line]) -> None:
    line = lines(230400, lambda _: b"1.0,2.0,3.0\r\n" * 20)
    port, found = find_baud(line.path, judge=lambda data: data.count(b"\r\n") / max(1, data.count(b",")))
    assert found == 230400
    port.close()


def test_nothing_that_is_understood_is_an_error_in_less_than_three_seconds(
    lines: Callable[[int, Answer], Line],
) -> None:
    line = lines(9600, lambda _: b"boot: hello\r\n")
    began = time.monotonic()
    with pytest.raises(DeviceError) as caught:
        find_baud(line.path)
    assert time.monotonic() - began < 3
    assert caught.value.code == "device.silent"
    assert caught.value.data["bytes"] > 0
    assert set(caught.value.data["tried"]) == set(BAUDS)
    open_transport(line.path).close()  # it was let go of, so it is not busy


def group(channels: int, rate_hz: float, name: str = "imu") -> ChannelGroup:
    return ChannelGroup(name, rate_hz, tuple(Channel(f"c{i}") for i in range(channels)))


@pytest.mark.parametrize(
    ("channels", "rate_hz", "baud", "needed"),
    [
        (6, 104.0, 115200, None),
        (6, 833.0, 115200, None),
        (6, 6667.0, 115200, 921600),
        (6, 6667.0, 921600, None),
        (1, 16000.0, 115200, 460800),
        (1, 16000.0, 460800, None),
        (3, 25600.0, 921600, 2_000_000),
        (6, 101_000.0, 3_000_000, 0),
    ],
)
def test_a_signal_that_does_not_fit_names_the_rate_that_would(
    channels: int, rate_hz: float, baud: int, needed: int | None
) -> None:
    slow = too_slow([group(channels, rate_hz)], baud)
    if needed is None:
        assert slow is None
        return
    assert slow is not None
    assert slow.needed == needed
    assert slow.text.startswith(f"{channels} channel")
    assert f" at {rate_hz:,g} Hz" in slow.text
    assert f"{baud:,} baud" in slow.text
    assert (f"{needed:,}" if needed else "No usual baud rate") in slow.hint
    if needed:
        assert too_slow([group(channels, rate_hz)], needed) is None


def test_overhead_counts_and_groups_add_up() -> None:
    imu, audio = group(6, 104.0), group(1, 16000.0, "audio")
    assert bytes_per_s([imu]) > 104 * 12 * 1.5, "short blocks carry as much header as samples"
    assert 32000 < bytes_per_s([audio]) < 32000 * 1.06
    assert bytes_per_s([imu, audio]) == pytest.approx(bytes_per_s([imu]) + bytes_per_s([audio]))
    assert too_slow([audio], 460800) is None

"""A board for ``mote bench record``: streams six channels of int16 over Mote Link at a rate of bytes, as soon as asked.

``record_board.py socket|pty BYTES_PER_S`` prints its address, serves one connection and ends with it. The first
channel counts samples, so that whoever reads the recording sees whether one is missing. With ``text`` for the kind it
writes the same samples as lines of numbers, for peers that read such, as fast as they are taken.
"""

from __future__ import annotations

import os
import select
import socket
import sys
import time

import numpy as np

from motestudio.devices.link.frames import FrameDecoder, encode_frame
from motestudio.devices.link.protocol import (
    Kind,
    Reply,
    Request,
    pack_reply,
    pack_request,
    pack_samples,
    unpack_request,
)

CHANNELS = ("count", "ay", "az", "gx", "gy", "gz")
FRAME = 2 * len(CHANNELS)
BLOCK = 680
"""Samples of a frame: 8,160 bytes, close to the longest that the link has."""
PERIOD = 64 * BLOCK
_LATE_S = 0.5


def signal(rate_hz: float) -> np.ndarray:
    """One period of the signal, int16, shape (PERIOD, channels): motion with noise; the first column is left zero."""
    rng = np.random.default_rng(1)
    cycles = np.array([0, 3, 5, 7, 11, 13])
    t = np.arange(PERIOD)[:, None] / PERIOD
    values = 8000 * np.sin(2 * np.pi * cycles * t) + rng.normal(0, 400, (PERIOD, len(CHANNELS)))
    values[:, 0] = 0
    return values.astype("<i2")


def description(rate_hz: float) -> dict[str, object]:
    """What the board says of itself."""
    channels = [
        {
            "name": name,
            "unit": ("", "g", "g", "°/s", "°/s", "°/s")[i],
            "scale": (1.0, *[0.000122] * 2, *[0.0175] * 3)[i],
        }
        for i, name in enumerate(CHANNELS)
    ]
    return {
        "name": "Bench",
        "serial_number": "B1",
        "groups": [{"name": "imu", "rate_hz": rate_hz, "channels": channels}],
    }


class Board:
    """The board's end of a connection.

    Args:
        rate_hz: samples per second.
    """

    def __init__(self, rate_hz: float) -> None:
        self._fd, self._rate = -1, rate_hz
        self._signal = signal(rate_hz)
        self._decoder = FrameDecoder()
        self._sequence = 0
        self._start: float | None = None
        self._sent = 0
        self.description = description(rate_hz)
        # What is imported at its first use would be measured as the time that a board takes to answer.
        self._decoder.feed(encode_frame(Kind.REQUEST, 0, pack_request(Request(1, "x", {}))))
        pack_reply(Reply(1, True, self.description))
        self._decoder = FrameDecoder()

    def serve(self, fd: int) -> None:
        """Read from and write to `fd` until the other end is gone."""
        self._fd = fd
        while True:
            due = 1.0 if self._start is None else max(0.0, self._due() - time.monotonic())
            if select.select([self._fd], [], [], due)[0]:
                try:
                    data = os.read(self._fd, 65536)
                except OSError:
                    return
                if not data:
                    return
                for frame in self._decoder.feed(data):
                    self._answer(unpack_request(frame.payload))
            while self._start is not None and time.monotonic() >= self._due():
                self._send_block()

    def _due(self) -> float:
        assert self._start is not None
        return self._start + (self._sent + BLOCK) / self._rate

    def _answer(self, request: Request) -> None:
        result = self.description if request.op == "describe" else {}
        self._send(Kind.REPLY, pack_reply(Reply(request.id, True, result)))
        if request.op == "start":
            self._start, self._sent = time.monotonic(), 0
        elif request.op == "stop":
            self._start = None

    def _send_block(self) -> None:
        begin = self._sent % PERIOD
        block = self._signal[begin : begin + BLOCK].copy()
        block[:, 0] = np.arange(self._sent, self._sent + BLOCK) & 0x7FFF
        self._send(Kind.SAMPLES, pack_samples(0, int(self._sent / self._rate * 1e6), 0, block))
        self._sent += BLOCK

    def _send(self, kind: int, payload: bytes) -> None:
        view = memoryview(encode_frame(kind, self._sequence, payload))
        self._sequence = (self._sequence + 1) & 0xFFFF
        while view:
            view = view[os.write(self._fd, view) :]


def text_lines(rate_hz: float) -> bytes:
    """One period of the signal as lines of numbers."""
    rows = signal(rate_hz)
    return b"".join(b"%d,%d,%d,%d,%d,%d\r\n" % tuple(row) for row in rows.tolist())


def main() -> int:
    """Serve one connection."""
    kind, rate_hz = sys.argv[1], float(sys.argv[2]) / FRAME
    board = Board(rate_hz)
    if kind == "socket":
        server = socket.create_server(("127.0.0.1", 0))
        print(f"socket://127.0.0.1:{server.getsockname()[1]}", flush=True)
        connection, _ = server.accept()
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        board.serve(connection.fileno())
        return 0
    import pty
    import tty

    ours, theirs = pty.openpty()
    tty.setraw(theirs)
    print(os.ttyname(theirs), flush=True)
    if kind == "pty":
        board.serve(ours)
        return 0
    lines = memoryview(text_lines(rate_hz))
    while True:
        rest = lines
        while rest:
            try:
                rest = rest[os.write(ours, rest[:4096]) :]
            except OSError:
                return 0


if __name__ == "__main__":
    sys.exit(main())

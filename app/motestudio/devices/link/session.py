"""One end of Mote Link, the studio's: requests out, checked messages in. No input or output, no waiting.

Whoever owns the port feeds bytes and sends what `LinkSession.request` returns. Replies are only passed on where
their request is open, so a late answer of an earlier client is left out.
"""

from __future__ import annotations

from typing import Any

from motestudio.devices.link.frames import FrameDecoder, LinkStats, encode_frame
from motestudio.devices.link.protocol import (
    Event,
    Kind,
    ProtocolError,
    Reply,
    Request,
    pack_request,
    unpack_event,
    unpack_inference,
    unpack_reply,
    unpack_samples,
)
from motestudio.domain.board import InferenceFrame
from motestudio.domain.signal import SampleBlock

Incoming = Reply | Event | SampleBlock | InferenceFrame


class LinkSession:
    """Numbers requests, matches replies, unpacks data.

    Attributes:
        malformed: good frames whose payload was not valid.
        last_problem: what was wrong with the last of them.
    """

    def __init__(self, first_id: int = 1) -> None:
        self.malformed = 0
        self.last_problem = ""
        self._decoder = FrameDecoder()
        self._next_id = first_id
        self._sequence = 0
        self._open: set[int] = set()

    @property
    def stats(self) -> LinkStats:
        """Counters of the stream from the board."""
        return self._decoder.stats

    def request(self, op: str, args: dict[str, Any] | None = None) -> tuple[int, bytes]:
        """Make a request.

        Args:
            op: name of the operation.
            args: plain values.

        Returns:
            Its number, by which the reply is found, and the bytes to send.

        Raises:
            ValueError: it does not fit a frame.
        """
        number = self._next_id
        data = encode_frame(Kind.REQUEST, self._sequence, pack_request(Request(number, op, args or {})))
        self._sequence = (self._sequence + 1) & 0xFFFF
        self._next_id = number % 0x7FFFFFFF + 1
        self._open.add(number)
        return number, data

    def forget(self, number: int) -> None:
        """Give up waiting for a reply."""
        self._open.discard(number)

    def feed(self, data: bytes, host_time_us: int = 0) -> list[Incoming]:
        """Take bytes from the board.

        Args:
            data: as read, cut anywhere.
            host_time_us: this computer's clock when they arrived, microseconds since the epoch.

        Returns:
            What they completed, in order.
        """
        incoming: list[Incoming] = []
        for frame in self._decoder.feed(data):
            try:
                message = self._read(frame.kind, frame.payload, host_time_us)
            except ProtocolError as error:
                self.malformed += 1
                self.last_problem = str(error)
                continue
            if message is not None:
                incoming.append(message)
        return incoming

    def _read(self, kind: int, payload: bytes, host_time_us: int) -> Incoming | None:
        if kind == Kind.SAMPLES:
            return unpack_samples(payload, host_time_us)
        if kind == Kind.INFERENCE:
            return unpack_inference(payload)
        if kind == Kind.EVENT:
            return unpack_event(payload)
        if kind == Kind.REPLY:
            reply = unpack_reply(payload)
            if reply.id not in self._open:
                return None
            self._open.discard(reply.id)
            return reply
        # A kind that a newer board may send; not an error.
        return None

"""A blocking client of a board: asks, waits, and keeps what arrives meanwhile. One thread only."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from typing import Any

from motestudio.devices import exchanges
from motestudio.devices.link.description import description_from_map
from motestudio.devices.link.frames import MAX_PAYLOAD, LinkStats
from motestudio.devices.link.protocol import ProtocolError, Reply
from motestudio.devices.link.session import Incoming, LinkSession
from motestudio.devices.transports import Transport
from motestudio.domain.board import BoardDescription
from motestudio.errors import DeviceError

READ_BYTES = 1 << 16
ANSWER_SECONDS = 2.0
_ATTEMPTS = 3


def silent(url: str, seen: LinkStats, baud: int = 0) -> DeviceError:
    """The error of a port where no board speaks Mote Link.

    Args:
        url: of the port.
        seen: what arrived while waiting.
        baud: the rate it was opened with, 0 where there is none.
    """
    if seen.bytes == 0:
        text = f"Nothing answers at {url}."
        hint = "Press the board's reset button, check that it runs Mote firmware, and that the cable carries data."
    else:
        text = f"{url} sends {seen.bytes} bytes, but they are not Mote Link."
        rate = f" {baud}" if baud else ""
        hint = f"The baud rate{rate} may be wrong, or the board runs other firmware; try its reset button."
    data = {"port": url, "bytes": seen.bytes, "crc_errors": seen.crc_errors, "cobs_errors": seen.cobs_errors}
    return DeviceError("device.silent", text, hint, data)


def nonsense(url: str, problem: object) -> DeviceError:
    """The error of a board that speaks the framing but says things that cannot be."""
    return DeviceError(
        "device.nonsense",
        f"The board at {url} answers something that cannot be: {problem}.",
        "Its firmware does not fit this studio: flash it again.",
        {"port": url},
    )


class BoardClient:
    """Mote Link over a transport.

    Attributes:
        transport: open; `close` closes it.
        session: the link's state and counters.
    """

    def __init__(self, transport: Transport, baud: int = 0) -> None:
        self.transport = transport
        # A random start keeps a late reply to an earlier client from matching one of ours.
        self.session = LinkSession(first_id=random.randint(1, 1 << 30))  # noqa: S311 - not a secret
        self._inbox: list[Incoming] = []
        self._baud = baud
        self._max_payload = MAX_PAYLOAD  # until the board said its own
        # Ends whatever half frame the board's decoder holds.
        transport.write(b"\0")

    def close(self) -> None:
        """Close the transport."""
        self.transport.close()

    def request(self, op: str, args: dict[str, Any] | None = None, timeout_s: float = ANSWER_SECONDS) -> dict[str, Any]:
        """Ask and wait for the result.

        Args:
            op: name of the operation.
            args: plain values.
            timeout_s: to wait.

        Returns:
            The result.

        Raises:
            DeviceError: the board refuses, is gone, or does not answer (``device.timeout``).
        """
        return self._run(exchanges.exchange_for(op, args or {}, self._max_payload), timeout_s)

    def describe(self, timeout_s: float = ANSWER_SECONDS) -> BoardDescription:
        """Ask who is there; three tries, because a board may be starting.

        Raises:
            DeviceError: ``device.silent`` or ``device.nonsense``.
        """
        before = self.session.stats.copy()
        malformed = self.session.malformed
        for _ in range(_ATTEMPTS):
            reply = self._ask("describe", {}, timeout_s / _ATTEMPTS)
            if reply is None:
                continue
            if not reply.ok:
                raise exchanges.refused("describe", reply)
            try:
                description = description_from_map(reply.result)
                self._max_payload = description.max_payload
                return description
            except ProtocolError as error:
                raise nonsense(self.transport.url, error) from error
        if self.session.malformed > malformed:
            raise nonsense(self.transport.url, self.session.last_problem)
        seen = self.session.stats
        seen_now = LinkStats(
            bytes=seen.bytes - before.bytes,
            crc_errors=seen.crc_errors - before.crc_errors,
            cobs_errors=seen.cobs_errors - before.cobs_errors,
        )
        raise silent(self.transport.url, seen_now, self._baud)

    def poll(self, timeout_s: float) -> list[Incoming]:
        """What has arrived and was not the reply to a request; waits for it up to `timeout_s`.

        Raises:
            DeviceError: the board is gone.
        """
        if not self._inbox:
            self._read(timeout_s)
        ready, self._inbox = self._inbox, []
        return ready

    def load_package(
        self, data: bytes, name: str = "package", progress: Callable[[float], None] | None = None
    ) -> dict[str, Any]:
        """Send a package; see `exchanges.load_package`."""
        return self._run(exchanges.load_package(data, name, progress, self._max_payload), 30.0)

    def read_back(self, length: int) -> bytes:
        """Read the first bytes of the board's package flash; see `exchanges.read_back`."""
        data: bytes = self._run(exchanges.read_back(length), ANSWER_SECONDS)["data"]
        return data

    def _run(self, exchange: exchanges.Exchange, timeout_s: float) -> dict[str, Any]:
        op, args = next(exchange)
        while True:
            reply = self._ask(op, args, timeout_s)
            if reply is None:
                raise no_answer(self.transport.url, op)
            try:
                op, args = exchange.send(reply)
            except StopIteration as done:
                result: dict[str, Any] = done.value
                return result

    def _ask(self, op: str, args: dict[str, Any], timeout_s: float) -> Reply | None:
        number, data = self.session.request(op, args)
        self.transport.write(data)
        deadline = time.monotonic() + timeout_s
        while (left := deadline - time.monotonic()) > 0:
            self._read(left)
            for at, message in enumerate(self._inbox):
                if isinstance(message, Reply):
                    del self._inbox[at]
                    if message.id == number:
                        return message
                    break
        self.session.forget(number)
        return None

    def _read(self, timeout_s: float) -> None:
        data = self.transport.read(READ_BYTES, timeout_s)
        if data:
            self._inbox += self.session.feed(data, time.time_ns() // 1000)


def no_answer(url: str, op: str) -> DeviceError:
    """The error of a request that stays open."""
    return DeviceError(
        "device.timeout",
        f"The board at {url} does not answer {op!r}.",
        "Press its reset button and connect again.",
        {"port": url, "op": op},
    )

"""Remembers what a port sent while it is being found out what that is: nothing of it is lost, and it tells the rate."""

from __future__ import annotations

import time

from motestudio.devices.arrival_rate import arrival_rate
from motestudio.devices.client import READ_BYTES
from motestudio.devices.decoder_messages import LISTENED_BYTES
from motestudio.devices.transports import Transport

_MOST_ARRIVALS = 20_000


class Heard:
    """A transport that keeps the beginning of what it reads.

    Args:
        transport: open.

    Attributes:
        transport: as given; whoever has heard enough reads on from it.
        url: of the port.
        data: the first bytes, at most `LISTENED_BYTES`.
        total: how many there were.
    """

    def __init__(self, transport: Transport) -> None:
        self.url = transport.url
        self.data = b""
        self.transport = transport
        self._began = time.monotonic()
        self.total = 0
        self._totals: list[int] = []
        self._times: list[float] = []

    def read(self, max_bytes: int, timeout_s: float) -> bytes:
        """See `devices.transports.Transport`."""
        data = self.transport.read(max_bytes, timeout_s)
        if data:
            self.total += len(data)
            if len(self._times) < _MOST_ARRIVALS:
                self._totals.append(self.total)
                self._times.append(time.monotonic())
            if len(self.data) < LISTENED_BYTES:
                self.data = (self.data + data)[:LISTENED_BYTES]
        return data

    def write(self, data: bytes) -> None:
        """See `devices.transports.Transport`."""
        self.transport.write(data)

    def close(self) -> None:
        """See `devices.transports.Transport`."""
        self.transport.close()

    def listen(self, seconds: float) -> None:
        """Read on until so many seconds since the beginning have passed and there is enough to judge.

        Raises:
            DeviceError: the board is gone.
        """
        while (left := self._began + seconds - time.monotonic()) > 0:
            self.read(READ_BYTES, left)

    def rate_hz(self, samples: int) -> float:
        """The rate of a stream of which `data` holds so many samples; 0 where there is too little to tell."""
        if not self.data:
            return 0.0
        each = samples / len(self.data)
        return arrival_rate([round(total * each) for total in self._totals], self._times)

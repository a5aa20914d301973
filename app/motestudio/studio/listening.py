"""Hearing what a port sends before anything is connected or recorded."""

from __future__ import annotations

from motestudio.devices import recorder_messages as m
from motestudio.devices.decoder_messages import Wish
from motestudio.devices.transports import LinePolicy
from motestudio.studio.home import Studio
from motestudio.studio.recorder_process import RecorderProcess

SECONDS = 2.0
_SLACK_SECONDS = 60.0


def listen(
    studio: Studio, url: str, wish: Wish, *, baud: int = 115200, lines: LinePolicy = "auto", seconds: float = SECONDS
) -> m.Listened:
    """Say what a port sends and who might read it.

    Args:
        studio: has recorders.
        url: of the port.
        wish: who shall be asked; see `studio.decoders.wish_for`.
        baud: of a serial port; `devices.baud.AUTO` finds it out.
        lines: of a serial port.
        seconds: to listen.

    Raises:
        DeviceError: it cannot be opened, or the board went.
    """
    spare = studio.spare_recorder()
    recorder = spare if spare is not None and spare.alive else RecorderProcess()
    recorder.url = url
    try:
        recorder.send(m.Listen(url, baud, lines, wish, seconds))
        return recorder.answer(m.Listened, seconds + _SLACK_SECONDS, "listen")
    finally:
        recorder.close()

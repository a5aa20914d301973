"""The program ``@recorder``: reads commands until the studio hangs up, then finishes what it has and ends."""

from __future__ import annotations

import msgspec

from motestudio.devices.link.description import description_from_cbor, description_to_cbor
from motestudio.devices.recorder_messages import RecorderError, Shutdown, decode_command
from motestudio.domain.board import BoardDescription
from motestudio.domain.signal import Channel, ChannelGroup
from motestudio.jobs.channel import ChannelClosed, connect_to_parent
from motestudio.recorder.outbox import Outbox
from motestudio.recorder.recorder import Recorder


def main(argv: list[str]) -> int:
    """Record for one studio.

    Args:
        argv: none are known.

    Returns:
        0.
    """
    del argv
    channel = connect_to_parent()
    outbox = Outbox(channel)
    recorder = Recorder(outbox.put)
    _warm_up()
    try:
        while True:
            data = channel.recv(None)
            if data is None:
                continue
            try:
                command = decode_command(data)
            except msgspec.DecodeError as error:
                outbox.put(RecorderError("recorder.message", f"A message was not understood: {error}"))
                continue
            if isinstance(command, Shutdown):
                break
            recorder.do(command)
    except ChannelClosed:
        pass  # the studio is gone: what was recorded so far is finished all the same
    recorder.close()
    outbox.close()
    return 0


def _warm_up() -> None:
    """Have the libraries build what they build at their first use: a board's first answer would wait for that."""
    groups = (ChannelGroup("g", 1.0, (Channel("c"),)),)
    description_from_cbor(
        description_to_cbor(BoardDescription(board_id="", name="", serial_number="", firmware="", groups=groups))
    )

"""A link to what only streams: a board behind a decoder, a microphone, a file. Requests are answered here."""

from __future__ import annotations

import threading
from typing import Any, Protocol

from motestudio.devices.exchanges import Exchange
from motestudio.devices.link.description import description_to_map
from motestudio.devices.link.protocol import Reply
from motestudio.domain.board import BoardDescription
from motestudio.errors import AppError, DeviceError
from motestudio.recorder.block_maker import Made
from motestudio.recorder.link import Done, Listener

_TICK_SECONDS = 0.05


class BlockSource(Protocol):
    """Where the blocks come from."""

    @property
    def received(self) -> int:
        """Bytes that arrived since it was opened."""
        ...

    @property
    def damaged(self) -> int:
        """Stretches of them that were no samples."""
        ...

    def begin(self) -> None:
        """The stream is wanted: what has a beginning of its own begins now. May be called again."""

    def read(self, timeout_s: float) -> list[Made]:
        """What has come, after at most about `timeout_s`.

        Raises:
            DeviceError: it is gone, or at its end.
        """
        ...

    def close(self) -> None:
        """Let go of it; may be called twice."""


class LocalLink:
    """Has the face of `recorder.link.Link`. A stream that runs all the time is handed on while it is wanted.

    Args:
        source: open.
        description: what it is.
        listener: told of everything.
    """

    stops_itself = False
    asking = False

    def __init__(self, source: BlockSource, description: BoardDescription, listener: Listener) -> None:
        self.lost_frames = 0
        self._source, self._description, self._listener = source, description, listener
        self._wanted = self._streaming = False
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="link", daemon=True)

    @property
    def received(self) -> int:
        """Bytes that arrived since the port was opened."""
        return self._source.received

    @property
    def damaged(self) -> int:
        """Stretches of bytes that were no samples."""
        return self._source.damaged

    def start(self) -> None:
        """Begin to read."""
        self._thread.start()

    def ask(self, exchange: Exchange, done: Done, timeout_s: float, token: object = None) -> None:
        """Answer at once; see `recorder.link.Link.ask`."""
        del timeout_s, token
        result: dict[str, Any] | AppError
        try:
            step = next(exchange)
            while True:
                step = exchange.send(self._answer(*step))
        except StopIteration as stop:
            result = stop.value
        except AppError as error:
            result = error
        self._streaming = self._streaming and self._wanted
        done(result)
        # Not before: whoever asked makes ready for the first sample in `done`.
        if self._wanted and not self._streaming:
            self._streaming = True
            self._source.begin()

    def cancel(self, token: object) -> bool:
        """Nothing is ever open."""
        del token
        return False

    def close(self) -> None:
        """Stop reading and let go of the source."""
        self._closing.set()
        self._source.close()
        if self._thread.is_alive() and threading.current_thread() is not self._thread:
            self._thread.join(2.0)

    def _answer(self, op: str, args: dict[str, Any]) -> Reply:
        if op == "describe":
            return Reply(0, True, description_to_map(self._description))
        if op in ("start", "stop"):
            wrong = [g for g in args.get("groups", [args.get("group", 0)]) if g not in range(len(self._groups))]
            if op == "start" and wrong:
                return Reply(0, False, code="stream.group", text=f"There is no channel group {wrong[0]}.")
            self._wanted = op == "start"
            return Reply(0, True)
        if op == "infer_stop":  # whoever connects asks for silence
            return Reply(0, True)
        text = f"{self._description.name} only streams: it cannot do {op!r}."
        return Reply(0, False, code="op.stream_only", text=text)

    @property
    def _groups(self) -> tuple[Any, ...]:
        return self._description.groups

    def _run(self) -> None:
        try:
            while not self._closing.is_set():
                for made in self._source.read(_TICK_SECONDS):
                    self.lost_frames += made.missed
                    if self._streaming:
                        self._listener.on_block(made.block)
                self._listener.on_tick()
        except DeviceError as error:
            if self._closing.is_set():
                return
            self._source.close()
            self._listener.on_gone(error)

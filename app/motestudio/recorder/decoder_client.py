"""The recorder's side of a decoder: starts its program, asks it, bounds it, and outlives it.

What the decoder does to itself (an exception, a hang, a fault, too much memory, nonsense) arrives here as `DeviceError`
with a code that begins with ``decoder.``; the process is ended then. Nothing here knows what the bytes mean.
"""

from __future__ import annotations

import contextlib
import time
from typing import NoReturn

import msgspec
import psutil

from motestudio.devices.decoder_messages import (
    Answer,
    Ask,
    Candidate,
    DecoderFailed,
    Fed,
    Feed,
    Finish,
    Guess,
    Guessed,
    Use,
    Using,
    decode_answer,
    encode,
)
from motestudio.domain.params import Value
from motestudio.errors import DeviceError, JobError
from motestudio.jobs import scratch
from motestudio.jobs.channel import ChannelClosed
from motestudio.jobs.launcher import Child, spawn

MEMORY_BYTES = 1 << 30
"""What a decoder may take: a hundred times what the largest of ours needs."""
LOAD_SECONDS, ANSWER_SECONDS = 10.0, 5.0
"""How long importing a plugin's code, or a guess, may take, and how long an answer to bytes."""

_MEMORY_ROOM = "MOTE_DECODER_MEMORY"
_LOOK_SECONDS = 0.25
_HINT = "Choose another decoder, or report it to the decoder's author."


class DecoderClient:
    """One decoder process, started when it is first needed. One thread asks; any may close.

    Args:
        memory: bytes it may take.
        answer_s: seconds for an answer to bytes.
        load_s: seconds for an answer that needs the plugin's code to be imported.
    """

    def __init__(
        self, memory: int = MEMORY_BYTES, answer_s: float = ANSWER_SECONDS, load_s: float = LOAD_SECONDS
    ) -> None:
        self._memory, self._answer_s, self._load_s = memory, answer_s, load_s
        self._child: Child | None = None
        self._scratch = scratch.make()
        self._title = "The decoder"
        self._looked = 0.0
        self._closed = False

    def guess(self, candidate: Candidate, data: bytes) -> Guessed:
        """Ask a stage whether it knows bytes.

        Raises:
            DeviceError: it could not say.
        """
        self._title = candidate.title
        answer = self._ask(Guess(candidate, data), self._load_s)
        if not isinstance(answer, Guessed):
            self._strange(answer)
        return answer

    def use(self, candidate: Candidate, params: dict[str, Value]) -> Using:
        """Begin a stream.

        Raises:
            DeviceError: the stage cannot be used so.
        """
        self._title = candidate.title
        answer = self._ask(Use(candidate, params), self._load_s)
        if not isinstance(answer, Using):
            self._strange(answer)
        return answer

    def feed(self, data: bytes) -> Fed:
        """Hand on bytes of the stream.

        Raises:
            DeviceError: the stage failed in any way.
        """
        answer = self._ask(Feed(data), self._answer_s)
        if not isinstance(answer, Fed):
            self._strange(answer)
        return answer

    def finish(self) -> Fed:
        """The stream ended.

        Raises:
            DeviceError: as in `feed`.
        """
        answer = self._ask(Finish(), self._answer_s)
        if not isinstance(answer, Fed):
            self._strange(answer)
        return answer

    def close(self) -> None:
        """End the process; may be called twice, and from any thread."""
        self._closed = True
        self._end()
        scratch.remove(self._scratch)

    def _end(self) -> None:
        child, self._child = self._child, None
        if child is not None:
            child.close(0.05)

    def _strange(self, answer: Answer) -> NoReturn:
        text = f"{self._title} answered with {type(answer).__name__}."
        self._end()
        raise DeviceError("decoder.answer", text, _HINT)

    def _started(self) -> Child:
        if self._closed:
            raise DeviceError("device.closed", "The connection was closed.")
        if self._child is None:
            room = {_MEMORY_ROOM: str(self._memory)}
            try:
                self._child = spawn("decoder", env=scratch.environment(self._scratch, None) | room)
            except JobError as error:
                raise DeviceError("decoder.start", f"No decoder can be started: {error.text}", error.hint) from error
        return self._child

    def _ask(self, ask: Ask, timeout_s: float) -> Answer:
        child = self._started()
        try:
            answer = self._answer(child, ask, timeout_s)
        except ChannelClosed:
            child.wait(1.0)
            how = f"died ({child.exit_text or 'it closed its channel'})"
            raise self._lost("decoder.died", how) from None
        except msgspec.DecodeError as error:
            raise self._lost("decoder.answer", f"answered nonsense: {error}") from error
        if isinstance(answer, DecoderFailed):
            code = answer.code if answer.code.startswith("decoder.") else f"decoder.{answer.code}"
            raise DeviceError(code, f"{self._title}: {answer.text}", answer.hint)
        return answer

    def _answer(self, child: Child, ask: Ask, timeout_s: float) -> Answer:
        channel = child.channel
        assert channel is not None
        channel.send(encode(ask))
        deadline = time.monotonic() + timeout_s
        while True:
            data = channel.recv(_LOOK_SECONDS)
            self._look(child)
            if data is not None:
                return decode_answer(data)
            if time.monotonic() > deadline:
                raise self._lost("decoder.hangs", f"did not answer for {timeout_s:g} s")

    def _look(self, child: Child) -> None:
        """See that it stays within its memory; now and then, as asking the system takes a moment."""
        now = time.monotonic()
        if now - self._looked < _LOOK_SECONDS:
            return
        self._looked = now
        taken = 0
        with contextlib.suppress(psutil.Error):
            taken = psutil.Process(child.pid).memory_info().rss
        if taken > self._memory:
            raise self._lost("decoder.memory", f"took {taken >> 20} MB of memory, more than {self._memory >> 20} MB")

    def _lost(self, code: str, how: str) -> DeviceError:
        if self._closed:
            return DeviceError("device.closed", "The connection was closed.")
        self._end()
        return DeviceError(code, f"{self._title} {how}.", _HINT)

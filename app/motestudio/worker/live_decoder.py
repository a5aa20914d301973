"""The program ``@decoder``: runs one decoder stage for the recorder while a board streams.

A plugin's code may raise, hang, die or eat memory: here it does that alone. It is held as workers are (it can write
nowhere but into its temporary folder), answers one question at a time, and dies with the recorder. Everything that a
stage gives is checked before it is sent, so that the recorder meets arrays of the right shape or a sentence.
"""

from __future__ import annotations

import contextlib
import math
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from motestudio.devices.decoder_messages import (
    Answer,
    Ask,
    Candidate,
    DecoderFailed,
    Fed,
    Feed,
    Guess,
    Guessed,
    Part,
    Use,
    Using,
    decode_ask,
    encode,
)
from motestudio.domain.params import Value
from motestudio.domain.signal import ChannelGroup
from motestudio.errors import AppError, PluginError
from motestudio.jobs import scratch as scratch_folders
from motestudio.jobs.channel import Channel, ChannelClosed
from motestudio.sdk import Decoded, StreamGuess
from motestudio.worker.context import readable
from motestudio.worker.entry import enter
from motestudio.worker.guard import Guard
from motestudio.worker.landlock import confine
from motestudio.worker.loader import PluginLoader

MEMORY_ROOM = "MOTE_DECODER_MEMORY"
"""Environment variable: bytes of memory that a decoder may take."""
_MOST_GROUPS, _MOST_CHANNELS = 16, 64
_REPORT = "Report it to the decoder's author, or choose another decoder."


class _Stream:
    """One stage that serves one stream."""

    def __init__(self, stage: Any, params: dict[str, Value]) -> None:
        self._stage, self._params = stage, params
        self._groups: tuple[ChannelGroup, ...] | None = None
        self._told = False

    def begin(self) -> Using:
        greeting = self._stage.greeting(self._params)
        if not isinstance(greeting, bytes):
            raise _nonsense(f"greeting gave a {type(greeting).__name__}, not bytes")
        # A stage whose parameters lack something says so from the first moment, and not only when samples came.
        return Using(greeting, self._look())

    def take(self, found: Any) -> Fed:
        if not isinstance(found, Sequence) or not all(isinstance(one, Decoded) for one in found):
            raise _nonsense(f"it gave a {type(found).__name__}, not a list of Decoded")
        groups = self._look()
        return Fed(tuple(self._part(one) for one in found), groups)

    def feed(self, data: bytes) -> Fed:
        return self.take(self._stage.feed(data, self._params))

    def finish(self) -> Fed:
        return self.take(self._stage.finish(self._params))

    def _look(self) -> tuple[ChannelGroup, ...] | None:
        """The groups, once: in the first answer after they are known."""
        if self._told:
            return None
        self._groups = _checked_groups(self._stage.groups(self._params))
        self._told = self._groups is not None
        return self._groups

    def _part(self, one: Decoded) -> Part:
        samples, times = np.asarray(one.samples), np.asarray(one.times_us)
        skipped, lost = int(one.skipped), int(one.lost)
        if skipped < 0 or lost < 0:
            raise _nonsense(f"it skipped {skipped} bytes and lost {lost} samples")
        if not len(samples):
            return Part(0, b"", b"", skipped, lost)
        if self._groups is None or not 0 <= one.group < len(self._groups):
            raise _nonsense(f"it gave samples of group {one.group}, which is not announced")
        channels = len(self._groups[one.group].channels)
        good = samples.ndim == 2 and samples.shape[1] == channels and samples.dtype == np.int16
        if not good or (len(times) and (times.shape != samples.shape[:1] or times.dtype != np.int64)):
            text = f"it gave {samples.dtype} of shape {samples.shape} with {times.dtype} times of shape {times.shape}"
            raise _nonsense(f"{text} for {channels} channels")
        data = np.ascontiguousarray(samples, dtype="<i2").tobytes()
        return Part(int(one.group), data, np.ascontiguousarray(times, dtype="<i8").tobytes(), skipped, lost)


def _checked_groups(given: Any) -> tuple[ChannelGroup, ...] | None:
    if given is None:
        return None
    groups: tuple[ChannelGroup, ...] = given
    good = isinstance(groups, tuple) and 0 < len(groups) <= _MOST_GROUPS
    if not good or not all(isinstance(g, ChannelGroup) and len(g.channels) <= _MOST_CHANNELS for g in groups):
        raise _nonsense("groups gave no tuple of channel groups")
    names = [c.name for g in groups for c in g.channels]
    scales = [v for g in groups for c in g.channels for v in (c.scale, c.offset, g.rate_hz)]
    if not all(isinstance(n, str) and 0 < len(n) <= 64 for n in names) or not all(map(math.isfinite, scales)):
        raise _nonsense("groups gave channels without a name or a scale")
    return groups


def _nonsense(what: str) -> PluginError:
    return PluginError("decoder.answer", f"The decoder does not do what it must: {what}.", _REPORT)


class LiveDecoder:
    """Answers the recorder's questions."""

    def __init__(self) -> None:
        self._loader = PluginLoader()
        self._stream: _Stream | None = None

    def answer(self, ask: Ask) -> Answer:
        """One answer; whatever the stage does is one too."""
        try:
            return self._answer(ask)
        except AppError as error:
            return DecoderFailed(readable(error.code, 100), readable(error.text), readable(error.hint))
        except MemoryError:
            return DecoderFailed("decoder.memory", "The decoder took more memory than it may.", _REPORT)
        except Exception as error:  # noqa: BLE001 - a plugin's code may raise anything
            text = readable(f"The decoder failed: {type(error).__name__}: {error}", 1000)
            return DecoderFailed("decoder.error", text, _REPORT)

    def _answer(self, ask: Ask) -> Answer:
        if isinstance(ask, Guess):
            return _guessed(self._load(ask.candidate).guess(ask.data))
        if isinstance(ask, Use):
            self._stream = None
            stream = _Stream(self._load(ask.candidate), ask.params)
            using = stream.begin()
            self._stream = stream
            return using
        if self._stream is None:
            return DecoderFailed("decoder.order", "No decoder is in use.", "Connect again.")
        return self._stream.feed(ask.data) if isinstance(ask, Feed) else self._stream.finish()

    def _load(self, candidate: Candidate) -> Any:
        return self._loader.stage(Path(candidate.plugin_dir), candidate.entry, candidate.paths)


def _guessed(found: Any) -> Guessed:
    if not isinstance(found, StreamGuess) or not 0 <= found.score <= 1:
        raise _nonsense(f"guess gave {readable(repr(found), 200)}")
    params: dict[str, Value] = {}
    for key, value in dict(found.params).items():
        if isinstance(key, str) and isinstance(value, bool | int | float | str):
            params[key] = value
    return Guessed(float(found.score), params, readable(found.reason, 500), max(0, int(found.samples)))


def _encoded(answer: Answer) -> bytes:
    try:
        return encode(answer)
    except (msgspec.MsgspecError, ValueError, TypeError, OverflowError) as error:
        return encode(DecoderFailed("decoder.answer", f"What the decoder gave cannot be sent: {error}", _REPORT))


def serve(channel: Channel, answer: Callable[[Ask], Answer]) -> None:
    """Answer until the recorder hangs up."""
    with contextlib.suppress(ChannelClosed):
        while True:
            data = channel.recv(None)
            if data is None:
                continue
            try:
                said = _encoded(answer(decode_ask(data)))
            except msgspec.DecodeError as error:
                said = _encoded(DecoderFailed("decoder.message", f"A message was not understood: {error}"))
            try:
                channel.send(said)
            except ValueError as error:
                channel.send(_encoded(DecoderFailed("decoder.answer", f"The decoder gave too much: {error}.", _REPORT)))


def _bound_memory() -> None:
    """Have what is asked for beyond the bound refused by the system, where it can: an error is better than a death."""
    room = int(os.environ.pop(MEMORY_ROOM, "") or 0)
    with contextlib.suppress(ImportError, OSError, ValueError):
        import resource

        if room:
            resource.setrlimit(resource.RLIMIT_DATA, (room, resource.getrlimit(resource.RLIMIT_DATA)[1]))


def main(argv: list[str]) -> int:
    """Serve one recorder.

    Args:
        argv: none are known.

    Returns:
        0, or 2 where nobody of ours started it.
    """
    del argv
    entered = enter()
    if entered is None:
        return 2
    channel, scratch = entered
    os.environ.pop(scratch_folders.ROOF, None)
    confine([scratch])
    Guard(scratch).install()
    _bound_memory()
    serve(channel, LiveDecoder().answer)
    # Not the interpreter's own end: it would wait for threads that a stage left behind.
    os._exit(0)

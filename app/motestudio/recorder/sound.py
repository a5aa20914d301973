"""Sound that comes from no board: the computer's microphone, or a WAV file played as if it came now."""

from __future__ import annotations

import queue
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from motestudio.devices.microphones import open_microphone, split_address
from motestudio.devices.transports import REPLAY, ended, gone
from motestudio.domain.board import BoardDescription
from motestudio.domain.signal import Channel, ChannelGroup, SampleBlock, Samples
from motestudio.errors import DeviceError
from motestudio.recorder.block_maker import Made
from motestudio.recorder.paced import Paced

_SCALE = 1.0 / 32768.0
_BLOCK_SECONDS = 0.02
_SILENT_SECONDS = 3.0
_MOST_WAITING = 4096


def sound_group(rate_hz: float, channels: int = 1) -> ChannelGroup:
    """The channels of sound as the studio's own boards describe it; full scale is 1."""
    names = ["audio"] if channels == 1 else [f"audio{i + 1}" for i in range(channels)]
    return ChannelGroup("audio", rate_hz, tuple(Channel(name, "", _SCALE) for name in names))


class MicrophoneSource:
    """A `recorder.local_link.BlockSource`. The samples themselves are its clock: a sound card's is no other.

    Args:
        url: see `devices.microphones`.

    Raises:
        MissingError: PortAudio is not installed.
        DeviceError: it cannot be opened.
    """

    def __init__(self, url: str) -> None:
        self.received = self.damaged = 0
        self.group = sound_group(float(split_address(url)[1]))
        self._url = url
        self._waiting: queue.Queue[tuple[bytes, int, bool]] = queue.Queue(_MOST_WAITING)
        self._index = 0
        self._anchor_us = 0
        self._last = time.monotonic()
        self._stream = open_microphone(url, self._heard)

    @property
    def description(self) -> BoardDescription:
        """What it is."""
        name = split_address(self._url)[0] or "Microphone"
        return BoardDescription("", name, "", "", (self.group,), ("stream",))

    def begin(self) -> None:
        """It runs all the time."""

    def read(self, timeout_s: float) -> list[Made]:
        """See `BlockSource.read`.

        Raises:
            DeviceError: nothing comes any more.
        """
        try:
            item = self._waiting.get(timeout=timeout_s)
        except queue.Empty:
            if time.monotonic() - self._last > _SILENT_SECONDS:
                raise gone(self._url, "no sound comes from it any more") from None
            return []
        self._last = time.monotonic()
        return [self._made(*item)]

    def close(self) -> None:
        """See `BlockSource.close`."""
        self._stream.close()

    def _heard(self, data: Any, frames: int, times: Any, status: Any) -> None:
        """PortAudio's callback, on its own thread: what it is given is only its own until this returns."""
        del frames, times
        try:
            self._waiting.put_nowait((bytes(data), time.time_ns() // 1000, bool(status.input_overflow)))
        except queue.Full:  # nobody has read for minutes; the clock shows it as a gap
            return

    def _made(self, data: bytes, host_time_us: int, overflowed: bool) -> Made:
        samples = np.frombuffer(data, dtype="<i2").reshape(-1, 1).astype(np.int16, copy=False)
        period_us = 1e6 / self.group.rate_hz
        if not self.received:
            self._anchor_us = host_time_us - round(len(samples) * period_us)
        elif overflowed:
            late_us = host_time_us - self._anchor_us - (self._index + len(samples)) * period_us
            self._index += max(0, round(late_us / period_us))
        self.received += len(data)
        block = SampleBlock(0, round(self._index * period_us), host_time_us, 0, samples)
        self._index += len(samples)
        return Made(block, overflowed)


def open_wav(url: str) -> tuple[Paced, BoardDescription]:
    """A WAV file as a stream.

    Args:
        url: ``replay:`` and the path.

    Raises:
        DeviceError: it is none that can be read.
    """
    from scipy.io import wavfile

    path = Path(url.removeprefix(REPLAY))
    try:
        rate_hz, data = wavfile.read(path, mmap=True)
    except (OSError, ValueError, EOFError) as error:
        why = getattr(error, "strerror", None) or error
        raise DeviceError("device.no_port", f"{path.name} cannot be read: {why}.", "Choose a WAV file.") from error
    frames = data.reshape(len(data), -1)
    group = sound_group(float(rate_hz), frames.shape[1])
    taken = [0]
    source = Paced(_wav_blocks(url, frames, group, taken), (group,), lambda: (taken[0], 0), lambda: None)
    return source, BoardDescription("", path.name, "", "", (group,), ("stream",))


def _wav_blocks(url: str, frames: npt.NDArray[Any], group: ChannelGroup, taken: list[int]) -> Iterator[Made]:
    step = max(1, round(group.rate_hz * _BLOCK_SECONDS))
    for first in range(0, len(frames), step):
        samples = _as_int16(np.asarray(frames[first : first + step]))
        taken[0] += samples.nbytes
        yield Made(SampleBlock(0, round(first * 1e6 / group.rate_hz), 0, 0, samples), False)
    raise ended(url)


def _as_int16(frames: npt.NDArray[Any]) -> Samples:
    """Samples of any width that WAV files have; floating point has its full scale at 1."""
    if frames.dtype == np.uint8:
        frames = (frames.astype(np.int16) - 128) << 8
    elif np.issubdtype(frames.dtype, np.floating):
        frames = np.clip(np.rint(np.nan_to_num(frames) * 32768.0), -32768, 32767)
    elif frames.dtype == np.int32:
        frames = frames >> 16
    narrow: Samples = frames.astype(np.int16)
    return narrow

"""From windows of raw counts to power spectra of frames, in single precision, in blocks that stay near the processor.

What every stage here but the integer log-mel begins with; its C side is ``csrc/mote_audio_power.h``. Powers are
relative to a sine of full scale: its bin has power 1. Frames depend on their own samples only, never on what came
before, so that a board that computes hop by hop gets what the desk gets for a single window.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from motestudio.sdk import PluginError, SignalInfo, Value, dsp

Floats = npt.NDArray[np.float32]

BLOCK_VALUES = 65_536
"""Values of a block of frames: as float32 and its spectrum they fit a second-level cache."""


@dataclass(frozen=True, slots=True)
class Sizes:
    """How a window is cut into frames.

    Attributes:
        frame: samples of a frame.
        hop: samples between frames.
        frames: frames of a window.
        n_fft: power of two, at least `frame`.
        channel: which channel of the window.
        fresh: frames of a window that the board has not computed for the window before.
    """

    frame: int
    hop: int
    frames: int
    n_fft: int
    channel: int
    fresh: int


def sizes(signal: SignalInfo, params: Mapping[str, Value]) -> Sizes:
    """Work out the frames.

    Raises:
        PluginError: frames longer than the window, an FFT that does not hold them, or a channel that is not there.
    """
    rate, window = signal.group.rate_hz, signal.window_samples
    frame, hop = (max(1, round(float(params[k]) * rate / 1000.0)) for k in ("frame_ms", "hop_ms"))
    if frame > window or frame < 8:
        text = f"A frame of {frame} samples does not suit a window of {window}."
        hint = f"At {rate:g} Hz, set frame_ms from {8000.0 / rate:.3g} to {1000.0 * window / rate:.4g} ms."
        raise PluginError("audio.frame", text, hint, {"param": "frame_ms"})
    auto = 1 << max(4, (frame - 1).bit_length())
    n_fft = auto if params["n_fft"] == "auto" else int(params["n_fft"])
    if n_fft < frame or n_fft > 4096:
        text = f"An FFT of {n_fft} does not hold a frame of {frame} samples."
        hint = "Choose a longer FFT (automatic fits up to 4096), or a shorter frame."
        raise PluginError("audio.fft", text, hint, {"param": "n_fft"})
    channel = int(params["channel"])
    if channel >= signal.n_channels:
        text = f"There is no channel {channel}: the signal has {signal.n_channels}."
        raise PluginError("audio.channel", text, f"Choose 0 to {signal.n_channels - 1}.", {"param": "channel"})
    frames = 1 + (window - frame) // hop
    shared = signal.step_samples <= window and signal.step_samples % hop == 0
    fresh = min(frames, signal.step_samples // hop) if shared else frames
    return Sizes(frame, hop, frames, n_fft, channel, fresh)


@dataclass(frozen=True, slots=True)
class Framing:
    """Frames, their window and pre-emphasis.

    Attributes:
        sizes: of frames and transform.
        emphasis: what of the sample before is subtracted from each sample; the frame's first stands for its own.
        window: float32, shape (frame,), scaled so that a sine of full scale has power 1.
        gain: amplitude that `window` gives a sine of full scale in an unscaled transform of samples in [-1, 1).
    """

    sizes: Sizes
    emphasis: np.float32
    window: Floats
    gain: float

    @property
    def ram_bytes(self) -> int:
        """Samples of a frame and the transform's buffer."""
        return 2 * self.sizes.frame + 4 * self.sizes.n_fft

    @property
    def flash_bytes(self) -> int:
        """Window and twiddles."""
        return 4 * self.sizes.frame + 4 * self.sizes.n_fft

    @property
    def macs(self) -> int:
        """Products of one frame's power spectrum."""
        n = self.sizes.n_fft
        return self.sizes.frame * (2 if self.emphasis else 1) + int(1.25 * n * np.log2(n)) + n

    def constants(self) -> dict[str, Any]:
        """Constants of the C twin."""
        return counts_of(self.sizes) | {
            "AUDIO_FFT": self.sizes.n_fft,
            "AUDIO_WINDOW": self.window,
            "AUDIO_TABLE": dsp.fft_table(self.sizes.n_fft),
            "AUDIO_EMPHASIS": float(self.emphasis),
            "AUDIO_EMPHASISED": int(self.emphasis != 0),
        }


def counts_of(plan: Sizes) -> dict[str, Any]:
    """Constants of ``csrc/mote_audio_samples.h``."""
    return {
        "AUDIO_FRAME": plan.frame,
        "AUDIO_HOP": plan.hop,
        "AUDIO_FRAMES": plan.frames,
        "AUDIO_CHANNEL": plan.channel,
    }


def framing(signal: SignalInfo, params: Mapping[str, Value]) -> Framing:
    """Work out frames, window and pre-emphasis.

    Raises:
        PluginError: those of `sizes`.
    """
    plan = sizes(signal, params)
    shape = dsp.window(str(params["window"]), plan.frame)
    gain = shape.sum() / 2.0
    window = (shape / (32768.0 * gain)).astype(np.float32)
    return Framing(plan, np.float32(params["preemphasis"]), window, float(gain))


def squares(windows: npt.NDArray[np.int16], plan: Framing) -> Iterator[tuple[slice, Floats]]:
    """Squared real and imaginary parts of every frame's spectrum.

    Args:
        windows: int16, shape (windows, samples, channels).
        plan: frames and window.

    Yields:
        Rows of all windows' frames in order, and float32 of shape (rows, n_fft + 2): bin k's two squares at 2 k and
        2 k + 1. The array is the consumer's to change.
    """
    from scipy.fft import rfft

    at = plan.sizes
    signals = windows[:, :, at.channel]
    frames = np.lib.stride_tricks.sliding_window_view(signals, at.frame, axis=1)[:, :: at.hop]
    room = max(1, BLOCK_VALUES // at.n_fft)
    per_block, per_window = max(1, room // at.frames), min(room, at.frames)
    buffer = np.zeros((per_block, per_window, at.n_fft), dtype=np.float32)
    # As large as the buffer, so that one long product does it.
    shape = np.zeros_like(buffer)
    shape[:, :, : at.frame] = plan.window
    for first in range(0, len(signals), per_block):
        for begin in range(0, at.frames, per_window):
            piece = frames[first : first + per_block, begin : begin + per_window]
            block = buffer[: piece.shape[0], : piece.shape[1]]
            _load(piece, block[:, :, : at.frame], plan.emphasis)
            # Zeros stay zeros: the rest of the buffer needs no clearing.
            np.multiply(block, shape[: len(block), : block.shape[1]], out=block)
            rows = piece.shape[0] * piece.shape[1]
            found = rfft(block.reshape(rows, at.n_fft), axis=1).view(np.float32)
            np.multiply(found, found, out=found)
            row = first * at.frames + begin
            yield slice(row, row + rows), found


def _load(piece: npt.NDArray[np.int16], into: Floats, emphasis: np.float32) -> None:
    into[...] = piece
    if emphasis:
        before = into[:, :, :-1] * emphasis
        into[:, :, 1:] -= before
        into[:, :, 0] -= into[:, :, 0] * emphasis

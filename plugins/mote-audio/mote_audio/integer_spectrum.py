"""Integer power spectrum and logarithm of many frames at once.

Frames lie along the last axis, so that every step of the FFT is one long array operation. Every addition, product,
rounding and shift here has its twin in ``csrc/mote_logmel_integer.h``; change both or neither.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from .integer_design import LOG_BITS, POWER_SHIFT, Design

Ints = npt.NDArray[np.int64]

_HALF = np.int64(1 << 29)


def bit_length(values: Ints) -> Ints:
    """Bits of non-negative integers below 2 ** 63: 0 for 0."""
    # float64 may round up to the next power of two; one comparison puts that right.
    exponent: Ints = np.frexp(values.astype(np.float64))[1].astype(np.int64)
    too_many = (exponent > 0) & ((values >> np.maximum(exponent - 1, 0)) == 0)
    exponent -= too_many
    return exponent


def log2_q15(values: Ints, design: Design) -> Ints:
    """log2 of positive integers in Q15, by table and straight lines."""
    top = bit_length(values) - 1
    rest = values - (np.int64(1) << top)
    fraction = np.where(top >= 23, rest >> np.maximum(top - 23, 0), rest << np.maximum(23 - top, 0))
    index, between = fraction >> (23 - LOG_BITS), fraction & ((1 << (23 - LOG_BITS)) - 1)
    table = design.log2.astype(np.int64)
    low = table[index]
    result: Ints = (top << 15) + low + (((table[index + 1] - low) * between + 32768) >> 16)
    return result


def power(frames: Ints, design: Design) -> tuple[Ints, Ints]:
    """Power of the FFT bins that the bands use.

    Args:
        frames: int64, shape (frame, n): raw counts.
        design: the tables.

    Returns:
        Powers, shape (bins, n), and each frame's shift: a power is ``|X|**2 * 2 ** (2 * (15 + shift) + 2 - 16)``
        with X the DFT of the windowed counts.
    """
    windowed = frames * design.hann.astype(np.int64)[:, None]
    shift = design.headroom - bit_length(np.abs(windowed).max(axis=0))
    down = np.maximum(-shift, 0)
    rounding = (np.int64(1) << down) >> 1
    windowed = ((windowed << np.maximum(shift, 0)) + rounding) >> down
    half = design.sizes.n_fft // 2
    padded = np.zeros((design.sizes.n_fft, windowed.shape[1]), dtype=np.int64)
    padded[: len(windowed)] = windowed
    order = _bit_reversed(half)
    re, im = padded[0::2][order], padded[1::2][order]
    _fft(re, im, design)
    return _unpacked(re, im, design), shift


def _bit_reversed(n: int) -> Ints:
    bits = n.bit_length() - 1
    index = np.arange(n)
    out = np.zeros(n, dtype=np.int64)
    for _ in range(bits):
        out = (out << 1) | (index & 1)
        index >>= 1
    return out


def _fft(re: Ints, im: Ints, design: Design) -> None:
    """Radix 2, decimation in time, in place, no scaling: the headroom is enough for every stage."""
    n, frames = re.shape
    half = 1
    while half < n:
        step = n // half  # of the table, which is for twice n points
        cos = design.cos[::step][:half].astype(np.int64)[:, None]
        sin = design.sin[::step][:half].astype(np.int64)[:, None]
        r, i = (x.reshape(n // (2 * half), 2, half, frames) for x in (re, im))
        if half == 1:  # the twiddle is one
            tr, ti = r[:, 1].copy(), i[:, 1].copy()
        else:
            tr = (r[:, 1] * cos + i[:, 1] * sin + _HALF) >> 30
            ti = (i[:, 1] * cos - r[:, 1] * sin + _HALF) >> 30
        np.subtract(r[:, 0], tr, out=r[:, 1])
        np.subtract(i[:, 0], ti, out=i[:, 1])
        r[:, 0] += tr
        i[:, 0] += ti
        half *= 2


def _unpacked(re: Ints, im: Ints, design: Design) -> Ints:
    """Power of twice the real signal's spectrum, from the FFT of its even and odd samples as one complex signal."""
    n = len(re)
    bins = np.arange(design.first_bin, design.last_bin + 1)
    mirror = (n - bins) % n
    cos = design.cos[bins].astype(np.int64)[:, None]
    sin = design.sin[bins].astype(np.int64)[:, None]
    odd_re, odd_im = re[bins] - re[mirror], im[bins] + im[mirror]
    out_re = re[bins] + re[mirror] + ((odd_im * cos - odd_re * sin + _HALF) >> 30)
    out_im = im[bins] - im[mirror] - ((odd_re * cos + odd_im * sin + _HALF) >> 30)
    squared: Ints = (out_re * out_re + out_im * out_im) >> POWER_SHIFT
    return squared

"""Says a word: a source (voice and noise) through a vocal tract whose resonances move from phone to phone.

A voice pulse train with jitter and shimmer excites five formants in cascade; hiss and bursts have a noise spectrum of
their own. The filter changes every 5 ms: windowed stretches of the source are filtered with the response of their
moment and added up, all at once. Pure functions of what was drawn from a seed.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from motestudio.virtualboard.chunks import Array
from motestudio.virtualboard.phonemes import PHONES, WORDS

Spectra = npt.NDArray[np.complex128]

RATE_HZ = 16_000
_HOP = 80
_FFT = 1024
_TAIL = _FFT - 2 * _HOP
_AVERAGE_CM = 17.5
_OPEN, _CLOSING = 0.42, 0.16  # of a period: the glottis opens, and closes (Rosenberg's pulse)
_UPPER_HZ = (3500.0, 4500.0)
_BANDWIDTHS_HZ = (70.0, 90.0, 130.0, 220.0, 300.0)


@dataclass(frozen=True, slots=True)
class Voice:
    """How one person speaks.

    Attributes:
        tract_cm: from glottis to lips; a shorter one moves all formants up.
        pitch_hz: usual.
        tempo: 1 is average, above is faster.
        jitter: of the periods, parts.
        breathy: noise in the voice.
        level_db: rms of a word against full scale.
        tilt_db: of the spectrum per octave, by effort and microphone.
        vowels: own habits: factors of the first two formants, by phone.
    """

    tract_cm: float
    pitch_hz: float
    tempo: float
    jitter: float
    breathy: float
    level_db: float
    tilt_db: float
    vowels: dict[str, tuple[float, float]]

    @classmethod
    def of(cls, subject: str) -> Voice:
        """The voice that a subject's name stands for, always the same."""
        rng = np.random.default_rng([zlib.crc32(subject.encode()), 43])
        tract = float(rng.uniform(14.2, 17.8))
        # Long throats speak low: 110 Hz at 17.5 cm, 210 Hz at 14.2 cm, give or take.
        pitch = 110.0 * (17.5 / tract) ** 3.0 * float(np.exp(rng.normal(0, 0.12)))
        habits = {p: (float(np.exp(rng.normal(0, 0.04))), float(np.exp(rng.normal(0, 0.04)))) for p in sorted(PHONES)}
        return cls(
            tract_cm=tract,
            pitch_hz=pitch,
            tempo=float(np.exp(rng.normal(0, 0.1))),
            jitter=float(rng.uniform(0.004, 0.014)),
            breathy=float(rng.uniform(0.01, 0.06)),
            level_db=float(rng.normal(-27, 2.5)),
            tilt_db=float(rng.normal(-1.0, 1.0)),
            vowels=habits,
        )


@dataclass(frozen=True, slots=True)
class Word:
    """One utterance, drawn and fixed.

    Attributes:
        name: one of `WORDS`.
        voice: whose.
        seconds: of every phone.
        pitch: factors at the beginning, in the middle and at the end.
        level_db: rms against full scale.
        seed: of jitter and noise.
    """

    name: str
    voice: Voice
    seconds: tuple[float, ...]
    pitch: tuple[float, float, float]
    level_db: float
    seed: tuple[int, ...]

    @property
    def frames(self) -> int:
        """Stretches of 5 ms."""
        return max(8, round(sum(self.seconds) * RATE_HZ / _HOP))

    @property
    def samples(self) -> int:
        """Of `render`."""
        return (self.frames + 1) * _HOP + _TAIL

    def render(self) -> Array:
        """The sound, full scale 1.0, shape (samples,)."""
        rng = np.random.default_rng([*self.seed, 47])
        tracks = _tracks(self)
        inner, outer = _sources(self, tracks, rng)
        hz = np.linspace(0.0, RATE_HZ / 2, _FFT // 2 + 1, dtype=np.float64)
        spectrum = _framed(inner) * _tract(self, tracks, hz) + _framed(outer) * _colour(tracks, hz)
        octaves = np.log2(np.maximum(hz, 100.0) / 1000.0)
        spectrum *= 10 ** (self.voice.tilt_db * octaves / 20)
        pieces = np.fft.irfft(spectrum, _FFT, axis=1)
        out = np.zeros(self.samples)
        for i, piece in enumerate(pieces):
            out[i * _HOP : i * _HOP + _FFT] += piece
        loud: Array = out * (10 ** (self.level_db / 20) / np.sqrt(np.mean(out**2) + 1e-12))
        return loud


def draw_word(name: str, voice: Voice, seed: list[int]) -> Word:
    """Draw one utterance in a person's voice, 0.25 to 0.65 s long.

    Args:
        name: one of `WORDS`.
        voice: of the person.
        seed: decides the rest.
    """
    rng = np.random.default_rng([*seed, 53])
    tempo = voice.tempo * float(np.exp(rng.normal(0, 0.08)))
    usual = np.array([PHONES[p].seconds for p in WORDS[name]])
    lengths = usual / tempo * np.exp(rng.normal(0, 0.12, len(usual)))
    lengths *= np.clip(lengths.sum(), 0.25, 0.65) / lengths.sum()
    high = float(np.exp(rng.normal(0, 0.06)))
    return Word(
        name=name,
        voice=voice,
        seconds=tuple(float(s) for s in lengths),
        pitch=(high * float(rng.uniform(1.0, 1.12)), high, high * float(rng.uniform(0.72, 0.95))),
        level_db=float(np.clip(voice.level_db + rng.normal(0, 2.5), -40, -17)),
        seed=tuple(seed),
    )


@dataclass(frozen=True, slots=True)
class _Tracks:
    """Targets over time, one row per frame."""

    formants: Array  # (frames, 3)
    widths: Array  # (frames,): factor of the bandwidths
    voice: Array
    breath: Array
    noise: Array
    noise_hz: Array
    noise_width: Array


def _tracks(word: Word) -> _Tracks:
    phones = [PHONES[p] for p in WORDS[word.name]]
    ends = np.cumsum(word.seconds) * RATE_HZ / _HOP
    which = np.minimum(np.searchsorted(ends, np.arange(word.frames) + 0.5, side="right"), len(phones) - 1)
    habits = [(*word.voice.vowels[p], 1.0) for p in WORDS[word.name]]
    targets = np.array([p.formants for p in phones]) * habits * _AVERAGE_CM / word.voice.tract_cm
    rows = np.array(
        [(p.voice, p.breath, p.noise, p.noise_hz, p.noise_width_hz, 1.8 if p.nasal else 1.0) for p in phones]
    )[which]
    # The tongue takes 50 ms or so from one place to the next, the voice 20 ms, a burst none.
    formants = np.stack([_smooth(column, 11) for column in targets[which].T], axis=1)
    edge = np.minimum(1.0, (np.arange(word.frames)[::-1] + 1) / 6)
    return _Tracks(
        formants=formants,
        widths=_smooth(rows[:, 5], 7),
        voice=_smooth(rows[:, 0], 5) * edge,
        breath=_smooth(rows[:, 1], 5) * edge,
        noise=_smooth(rows[:, 2], 3) * edge,
        noise_hz=rows[:, 3],
        noise_width=rows[:, 4],
    )


def _smooth(track: Array, length: int) -> Array:
    kernel = np.hanning(length + 2)[1:-1]
    padded = np.pad(track, length // 2, mode="edge")
    smooth: Array = np.convolve(padded, kernel / kernel.sum(), mode="valid")
    return smooth


def _sources(word: Word, tracks: _Tracks, rng: np.random.Generator) -> tuple[Array, Array]:
    """What excites the whole tract, and the noise made near its end, shape ((frames + 1) * hop,) each."""
    n = (word.frames + 1) * _HOP
    at = np.arange(n) / _HOP - 0.5
    frames = np.arange(word.frames)
    voice, breath, noise = (np.interp(at, frames, track) for track in (tracks.voice, tracks.breath, tracks.noise))
    pitch = word.voice.pitch_hz * np.interp(np.linspace(0, 1, n), (0, 0.4, 1), word.pitch)
    white = rng.standard_normal(n)
    pulses = _pulses(pitch, word.voice.jitter, rng)
    inner = voice * (pulses + word.voice.breathy * white) + breath * white
    return inner, noise * rng.standard_normal(n)


def _pulses(pitch: Array, jitter: float, rng: np.random.Generator) -> Array:
    """Derivative of the flow through the glottis, about one in size, shape of `pitch`."""
    times = [0.0]
    while times[-1] < len(pitch):
        period = RATE_HZ / pitch[int(times[-1])] * (1 + jitter * float(rng.standard_normal()))
        times.append(times[-1] + max(8.0, period))
    marks = np.array(times)
    strength = 1 + 3 * jitter * rng.standard_normal(len(marks))
    samples = np.arange(len(pitch))
    cycle = np.searchsorted(marks, samples, side="right") - 1
    phase = (samples - marks[cycle]) / (marks[cycle + 1] - marks[cycle])
    opening = np.pi / (2 * _OPEN) * np.sin(np.pi * phase / _OPEN)
    closing = -np.pi / (2 * _CLOSING) * np.sin(np.pi * (phase - _OPEN) / (2 * _CLOSING))
    flow = np.where(phase < _OPEN, opening, np.where(phase < _OPEN + _CLOSING, closing, 0.0))
    pulses: Array = strength[cycle] * flow / 4.0
    return pulses


def _framed(source: Array) -> Spectra:
    """Spectra of half-overlapping stretches, shape (frames, bins)."""
    stretches = np.lib.stride_tricks.sliding_window_view(source, 2 * _HOP)[::_HOP]
    window = 0.5 - 0.5 * np.cos(2 * np.pi * (np.arange(2 * _HOP) + 0.5) / (2 * _HOP))
    framed: Spectra = np.fft.rfft(stretches * window, _FFT, axis=1)
    return framed


def _tract(word: Word, tracks: _Tracks, hz: Array) -> Spectra:
    """Response of five resonators in cascade, unity at 0 Hz, shape (frames, bins); after Klatt (1980)."""
    z = np.exp(-2j * np.pi * hz / RATE_HZ)
    upper = np.array(_UPPER_HZ) * _AVERAGE_CM / word.voice.tract_cm
    centres = np.concatenate((tracks.formants, np.tile(upper, (word.frames, 1))), axis=1)
    response = np.ones((word.frames, len(hz)), dtype=np.complex128)
    for k, width in enumerate(_BANDWIDTHS_HZ):
        radius = np.exp(-np.pi * width * tracks.widths / RATE_HZ)
        b = 2 * radius * np.cos(2 * np.pi * np.minimum(centres[:, k], 0.48 * RATE_HZ) / RATE_HZ)
        c = -(radius**2)
        response *= (1 - b - c)[:, None] / (1 - b[:, None] * z - c[:, None] * z**2)
    return response


def _colour(tracks: _Tracks, hz: Array) -> Array:
    """Spectrum of fricatives and bursts, shape (frames, bins)."""
    away = (hz - tracks.noise_hz[:, None]) / tracks.noise_width[:, None]
    colour: Array = np.exp(-0.5 * away**2) + 0.03
    return colour

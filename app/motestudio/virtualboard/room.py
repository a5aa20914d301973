"""What a microphone hears while nobody speaks to it: room noise, hum, clicks, and people talking somewhere.

Made in chunks of a tenth of a second, each from what is left of the one before; nothing is ever quite the same. No
words: those are `speech`'s business.
"""

from __future__ import annotations

import numpy as np

from motestudio.virtualboard.chunks import Array

RATE_HZ = 16_000
CHUNK = 1600
_TALKERS = 3
_HUM_HARMONICS = np.array([1, 2, 3, 4, 6, 10])


class Room:
    """A place and what goes on in it.

    Args:
        key: decides everything.
        lively: False for the stretch around a word, in which nobody else talks aloud and little clicks.
    """

    def __init__(self, key: list[int], *, lively: bool = True) -> None:
        rng = self._rng = np.random.default_rng([*key, 59])
        self._lively = lively
        self._hz = np.fft.rfftfreq(2 * CHUNK, 1 / RATE_HZ)
        self._window = np.sin(np.pi * (np.arange(2 * CHUNK) + 0.5) / (2 * CHUNK))
        self._noise_shape = self._room_noise(rng)
        self._mains_hz = float(rng.choice([50.0, 60.0]) * (1 + 0.0005 * rng.standard_normal()))
        self._hum = _amplitude(rng.normal(-66, 5)) * rng.random(len(_HUM_HARMONICS)) / np.sqrt(_HUM_HARMONICS)
        self._hum_phase = rng.uniform(0, 2 * np.pi, len(_HUM_HARMONICS))
        self._clicks_per_s = float(rng.choice([0.0, 0.3, 1.5], p=[0.4, 0.35, 0.25])) * (1.0 if lively else 0.2)
        self._voices_hz = rng.uniform(0.9, 1.2, _TALKERS)
        self._talk_db = self._wanted_db()
        self._syllables = rng.uniform(0, 1, _TALKERS)
        self._tail = np.zeros(CHUNK)
        self._index = 0
        self.chunk()

    def chunk(self) -> Array:
        """The next tenth of a second, full scale 1.0, shape (CHUNK,)."""
        rng = self._rng
        both = self._window * self._shaped(self._noise_shape)
        for talker in range(_TALKERS):
            both += self._talk(talker)
        out = self._tail + both[:CHUNK]
        self._tail = both[CHUNK:]
        t = (self._index + np.arange(CHUNK)) / RATE_HZ
        self._index += CHUNK
        angles = 2 * np.pi * self._mains_hz * t[:, None] * _HUM_HARMONICS + self._hum_phase
        out = out + np.sin(angles) @ self._hum
        for _ in range(int(rng.poisson(self._clicks_per_s * CHUNK / RATE_HZ))):
            self._click(out)
        heard: Array = out
        return heard

    def _room_noise(self, rng: np.random.Generator) -> Array:
        """Spectrum of fans and streets: falls with frequency, more or less."""
        slope = rng.uniform(0.3, 0.9)
        shape = (np.maximum(self._hz, 60.0) / 500.0) ** -slope
        fan = 1 + rng.uniform(0, 2) * np.exp(-0.5 * ((self._hz - rng.uniform(150, 1500)) / 200) ** 2)
        level = rng.normal(-56, 5) if self._lively else rng.normal(-60, 4)
        whole: Array = shape * fan
        whole *= _amplitude(level) / np.sqrt(np.mean(whole**2))
        return whole

    def _shaped(self, shape: Array) -> Array:
        """Noise with this spectrum, shape (2 * CHUNK,)."""
        parts = self._rng.standard_normal((2, len(shape)))
        shaped: Array = np.fft.irfft((parts[0] + 1j * parts[1]) * shape * np.sqrt(CHUNK), 2 * CHUNK)
        return shaped

    def _wanted_db(self) -> Array:
        """How loud each talker is just now; half of the time silent."""
        rng = self._rng
        loud = rng.normal(-40, 6, _TALKERS) if self._lively else rng.normal(-62, 4, _TALKERS)
        return np.where(rng.random(_TALKERS) < 0.5, loud, -90.0)

    def _talk(self, talker: int) -> Array:
        """A syllable or so of somebody: noise in three moving bands, swelling and fading."""
        rng = self._rng
        if rng.random() < 0.04:
            self._talk_db[talker] = self._wanted_db()[talker]
        if self._talk_db[talker] < -80:
            return np.zeros(2 * CHUNK)
        self._syllables[talker] = rng.random() ** 1.5
        centres = self._voices_hz[talker] * np.array(
            [rng.uniform(280, 800), rng.uniform(800, 2300), rng.uniform(2300, 3000)]
        )
        shape = np.zeros(len(self._hz))
        for centre, width, size in zip(centres, (90.0, 140.0, 220.0), (1.0, 0.5, 0.2), strict=True):
            shape += size * np.exp(-0.5 * ((self._hz - centre) / width) ** 2)
        if rng.random() < 0.15:
            shape = 0.4 * np.exp(-0.5 * ((self._hz - 5500) / 1300) ** 2)  # a hiss between vowels
        shape *= _amplitude(self._talk_db[talker]) / np.sqrt(np.mean(shape**2))
        talk: Array = self._window * self._syllables[talker] * self._shaped(shape)
        return talk

    def _click(self, out: Array) -> None:
        """Something is put down or switched: a ring that decays within milliseconds, into this chunk."""
        rng = self._rng
        at = int(rng.integers(0, CHUNK - 400))
        t = np.arange(CHUNK - at) / RATE_HZ
        size = _amplitude(rng.normal(-26, 7)) if self._lively else _amplitude(rng.normal(-40, 5))
        ring = np.exp(-t / rng.uniform(0.0008, 0.004)) * np.sin(2 * np.pi * rng.uniform(700, 5000) * t)
        out[at:] += min(size, 0.5) * ring


def _amplitude(db: float) -> float:
    return float(10 ** (db / 20))

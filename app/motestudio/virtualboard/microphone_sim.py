"""A simulated microphone at 16 kHz in a room in which somebody says a word now and then.

Levels: a MEMS microphone of -26 dBFS at 94 dB SPL with 40 dB of gain; so speech at arm's length, 62 to 68 dB SPL, is
at about -27 dBFS with peaks of a quarter of full scale, and the microphone's own noise near 8 counts.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from motestudio.domain.signal import RAW_MAX, RAW_MIN, Channel, ChannelGroup, Samples
from motestudio.virtualboard.chunks import Array, Chunks
from motestudio.virtualboard.phonemes import WORDS
from motestudio.virtualboard.room import Room
from motestudio.virtualboard.sensors import number, unknown_motion
from motestudio.virtualboard.speech import RATE_HZ, Voice, Word, draw_word

BACKGROUND = "background"
# As the importer of WAV files has it, so that recordings of both kinds mix.
GROUP = ChannelGroup("audio", float(RATE_HZ), (Channel("audio", "", 1.0 / 32768.0),))

_SELF_NOISE = 8.0 / 32768.0


@dataclass(slots=True)
class _Said:
    """A word and where it begins; its sound only while it is needed."""

    word: Word
    start: int
    sound: Array | None = None

    @property
    def end(self) -> int:
        return self.start + self.word.samples


class MicrophoneSensor:
    """See `sensors.Sensor`.

    Args:
        seed: of this board: the room that it stands in while nobody asks for anything.
    """

    group = GROUP
    gestures = (*WORDS, BACKGROUND)
    _index: int
    _said: list[_Said]

    def __init__(self, seed: int = 1) -> None:
        self._seed = seed
        self._starts = 0
        self._begin([seed, 0], lively=True)

    def start(self, perform: Mapping[str, Any] | None) -> None:
        """See `Sensor.start`; a take of a word begins with 0.08 to 0.25 s without it, in a room that is calm."""
        self._starts += 1
        if perform is None:
            self._begin([self._seed, self._starts], lively=True)
            return
        name, seed, subject = self._asked(perform)
        self._begin(_key(name, seed, subject), lively=name == BACKGROUND)
        if name != BACKGROUND:
            self._say(name, seed, subject, 0.08, 0.25)

    def perform(self, what: Mapping[str, Any]) -> float:
        """See `Sensor.perform`."""
        name, seed, subject = self._asked(what)
        if name == BACKGROUND:
            return 0.0
        return (self._say(name, seed, subject, 0.05, 0.15).end - self._index) / RATE_HZ

    def read(self, n: int) -> Samples:
        """See `Sensor.read`."""
        heard = self._chunks.read(n)
        first, last = self._index, self._index + n
        for said in self._said:
            if said.start < last and said.end > first:
                if said.sound is None:
                    said.sound = said.word.render()
                a, b = max(first, said.start), min(last, said.end)
                heard[a - first : b - first] += said.sound[a - said.start : b - said.start]
        self._index = last
        self._said = [s for s in self._said if s.end > last]
        raw = np.rint(heard / GROUP.scales[0])
        samples: Samples = np.clip(raw, RAW_MIN, RAW_MAX).astype(np.int16)[:, None]
        return samples

    def _asked(self, what: Mapping[str, Any]) -> tuple[str, int, str]:
        name, subject = what.get("gesture"), what.get("subject", "")
        if name not in self.gestures or not isinstance(subject, str):
            raise unknown_motion(name, self.gestures)
        return name, number(what, "seed", 0), subject

    def _begin(self, key: list[int], *, lively: bool) -> None:
        room = Room(key, lively=lively)
        rng = np.random.default_rng([*key, 61])
        self._chunks = Chunks(lambda: _with_own_noise(room.chunk(), rng))
        self._said = []
        self._index = 0

    def _say(self, name: str, seed: int, subject: str, soonest_s: float, latest_s: float) -> _Said:
        key = _key(name, seed, subject)
        wait = float(np.random.default_rng([*key, 67]).uniform(soonest_s, latest_s))
        after = max([self._index, *(s.end for s in self._said)])
        said = _Said(draw_word(name, Voice.of(subject), key), after + round(wait * RATE_HZ))
        self._said.append(said)
        return said


def _key(name: str, seed: int, subject: str) -> list[int]:
    return [seed, zlib.crc32(subject.encode()), zlib.crc32(name.encode())]


def _with_own_noise(heard: Array, rng: np.random.Generator) -> Array:
    noisy: Array = heard + rng.normal(0, _SELF_NOISE, heard.shape)
    return noisy

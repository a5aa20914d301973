"""Words have the formants, hiss and silences of their phones; the room is never quite the same."""

from __future__ import annotations

import time
import tracemalloc

import numpy as np
import pytest

from motestudio.errors import DeviceError
from motestudio.virtualboard.microphone_sim import BACKGROUND, GROUP, MicrophoneSensor
from motestudio.virtualboard.phonemes import PHONES, WORDS
from motestudio.virtualboard.speech import RATE_HZ, Voice, Word, draw_word

PEOPLE = tuple(f"person-{i}" for i in range(12))
LOW = tuple(p for p in PEOPLE if Voice.of(p).pitch_hz < 150)


def hear(name: str, subject: str = "ana", seed: int = 1, seconds: float = 1.0) -> np.ndarray:
    sensor = MicrophoneSensor(1)
    sensor.start({"gesture": name, "seed": seed, "subject": subject})
    return GROUP.to_physical(sensor.read(round(seconds * RATE_HZ)))[:, 0]


def part(word: Word, phone: str) -> np.ndarray:
    """The middle of a phone."""
    at = WORDS[word.name].index(phone)
    begin, length = sum(word.seconds[:at]), word.seconds[at]
    first, last = (begin + 0.3 * length) * RATE_HZ, (begin + 0.7 * length) * RATE_HZ
    return word.render()[round(first) + 80 : round(last) + 80]


def formants(signal: np.ndarray, order: int = 18) -> np.ndarray:
    """Resonances by linear prediction (autocorrelation), Hz, ascending; wide ones left out."""
    x = np.diff(signal, prepend=0.0) * np.hamming(len(signal))
    r = np.correlate(x, x, "full")[len(x) - 1 : len(x) + order]
    r[0] *= 1 + 1e-6
    matrix = r[np.abs(np.subtract.outer(np.arange(order), np.arange(order)))]
    roots = np.roots(np.concatenate(([1.0], -np.linalg.solve(matrix, r[1:]))))
    roots = roots[(roots.imag > 0) & (-np.log(np.abs(roots)) * RATE_HZ / np.pi < 500)]
    hz = np.sort(np.angle(roots) * RATE_HZ / (2 * np.pi))
    return hz[hz > 150]


def centroid(signal: np.ndarray) -> float:
    power = np.abs(np.fft.rfft(signal * np.hanning(len(signal)))) ** 2
    return float((np.fft.rfftfreq(len(signal), 1 / RATE_HZ) * power).sum() / power.sum())


def test_the_group_is_that_of_imported_wav_files() -> None:
    assert (GROUP.name, GROUP.rate_hz) == ("audio", 16000.0)
    (channel,) = GROUP.channels
    assert (channel.name, channel.unit, channel.full_scale) == ("audio", "", 1.0)
    assert MicrophoneSensor(1).gestures == ("yes", "no", "up", "down", "go", "stop", "background")


@pytest.mark.parametrize(("name", "phone"), [("stop", "aa"), ("yes", "eh"), ("up", "uh")])
def test_formants_are_near_their_targets(name: str, phone: str) -> None:
    assert len(LOW) >= 4, "high voices have too few harmonics to measure formants by"
    for subject in LOW:
        voice = Voice.of(subject)
        found = [formants(part(draw_word(name, voice, [seed]), phone)) for seed in range(8)]
        wanted = np.array(PHONES[phone].formants[:2]) * voice.vowels[phone] * 17.5 / voice.tract_cm
        for k, target in enumerate(wanted):
            nearest = np.median([hz[np.abs(hz - target).argmin()] for hz in found])
            assert nearest == pytest.approx(target, rel=0.12), (subject, f"F{k + 1}")


def test_short_throats_have_high_formants_and_voices() -> None:
    voices = sorted((Voice.of(p) for p in PEOPLE), key=lambda v: v.tract_cm)
    assert voices[0].pitch_hz > 1.2 * voices[-1].pitch_hz
    shown = [np.median([centroid(part(draw_word("up", v, [s]), "uh")) for s in range(5)]) for v in voices]
    assert np.corrcoef([v.tract_cm for v in voices], shown)[0, 1] < -0.3


def test_the_pitch_is_the_speakers() -> None:
    for subject in LOW:
        voice = Voice.of(subject)
        word = draw_word("go", voice, [3])
        x = part(word, "oh")
        r = np.correlate(x, x, "full")[len(x) - 1 :]
        lags = np.arange(RATE_HZ // 300, RATE_HZ // 60)
        lags = lags[lags < len(r)]
        pitch = RATE_HZ / lags[r[lags].argmax()]
        assert 0.75 * voice.pitch_hz < pitch < 1.35 * voice.pitch_hz


def test_an_s_hisses_a_vowel_does_not_and_a_stop_is_silent_before_it_bursts() -> None:
    for subject in PEOPLE:
        word = draw_word("stop", Voice.of(subject), [1])
        hiss, vowel, closure = (part(word, p) for p in ("s", "aa", "p-"))
        assert centroid(hiss) > 4000
        assert centroid(vowel) < 2000
        assert closure.std() < 0.15 * vowel.std()


@pytest.mark.parametrize("name", WORDS)
def test_a_word_fits_a_take_of_a_second_in_a_calm_room(name: str) -> None:
    for seed, subject in enumerate(PEOPLE):
        x = hear(name, subject, seed)
        frames = x[: len(x) // 320 * 320].reshape(-1, 320).std(axis=1)
        assert 0.02 < np.abs(x).max() < 1.0
        assert frames.max() > 8 * np.median(frames[:4])
        assert frames[-3:].max() < 0.2 * frames.max()


def test_people_and_moments_differ_and_a_seed_fixes_them() -> None:
    first = hear("no", "ana", 4)
    assert np.array_equal(first, hear("no", "ana", 4))
    assert not np.array_equal(first, hear("no", "ana", 5))
    assert not np.array_equal(first, hear("no", "ben", 4))
    assert len({draw_word("no", Voice.of("ana"), [s]).seconds for s in range(10)}) == 10


def test_background_is_never_the_same_and_below_speech() -> None:
    takes = [hear(BACKGROUND, "ana", seed) for seed in range(30)]
    levels = 20 * np.log10([t.std() for t in takes])
    assert -70 < levels.min() < levels.max() < -12
    assert np.ptp(levels) > 8
    words = 20 * np.log10([hear("go", p).std() for p in PEOPLE])
    assert np.median(levels) < np.median(words) - 5


@pytest.mark.parametrize("size", [1, 480, 1600, 2111])
def test_sound_blocks_of_any_size_give_the_same_stream(size: int) -> None:
    whole, pieces = MicrophoneSensor(7), MicrophoneSensor(7)
    for sensor in (whole, pieces):
        sensor.start(None)
        sensor.perform({"gesture": "stop", "seed": 2, "subject": "ana"})
    a = whole.read(9000)
    b = np.concatenate([pieces.read(size) for _ in range(9000 // size)])
    assert np.array_equal(a[: len(b)], b)


def test_words_said_in_a_running_stream_follow_each_other() -> None:
    sensor = MicrophoneSensor(1)
    sensor.start(None)
    sensor.read(5000)
    first = sensor.perform({"gesture": "yes", "seed": 1, "subject": "ana"})
    second = sensor.perform({"gesture": "no", "seed": 1, "subject": "ana"})
    assert 0.25 < first < 0.9
    assert first + 0.25 < second < first + 0.9
    assert sensor.perform({"gesture": BACKGROUND}) == 0.0
    x = GROUP.to_physical(sensor.read(round(second * RATE_HZ)))[:, 0]
    split = round(first * RATE_HZ)
    assert min(np.abs(x[:split]).max(), np.abs(x[split:]).max()) > 0.02


@pytest.mark.parametrize("what", [{"gesture": "maybe"}, {}, {"gesture": "yes", "seed": True}, {"gesture": ["yes"]}])
def test_what_nobody_can_say_is_refused(what: dict[str, object]) -> None:
    sensor = MicrophoneSensor(1)
    for verb in (sensor.start, sensor.perform):
        with pytest.raises(DeviceError) as caught:
            verb(what)
        assert caught.value.code == "perform.unknown"


def test_sound_is_much_faster_than_real_time_in_little_memory() -> None:
    sensor = MicrophoneSensor(1)
    begun = time.process_time()
    for seed in range(10):
        sensor.start({"gesture": "stop", "seed": seed, "subject": "ana"})
        sensor.read(16000)
    assert 10.0 / (time.process_time() - begun) > 8
    tracemalloc.start()
    sensor.start(None)
    for seed in range(200):  # words that wait for their turn
        sensor.perform({"gesture": "go", "seed": seed})
    for _ in range(1000):
        sensor.read(160)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 12_000_000

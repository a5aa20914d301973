"""Integer log-mel: the C twin gives the same bits as the stage, window by window and as a stream."""

from __future__ import annotations

import time
import wave

import numpy as np
import pytest

from motestudio.sdk import Channel, PluginError
from support.twins import extreme, same_bits

MONO = (Channel("audio"),)


@pytest.mark.parametrize(
    ("rate", "params"),
    [
        (8000.0, {}),
        (8000.0, {"normalise": "none", "bands": 40, "frame_ms": 25, "hop_ms": 10}),
        (8000.0, {"normalise": "mean", "range_db": 0.0, "bands": 32}),
        (16000.0, {"normalise": "max", "range_db": 60.0, "bands": 40}),
        (16000.0, {"n_fft": "1024", "fmax": 7600.0, "floor": -60.0}),
        (1000.0, {"n_fft": "2048", "frame_ms": 200.0, "hop_ms": 50.0, "fmin": 0.0, "bands": 20}),
    ],
)
def test_logmel_twin_is_bit_equal(stage, twin, make_signal, rate, params):
    samples = int(rate)
    same_bits(twin, stage("mote-audio/logmel", **params), make_signal(rate, samples, MONO), extreme(samples, 1))


def test_logmel_takes_the_asked_channel(stage, twin, make_signal):
    signal = make_signal(8000.0, 2000, (Channel("left"), Channel("right")))
    logmel = stage("mote-audio/logmel", channel=1)
    windows = extreme(2000, 2)
    values = same_bits(twin, logmel, signal, windows)
    windows[:, :, 0] = 0
    np.testing.assert_array_equal(logmel.code.transform(windows, signal, logmel.params), values)


def read_wav(path, samples):
    with wave.open(str(path)) as file:
        data = np.frombuffer(file.readframes(file.getnframes()), dtype="<i2")
    out = np.zeros((samples, 1), np.int16)
    out[: len(data), 0] = data[:samples]
    return out


def speech(shared, folder, pattern, samples, every):
    files = sorted(shared(folder).glob(pattern))[::every]
    return np.stack([read_wav(f, samples) for f in files])


@pytest.mark.parametrize(
    ("folder", "pattern", "rate", "every"),
    [("fsdd", "recordings/*.wav", 8000, 40), ("speech_commands_v1_sample10", "*/*.wav", 16000, 8)],
)
def test_logmel_on_speech_is_bit_equal_and_accurate(stage, twin, make_signal, shared, folder, pattern, rate, every):
    windows = speech(shared, folder, pattern, rate, every)
    signal = make_signal(float(rate), rate, MONO)
    raw = stage("mote-audio/logmel", normalise="none", floor=-120.0, range_db=0.0, bands=32)
    values = same_bits(twin, raw, signal, windows)
    reference = float_logmel(windows[:, :, 0], rate, raw.params)
    loud = reference > 6.0  # log2 units above a floor near the rounding of the samples themselves
    assert loud.mean() > 0.3
    assert np.abs(values - reference)[loud].max() < 0.1


def float_logmel(signals, rate, params):
    """The same definition in float64, by numpy's FFT."""
    frame, hop = (round(params[k] * rate / 1000) for k in ("frame_ms", "hop_ms"))
    n_fft = 1 << (frame - 1).bit_length()
    hann = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(frame) / frame)
    frames = np.lib.stride_tricks.sliding_window_view(signals, frame, axis=1)[:, ::hop] * hann
    power = np.abs(np.fft.rfft(frames, n_fft)) ** 2
    mel = 2595 * np.log10(1 + np.array([params["fmin"], rate / 2]) / 700)
    edges = 700 * (10 ** (np.linspace(*mel, params["bands"] + 2) / 2595) - 1)
    hz = np.arange(n_fft // 2 + 1) * rate / n_fft
    rows = []
    for low, centre, high in zip(edges[:-2], edges[1:-1], edges[2:], strict=True):
        weights = np.clip(np.minimum((hz - low) / (centre - low), (high - hz) / (high - centre)), 0, None)
        weights[hz >= rate / 2] = 0
        if not (weights > 1e-5).any():
            weights[np.argmin(np.abs(hz - centre))] = 1.0
        rows.append(weights)
    energy = power @ np.array(rows).T
    floor = 2 * np.log2(32768 * frame / 4) + params["floor"] / (10 * np.log10(2))
    return np.maximum(np.log2(np.maximum(energy, 1e-9)) - floor, 0)


def test_logmel_is_fast_enough_for_thousands_of_clips(stage, make_signal):
    logmel = stage("mote-audio/logmel")
    windows = np.random.default_rng(1).integers(-9000, 9000, (300, 8000, 1)).astype(np.int16)
    begun = time.process_time()
    logmel.code.transform(windows, make_signal(8000.0, 8000, MONO), logmel.params)
    assert (time.process_time() - begun) / 300 * 6000 < 60.0


def test_loudness_does_not_matter_after_normalising(stage, make_signal):
    logmel = stage("mote-audio/logmel", floor=-140.0, normalise="mean", range_db=0.0)
    loud = np.random.default_rng(2).integers(-16000, 16000, (1, 8000, 1)).astype(np.int16) // 16 * 16
    signal = make_signal(8000.0, 8000, MONO)
    both = [logmel.code.transform(x, signal, logmel.params) for x in (loud, loud // 16)]
    np.testing.assert_allclose(both[0], both[1], atol=0.01)


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({"frame_ms": 200.0}, "audio.frame"),
        ({"n_fft": "128"}, "audio.fft"),
        ({"fmin": 5000.0}, "audio.bands"),
        ({"channel": 3}, "audio.channel"),
        ({"normalise": "band_standard"}, "audio.normalise"),
    ],
)
def test_logmel_says_what_does_not_fit(stage, make_signal, params, code):
    logmel = stage("mote-audio/logmel", **params)
    with pytest.raises(PluginError) as caught:
        logmel.code.infer_output(make_signal(8000.0, 1000, MONO), logmel.params)
    assert caught.value.code == code
    assert caught.value.hint


def test_one_constant_per_window_shape(stage, make_signal):
    """The board's static memory and flash are what the stage says they are."""
    signal = make_signal(8000.0, 8000, MONO)
    logmel = stage("mote-audio/logmel")
    info = logmel.code.infer_output(signal, logmel.params)
    constants = logmel.code.c_constants(signal, logmel.params)
    assert info.flash_bytes == sum(v.nbytes for v in constants.values() if isinstance(v, np.ndarray))
    assert info.shape == (49, 12)
    assert info.hop_samples == 160
    assert info.ram_bytes == 8 * 256 + 2 * 49 * 12 + 2 * 256


@pytest.mark.parametrize(("step_ms", "pieces"), [(20, 1), (100, 7), (240, 333), (1000, 100_000)])
def test_stream_is_the_windows_bit_for_bit(stage, twin, make_signal, step_ms, pieces):
    signal = make_signal(8000.0, 2000, MONO, step_ms * 8)
    logmel = stage("mote-audio/logmel")
    noise = np.random.default_rng(4).integers(-9000, 9000, (12_000, 1)).astype(np.int16)
    noise[4000:6500] = 0
    windows = np.stack([noise[at : at + 2000] for at in range(0, len(noise) - 1999, step_ms * 8)])
    wanted = logmel.code.transform(windows, signal, logmel.params)
    compiled = twin(logmel, signal)
    assert compiled.streaming == (step_ms * 8 <= 2000)
    if compiled.streaming:
        np.testing.assert_array_equal(compiled.stream(noise, pieces), wanted)
        np.testing.assert_array_equal(
            compiled.stream(noise[2000:], pieces)[0], compiled.floats(noise[None, 2000:4000])[0]
        )

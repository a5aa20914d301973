"""Statistics, spectra and envelopes: what they are by definition, and that the C twins agree on recorded data."""

from __future__ import annotations

import csv
import importlib
import subprocess
import sys
import time
import wave

import numpy as np
import pytest
import scipy.signal
import scipy.stats

from motestudio.plugins.manifest import read_manifest
from motestudio.sdk import Channel, PluginError, quantise
from motestudio.shipped import plugins_dir

IMU = tuple(Channel(f"a{x}", "g", 4 / 32768) for x in "xyz") + tuple(
    Channel(f"g{x}", "°/s", 2000 / 32768) for x in "xyz"
)
ACC = IMU[:3]
AUDIO = (Channel("audio"),)
SCALE, ZERO_POINT = 8 / 255, 0
EVERY = [  # in the order of the features
    "mean",
    "rms",
    "std",
    "skewness",
    "kurtosis",
    "crest",
    "zero_crossings",
    "minimum",
    "maximum",
    "peak_to_peak",
    "mean_abs",
    "slope_changes",
]


def wand(shared):
    """Gestures with a wand at 119 Hz, g and degrees per second, as windows of 119 samples in counts."""
    rows = []
    for path in sorted(shared("magicwand_nano33_csv").glob("data/*.csv")):
        with path.open() as file:
            rows += [[float(v) for v in r] for r in csv.reader(file) if r and r[0][0] in "-0123456789"]
    scales = np.array([c.scale for c in IMU])
    counts = np.clip(np.rint(np.array(rows) / scales), -32768, 32767).astype(np.int16)
    return counts[: len(counts) // 119 * 119].reshape(-1, 119, 6)


def band(shared):
    """Gestures with a wristband at 100 Hz, three axes, in counts, one recording after the other."""
    files = sorted(shared("emlearn_har").glob("raw/cgestures/**/*.npy"))
    # Some are cut short, as the tool that wrote them left them.
    parts = [np.load(f) for f in files if f.stat().st_size >= 2480]
    return np.concatenate(parts).astype(np.int16)


def recorded(shared, samples=128, step=16):
    stream = band(shared)
    starts = range(0, len(stream) - samples + 1, step)
    return np.stack([stream[s : s + samples] for s in starts])


def clips(shared, samples=4000):
    """Spoken digits at 8 kHz."""
    rows = []
    for path in sorted(shared("fsdd").glob("recordings/*.wav"))[::40]:
        with wave.open(str(path)) as file:
            data = np.frombuffer(file.readframes(file.getnframes()), dtype="<i2")
        rows.append(np.pad(data[:samples], (0, max(0, samples - len(data)))))
    return np.stack(rows)[:, :, None]


def extreme(samples, channels):
    """Random, tiny, full-scale, alternating, single-pulse, constant and silent windows."""
    rng = np.random.default_rng(5)
    shape = (samples, channels)
    pulse = np.zeros(shape)
    pulse[samples // 2] = -32768
    rows = [rng.integers(-32768, 32768, shape) for _ in range(5)]
    rows += [rng.integers(-2, 3, shape) for _ in range(5)]
    rows += [(32767 * rng.random() ** 6 * rng.standard_normal(shape)).clip(-32768, 32767) for _ in range(20)]
    rows += [np.where(np.arange(samples)[:, None] % 2, 32767, -32768) * np.ones((1, channels)), pulse]
    rows += [np.zeros(shape)] + [np.full(shape, value) for value in (-32768, 32767, -1, 8191)]
    return np.stack(rows).astype(np.int16)


def agree(twin, stage, signal, windows, atol=2e-5):
    """Within 1e-4 of each other in float, and a step of 8 bits after quantisation."""
    values = stage.code.transform(windows, signal, stage.params)
    info = stage.code.infer_output(signal, stage.params)
    assert values.dtype == np.float32
    assert values.shape[1:] == info.shape
    assert len(info.axes) == len(info.shape)
    assert np.isfinite(values).all()
    compiled = twin(stage, signal, SCALE, ZERO_POINT)
    np.testing.assert_allclose(compiled.floats(windows), values, rtol=1e-4, atol=atol)
    codes = compiled.codes(windows).astype(int) - quantise(values, SCALE, ZERO_POINT)
    assert np.abs(codes).max() <= 1
    assert (codes != 0).mean() < 0.01
    return values


# ---- statistics


def every(**params):
    return dict.fromkeys(EVERY, True) | params


@pytest.mark.parametrize("params", [every(), every(log=False), {}, every(magnitude=True, gain=3.0), {"mean": False}])
@pytest.mark.parametrize(("samples", "channels"), [(128, 6), (7, 3)])
def test_statistics_twin_agrees_on_extremes(stage, twin, make_signal, params, samples, channels):
    statistics = stage("mote-imu/statistics", **params)
    agree(twin, statistics, make_signal(104.0, samples, IMU[:channels]), extreme(samples, channels))


def test_statistics_twin_agrees_on_the_longest_window(stage, twin, make_signal):
    windows = extreme(32768, 1)[-8:]
    agree(twin, stage("mote-imu/statistics", **every()), make_signal(6667.0, 32768, IMU[:1]), windows)


@pytest.mark.parametrize("params", [every(magnitude=True), {"log": False}])
def test_statistics_twin_agrees_on_gestures(stage, twin, make_signal, shared, params):
    statistics = stage("mote-imu/statistics", **params)
    agree(twin, statistics, make_signal(119.0, 119, IMU), wand(shared))
    agree(twin, statistics, make_signal(100.0, 128, ACC), recorded(shared))


def test_statistics_are_what_they_are_called(stage, make_signal, shared):
    windows = wand(shared)
    plain = stage("mote-imu/statistics", **every(log=False))
    values = plain.code.transform(windows, make_signal(119.0, 119, IMU), plain.params)
    got = dict(zip(EVERY, np.moveaxis(values.astype(float), 2, 0), strict=True))
    unit = np.array([1.0] * 3 + [1 / 125] * 3)
    x = windows * np.array([c.scale for c in IMU]) * unit
    centred = x - x.mean(axis=1, keepdims=True)
    signs = np.diff(centred >= 0, axis=1)
    slopes = np.sign(np.diff(windows.astype(int), axis=1))
    wanted = {
        "mean": x.mean(axis=1),
        "rms": np.sqrt((x**2).mean(axis=1)),
        "std": x.std(axis=1),
        "skewness": scipy.stats.skew(x, axis=1),
        "kurtosis": scipy.stats.kurtosis(x, axis=1) / 4,
        "crest": np.abs(centred).max(axis=1) / x.std(axis=1) / 4,
        "zero_crossings": 4 * signs.mean(axis=1),
        "minimum": x.min(axis=1),
        "maximum": x.max(axis=1),
        "peak_to_peak": np.ptp(x, axis=1),
        "mean_abs": np.abs(centred).mean(axis=1),
        "slope_changes": 4 * (slopes[:, 1:] * slopes[:, :-1] < 0).mean(axis=1),
    }
    for name in EVERY:
        np.testing.assert_allclose(got[name], wanted[name], rtol=2e-5, atol=2e-5, err_msg=name)


def test_levels_share_the_range_of_the_rest(stage, make_signal, shared):
    statistics = stage("mote-imu/statistics", **every(magnitude=True))
    values = statistics.code.transform(wand(shared), make_signal(119.0, 119, IMU), statistics.params)
    assert np.abs(values).max() < 8
    assert (np.abs(values) < 4).mean() > 0.98


def test_statistics_of_a_still_window(stage, make_signal):
    statistics = stage("mote-imu/statistics", **every())
    still = np.full((1, 50, 1), 8192, np.int16)
    values = statistics.code.transform(still, make_signal(100.0, 50, IMU[:1]), statistics.params)[0, 0]
    got = dict(zip(EVERY, values, strict=True))
    assert (got["mean"], got["minimum"], got["maximum"]) == (1.0, 1.0, 1.0)
    assert got["std"] == got["peak_to_peak"] == got["mean_abs"] == -4.0
    assert got["rms"] == 2.0
    assert got["skewness"] == got["kurtosis"] == got["crest"] == got["zero_crossings"] == got["slope_changes"] == 0.0


def test_magnitude_does_not_mind_a_turn(stage, make_signal):
    rng = np.random.default_rng(1)
    windows = rng.normal(0, 3000, (20, 100, 3))
    turn = np.linalg.qr(rng.normal(size=(3, 3)))[0]
    statistics = stage("mote-imu/statistics", magnitude=True, **dict.fromkeys(EVERY, False) | {"std": True})
    signal = make_signal(100.0, 100, ACC)
    both = [
        statistics.code.transform(np.rint(w).astype(np.int16), signal, statistics.params)
        for w in (windows, windows @ turn)
    ]
    assert both[0].shape == (20, 4, 1)
    np.testing.assert_allclose(both[0][:, 3], both[1][:, 3], atol=1e-3)
    assert np.abs(both[0][:, :3] - both[1][:, :3]).max() > 0.01


@pytest.mark.parametrize(
    ("params", "samples", "channels", "code"),
    [
        (dict.fromkeys(EVERY, False), 100, IMU, "statistics.none"),
        ({"magnitude": True}, 100, (Channel("audio"),), "statistics.magnitude"),
        ({}, 2, IMU, "statistics.window"),
        ({}, 40_000, IMU, "statistics.window"),
    ],
)
def test_statistics_say_what_does_not_fit(stage, make_signal, params, samples, channels, code):
    statistics = stage("mote-imu/statistics", **params)
    with pytest.raises(PluginError) as caught:
        statistics.code.infer_output(make_signal(100.0, samples, channels), statistics.params)
    assert caught.value.code == code
    assert caught.value.hint


# ---- spectrum

FULL = {"bands": 10, "peaks": 3}


def module(stage, name):
    stage("mote-imu/spectral")
    return importlib.import_module(f"mote_imu.{name}")


@pytest.mark.parametrize("scaling", ["density", "spectrum"])
@pytest.mark.parametrize(
    ("segment", "hop", "window", "samples"),
    [(64, 32, "hann", 128), (16, 16, "boxcar", 100), (128, 96, "hamming", 1000), (256, 64, "hann", 1024)],
)
def test_periodograms_are_those_of_scipy(stage, scaling, segment, hop, window, samples):
    rng = np.random.default_rng(1)
    signals = rng.normal(0, 900, (samples, 40)).astype(np.float32).round() + 8192
    taper = scipy.signal.get_window(window, segment)
    welch = module(stage, "welch").Welch(taper, hop, samples)
    powers = welch.powers(signals.copy())
    rate = 104.0
    over = rate * (taper**2).sum() if scaling == "density" else taper.sum() ** 2
    options = {"fs": rate, "window": taper, "nperseg": segment, "noverlap": segment - hop, "scaling": scaling}
    _, wanted = scipy.signal.welch(signals.astype(np.float64), axis=0, **options)
    np.testing.assert_allclose(2 * powers / (welch.segments * over), wanted, rtol=1e-5, atol=1e-5 * wanted.mean())


@pytest.mark.parametrize(
    "params",
    [
        FULL,
        FULL | {"segment": "16", "overlap": "0", "spacing": "linear"},
        FULL | {"segment": "128", "window": "rect", "fmin": 3.0, "fmax": 20.0},
        {"bands": 0, "peaks": 1, "entropy": False, "centroid": False, "overlap": "75", "window": "hamming"},
        {"bands": 5, "entropy": False, "gain": 10.0},
        {},
    ],
)
def test_spectral_twin_agrees_on_gestures(stage, twin, make_signal, shared, params):
    agree(twin, stage("mote-imu/spectral", **params), make_signal(100.0, 128, ACC), recorded(shared))
    if params.get("segment") != "128":
        agree(twin, stage("mote-imu/spectral", **params), make_signal(119.0, 119, IMU), wand(shared))


def test_spectral_twin_agrees_on_extremes(stage, twin, make_signal):
    bands = stage("mote-imu/spectral", entropy=False)
    agree(twin, bands, make_signal(6667.0, 1000, ACC), extreme(1000, 3))


def test_spectral_twin_agrees_on_sound_of_machines(stage, twin, make_signal, shared):
    """Long segments by another path on the desk; speech stands in for a vibration sensor."""
    windows = clips(shared)
    agree(twin, stage("mote-imu/spectral", segment="512", **FULL), make_signal(8000.0, 4000, AUDIO), windows)


@pytest.mark.parametrize("step", [16, 32, 48, 64, 128, 160, 224, 20, 100])
def test_spectral_stream_gives_what_whole_windows_give(stage, twin, make_signal, shared, step):
    stream = band(shared)[:3000]
    signal = make_signal(100.0, 128, ACC, step)
    spectral = stage("mote-imu/spectral", segment="32", **FULL)
    starts = range(0, len(stream) - 127, step)
    windows = np.stack([stream[s : s + 128] for s in starts])
    wanted = spectral.code.transform(windows, signal, spectral.params)
    compiled = twin(spectral, signal, SCALE, ZERO_POINT)
    np.testing.assert_allclose(compiled.floats(windows), wanted, rtol=1e-4, atol=2e-5)
    assert compiled.streaming == (step % 16 == 0 and step <= 128)
    if compiled.streaming:
        for pieces in (1, 7, 1000):
            np.testing.assert_allclose(compiled.stream(stream, pieces), wanted, rtol=1e-4, atol=2e-5)
        np.testing.assert_allclose(compiled.floats(windows), wanted, rtol=1e-4, atol=2e-5)


def test_a_sine_is_found_where_it_is(stage, make_signal):
    t = np.arange(1000)[None, :, None] / 1000.0
    for hertz, amplitude in ((123.4, 0.5), (61.8, 0.02), (300.0, 3.5)):
        counts = np.rint(amplitude * 8192 * np.sin(2 * np.pi * hertz * t) + 8192)
        spectral = stage("mote-imu/spectral", segment="256", bands=0, peaks=2)
        values = spectral.code.transform(
            counts.clip(-32768, 32767).astype(np.int16), make_signal(1000.0, 1000, ACC[:1]), spectral.params
        )[0, 0]
        assert values[0] * 125.0 == pytest.approx(hertz, abs=0.25)
        reached = 2.0 ** (4 * (values[1] - 2))
        if amplitude < 3:
            assert reached == pytest.approx(amplitude**2 / 2, rel=0.08)
            assert values[-1] * 125.0 == pytest.approx(hertz, abs=2.0)
            assert values[-2] < 1.5


def test_bands_lose_no_power(stage, make_signal):
    rng = np.random.default_rng(3)
    windows = rng.normal(0, 2000, (1, 4096, 1)).astype(np.int16)
    signal = make_signal(1000.0, 4096, ACC[:1])
    for params in ({"bands": 7, "spacing": "linear"}, {"bands": 30}):
        spectral = stage("mote-imu/spectral", entropy=False, centroid=False, **params)
        values = spectral.code.transform(windows, signal, spectral.params)
        total = (2.0 ** (4 * (values.astype(float) - 2))).sum()
        assert total == pytest.approx((2000 / 8192) ** 2, rel=0.05)


def test_spectrum_of_noise_of_silence_and_of_a_turned_gain(stage, make_signal):
    signal = make_signal(100.0, 256, ACC[:1])
    spectral = stage("mote-imu/spectral", peaks=1)
    noise = np.random.default_rng(1).normal(0, 3000, (50, 256, 1)).astype(np.int16)
    values = spectral.code.transform(noise, signal, spectral.params)[:, 0]
    assert values[:, -2].mean() > 3.6
    assert values[:, -1].mean() == pytest.approx(2.0, abs=0.1)
    louder = stage("mote-imu/spectral", peaks=1, gain=2.0)
    more = louder.code.transform(noise, signal, louder.params)[:, 0]
    np.testing.assert_allclose(more[:, :8] - values[:, :8], 0.5, atol=1e-5)
    still = spectral.code.transform(np.full((1, 256, 1), 8192, np.int16), signal, spectral.params)[0, 0]
    np.testing.assert_array_equal(still, [-4.0] * 8 + [0.0, -4.0, 0.0, 0.0])


@pytest.mark.parametrize(
    ("params", "samples", "code"),
    [
        ({"segment": "256"}, 128, "spectral.segment"),
        ({"fmin": 60.0}, 128, "spectral.range"),
        ({"fmin": 20.0, "fmax": 10.0}, 128, "spectral.range"),
        ({"fmin": 10.0, "fmax": 11.0}, 128, "spectral.range"),
        ({"bands": 0, "entropy": False, "centroid": False}, 128, "spectral.none"),
        ({}, 10, "spectral.window"),
    ],
)
def test_spectrum_says_what_does_not_fit(stage, make_signal, params, samples, code):
    spectral = stage("mote-imu/spectral", **params)
    with pytest.raises(PluginError) as caught:
        spectral.code.infer_output(make_signal(104.0, samples, IMU), spectral.params)
    assert caught.value.code == code
    assert caught.value.hint


def test_memory_does_not_grow_with_the_number_of_segments(stage, make_signal):
    spectral = stage("mote-imu/spectral", segment="256")
    ram = [
        spectral.code.infer_output(make_signal(6656.0, n * 128, ACC, n * 32), spectral.params).ram_bytes
        for n in (52, 520)
    ]
    assert ram[0] == 4 * 256 + 2 * 256 * 3 + 4 * 7 * 129 * 3
    assert ram[1] <= ram[0] * 10 // 7 + 1


def test_spectral_features_of_ten_thousand_windows_take_little(stage, make_signal):
    windows = np.random.default_rng(1).integers(-3000, 3000, (10_000, 128, 6)).astype(np.int16)
    spectral = stage("mote-imu/spectral", **FULL)
    begun = time.process_time()
    spectral.code.transform(windows, make_signal(104.0, 128, IMU), spectral.params)
    assert time.process_time() - begun < 2.0


# ---- envelope

BAND = {"low": 10.0, "high": 40.0}


@pytest.mark.parametrize(
    "params",
    [
        {},
        BAND,
        BAND | {"detector": "square", "order": 4, "step_ms": 10.0, "log": False},
        BAND | {"detector": "square", "cutoff": 3.0, "order": 1},
        {"low": 1.0, "order": 3, "log": False, "gain": 4.0},
        BAND | {"output": "spectrum", "step_ms": 20.0, "cutoff": 20.0},
        {"output": "spectrum", "step_ms": 10.0, "bands": 30, "detector": "square", "log": False},
    ],
)
def test_envelope_twin_agrees_on_gestures(stage, twin, make_signal, shared, params):
    agree(twin, stage("mote-imu/envelope", **params), make_signal(100.0, 128, ACC), recorded(shared))
    agree(twin, stage("mote-imu/envelope", **params), make_signal(119.0, 119, IMU), wand(shared))


def test_envelope_twin_agrees_on_fast_signals(stage, twin, make_signal, shared):
    envelope = stage("mote-imu/envelope", low=1000.0, high=3000.0, cutoff=100.0, step_ms=4.0)
    agree(twin, envelope, make_signal(8000.0, 4000, AUDIO), clips(shared))
    agree(twin, stage("mote-imu/envelope", low=4.0), make_signal(6667.0, 1000, ACC), extreme(1000, 3), atol=1e-4)


@pytest.mark.parametrize("detector", ["rectify", "square"])
def test_envelope_is_the_amplitude_of_what_is_in_the_band(stage, make_signal, detector):
    t = np.arange(4000)[None, :, None] / 2000.0
    knocks = 0.5 + 0.5 * (np.sin(2 * np.pi * 2 * t) > 0)
    inside = knocks * np.sin(2 * np.pi * 400 * t)
    counts = np.rint(8192 * (0.5 * inside + 1.0 + 1.5 * np.sin(2 * np.pi * 12 * t))).astype(np.int16)
    options = {"low": 300.0, "high": 500.0, "order": 3, "cutoff": 30.0, "step_ms": 25.0, "detector": detector}
    signal = make_signal(2000.0, 4000, ACC[:1])
    plain = stage("mote-imu/envelope", log=False, **options)
    values = plain.code.transform(counts, signal, plain.params)[0, :, 0]
    middle = values.reshape(8, 10)[1:, 4:9]
    np.testing.assert_allclose(middle[1::2], 0.5, rtol=0.04)
    np.testing.assert_allclose(middle[0::2], 0.25, rtol=0.04)
    levels = stage("mote-imu/envelope", log=True, **options)
    got = levels.code.transform(counts, signal, levels.params)[0, :, 0]
    np.testing.assert_allclose(got, 2 + 0.5 * np.log2(np.maximum(values, 2.0**-12)), atol=1e-4)


def test_rate_of_knocks_is_a_line_in_the_envelopes_spectrum(stage, twin, make_signal):
    """A resonance at 900 Hz, struck 37 times a second, under a stronger hum: as a bearing's fault is."""
    t = np.arange(6000) / 4000.0
    struck = sum(
        np.where(t >= s, np.exp(-250 * (t - s)) * np.sin(5655 * (t - s)), 0) for s in np.arange(0.01, 1.5, 1 / 37)
    )
    hum = 5.0 * np.sin(2 * np.pi * 50 * t)
    counts = np.rint(1000 * (struck + hum))[None, :, None].astype(np.int16)
    options = {"low": 600.0, "high": 1200.0, "cutoff": 100.0, "step_ms": 4.0, "output": "spectrum", "bands": 50}
    envelope = stage("mote-imu/envelope", **options)
    signal = make_signal(4000.0, 6000, ACC[:1])
    values = agree(twin, envelope, signal, counts)[0, 0]
    centres = np.linspace(1 / 1.5, 100.0, 51)[:-1] + 1.0
    assert centres[values.argmax()] == pytest.approx(37.0, abs=1.5)
    assert np.sort(values)[-4:].min() > np.median(values) + 0.3


def test_envelope_of_a_still_window_has_no_transient(stage, make_signal):
    envelope = stage("mote-imu/envelope", **BAND)
    still = np.full((1, 128, 3), -8192, np.int16)
    values = envelope.code.transform(still, make_signal(100.0, 128, ACC), envelope.params)
    np.testing.assert_array_equal(values, -4.0)


@pytest.mark.parametrize("order", [1, 2, 3, 4])
@pytest.mark.parametrize("rate", [100.0, 6667.0])
def test_single_precision_keeps_the_response_wherever_a_band_is_allowed(stage, make_signal, order, rate):
    """The limits of the stage are those within which rounded coefficients filter as asked, to 2 %."""
    code = module(stage, "envelope")
    envelope = stage("mote-imu/envelope")
    signal = make_signal(rate, 4000, ACC)
    tried = 0
    for low in np.geomspace(rate / 2000, rate * 0.45, 12):
        for high in (0.0, *(low * np.array([1.02, 1.1, 1.4, 3.0]))):
            params = envelope.params | {"low": float(low), "high": float(high), "order": order, "cutoff": rate / 20}
            try:
                plan = code._plan(signal, params)
            except PluginError:
                continue
            band, _ = code._filters(plan, rate, order)
            edges = [low, high] if high else low
            kind = "bandpass" if high else "highpass"
            exact = scipy.signal.iirfilter(order, edges, btype=kind, fs=rate, output="sos")
            hertz = np.geomspace(low / 2, min(rate * 0.49, (high or low) * 2), 400)
            both = [np.abs(scipy.signal.sosfreqz(f.astype(float), worN=hertz, fs=rate)[1]) for f in (exact, band)]
            assert np.abs(both[0] - both[1]).max() < 0.02, (low, high)
            tried += 1
    assert tried > 20


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({"low": 60.0}, "envelope.frequency"),
        ({"low": 0.02}, "envelope.frequency"),
        ({"high": 52.0}, "envelope.frequency"),
        ({"cutoff": 60.0}, "envelope.frequency"),
        ({"low": 20.0, "high": 10.0}, "envelope.band"),
        ({"low": 0.1, "high": 0.101}, "envelope.band"),
        ({"step_ms": 5000.0}, "envelope.step"),
        ({"output": "spectrum", "step_ms": 200.0}, "envelope.points"),
        ({"output": "spectrum", "cutoff": 0.5}, "envelope.spectrum"),
    ],
)
def test_envelope_says_what_does_not_fit(stage, make_signal, params, code):
    envelope = stage("mote-imu/envelope", **params)
    with pytest.raises(PluginError) as caught:
        envelope.code.infer_output(make_signal(104.0, 128, IMU), envelope.params)
    assert caught.value.code == code
    assert caught.value.hint


# ---- all of them


def test_statistics_and_spectrum_lie_side_by_side_in_one_input(stage, twin, make_signal, shared):
    windows, signal = wand(shared), make_signal(119.0, 119, IMU)
    both = [stage("mote-imu/statistics"), stage("mote-imu/spectral", **FULL)]
    wanted = np.concatenate([s.code.transform(windows, signal, s.params) for s in both], axis=2)
    compiled = twin(both[0], signal, SCALE, ZERO_POINT, both[1])
    np.testing.assert_allclose(compiled.floats(windows), wanted, rtol=1e-4, atol=2e-5)
    assert np.abs(compiled.codes(windows).astype(int) - quantise(wanted, SCALE, ZERO_POINT)).max() <= 1


def test_importing_the_stages_loads_numpy_only(tmp_path):
    modules = ", ".join(f"mote_imu.{m}" for m in ("scale", "statistics", "spectral", "envelope"))
    code = (
        f"import sys; sys.path.insert(0, sys.argv[1]); import {modules};"
        "assert not [m for m in sys.modules if m.startswith(('scipy', 'tensorflow'))]"
    )
    command = [sys.executable, "-c", code, str(plugins_dir() / "mote-imu")]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("name", ["scale", "statistics", "spectral", "envelope"])
def test_any_parameters_give_finite_features_or_a_reason(stage, make_signal, name):
    """What the tables of parameters allow either works, as announced, or is refused with a hint."""
    rng = np.random.default_rng(11)
    manifest = read_manifest(plugins_dir() / "mote-imu")
    params = next(s for s in manifest.stages if s.id == f"mote-imu/{name}").params
    worked, hints = 0, []
    for _ in range(150):
        given = {p.key: drawn(p, rng) for p in params if rng.random() < 0.5}
        samples, channels = int(rng.integers(1, 700)), int(rng.choice([1, 3, 6]))
        signal = make_signal(float(rng.choice([10.0, 104.0, 1000.0, 6667.0])), samples, IMU[:channels], 32)
        loaded = stage(f"mote-imu/{name}", **given)
        try:
            info = loaded.code.infer_output(signal, loaded.params)
        except PluginError as error:
            hints.append(error.hint)
            continue
        windows = rng.integers(-32768, 32768, (3, samples, channels)).astype(np.int16)
        windows[1] = 0
        values = loaded.code.transform(windows, signal, loaded.params)
        assert values.shape == (3, *info.shape), loaded.params
        assert np.isfinite(values).all(), loaded.params
        assert min(info.ram_bytes, info.flash_bytes, info.macs) >= 0
        tables = [v for v in loaded.code.c_constants(signal, loaded.params).values() if isinstance(v, np.ndarray)]
        assert all(len(t) and t.ndim == 1 for t in tables)
        assert info.flash_bytes >= sum(t.nbytes for t in tables) - 32
        worked += 1
    assert worked > 20
    assert all(hints)


def drawn(param, rng):
    """A value that the table allows: an end, the default, or something in between."""
    if param.type == "bool":
        return bool(rng.random() < 0.5)
    if param.type == "choice":
        return str(rng.choice(param.choices))
    ends = [param.minimum, param.maximum, param.default]
    value = ends[rng.integers(3)] if rng.random() < 0.5 else float(np.exp(rng.uniform(-3, 7)))
    value = min(max(value, param.minimum), param.maximum)
    return round(value) if param.type == "int" else float(value)

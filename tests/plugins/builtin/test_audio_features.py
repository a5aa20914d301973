"""Mel energies, MFCC, log-mel and spectrogram in single precision: against their definitions in double precision,
against their C twins on recorded speech, and as a stream."""

from __future__ import annotations

import wave

import numpy as np
import pytest
import scipy.fft
import scipy.signal

from motestudio.sdk import Channel, PluginError, quantise

MONO = (Channel("audio"),)
CASES = [
    ("mfe", {}),
    ("mfe", {"level": "root", "mel_scale": "slaney", "window": "hamming", "bands": 24}),
    ("mfe", {"level": "energy", "preemphasis": 0.97}),
    ("mfcc", {}),
    ("mfcc", {"normalise": "none", "preemphasis": 0.0, "first": "energy", "lifter": 0, "floor": -80.0}),
    ("mfcc", {"normalise": "standard", "first": "drop", "deltas": "second", "frame_ms": 30.0, "hop_ms": 20.0}),
    ("mfcc", {"deltas": "first", "coefficients": 10, "bands": 20, "fmax": 3800.0}),
    ("logmel", {"arithmetic": "float32"}),
    ("logmel", {"arithmetic": "float32", "normalise": "none", "range_db": 0.0, "bands": 40, "frame_ms": 25.0}),
    ("logmel", {"arithmetic": "float32", "normalise": "band_standard", "preemphasis": 0.9, "floor": -80.0}),
    ("logmel", {"arithmetic": "float32", "normalise": "mean", "hop_ms": 50.0, "mel_scale": "slaney"}),
    ("logmel", {"arithmetic": "float32", "normalise": "max"}),
    ("logmel", {"arithmetic": "float32", "compression": "pcen", "bands": 40}),
    ("spectrogram", {"floor": -80.0}),
    ("spectrogram", {"level": "magnitude", "fmin": 300.0, "fmax": 3400.0, "join": 3}),
    ("spectrogram", {"level": "power", "window": "rect", "n_fft": "1024"}),
    ("spectrogram", {"normalise": "band_standard", "range_db": 50.0, "floor": -80.0, "join": 4}),
]


def ids(case):
    return "-".join([case[0], *(f"{k}={v}" for k, v in case[1].items() if k != "arithmetic")])


def named(stage, case):
    return stage(f"mote-audio/{case[0]}", **case[1])


def speech(shared, folder, pattern, samples, every):
    rows = []
    for path in sorted(shared(folder).glob(pattern))[::every]:
        with wave.open(str(path)) as file:
            data = np.frombuffer(file.readframes(file.getnframes()), dtype="<i2")
        row = np.zeros((samples, 1), np.int16)
        row[: len(data), 0] = data[:samples]
        rows.append(row)
    return np.stack(rows)


def agree(found, wanted, limit=1e-4):
    """Within a part of the largest value: single precision against single precision, in another order."""
    assert found.shape == wanted.shape
    assert np.isfinite(found).all()
    assert np.abs(found - wanted).max() <= limit * np.abs(wanted).max()


# ---- against the definitions, in double precision ---------------------------------------------------------------


def frames_of(signals, rate, p):
    """Windowed frames of signals in [-1, 1), scaled so that a sine of full scale has power 1."""
    frame, hop = (round(p[k] * rate / 1000) for k in ("frame_ms", "hop_ms"))
    frames = np.lib.stride_tricks.sliding_window_view(signals / 32768.0, frame, axis=1)[:, ::hop]
    before = np.concatenate([frames[..., :1], frames[..., :-1]], axis=-1)
    window = scipy.signal.get_window({"rect": "boxcar"}.get(p["window"], p["window"]), frame)
    return (frames - p["preemphasis"] * before) * window * 2 / window.sum(), window.sum() / 2


def power_of(signals, rate, p):
    frames, gain = frames_of(signals, rate, p)
    n_fft = 1 << (frames.shape[-1] - 1).bit_length() if p["n_fft"] == "auto" else int(p["n_fft"])
    return np.abs(np.fft.rfft(frames, n_fft)) ** 2, n_fft, gain


def hz_to_mel(hz, scale):
    """As in librosa: htk, or Slaney's Auditory Toolbox."""
    if scale == "htk":
        return 2595 * np.log10(1 + hz / 700)
    return hz * 3 / 200 if hz < 1000 else 15 + np.log(hz / 1000) / (np.log(6.4) / 27)


def mel_to_hz(mel, scale):
    if scale == "htk":
        return 700 * (10 ** (mel / 2595) - 1)
    return mel * 200 / 3 if mel < 15 else 1000 * np.exp((mel - 15) * np.log(6.4) / 27)


def mel_energies(signals, rate, p):
    power, n_fft, gain = power_of(signals, rate, p)
    low, high = (hz_to_mel(f, p["mel_scale"]) for f in (p["fmin"], p["fmax"] or rate / 2))
    edges = [mel_to_hz(m, p["mel_scale"]) for m in np.linspace(low, high, p["bands"] + 2)]
    hz = np.arange(n_fft // 2 + 1) * rate / n_fft
    out = np.empty((*power.shape[:-1], p["bands"]))
    for band in range(p["bands"]):
        low, centre, high = edges[band : band + 3]
        weights = np.clip(np.minimum((hz - low) / (centre - low), (high - hz) / (high - centre)), 0, None)
        if not weights.any():
            weights[np.argmin(np.abs(hz - centre))] = 1
        out[..., band] = power @ weights
    return out, gain


def wanted_levels(energy, p):
    """Level above the floor in log2 units, range and normalisation."""
    floor = p["floor"] / 10 * np.log2(10)
    levels = np.log2(np.maximum(energy, 2.0**floor)) - floor
    if p["range_db"]:
        levels = np.maximum(levels, levels.max(axis=(1, 2), keepdims=True) - p["range_db"] / 10 * np.log2(10))
    band_mean = levels.mean(axis=1, keepdims=True)
    subtract = {
        "none": 0,
        "mean": levels.mean(axis=(1, 2), keepdims=True),
        "max": levels.max(axis=(1, 2), keepdims=True),
        "band_mean": band_mean,
        "band_standard": band_mean,
    }
    divide = np.maximum(levels.std(axis=1, keepdims=True), 0.1) if p["normalise"] == "band_standard" else 1
    return (levels - subtract[p["normalise"]]) / divide


def wanted_pcen(energy, gain, p):
    """As librosa.pcen of a power spectrogram times 2^31: its filter starts from the first frame's steady state."""
    energy = energy * gain**2 * 2.0**31
    s = p["pcen_smoothing"]
    start = scipy.signal.lfilter_zi([s], [1, s - 1]) * energy[:, :1]
    slow, _ = scipy.signal.lfilter([s], [1, s - 1], energy, axis=1, zi=start)
    smooth = np.exp(-p["pcen_gain"] * (np.log(p["pcen_epsilon"]) + np.log1p(slow / p["pcen_epsilon"])))
    return (energy * smooth + p["pcen_bias"]) ** p["pcen_power"] - p["pcen_bias"] ** p["pcen_power"]


def delta(values):
    """The HTK Book, equation 5.16, over two frames."""
    ends = np.pad(values, ((0, 0), (2, 2), (0, 0)), mode="edge")
    return (ends[:, 3:-1] - ends[:, 1:-3] + 2 * (ends[:, 4:] - ends[:, :-4])) / 10


def wanted_mfcc(signals, rate, p):
    energy, _ = mel_energies(signals, rate, p)
    floor = 10 ** (p["floor"] / 10)
    drop = int(p["first"] == "drop")
    cepstrum = scipy.fft.dct(np.log(np.maximum(energy, floor)), norm="ortho")[..., : p["coefficients"] + drop]
    if p["lifter"]:
        n = np.arange(cepstrum.shape[-1])
        cepstrum = cepstrum * (1 + p["lifter"] / 2 * np.sin(np.pi * n / p["lifter"]))
    cepstrum = cepstrum[..., drop:]
    if p["first"] == "energy":
        cepstrum[..., 0] = np.log(np.maximum(power_of(signals, rate, p)[0].sum(axis=-1), floor))
    if p["normalise"] != "none":
        cepstrum = cepstrum - cepstrum.mean(axis=1, keepdims=True)
    if p["normalise"] == "standard":
        cepstrum = cepstrum / np.maximum(cepstrum.std(axis=1, keepdims=True), 0.1)
    slope = delta(cepstrum)
    orders = {"none": [cepstrum], "first": [cepstrum, slope], "second": [cepstrum, slope, delta(slope)]}
    return np.concatenate(orders[p["deltas"]], axis=2)


def wanted(kind, signals, rate, p):
    if kind == "mfcc":
        return wanted_mfcc(signals, rate, p)
    if kind == "spectrogram":
        power, n_fft, _ = power_of(signals, rate, p)
        hz = np.arange(n_fft // 2 + 1) * rate / n_fft
        power = power[..., (hz >= p["fmin"]) & (hz <= (p["fmax"] or rate / 2))]
        count = power.shape[-1] // p["join"]
        power = power[..., : count * p["join"]].reshape(*power.shape[:2], count, p["join"]).mean(axis=-1)
        return wanted_levels(power, p) if p["level"] == "log" else power ** {"magnitude": 0.5, "power": 1}[p["level"]]
    energy, gain = mel_energies(signals, rate, p)
    if kind == "logmel":
        return wanted_pcen(energy, gain, p) if p["compression"] == "pcen" else wanted_levels(energy, p)
    if p["level"] == "db":
        return np.maximum(10 * np.log10(np.maximum(energy, 1e-20)) / -p["floor"] + 1, 0)
    return energy ** {"root": 0.5, "energy": 1}[p["level"]]


@pytest.mark.parametrize("case", CASES, ids=ids)
def test_stage_is_its_definition_and_its_twin_on_speech(stage, twin, make_signal, shared, case):
    one = named(stage, case)
    windows = speech(shared, "speech_commands_v1_sample10", "*/*.wav", 16000, 10)
    signal = make_signal(16000.0, 16000, MONO)
    values = one.code.transform(windows, signal, one.params)
    info = one.code.infer_output(signal, one.params)
    assert values.dtype == np.float32
    assert values.shape[1:] == info.shape
    agree(values, wanted(case[0], windows[:, :, 0].astype(np.float64), 16000.0, one.params))
    scale = float(np.abs(values).max()) / 127
    compiled = twin(one, signal, scale, 0)
    agree(compiled.floats(windows), values)
    steps = compiled.codes(windows).astype(int) - quantise(values, scale, 0)
    assert np.abs(steps).max() <= 1


@pytest.mark.parametrize("case", CASES[::3], ids=ids)
def test_digits_at_8_khz(stage, twin, make_signal, shared, case):
    one = named(stage, case)
    windows = speech(shared, "fsdd", "recordings/*.wav", 6000, 100)
    signal = make_signal(8000.0, 6000, MONO)
    values = one.code.transform(windows, signal, one.params)
    agree(values, wanted(case[0], windows[:, :, 0].astype(np.float64), 8000.0, one.params))
    agree(twin(one, signal).floats(windows), values)


# ---- as a stream ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", CASES, ids=ids)
def test_stream_gives_what_windows_give(stage, twin, make_signal, case):
    """Steps of one hop, of several, and pushes of odd sizes; and after a gap it starts anew."""
    one = named(stage, case)
    rng = np.random.default_rng(6)
    sound = (3000 * rng.standard_normal((24_000, 1)) * np.abs(np.sin(np.arange(24_000) / 3000))[:, None]).astype(
        np.int16
    )
    hop = one.code.infer_output(make_signal(16000.0, 8000, MONO), one.params).hop_samples
    for step, pieces in ((hop, 1), (3 * hop, 997), (8000 // hop * hop, 23)):
        signal = make_signal(16000.0, 8000, MONO, step)
        windows = np.stack([sound[at : at + 8000] for at in range(0, len(sound) - 7999, step)])
        values = one.code.transform(windows, signal, one.params)
        compiled = twin(one, signal)
        assert compiled.streaming
        whole = compiled.floats(windows)
        agree(whole, values)
        # The same code on the same samples: nothing but the order of sums over time may differ.
        agree(compiled.stream(sound, pieces), whole, 2e-6)
        agree(compiled.stream(sound[500:], pieces)[:1], compiled.floats(sound[None, 500:8500]), 2e-6)


def test_a_step_that_is_no_multiple_of_the_hop_is_computed_by_window(stage, twin, make_signal):
    mfcc = stage("mote-audio/mfcc")
    signal = make_signal(16000.0, 8000, MONO, 1000)
    compiled = twin(mfcc, signal)
    assert not compiled.streaming
    windows = np.random.default_rng(1).integers(-5000, 5000, (3, 8000, 1)).astype(np.int16)
    agree(compiled.floats(windows), mfcc.code.transform(windows, signal, mfcc.params))
    assert mfcc.code.infer_output(signal, mfcc.params).macs > 2 * (
        mfcc.code.infer_output(make_signal(16000.0, 8000, MONO, 1024), mfcc.params).macs
    )


def test_gaps_between_frames_and_the_asked_channel(stage, twin, make_signal):
    """A hop longer than the frame leaves samples out; the other channel does not matter."""
    one = stage("mote-audio/spectrogram", frame_ms=10.0, hop_ms=25.0, channel=1)
    signal = make_signal(8000.0, 4000, (Channel("left"), Channel("right")), 1000)
    sound = np.random.default_rng(2).integers(-9000, 9000, (9000, 2)).astype(np.int16)
    windows = np.stack([sound[at : at + 4000] for at in range(0, 5001, 1000)])
    values = one.code.transform(windows, signal, one.params)
    compiled = twin(one, signal)
    agree(compiled.stream(sound, 13), values)
    windows[:, :, 0] = 0
    np.testing.assert_array_equal(one.code.transform(windows, signal, one.params), values)


@pytest.mark.parametrize("case", CASES, ids=ids)
def test_silence_and_full_scale(stage, twin, make_signal, case):
    one = named(stage, case)
    signal = make_signal(16000.0, 4000, MONO)
    t = np.arange(4000)
    tone = 32767 * np.sin(2 * np.pi * 1000 * t / 16000)
    rows = [np.zeros(4000), tone, np.where(t % 2, 32767, -32768), np.full(4000, 1), 32767 * (t == 2000)]
    windows = np.stack(rows).astype(np.int16)[:, :, None]
    values = one.code.transform(windows, signal, one.params)
    found = twin(one, signal).floats(windows)
    assert np.isfinite(values).all()
    assert np.isfinite(found).all()
    # Beside a pure tone there is nothing but rounding, so only silence is compared.
    assert np.abs(found[0] - values[0]).max() <= 1e-4 * max(1.0, np.abs(values[0]).max())


def test_a_sine_of_full_scale_is_one(stage, make_signal):
    tone = (32767 * np.sin(2 * np.pi * 1000 * np.arange(4000) / 16000)).astype(np.int16)[None, :, None]
    signal = make_signal(16000.0, 4000, MONO)
    for window in ("hann", "hamming", "rect"):
        one = stage("mote-audio/spectrogram", level="power", window=window)
        np.testing.assert_allclose(one.code.transform(tone, signal, one.params).max(axis=2), 1.0, rtol=1e-3)
    decibels = stage("mote-audio/mfe", bands=16, fmin=0.0)
    assert decibels.code.transform(tone, signal, decibels.params).max() == pytest.approx(1.0, abs=0.05)


# ---- costs and refusals -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", CASES, ids=ids)
def test_costs_are_those_of_the_constants(stage, make_signal, case):
    one = named(stage, case)
    signal = make_signal(16000.0, 16000, MONO)
    info = one.code.infer_output(signal, one.params)
    constants = one.code.c_constants(signal, one.params)
    assert info.flash_bytes == sum(v.nbytes for v in constants.values() if isinstance(v, np.ndarray))
    assert info.ram_bytes >= 4 * constants["AUDIO_FFT"] + 4 * constants["AUDIO_FRAMES"]
    assert info.macs > constants["AUDIO_FRAMES"] * constants["AUDIO_FFT"]
    assert info.hop_samples == constants["AUDIO_HOP"]


def test_many_windows_are_worked_through_in_bounded_memory(stage, make_signal):
    import tracemalloc

    mfcc = stage("mote-audio/mfcc")
    windows = np.random.default_rng(1).integers(-9000, 9000, (400, 16000, 1)).astype(np.int16)
    signal = make_signal(16000.0, 16000, MONO)
    mfcc.code.transform(windows[:1], signal, mfcc.params)
    tracemalloc.start()
    out = mfcc.code.transform(windows, signal, mfcc.params)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 5 * out.nbytes + 8_000_000


@pytest.mark.parametrize("kind", ["mfe", "mfcc", "spectrogram", "logmel"])
@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({"frame_ms": 200.0}, "audio.frame"),
        ({"n_fft": "64"}, "audio.fft"),
        ({"fmin": 4000.0}, "audio.bands"),
        ({"fmin": 3000.0, "fmax": 2000.0}, "audio.bands"),
        ({"fmax": 4100.0}, "audio.nyquist"),
        ({"channel": 1}, "audio.channel"),
    ],
)
def test_what_does_not_fit_is_said(stage, make_signal, kind, params, code):
    extra = {"arithmetic": "float32"} if kind == "logmel" else {}
    one = stage(f"mote-audio/{kind}", **params, **extra)
    for call in (one.code.infer_output, one.code.c_constants):
        with pytest.raises(PluginError) as caught:
            call(make_signal(8000.0, 1000, MONO), one.params)
        assert caught.value.code == code
        assert caught.value.hint


@pytest.mark.parametrize(
    ("kind", "params", "code"),
    [
        ("mfcc", {"coefficients": 20, "bands": 16}, "audio.coefficients"),
        ("mfcc", {"coefficients": 16, "bands": 16, "first": "drop"}, "audio.coefficients"),
        ("spectrogram", {"fmin": 1000.0, "fmax": 1100.0, "join": 16}, "audio.bins"),
    ],
)
def test_what_contradicts_itself_is_said(stage, make_signal, kind, params, code):
    one = stage(f"mote-audio/{kind}", **params)
    with pytest.raises(PluginError) as caught:
        one.code.infer_output(make_signal(8000.0, 8000, MONO), one.params)
    assert caught.value.code == code
    assert caught.value.hint

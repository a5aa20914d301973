"""Augment stages: what they keep, what they reach, and that the generator decides everything."""

from __future__ import annotations

import numpy as np
import pytest

from motestudio.sdk import TEST, TRAIN, VALIDATION, AugmentContext, Channel, PluginError, WindowSet, triads
from motestudio.worker.augmenting import run_augment
from motestudio.worker.stage_run import StageRun

STAGES = ("noise", "gain", "shift", "warp", "rotate", "background", "mixup")
IMU = tuple(Channel(f"a{x}", "g", 0.000122) for x in "xyz") + tuple(Channel(f"g{x}", "°/s", 0.0175) for x in "xyz")
MONO = (Channel("audio"),)
CLASSES = ("idle", "wave", "circle")


def movements(count=12, samples=100, channels=6, seed=1):
    """Windows with gravity on z: sines of random strength with some noise."""
    rng = np.random.default_rng(seed)
    t = np.arange(samples)[None, :, None]
    x = rng.uniform(200, 4000, (count, 1, channels)) * np.sin(t * rng.uniform(0.05, 0.5, (count, 1, channels)))
    x += rng.normal(0, 20, (count, samples, channels))
    if channels > 2:
        x[:, :, 2] += 8192
    return np.rint(x).astype(np.int16)


@pytest.fixture
def run(stage, make_signal):
    """Runs a stage on windows; labels go round the classes."""

    def call(name, windows, *, seed=1, channels=IMU, rate=100.0, classes=CLASSES, targets=None, **params):
        loaded = stage(f"mote-augment/{name}", **params)
        labels = (np.arange(len(windows)) % len(classes)).astype(np.int16)
        signal = make_signal(rate, windows.shape[1], channels[: windows.shape[2]])
        context = AugmentContext(signal, classes, np.random.default_rng(seed), windows.copy(), labels)
        if targets is None:
            targets = np.eye(len(classes), dtype=np.float32)[labels]
        return loaded.code.augment(windows, targets, context, loaded.params)

    return call


@pytest.mark.parametrize("name", STAGES)
def test_the_generator_decides_everything_and_nothing_else_is_touched(run, name):
    windows = movements()
    before = windows.copy()
    (first, targets), (again, _), (other, _) = (run(name, windows, seed=s) for s in (1, 1, 2))
    np.testing.assert_array_equal(windows, before)
    np.testing.assert_array_equal(first, again)
    assert (first.dtype, first.shape) == (np.int16, windows.shape)
    assert (targets.dtype, targets.shape) == (np.float32, (len(windows), 3))
    assert np.abs(first.astype(int) - other).max() > 5
    assert np.abs(first.astype(int) - windows).max() > 5


@pytest.mark.parametrize("name", STAGES)
@pytest.mark.parametrize("samples", [1, 2, 3, 8, 101])
def test_tiny_silent_and_full_scale_windows_stay_windows(run, name, samples):
    rng = np.random.default_rng(samples)
    shape = (4, samples, 6)
    extremes = np.where(rng.random(shape) < 0.5, -32768, 32767)
    for values in (np.zeros(shape), np.full(shape, -32768), extremes, rng.integers(-9, 9, shape)):
        windows = values.astype(np.int16)
        out, targets = run(name, windows)
        assert (out.dtype, out.shape) == (np.int16, shape)
        np.testing.assert_allclose(targets.sum(axis=1), 1.0, atol=1e-6)
        if not windows.any():
            assert not out.any()
        if name in ("shift", "warp", "noise", "gain") and (windows == windows[:, :1]).all():
            np.testing.assert_array_equal(out, windows)


@pytest.mark.parametrize("name", ["noise", "gain", "shift", "warp", "background", "mixup"])
def test_one_channel_of_sound_is_fine(run, name):
    windows = movements(channels=1, samples=800)
    out, _ = run(name, windows, channels=MONO, rate=8000.0)
    assert out.shape == windows.shape


@pytest.mark.parametrize("colour", ["white", "pink"])
@pytest.mark.parametrize("snr", [-5.0, 0.0, 12.0, 25.0])
def test_noise_reaches_its_ratio_in_every_channel(run, colour, snr):
    windows = movements(samples=500)
    out, _ = run("noise", windows, snr_min=snr, snr_max=snr, colour=colour)
    added = out.astype(float) - windows
    signal = windows - windows.mean(axis=1, keepdims=True)
    reached = 10 * np.log10((signal**2).mean(axis=1) / (added**2).mean(axis=1))
    np.testing.assert_allclose(reached, snr, atol=0.1)


def test_pink_noise_has_equal_power_in_every_octave(run):
    t = np.arange(4096)[None, :, None]
    windows = np.rint(9000 * np.sin(0.7 * t) * np.ones((60, 1, 1))).astype(np.int16)
    out, _ = run("noise", windows, channels=MONO, snr_min=10.0, snr_max=10.0, colour="pink")
    power = (np.abs(np.fft.rfft(out[:, :, 0].astype(float) - windows[:, :, 0], axis=1)) ** 2).mean(axis=0)
    octaves = [power[2**k : 2 ** (k + 1)].sum() for k in range(4, 11)]
    np.testing.assert_allclose(octaves, np.mean(octaves), rtol=0.2)


def test_ratios_lie_between_the_two_ends_whichever_stands_first(run):
    windows = movements(count=200, samples=200)
    out, _ = run("noise", windows, snr_min=30.0, snr_max=10.0)
    added = out.astype(float) - windows
    signal = windows - windows.mean(axis=1, keepdims=True)
    reached = 10 * np.log10((signal**2).mean(axis=1) / (added**2).mean(axis=1))
    assert reached.min() > 9.8
    assert reached.max() < 30.5
    assert np.ptp(reached[:, 0]) > 15


def test_gain_leaves_gravity_and_saturates(run):
    windows = movements()
    out, _ = run("gain", windows, gain_min=6.0206, gain_max=6.0206)
    means = windows.mean(axis=1, keepdims=True)
    np.testing.assert_allclose(out, 2.0 * (windows - means) + means, atol=0.6)
    loud, _ = run("gain", windows, gain_min=40.0, gain_max=40.0)
    assert loud.max() == 32767
    assert loud.min() == -32768
    rise = np.corrcoef(loud[0, :, 0], windows[0, :, 0])[0, 1]
    assert rise > 0.6, "it clips, it never wraps round"


@pytest.mark.parametrize("fill", ["edge", "zero", "circular"])
def test_shift_moves_by_whole_samples_and_fills(run, fill):
    windows = (1000 + np.arange(50)[None, :, None] + np.zeros((40, 1, 2))).astype(np.int16)
    out, _ = run("shift", windows, max_ms=100.0, fill=fill)
    offsets = set()
    for row in out[:, :, 0]:
        middle = int(row[25]) - 1000
        offset = 25 - middle
        offsets.add(offset)
        at = np.arange(50) - offset
        inside = (at >= 0) & (at < 50)
        np.testing.assert_array_equal(row[inside], 1000 + at[inside])
        wanted = {"edge": 1000 + np.clip(at, 0, 49), "zero": 0 * at, "circular": 1000 + at % 50}[fill]
        np.testing.assert_array_equal(row[~inside], wanted[~inside])
    assert offsets <= set(range(-10, 11))
    assert len(offsets) > 10


def test_a_shift_of_less_than_a_sample_says_so(run):
    with pytest.raises(PluginError) as caught:
        run("shift", movements(), max_ms=1.0)
    assert caught.value.code == "augment.shift"
    assert caught.value.hint
    np.testing.assert_array_equal(run("shift", movements(), max_ms=0.0)[0], movements())


@pytest.mark.parametrize("samples", [100, 101])
def test_warp_changes_speed_and_keeps_the_middle(run, samples):
    ramp = (100.0 * np.arange(samples)[None, :, None] + np.zeros((200, 1, 1))).astype(np.int16)
    out, _ = run("warp", ramp, channels=MONO, strength=0.3, knots=3)
    place = out[:, :, 0] / 100.0
    speed = np.diff(place, axis=1)
    assert speed.min() >= 0.0
    assert speed.max() < 1.4
    assert (np.abs(speed - 1).max(axis=1) > 0.1).mean() > 0.9
    middle = place[:, [(samples - 1) // 2, samples // 2]].mean(axis=1)
    np.testing.assert_allclose(middle, (samples - 1) / 2, atol=0.02)
    np.testing.assert_array_equal(run("warp", ramp, channels=MONO, strength=0.0)[0], ramp)


def test_warp_keeps_the_level_of_a_tone(run):
    tone = np.rint(10000 * np.sin(np.arange(800) * 2 * np.pi / 8))[None, :, None].astype(np.int16)
    out, _ = run("warp", np.repeat(tone, 50, axis=0), channels=MONO, strength=0.1, knots=1)
    level = np.sqrt((out[:, 100:700, 0].astype(float) ** 2).mean(axis=1)) / np.sqrt((tone.astype(float) ** 2).mean())
    assert level.min() > 0.9


def test_rotation_turns_both_sensors_together_and_keeps_lengths(run):
    windows = movements(count=60)
    windows[:, :, 3:] = windows[:, :, :3]
    out, _ = run("rotate", windows, max_angle=30.0)
    for first in (0, 3):
        part = slice(first, first + 3)
        before, after = (np.linalg.norm(x[:, :, part].astype(float), axis=2) for x in (windows, out))
        np.testing.assert_allclose(after, before, atol=2.0)
        cosine = (windows[:, :, part].astype(float) * out[:, :, part]).sum(axis=2) / np.maximum(before * after, 1.0)
        assert np.degrees(np.arccos(np.clip(cosine[before > 2000], -1, 1))).max() < 30.5
    np.testing.assert_allclose(out[:, :, :3], out[:, :, 3:], atol=1)
    assert np.abs(out.astype(int) - windows).max() > 500


def test_rotation_is_of_the_physical_vector(run):
    channels = (Channel("x", "g", 0.001), Channel("y", "g", 0.002), Channel("z", "g", 0.004, 0.5))
    rng = np.random.default_rng(1)
    windows = rng.integers(-1000, 1000, (20, 30, 3)).astype(np.int16)
    scales, offsets = np.array([0.001, 0.002, 0.004]), np.array([0, 0, 0.5])
    out, _ = run("rotate", windows, channels=channels, max_angle=60.0)
    before, after = (np.linalg.norm(x * scales + offsets, axis=2) for x in (windows, out))
    np.testing.assert_allclose(after, before, atol=0.005)


@pytest.mark.parametrize(
    ("names", "units", "found"),
    [
        ("ax ay az gx gy gz", "g g g °/s °/s °/s", ((0, 1, 2), (3, 4, 5))),
        ("acc_x gyro_x acc_y gyro_y acc_z gyro_z", "g d g d g d", ((0, 2, 4), (1, 3, 5))),
        ("x.acc y.acc z.acc mic", "g g g -", ((0, 1, 2),)),
        ("X Y Z", "- - -", ((0, 1, 2),)),
        ("c0 c1 c2 c3", "g g g g", ((0, 1, 2),)),
        ("t aX aY aZ", "g g g g", ((1, 2, 3),)),
        ("left right", "g g", ()),
        ("ax ay", "g g", ()),
    ],
)
def test_axes_of_a_sensor_are_found(names, units, found):
    assert triads([Channel(n, u) for n, u in zip(names.split(), units.split(), strict=True)]) == found


def test_rotation_without_axes_says_so(run):
    with pytest.raises(PluginError) as caught:
        run("rotate", movements(channels=1), channels=MONO)
    assert caught.value.code == "augment.axes"


def test_background_reaches_its_ratio_and_comes_from_the_background(run):
    windows = movements(count=30, channels=2, samples=300)
    windows[::3, :, 1] = 77  # the class idle moves in one channel only
    out, targets = run("background", windows, snr_min=6.0, snr_max=6.0)
    added = out.astype(float) - windows
    assert np.abs(added[:, :, 1]).max() <= 1.0
    signal = windows - windows.mean(axis=1, keepdims=True)
    reached = 10 * np.log10((signal**2).mean(axis=(1, 2)) / (added**2).mean(axis=(1, 2)))
    np.testing.assert_allclose(reached, 6.0, atol=0.1)
    np.testing.assert_array_equal(targets.argmax(axis=1), np.arange(30) % 3)


def test_background_class_by_name_and_none(run):
    windows = movements()
    named, _ = run("background", windows, class_name="wave")
    assert np.abs(named.astype(int) - windows).max() > 5
    for params in ({"class_name": "rain"}, {"classes": ("a", "b", "c")}):
        with pytest.raises(PluginError) as caught:
            run("background", windows, **params)
        assert caught.value.code == "augment.background"
        assert caught.value.hint
    with pytest.raises(PluginError, match="No training window is of idle"):
        run("background", windows[:1], classes=("wave", "idle"))


def test_mixup_blends_windows_and_labels_alike(run):
    levels = np.array([0, 6000, 12000])
    windows = np.repeat(levels, 40)[:, None, None] * np.ones((1, 20, 1))
    windows = windows.reshape(3, 40, 20, 1).swapaxes(0, 1).reshape(120, 20, 1).astype(np.int16)
    out, targets = run("mixup", windows, channels=MONO, alpha=1.0)
    np.testing.assert_allclose(out[:, 0, 0], targets @ levels, atol=0.6)
    np.testing.assert_allclose(targets.sum(axis=1), 1.0, atol=1e-6)
    np.testing.assert_array_equal(targets.argmax(axis=1), np.arange(120) % 3)
    assert 0.2 < (targets.max(axis=1) < 0.95).mean() < 0.9
    assert targets.max(axis=1).min() >= 0.5


def test_mixup_of_soft_targets_stays_a_distribution(run):
    soft = np.random.default_rng(1).dirichlet(np.ones(3), 12).astype(np.float32)
    _, targets = run("mixup", movements(), targets=soft, alpha=0.4)
    np.testing.assert_allclose(targets.sum(axis=1), 1.0, atol=1e-6)


def test_every_stage_declares_copies_and_probability_alike(stage):
    rows = [stage(f"mote-augment/{name}").row["param"] for name in STAGES]
    for key in ("copies", "probability"):
        tables = [next(p for p in row if p["key"] == key) for row in rows]
        assert all(t == tables[0] for t in tables)


def test_a_chain_in_the_worker_adds_copies_and_leaves_the_rest_alone(stage, context, make_signal, tmp_path):
    windows = movements(count=30)
    labels = (np.arange(30) % 3).astype(np.int16)
    splits = np.repeat([TRAIN, VALIDATION, TEST], [20, 5, 5]).astype(np.int8)
    places = np.zeros(30, np.int64)
    folder = tmp_path / "windows"
    folder.mkdir()
    signal = make_signal(100.0, 100, IMU)
    WindowSet(windows, labels, splits, places.astype(np.int32), places, CLASSES, signal).save(folder)
    chain = [
        stage("mote-augment/rotate", copies=3),
        stage("mote-augment/warp", copies=0),
        stage("mote-augment/noise", copies=0, probability=0.5),
        stage("mote-augment/mixup", copies=1, alpha=1.0),
    ]
    for one in chain:
        ctx = context()
        run_augment(one.code, StageRun(ctx, one.row["id"], 1, one.params, {"windows": folder}))
        folder = ctx.workdir
    out = WindowSet.load(folder)
    assert len(out) == 30 + 20 * 4
    np.testing.assert_array_equal(out.samples[~out.augmented], windows)
    np.testing.assert_array_equal(out.splits[~out.augmented], splits)
    assert set(out.splits[out.augmented]) == {TRAIN}
    targets = out.targets_of(np.arange(len(out)))
    np.testing.assert_array_equal(targets.argmax(axis=1), out.labels)
    assert (targets[-20:].max(axis=1) < 1).sum() > 5
    assert (targets[:-20].max(axis=1) == 1).all()

"""The built-in decoders on whole and on damaged streams: what is good is read, what is not is counted."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from motestudio.errors import PluginError
from support import board_streams as boards
from support.byte_faults import Damaged, cut_places, damage, faults, pieces, wrong_baud

COUNT = 240
LEARNED = 130
"""Frames after which every decoder knows its stream: those that have to find out hold a second of it."""
RELAXED = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
SIGNAL = boards.signal(COUNT)
STREAMS = {
    "lines": boards.lines(SIGNAL),
    "ssi": boards.ssi(boards.signal(COUNT * 6)),
    "nordic": boards.nordic(SIGNAL),
    "teleplot": boards.teleplot(SIGNAL),
}
RATE_SET = {"raw": {"rate_hz": 100.0, "channels": 3}, "nordic": {"full_scale": "16"}}
ALL = [*STREAMS, "raw"]


@dataclass
class Read:
    """All that a decoder gave."""

    samples: np.ndarray
    times: np.ndarray
    skipped: int
    lost: int
    groups: tuple = ()
    parts: list = field(default_factory=list)


@pytest.fixture(scope="module")
def read(stage):
    def run(name: str, data: Iterable[bytes] | bytes, **params) -> Read:
        one = stage(f"mote-decoders/{name}", **RATE_SET.get(name, {}) | params)
        found = []
        for piece in [data] if isinstance(data, bytes) else data:
            found += one.code.feed(piece, one.params)
        found += one.code.finish(one.params)
        parts = [f for f in found if len(f.samples)]
        group = [f for f in parts if f.group == 0]
        return Read(
            np.concatenate([f.samples for f in group]) if group else np.zeros((0, 0), np.int16),
            np.concatenate([f.times_us for f in group]) if group else np.zeros(0, np.int64),
            sum(f.skipped for f in found),
            sum(f.lost for f in found),
            one.code.groups(one.params) or (),
            parts,
        )

    return run


@pytest.mark.parametrize("name", STREAMS)
def test_an_unharmed_stream_is_read_to_the_last_value(read, name):
    stream = STREAMS[name]
    got = read(name, stream.data)
    np.testing.assert_array_equal(got.samples, stream.samples)
    assert got.skipped == len(stream.head)
    assert got.lost == 0
    (group,) = got.groups
    assert group.rate_hz == boards.RATE
    assert len(group.channels) == 3


def missing(samples: np.ndarray, wanted: np.ndarray) -> set[int]:
    """Which of the wanted samples are not among those read."""
    have = {row.tobytes() for row in samples}
    return {i for i, row in enumerate(wanted) if row.tobytes() not in have}


@RELAXED
@given(planned=faults(), cuts=cut_places)
@pytest.mark.parametrize("name", STREAMS)
def test_a_good_frame_beside_a_bad_one_is_read(read, name, planned, cuts):
    stream = STREAMS[name]
    harmed = damage(stream.head, stream.frames, planned, spare=LEARNED)
    got = read(name, list(pieces(harmed.data, cuts)))
    allowed = allowance(harmed)
    gone = {i // stream.each for i in missing(got.samples, stream.samples)}
    assert gone <= allowed, f"{sorted(gone - allowed)} are gone, harmed are {sorted(harmed.touched)}"
    assert got.skipped <= len(harmed.data)


@RELAXED
@given(planned=faults(kinds=("drop", "log", "zeros")), cuts=cut_places)
@pytest.mark.parametrize("name", STREAMS)
def test_every_byte_is_of_a_sample_or_counted_as_skipped(read, name, planned, cuts):
    stream = STREAMS[name]
    harmed = damage(stream.head, stream.frames, planned, spare=LEARNED)
    got = read(name, list(pieces(harmed.data, cuts)))
    gone = {i // stream.each for i in missing(got.samples, stream.samples)}
    used = sum(len(frame) for i, frame in enumerate(stream.frames) if i not in gone)
    assert used + got.skipped == len(harmed.data)


def allowance(harmed: Damaged) -> set[int]:
    """Frames that may be gone: the touched ones, and one beside each."""
    return {at + beside for at in harmed.touched for beside in (-1, 0, 1)}


@RELAXED
@given(planned=faults(most=20), cuts=cut_places)
@pytest.mark.parametrize("name", ALL)
def test_the_same_comes_out_however_a_stream_is_cut(read, name, planned, cuts):
    stream = STREAMS.get(name) or boards.raw(SIGNAL)
    data = damage(stream.head, stream.frames, planned).data
    whole, cut = outcome(read, name, data), outcome(read, name, list(pieces(data, cuts)))
    assert str(whole) == str(cut)


def outcome(read, name, data, **params) -> object:
    try:
        got = read(name, data, **params)
    except PluginError as error:
        return error.code
    return got.samples.tolist(), got.times.tolist(), got.skipped, got.lost, got.groups


TOLD = {"version": "1", "rate_hz": 100.0, "names": "x,y,z"}


@RELAXED
@given(planned=faults(most=12), cuts=cut_places, late=st.integers(0, 300))
@pytest.mark.parametrize("params", [{}, TOLD], ids=["described", "told"])
def test_version_1_is_the_same_however_it_is_cut(read, params, planned, cuts, late):
    stream = boards.ssi(boards.signal(400), 1)
    data = (damage(stream.head, stream.frames, planned).data + stream.data)[late:]
    whole, cut = outcome(read, "ssi", data, **params), outcome(read, "ssi", list(pieces(data, cuts)), **params)
    assert str(whole) == str(cut)


@RELAXED
@given(data=st.lists(st.one_of(st.binary(max_size=300), st.text(max_size=80).map(str.encode)), max_size=40))
@pytest.mark.parametrize("name", ALL)
def test_no_bytes_make_a_decoder_raise(stage, name, data):
    one = stage(f"mote-decoders/{name}", **RATE_SET.get(name, {}))
    fed = sum(map(len, data))
    found = [f for piece in data for f in one.code.feed(piece, one.params)] + list(one.code.finish(one.params))
    assert sum(f.skipped for f in found) <= fed
    assert 0.0 <= one.code.guess(b"".join(data)).score <= 1.0


@pytest.mark.parametrize("name", ALL)
def test_wrong_baud_is_skipped_and_the_stream_found_again(read, name):
    stream = STREAMS.get(name) or boards.raw(SIGNAL)
    if name != "raw":
        garbage = wrong_baud(b"".join(stream.frames))
        got = read(name, garbage + b"\n\0" + stream.data)
        assert len(missing(got.samples, stream.samples)) <= 2 * stream.each
        assert got.skipped >= len(garbage) - 200


@pytest.mark.parametrize("name", ALL)
def test_memory_is_bounded_whatever_comes(stage, name):
    one = stage(f"mote-decoders/{name}", **RATE_SET.get(name, {}))
    rng = np.random.default_rng(4)
    kinds = [
        rng.integers(1, 256, 1 << 16, dtype=np.uint8).tobytes().replace(b"\n", b"x"),
        b"1" * (1 << 16),
        b'{"a": ' * (1 << 13),
        b">a:1;" * (1 << 13),
        b"1,2,3\n" * 3 + b"1\n" * 7 + b"\xff\x00\x10\x00" * 999,
        b"\xff\x06\x10\x00" * (1 << 14),
    ]
    for data in kinds * 2:
        one.code.feed(data, one.params)
    tracemalloc.start()
    for data in kinds * 10:
        one.code.feed(data, one.params)
    kept, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert kept < 2_000_000


@pytest.mark.parametrize(("name", "first"), [("ssi", 2**32 - 50), ("nordic", 2**32 - 50)])
def test_a_sequence_that_turns_over_loses_nothing(read, name, first):
    stream = boards.ssi(boards.signal(600), first=first) if name == "ssi" else boards.nordic(SIGNAL, first=first)
    got = read(name, stream.data)
    assert (len(got.samples), got.lost) == (len(stream.samples), 0)


@pytest.mark.parametrize("name", ["ssi", "nordic"])
def test_what_is_missing_by_the_sequence_is_told_where_it_is_missing(read, name):
    stream = STREAMS[name]
    frames = stream.frames[:50] + stream.frames[53:]
    got = read(name, stream.head + b"".join(frames))
    assert got.lost == 3 * stream.each
    at = next(i for i, part in enumerate(got.parts) if part.lost)
    assert sum(len(part.samples) for part in got.parts[:at]) == 50 * stream.each


@pytest.mark.parametrize(("name", "make"), [("ssi", boards.ssi), ("nordic", boards.nordic)])
def test_a_board_that_began_anew_lost_nothing(read, name, make):
    early, late = make(boards.signal(600), first=1_000_000_000), make(boards.signal(600, seed=2))
    got = read(name, early.data + late.data)
    assert (len(got.samples), got.lost) == (1200, 0)


def test_a_counter_in_the_lines_tells_what_is_lost(read):
    stream = boards.lines(SIGNAL, clock="count")
    got = read("lines", stream.head + b"".join(stream.frames[:60] + stream.frames[65:]), rate_hz=100.0)
    assert got.lost == 5
    assert len(got.groups[0].channels) == 3


@pytest.mark.parametrize("clock", ["ms", "us"])
def test_a_clock_that_turns_over_goes_on(read, clock):
    per = 10 if clock == "ms" else 10_000
    stream = boards.lines(SIGNAL, clock=clock, start=2**32 - 100 * per)
    got = read("lines", stream.data)
    assert np.all(np.diff(got.times) == 10_000)


def test_a_clock_that_jumps_is_kept_as_it_is(read):
    stream, later = boards.lines(SIGNAL), boards.lines(SIGNAL, start=1000)
    got = read("lines", stream.data + b"".join(later.frames))
    assert len(got.samples) == 2 * COUNT
    steps = np.diff(got.times)
    assert sorted(set(steps.tolist())) == [1_000_000 - 2_390_000, 10_000]


def test_a_rate_that_steps_tenfold_loses_nothing(read):
    slow = boards.lines(SIGNAL)
    fast = [b"%d,1,%d,3\r\n" % (2400 + i, i) for i in range(2000)]
    got = read("lines", slow.data + b"".join(fast))
    assert len(got.samples) == COUNT + 2000
    assert got.groups[0].rate_hz == 100


@pytest.mark.parametrize("separator", [",", ", ", ";", "\t", " ", "  ", ",\t"])
@pytest.mark.parametrize("clock", ["ms", ""])
def test_any_separator(read, separator, clock):
    stream = boards.lines(SIGNAL, clock=clock, separator=separator)
    got = read("lines", stream.data, rate_hz=0.0 if clock else 100.0)
    np.testing.assert_array_equal(got.samples, stream.samples)


@pytest.mark.parametrize("separator", [";", "\t", " "])
def test_decimal_commas(read, separator):
    rows = (SIGNAL / 2048).round(5)
    text = "".join(separator.join(f"{v:.5f}".replace(".", ",") for v in row) + "\n" for row in rows)
    got = read("lines", text.encode(), rate_hz=50.0, full_scale="16")
    np.testing.assert_array_equal(got.samples, SIGNAL[1:])
    assert got.groups[0].channels[0].scale == 16 / 32768


def test_names_and_units_of_a_header_and_of_parameters(read):
    rows = "".join(f"{i * 10},{0.1:.3f},{0.2:.3f},{0.98:.3f},{30 + i % 3}.5\n" for i in range(300))
    got = read("lines", f"time (ms),acc_x [g],acc_y [g],acc_z [g],temp [°C]\n{rows}".encode())
    shown = [(c.name, c.unit, c.full_scale) for c in got.groups[0].channels]
    assert shown[:3] == [("acc_x", "g", 16.0), ("acc_y", "g", 16.0), ("acc_z", "g", 16.0)]
    assert shown[3][:2] == ("temp", "°C")
    assert np.abs(got.samples * got.groups[0].scales - [0.1, 0.2, 0.98, 31.5])[:, :3].max() < 0.0005
    named = read("lines", rows.encode(), names="a,b,c,d", units="m/s2", full_scale="4,4,4,64")
    assert [(c.name, c.full_scale) for c in named.groups[0].channels] == [("a", 4), ("b", 4), ("c", 4), ("d", 64)]


def test_lines_without_a_clock_need_a_rate(read):
    data = boards.lines(SIGNAL, clock="").data
    with pytest.raises(PluginError) as caught:
        read("lines", data)
    assert caught.value.code == "lines.rate"
    with pytest.raises(PluginError, match="full scale"):
        read("lines", boards.lines(SIGNAL).data, full_scale="1,2")


def test_values_beyond_the_range_are_saturated(read):
    rows = b"".join(b"%d,%d\n" % (i * 10, i) for i in range(200)) + b"9999,70000\n9999,-1e300\n"
    assert read("lines", rows).samples[-2:].tolist() == [[32767], [-32768]]


def test_version_1_finds_its_place_again(read):
    stream = boards.ssi(boards.signal(900), 1)
    body = b"".join(stream.frames)
    for gone in (1, 2, 3, 5):
        got = read("ssi", stream.head + body[:1500] + body[1500 + gone :])
        assert len(missing(got.samples, stream.samples)) <= 2
        np.testing.assert_array_equal(got.samples[-300:], stream.samples[-300:])


def test_a_device_that_was_reset_describes_itself_again(read):
    for version in (1, 2):
        stream = boards.ssi(boards.signal(600), version)
        got = read("ssi", stream.data + stream.data)
        np.testing.assert_array_equal(got.samples, np.concatenate([stream.samples] * 2))
        assert got.skipped == 2 * len(stream.head)


def test_ssi_without_a_description_is_read_by_its_parameters(read, stage):
    stream = boards.ssi(boards.signal(600))
    got = read("ssi", b"".join(stream.frames), version="2", rate_hz=50.0, names="x,y,z")
    np.testing.assert_array_equal(got.samples, stream.samples)
    assert [c.name for c in got.groups[0].channels] == ["x", "y", "z"]
    ssi = stage("mote-decoders/ssi")
    assert ssi.code.greeting(ssi.params) == b"connect"


@pytest.mark.parametrize("whole", [True, False])
def test_ssi_that_was_listened_to_before_goes_on_within_a_description(read, stage, whole):
    stream = boards.ssi(boards.signal(600), 1)
    told = stage("mote-decoders/ssi").code.guess(stream.head)
    assert (told.score, told.params["version"]) == (1.0, "1")
    rest = stream.head[30:] if whole else stream.head[len(stream.head) // 2 + 30 :]
    got = read("ssi", rest + b"".join(stream.frames), **told.params)
    np.testing.assert_array_equal(got.samples, stream.samples)
    assert got.skipped == len(rest)


def test_nordic_frames_with_and_without_checksum_and_info(read):
    for stream in (STREAMS["nordic"], boards.nordic(SIGNAL, checksum=False)):
        np.testing.assert_array_equal(read("nordic", stream.data).samples, SIGNAL)
    late = read("nordic", b"".join(STREAMS["nordic"].frames))
    assert late.groups[0].rate_hz == 100
    assert [c.name for c in late.groups[0].channels] == ["c0", "c1", "c2"]
    early = b"".join(STREAMS["nordic"].frames[:100]) + STREAMS["nordic"].head + b"".join(STREAMS["nordic"].frames[100:])
    joined = read("nordic", early)
    assert (len(joined.samples), [c.name for c in joined.groups[0].channels]) == (COUNT, ["ax", "ay", "az"])


def test_nordic_integers_are_millionths(read):
    info = {"sid": 1, "hz": 50, "ch": 1, "ch_n": ["ax"], "st": 1, "dr": 0, "name": ""}
    rows = [boards.nordic_frame({"t": "sd", "d": {"seq": i, "ts": 20 * i, "val": [9_810_000]}}) for i in range(50)]
    got = read("nordic", boards.nordic_frame({"t": "si", "d": info}) + b"".join(rows))
    value = float(got.samples[0, 0]) * got.groups[0].channels[0].scale
    assert value == pytest.approx(9.81, abs=0.01)


def test_teleplot_variables_of_two_rates_are_two_groups(read):
    text = ""
    for i in range(400):
        text += f">ax:{i * 10}:{i % 7}§g\n>ay:{i * 10}:{i % 5}§g\n"
        text += f">temp:{i * 10}:21.5§°C|np\nhello\n" if i % 10 == 0 else ""
    got = read("teleplot", text.encode())
    assert [(g.rate_hz, [c.name for c in g.channels]) for g in got.groups] == [(100, ["ax", "ay"]), (10, ["temp"])]
    assert [sum(len(p.samples) for p in got.parts if p.group == k) for k in (0, 1)] == [400, 40]
    assert np.all(np.diff(got.times) == 10_000)
    assert got.skipped == 40 * len("hello\n")


def test_teleplot_lines_of_several_values_and_of_none(read):
    text = "".join(f">v:{i * 20}:1.5;{i * 20 + 10}:-2.5§V\n>state:ready|t\n>:a log: 5\n>p:1:2|xy\n" for i in range(100))
    got = read("teleplot", text.encode(), full_scale="4")
    assert [c.name for c in got.groups[0].channels] == ["v"]
    assert (got.samples[:2, 0] / 8192).tolist() == [1.5, -2.5]
    assert got.times[:3].tolist() == [0, 10_000, 20_000]
    with pytest.raises(PluginError, match="rate"):
        read("teleplot", b">a:1\n>a:2\n" * 50)


@pytest.mark.parametrize("gone", [1, 2, 3, 4, 5, 6, 7])
@pytest.mark.parametrize("channels", [1, 3])
def test_raw_values_are_in_step_again_after_lost_bytes(read, gone, channels):
    rows = boards.signal(2000, channels)
    data = boards.raw(rows).data
    at = 1000 * 2 * channels + channels
    got = read("raw", data[:at] + data[at + gone :], channels=channels)
    frames = -(-gone // (2 * channels)) + 1
    assert len(rows) - len(got.samples) <= frames
    np.testing.assert_array_equal(got.samples[-500:], rows[-500:])
    np.testing.assert_array_equal(got.samples[:900], rows[:900])


def test_raw_values_of_either_byte_order_from_the_middle_of_one(read):
    rows = boards.signal(1000, 1)
    big = rows.astype(">i2").tobytes()
    np.testing.assert_array_equal(read("raw", big, channels=1, byte_order="big").samples, rows)
    np.testing.assert_array_equal(read("raw", big[1:], channels=1, byte_order="big").samples, rows[1:])


def test_what_is_noise_stays_as_it_is(read):
    rows = np.random.default_rng(3).integers(-32768, 32768, (3000, 2)).astype(np.int16)
    got = read("raw", rows.tobytes(), channels=2)
    np.testing.assert_array_equal(got.samples, rows)

"""What `mote bench features` makes of what it measured."""

from __future__ import annotations

import importlib.util

import pytest

from motestudio.errors import JobError, MissingError
from motestudio.studio.bench import features_bench, write_json
from motestudio.studio.bench.figure import Figure
from motestudio.studio.operation import Operation


def measured(**changed):
    """Every case, ours in 1 ms, the peers slower."""
    seconds = {"ours": 1e-3, "librosa": 11e-3, "speech_features": 9e-3, "tensorflow": 2e-3} | changed
    peers = {"max": 1e-6, "mean": 1e-7, "largest": 30.0}
    cases = {case: dict(seconds) for case in features_bench.CASES} | {"mfcc_clips_singly": {"ours": 3e-3}}
    apart = {case: {name: dict(peers) for name in seconds if name != "ours"} for case in features_bench.CASES}
    return {"processor": cases, "apart": apart}


def test_ratios_are_against_the_fastest_and_clips_against_librosa_too():
    figures = features_bench._speeds(measured())
    assert len(figures) == len(features_bench.CASES) + 1
    assert all(f.met and f.at_least for f in figures)
    assert {round(f.value, 6) for f in figures} == {2.0, 11.0}
    assert "tf.signal 30,000 x real time" in figures[0].peer
    assert "3.7 x" in next(f for f in figures if "librosa" in f.name).peer


def test_a_goal_that_is_missed_is_one():
    figures = features_bench._speeds(measured(tensorflow=1.4e-3, librosa=9e-3))
    assert not any(f.met for f in figures)


def test_outputs_that_differ_are_not_compared():
    sides = measured()
    sides["apart"]["mfcc_minute"]["librosa"]["max"] = 0.1
    with pytest.raises(JobError, match="librosa differs by") as caught:
        features_bench._speeds(sides)
    assert caught.value.hint
    sides["apart"]["mfcc_minute"]["librosa"]["max"] = float("nan")
    with pytest.raises(JobError):
        features_bench._speeds(sides)


def test_a_missing_peer_is_named_with_what_to_install(monkeypatch):
    real = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "librosa" else real(name))
    with pytest.raises(MissingError) as caught:
        features_bench.measure(Operation())
    assert "librosa" in caught.value.text
    assert "pip install librosa" in caught.value.hint
    assert caught.value.exit_code == 3


def test_without_valgrind_twins_are_not_counted_and_that_is_said(monkeypatch):
    monkeypatch.setattr(features_bench.shutil, "which", lambda name: None if name == "valgrind" else "/usr/bin/cc")
    (figure,) = features_bench._instructions(Operation())
    assert figure.value is None
    assert figure.met
    assert figure.shown == "-"
    assert "install valgrind" in figure.peer


def test_a_textbook_transform_stands_beside_the_count():
    text = features_bench._beside({"name": "x", "hop": 23_040, "emit": 0, "n_fft": 512, "transforms": 1})
    assert "11,520 operations, 2.0 x" in text


@pytest.mark.parametrize(
    ("value", "goal", "at_least", "met"),
    [(2.0, 1.5, True, True), (1.4, 1.5, True, False), (1.4, 1.5, False, True), (2.0, 1.5, False, False)],
)
def test_a_goal_is_an_upper_or_a_lower_bound(value, goal, at_least, met):
    figure = Figure("speed", value, "x", goal, at_least=at_least)
    assert figure.met == met
    assert figure.goal_shown == f"at {'least' if at_least else 'most'} 1.5 x"


def test_what_could_not_be_measured_misses_its_goal(tmp_path):
    import json

    figure = Figure("speed", None, "x", 1.5, at_least=True)
    assert not figure.met
    write_json(tmp_path / "figures.json", [figure, Figure("size", 123_456.0, "bytes")])
    body = json.loads((tmp_path / "figures.json").read_text())
    assert body["met"] is False
    assert body["figures"][0]["value"] is None

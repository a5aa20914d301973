"""The pipeline from the command line: stages listed, added, moved and removed, parameters in help and completion."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from support.command import Mote
from support.projects import gesture_project


@pytest.fixture
def project(tmp_path: Path) -> Path:
    with gesture_project(tmp_path / "wand"):
        return tmp_path / "wand"


def test_the_list_tells_what_each_stage_gives_before_anything_ran(mote: Mote, project: Path) -> None:
    done = mote("-p", project, "--json", "stage", "list")
    assert done.status == 0, done.err
    rows = {row["key"]: row for row in done.json["stages"]}
    assert rows["window"]["gives"].endswith("windows x 130 x 3")
    assert rows["features"]["gives"] == "130 x 3"
    assert rows["features"]["latency_plus_minus"] > 0
    assert rows["model"]["flash_bytes"] > 0
    assert done.json["missing"] == []
    assert done.json["shape"] == [130, 3]


def test_stages_are_added_moved_set_and_removed(mote: Mote, project: Path) -> None:
    added = mote("-p", project, "--json", "stage", "add", "mote-imu/statistics", "--param", "mean=off")
    assert added.status == 0, added.err
    assert added.json["order"] == ["window", "features", "statistics", "model", "quantise", "evaluate"]
    assert added.json["params"] == {"mean": False}
    assert added.json["implementation"] >= 1
    moved = mote("-p", project, "--json", "stage", "move", "statistics", "--before", "features")
    assert moved.json["order"][1:3] == ["statistics", "features"]
    several = mote("-p", project, "--json", "set", "statistics.rms=off", "features.gain=2")
    assert several.json == {"statistics": {"mean": False, "rms": False}, "features": {"gain": 2.0}}
    copied = mote("-p", project, "--json", "stage", "copy", "features")
    assert copied.json["key"] == "features-2"
    removed = mote("-p", project, "--json", "stage", "remove", "model")
    assert removed.json["missing"] == ["model"]
    listed = mote("-p", project, "--json", "stage", "list").json
    assert listed["missing"][0] == {
        "kind": "model",
        "place": 4,
        "text": "Stage quantise needs model, and no stage before it makes one.",
        "blocks": True,
    }


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("stage", "add", "mote-cnn/dense"), "second model"),
        (("stage", "add", "mote-imu/scale", "--before", "window"), "needs windows"),
        (("stage", "add", "away/gone"), "no plugin 'away'"),
        (("stage", "add", "mote-imu/scale", "--param", "gain=1e9"), "from 0.001 to 1000"),
        (("stage", "add", "mote-imu/scale", "--param", "loud=1"), "remove_mean"),
        (("stage", "move", "model", "--before", "window"), "needs features"),
        (("stage", "move", "model"), "--before or --after"),
        (("stage", "remove", "away"), "window, features"),
        (("set", "features"), "stage.param=value"),
    ],
)
def test_what_cannot_be_is_refused_with_the_reason(
    mote: Mote, project: Path, arguments: tuple[str, ...], words: str
) -> None:
    before = (project / "project.toml").read_bytes()
    done = mote("-p", project, *arguments)
    assert done.status == 2
    assert words in done.err
    assert (project / "project.toml").read_bytes() == before


def test_what_may_be_added_is_told_with_its_cost_or_why_not(mote: Mote, project: Path) -> None:
    rows = mote("-p", project, "--json", "stage", "available").json
    by_id = {row["stage"]: row for row in rows}
    assert {row["kind"] for row in rows} >= {"augment", "feature"}
    assert by_id["mote-imu/statistics"]["places"] == [1, 2]
    assert by_id["mote-imu/statistics"]["latency_ms"] > 0
    assert by_id["mote-audio/logmel"]["reason"]


def test_parameters_are_told_by_help_by_params_and_by_tab(mote: Mote, project: Path) -> None:
    helped = mote("stage", "add", "mote-imu/statistics", "--help")
    assert helped.status == 0
    assert "Parameters of mote-imu/statistics" in helped.out
    assert "zero_crossings" in helped.out.replace("\n", " ")
    assert "features.gain" in mote("-p", project, "set", "--help").out
    rows = mote("-p", project, "--json", "stage", "params", "features").json
    assert [row["key"] for row in rows] == ["gain", "remove_mean"]
    assert mote("stage", "params", "mote-imu/scale").status == 0
    typed = f"mote -p {project} set features.re"
    environment = {**os.environ, "COMP_WORDS": typed, "COMP_CWORD": "4", "_MOTE_COMPLETE": "complete_bash"}
    done = subprocess.run(
        [sys.executable, "-m", "motestudio"], capture_output=True, text=True, env=environment, check=False
    )
    assert done.stdout.split() == ["features.remove_mean="]

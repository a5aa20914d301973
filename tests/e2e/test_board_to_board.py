"""The whole job against the virtual board, through the command line."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from support.command import Done, Mote

pytest.importorskip("tensorflow", reason="training needs TensorFlow")
pytest.importorskip("tflite_micro", reason="the virtual board infers with the tflite-micro package")
pytestmark = pytest.mark.train


@pytest.fixture(scope="module")
def demo(mote: Mote, tmp_path_factory: pytest.TempPathFactory) -> tuple[Done, Path]:
    report = tmp_path_factory.mktemp("demo") / "report"
    return mote("demo", "--takes", 16, "--report", report), report


@pytest.fixture(scope="module")
def result(demo: tuple[Done, Path]) -> dict[str, Any]:
    done, report = demo
    assert done.status == 0, done.err + done.out
    body: dict[str, Any] = json.loads((report / "result.json").read_text())
    return body


def test_every_held_out_window_is_equal_on_the_board(result: dict[str, Any]) -> None:
    assert result["windows_tested"] >= 10
    assert result["windows_equal"] == result["windows_tested"]
    assert result["board_accuracy"] == result["host_accuracy"]
    assert result["board_accuracy"] > 0.8


def test_the_board_holds_the_model_that_was_made(result: dict[str, Any], demo: tuple[Done, Path]) -> None:
    runs = sorted((demo[1] / "project" / "runs").iterdir())
    made = hashlib.sha256((runs[-1] / "model.tflite").read_bytes()).hexdigest()
    assert result["model_sha256"] == made
    assert result["board_sha256"] == made


def test_result_has_every_field_and_its_budgets(result: dict[str, Any]) -> None:
    assert set(result["classes"]) == {"wave", "circle", "tap", "swipe", "idle"}
    assert result["held_out"]
    assert 400 < result["arena_bytes"] < 96 * 1024
    assert 10_000 < result["flash_bytes"] < 1024 * 1024
    for step in (
        "create",
        "describe",
        "record",
        "label",
        "train",
        "analyse",
        "generate",
        "flash",
        "evaluate",
        "live",
        "report",
    ):
        assert result["seconds"][step] >= 0


def test_gestures_that_were_never_recorded_are_found_live(result: dict[str, Any]) -> None:
    assert result["live_performed"] == 16
    assert result["live_found"] >= 12


def test_the_report_stands_alone_and_says_the_count(demo: tuple[Done, Path], result: dict[str, Any]) -> None:
    page = (demo[1] / "report.html").read_text(encoding="utf-8")
    n = result["windows_tested"]
    assert f"{n} of {n} held-out windows" in page
    assert page.count("<svg") >= 8
    assert not re.search(r"(src|href)\s*=\s*[\"']http", page)


def test_recordings_are_sigmf(demo: tuple[Done, Path], result: dict[str, Any]) -> None:
    sigmf = pytest.importorskip("sigmf")
    metas = sorted((demo[1] / "project" / "recordings").glob("*.sigmf-meta"))
    assert len(metas) == 80
    for path in metas[:3]:
        signal = sigmf.sigmffile.fromfile(str(path))
        signal.validate()
        assert signal.get_global_field("core:num_channels") == 6
        assert signal.get_annotations()[0]["core:label"] in result["classes"]


def test_a_second_run_computes_nothing(mote: Mote, demo: tuple[Done, Path], result: dict[str, Any]) -> None:
    del result
    project = demo[1] / "project"
    again = mote("-p", project, "--json", "run")
    assert again.status == 0, again.err
    assert again.json["computed"] == []
    assert mote("-p", project, "--json", "train").json["run"] == "run-001"
    assert len(list((project / "runs").glob("run-*"))) == 1


def test_a_changed_parameter_computes_only_what_hangs_on_it(
    mote: Mote, demo: tuple[Done, Path], tmp_path: Path, result: dict[str, Any]
) -> None:
    del result
    project = tmp_path / "copy"
    shutil.copytree(demo[1] / "project", project)
    (project / ".mote" / "lock").unlink(missing_ok=True)
    done = mote("-p", project, "--json", "set", "quantise.calibration=64")
    assert done.status == 0, done.out + done.err
    again = mote("-p", project, "--json", "run")
    assert again.status == 0, again.out + again.err
    assert again.json["computed"] == ["quantise", "evaluate"]


def test_a_model_over_its_budget_is_refused_before_flashing(
    mote: Mote, demo: tuple[Done, Path], tmp_path: Path, result: dict[str, Any]
) -> None:
    del result
    project = tmp_path / "small"
    shutil.copytree(demo[1] / "project", project)
    config = project / "project.toml"
    text = config.read_text()
    config.write_text(
        re.sub(r"(?m)^ram_bytes = .*$", "ram_bytes = 3000", text)
        if "ram_bytes" in text
        else text.replace("[budget]", "[budget]\nram_bytes = 3000")
    )
    assert mote("-p", project, "analyse").status == 1
    refused = mote("-p", project, "firmware", "flash", "--port", "virtual")
    assert refused.status == 2
    assert "RAM" in refused.err
    assert "error" in refused.err


def test_recorded_wand_files_play_through_the_board(mote: Mote, data: Path, tmp_path: Path) -> None:
    done = mote("--json", "demo", "--from", data / "magicwand_nano33_csv", "--report", tmp_path / "report")
    assert done.status == 0, done.out + done.err
    body = done.json
    assert len(body["classes"]) == 5
    assert body["windows_equal"] == body["windows_tested"] == 25
    assert body["split_by"] == "take"
    assert body["board_accuracy_by_take"] > 0.6


def test_recorded_words_are_split_by_speaker(mote: Mote, data: Path, tmp_path: Path) -> None:
    folder = tmp_path / "digits"
    folder.mkdir()
    for digit in (1, 6):
        for speaker in ("george", "jackson", "nicolas", "theo"):
            for number in range(12):
                name = f"{digit}_{speaker}_{number}.wav"
                shutil.copy(data / "fsdd" / "recordings" / name, folder / name)
    done = mote("--json", "demo", "--from", folder, "--report", tmp_path / "report", "--hold-out", "george")
    assert done.status == 0, done.out + done.err
    body = done.json
    assert body["split_by"] == "subject"
    assert body["held_out"] == ["george"]
    assert body["windows_equal"] == body["windows_tested"] >= 24

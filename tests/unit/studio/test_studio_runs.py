"""Runs as the studio reads them: training curves, the feature stage's cost, measurements kept."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from motestudio.studio import analyse
from motestudio.studio.evaluate import BoardCheck, Measurement, measured
from motestudio.studio.run_store import Run


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return Run("run-001", tmp_path, "2026-01-01T00:00:00+00:00", {"metrics": {"best_epoch": 1}})


def test_history_is_a_curve_for_every_figure_that_all_epochs_have(run: Run) -> None:
    epochs = [{"loss": 1.5, "val_loss": 2.0, "accuracy": 0.5}, {"loss": 1, "accuracy": 0.75}]
    (run.folder / "history.json").write_text(json.dumps({"epochs": epochs, "best_epoch": 1}))
    assert analyse.history(run) == {"loss": [1.5, 1.0], "accuracy": [0.5, 0.75]}
    assert analyse.best_epoch(run) == 1


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"epochs": 3}', '{"epochs": [1, 2]}', '{"epochs": []}', "\x00"])
def test_a_history_that_is_no_history_is_empty(run: Run, text: str) -> None:
    (run.folder / "history.json").write_text(text)
    assert analyse.history(run) == {}


def test_no_history_is_empty(run: Run) -> None:
    assert analyse.history(run) == {}


def test_a_measurement_is_read_back_and_a_broken_one_is_none(run: Run) -> None:
    import msgspec

    assert measured(run) is None
    check = BoardCheck(3, 2, 1.0, 0.5, 1.0, ((1, 0), (1, 1)), ("a", "b"), 120.0, 1, 0.2)
    kept = Measurement(check, "virtual", "Virtual board", True, "2026-01-01T00:00:00+00:00")
    (run.folder / "measured.json").write_bytes(msgspec.json.encode(kept))
    assert measured(run) == kept
    (run.folder / "measured.json").write_text('{"check": 1}')
    assert measured(run) is None

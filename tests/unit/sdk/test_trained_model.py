"""What a model folder says of its model comes back as it was; a folder that says nothing is a plain model's."""

from __future__ import annotations

import numpy as np
import pytest

from motestudio.errors import PluginError
from motestudio.sdk import TrainedModel


def test_a_folder_without_facts_is_a_plain_model(tmp_path):
    facts = TrainedModel.load(tmp_path)
    assert not facts.quantisation_aware
    assert facts.sparsity == 0
    assert facts.steps == ()


def test_masks_ranges_and_steps_come_back(tmp_path):
    masks = {"conv1": np.arange(12).reshape(3, 4) % 4 > 0, "classes": np.ones((2, 2), bool)}
    facts = TrainedModel(masks=masks).after({"stage": "prune"})
    facts = facts.after({"stage": "qat", "accuracy_after": 0.5}, ranges={"relu": (0.0, 5.5), "out/before": (-2.0, 3.0)})
    facts.save(tmp_path)
    back = TrainedModel.load(tmp_path)
    assert back.quantisation_aware
    assert back.ranges == facts.ranges
    assert [s["stage"] for s in back.steps] == ["prune", "qat"]
    assert back.sparsity == pytest.approx(3 / 16)
    for name, mask in masks.items():
        np.testing.assert_array_equal(back.masks[name], mask)


def test_facts_that_cannot_be_read_are_said(tmp_path):
    (tmp_path / "model.json").write_text("{")
    with pytest.raises(PluginError) as caught:
        TrainedModel.load(tmp_path)
    assert caught.value.code == "artifact.unreadable"

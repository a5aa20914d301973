"""What cards and arrows of the Pipeline page say, without the page."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from motestudio.analysis.costs import Estimate
from motestudio.domain.params import Param, ShownIf
from motestudio.domain.pipeline import StageUse
from motestudio.domain.signal import Channel, ChannelGroup
from motestudio.errors import MissingError, PluginError
from motestudio.gui.pages.pipeline import cards
from motestudio.gui.pages.pipeline.running import obstacle
from motestudio.gui.pages.pipeline.strip import columns_of
from motestudio.plugins.manifest import Manifest, StageManifest
from motestudio.plugins.registry import StageEntry
from motestudio.sdk.data import SignalInfo
from motestudio.sdk.stages import FeatureInfo, ModelInfo
from motestudio.studio.outline import AugmentInfo, Outline, StageOutline
from motestudio.studio.pipeline import StageStatus
from motestudio.studio.pipeline_places import Gap
from motestudio.studio.pipeline_view import DatasetView, PipelineView, StageView

PLUGIN = Manifest("p", "P", "1.2.3", "1.0", ())
SIGNAL = SignalInfo(ChannelGroup("imu", 104.0, (Channel("x", "g", 1.0), Channel("y", "g", 1.0))), 128, 32)


def stage(key: str, kind: str, **changes) -> StageView:
    manifest = StageManifest(f"p/{key}", kind, key.upper(), "m:C")
    entry = StageEntry(manifest, PLUGIN, Path(), "")
    status = StageStatus(StageUse(key, manifest.id), entry, {}, "stale")
    return replace(StageView(status, None), **changes)


def view(*stages: StageView, gaps=()) -> PipelineView:
    return PipelineView("wand", DatasetView(None), tuple(stages), gaps=tuple(gaps))


@pytest.mark.parametrize(
    ("key", "stage_title", "shown"),
    [
        ("mfcc", "MFCC", "MFCC"),
        ("mfcc-2", "MFCC", "MFCC 2"),
        ("logmel", "Log-mel spectrogram", "Log-mel"),
        ("mfe", "Mel-filterbank energies (MFE)", "MFE"),
        ("features", "Scale", "Features"),
        ("my_own-stage", "Scale", "My own stage"),
        ("run-2x", "Scale", "Run 2x"),
    ],
)
def test_a_card_is_called_as_the_plugin_spells_it(key, stage_title, shown) -> None:
    assert cards.title(key, stage_title) == shown


def test_a_summary_leaves_out_what_the_form_hides() -> None:
    table = (
        Param("on", "bool", False, "Filter"),
        Param("edge", "float", 3.0, "Edge", unit="Hz", shown_if=ShownIf("on", True)),
        Param("teacher", "run", "", "Teacher"),
    )
    assert cards.summary(table, {}) == "filter off, teacher none"
    assert cards.summary(table, {"on": True, "teacher": "run-003"}) == "filter, edge 3 Hz, run-003"


def test_flows_are_told_before_anything_ran() -> None:
    outline = Outline(
        {
            "w": StageOutline("w", "window"),
            "f": StageOutline("f", "feature", FeatureInfo((64, 2), ("time", "channel"))),
            "m": StageOutline("m", "model", ModelInfo(1000, 5000)),
        },
        SIGNAL,
        {"w": 1284, "a": 2000},
        (64, 4),
        ("time", "channel"),
    )
    windows = cards.flow([stage("w", "window")], outline, stale=True)
    assert (windows.count, windows.shape, windows.size) == ("1,284", "128 × 2", "642 KB")
    assert windows.words == "1,284 windows, 128 × 2, 642 KB"
    joined = cards.flow([stage("f", "feature"), stage("g", "feature")], outline, stale=True)
    assert (joined.count, joined.shape) == ("2,000", "64 × 4")
    assert cards.flow([stage("m", "model")], outline, stale=True).size == "~3.9 KB"
    assert cards.flow([stage("x", "")], Outline(), stale=True) == cards.FlowFacts(stale=True)


def test_estimates_carry_their_spread_on_cards_and_in_the_list() -> None:
    told = StageOutline("f", "feature", FeatureInfo((13,), ("feature",), 900), Estimate(3.1, 0.4), 900, 10)
    figures = cards.card(stage("f", "feature"), cards.Progress(), told=told).figures
    assert figures == (("RAM", "900", "B"), ("board", "3.1 ± 0.4", "ms"))
    assert cards.cost_words(told) == "13, 3.1 ± 0.4 ms, 900 B RAM"
    assert cards.cost_words(StageOutline("a", "augment", AugmentInfo(100, 250))) == "+250 windows"
    assert cards.cost_words(StageOutline("f", error=PluginError("x", "It does not suit."))) == "It does not suit."


def test_states_tell_a_refusal_from_a_missing_package_and_from_silence() -> None:
    one, progress = stage("f", "feature"), cards.Progress()
    refused = StageOutline("f", "feature", error=PluginError("f.x", "No.", "Do.", {}))
    assert cards.state_of(one, progress, told=refused) == ("failed", "refused")
    assert cards.reason_of(one, progress, refused) == "No. Do."
    at_field = StageOutline("f", "feature", error=PluginError("f.x", "No.", "Do.", {"param": "n"}))
    assert cards.reason_of(one, progress, at_field) == ""
    lacking = stage("f", "feature", missing=("scipy",))
    told = StageOutline("f", "feature", error=MissingError("stage.requirement", "It needs scipy."))
    assert cards.state_of(lacking, progress, told=told) == ("failed", "missing")
    assert "scipy" in cards.reason_of(lacking, progress, told)
    silent = StageOutline("f", "feature", fault="AttributeError")
    assert cards.state_of(one, progress, told=silent) == ("none", "not run")
    assert obstacle(view(one), Outline({"f": silent})) == ""
    assert obstacle(view(one), Outline({"f": refused})) == "Stage f: No. Do."


def test_features_stand_in_one_column_and_gaps_where_they_belong() -> None:
    gap = Gap("model", 3, "There is no model.", "Add one.", True)
    shown = view(stage("w", "window"), stage("a", "feature"), stage("b", "feature"), stage("q", "convert"), gaps=[gap])
    columns = columns_of(shown)
    assert [c.keys for c in columns] == [["w"], ["a", "b"], [], ["q"]]
    assert columns[2].gap is gap
    assert obstacle(shown, Outline()) == "There is no model. Add one."


def test_what_stands_beside_a_feature_stage_stays_fresh() -> None:
    shown = view(stage("w", "window"), stage("a", "feature"), stage("b", "feature"), stage("m", "model"))
    assert cards.touched_by(shown, "a") == {"a", "m"}
    assert cards.touched_by(shown, "w") == {"w", "a", "b", "m"}
    assert cards.touched_by(shown, "away") == {"w", "a", "b", "m"}

"""Every plugin that is shipped, and every template of a new one, keeps what its kinds promise."""

from __future__ import annotations

import importlib.util
import time
from pathlib import Path

import pytest

from motestudio import shipped
from motestudio.plugins.manifest import read_manifest
from motestudio.studio.conformance import Wanted, check_plugin
from motestudio.studio.home import Studio
from motestudio.studio.plugin_scaffold import kinds, new_plugin

pytestmark = pytest.mark.kit
TRAINING = {"model", "compress", "convert", "evaluate"}
ONE_PLUGIN_S = 150.0
"""A plugin has up to eight stages, and each takes a few seconds; a busy computer may need several times that."""
SHIPPED = sorted(p.parent.name for p in shipped.plugins_dir().glob("*/plugin.toml"))


@pytest.fixture(scope="module")
def studio():
    with Studio() as home:
        yield home


def stages(training: bool) -> list[str]:
    found = [stage for plugin in SHIPPED for stage in read_manifest(shipped.plugins_dir() / plugin).stages]
    return [stage.id for stage in found if (stage.kind in TRAINING) == training]


def conforms(studio: Studio, folder: Path, stage: str = "") -> None:
    begun = time.monotonic()
    report = check_plugin(folder, Wanted(stages=[stage] if stage else []), studio)
    assert report.passed, "\n".join(f"{r.stage} {r.check}: {r.text}" for r in report.failures)
    assert any(row.state == "passed" for row in report.rows if row.check == "params"), str(report)
    assert time.monotonic() - begun < ONE_PLUGIN_S


@pytest.mark.parametrize("stage", stages(training=False))
def test_a_shipped_stage_conforms(studio, stage):
    conforms(studio, shipped.plugins_dir() / stage.split("/")[0], stage)


@pytest.mark.train
@pytest.mark.parametrize("stage", stages(training=True))
def test_a_shipped_stage_that_trains_conforms(studio, stage):
    pytest.importorskip("tensorflow")
    conforms(studio, shipped.plugins_dir() / stage.split("/")[0], stage)


@pytest.mark.parametrize("kind", [k for k in kinds() if k not in TRAINING])
def test_a_new_plugin_conforms(studio, tmp_path, kind):
    conforms(studio, new_plugin(f"my {kind}", kind, tmp_path))


@pytest.mark.train
@pytest.mark.parametrize("kind", sorted(TRAINING))
def test_a_new_plugin_that_trains_conforms(studio, tmp_path, kind):
    if importlib.util.find_spec("tensorflow") is None:
        pytest.skip("training needs TensorFlow")
    conforms(studio, new_plugin(f"my {kind}", kind, tmp_path))

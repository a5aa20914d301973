"""Checks of target stages: what they add to a generated firmware project."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from motestudio.domain.board import BoardFile
from motestudio.errors import PluginError
from motestudio.firmware.feature_code import FeatureCode
from motestudio.firmware.generator import generate
from motestudio.firmware.request import FirmwareRequest
from motestudio.sdk.data import FeatureBlock
from motestudio.sdk.deployable import Deployable
from motestudio.sdk.testing import SIGNALS
from motestudio.studio import targets
from motestudio.studio.conformance.bench import Bench, Outcome, Params
from motestudio.studio.conformance.common import KindKit
from motestudio.studio.conformance.report import CheckFailed

_BOARD = BoardFile("conformance", "Conformance", "x", "cortex-m4f", 80_000_000, 98_304, 1_048_576, "cmsis-nn")
_TWIN = """#include "mote_core.h"

#include "feature_params.h"

void mote_feature_run(const int16_t *window, mote_sink *sink) { mote_emit(sink, 0, (float)window[0]); }
"""


def _inputs(bench: Bench) -> Mapping[str, Path]:
    """A generated project with one feature stage, and the deployable that it was made from."""
    signal = SIGNALS["motion"]
    block = FeatureBlock("first", "conformance/first", 1, {}, (1,), ("feature",))
    deployable = Deployable(b"\x1c\0\0\0TFL3" + bytes(64), ("a", "b"), signal, (block,), (1,), 0.05, -3, 1 / 256, -128)

    def save(folder: Path) -> None:
        deployable.save(folder)

    def project(folder: Path) -> None:
        source = folder / "first.c"
        source.write_text(_TWIN, encoding="utf-8")
        uses = (FeatureCode(block, {}, (source,)),)
        generate(folder, FirmwareRequest("conformance", _BOARD, deployable, ("CONV_2D",), 8192, uses))

    folder = bench.material("project", project) / _BOARD.id
    return {"project": folder, "deployable": bench.material("deployable", save)}


def _verify(bench: Bench, outcome: Outcome, params: Params) -> None:
    del bench, params
    try:
        files = targets.read_files(outcome.folder)
    except PluginError as error:
        raise CheckFailed(str(error)) from error
    if not files:
        raise CheckFailed("wrote no file")


def laid(bench: Bench) -> str:
    """The files of a default run, as they would be laid into a project."""
    outcome = bench.must_work(_inputs(bench))
    _verify(bench, outcome, bench.defaults)
    return f"{len(targets.read_files(outcome.folder))} file(s)"


TARGET = KindKit(_inputs, verify=_verify, own={"laid": laid}, random=6)

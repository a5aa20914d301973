"""`mote sdk`: what is here and what is missing, getting TensorFlow Lite Micro offline, building it for a core."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest

from motestudio.firmware.tflm import TFLM_PIN, write_stamp
from support import trained
from support.command import Mote
from support.tflm_trees import add_library, plant


@pytest.fixture(autouse=True)
def fresh(mote: Mote, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A user who has nothing yet."""
    monkeypatch.setitem(mote.environment, "MOTE_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.delitem(mote.environment, "MOTE_TFLM_DIR", raising=False)


@pytest.fixture
def tools(mote: Mote, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An Arm compiler that is there, and a Python that has what TFLM's Makefile asks of it."""
    if shutil.which("make") is None:
        pytest.skip("there is no make")
    folder = tmp_path / "data" / "sdk" / "python" / "bin"
    folder.mkdir(parents=True)
    (tmp_path / "bin").mkdir()
    for program in (folder / "python3", tmp_path / "bin" / "arm-none-eabi-gcc"):
        program.write_text("#!/bin/sh\n")
        program.chmod(0o755)
    monkeypatch.setitem(mote.environment, "PATH", f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}")


def test_status_says_what_is_missing_and_how_to_get_it(
    mote: Mote, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(mote.environment, "PATH", str(tmp_path))
    done = mote("sdk", "status")
    assert done.status == 0
    assert "mote sdk get" in done.out
    assert TFLM_PIN.short in done.out
    facts = mote("sdk", "status", "--json").json
    assert facts["tflm"]["folder"] == ""
    tools = {tool["program"]: tool for tool in facts["tools"]}
    assert not tools["arm-none-eabi-gcc"]["found"]
    assert set(tools["idf.py"]["hints"]) == {"linux", "macos", "windows"}


def test_a_tree_is_taken_from_a_folder_built_for_a_board_and_found(mote: Mote, tmp_path: Path, tools: None) -> None:
    source = plant(tmp_path / "copied")
    write_stamp(source, TFLM_PIN.commit, "")
    got = mote("sdk", "get", "--from", source, "--json")
    assert got.status == 0, got.out + got.err
    assert got.json["pinned"]
    built = mote("sdk", "build", "--board", "nucleo-l476rg", "--core", "cortex-m0+", "--json")
    assert built.status == 0, built.out + built.err
    assert set(built.json["libraries"]) == {"cortex-m4f", "cortex-m0+"}
    assert all(Path(path).is_file() for path in built.json["libraries"].values())
    facts = mote("sdk", "status", "--json").json["tflm"]
    assert facts["named_by"] == "own"
    assert facts["problem"] == ""
    assert {core: paths[0] for core, paths in facts["libraries"].items()} == built.json["libraries"]
    said = mote("sdk", "status").out
    assert "the one in use" in said
    assert "cortex-m4f" in said


def test_the_wrong_archive_is_refused_and_kept(mote: Mote, tmp_path: Path) -> None:
    archive = tmp_path / "tflm.zip"
    archive.write_bytes(b"PK\x03\x04")
    done = mote("sdk", "get", "--from", archive, "--json")
    assert done.status == 2
    assert done.json["error"]["code"] == "sdk.sha256"
    assert archive.exists()


def test_build_without_a_tree_is_refused_with_the_way_to_one(mote: Mote) -> None:
    done = mote("sdk", "build", "--core", "cortex-m4f")
    assert done.status == 3
    assert "mote sdk get" in done.err


@pytest.mark.skipif(
    shutil.which("cmake") is None or shutil.which("arm-none-eabi-gcc") is None, reason="there is no Arm toolchain"
)
def test_firmware_is_not_built_with_another_version_or_without_the_library(
    mote: Mote, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = trained.make(tmp_path / "wand")
    monkeypatch.setitem(mote.environment, "MOTE_PLUGIN_PATH", str(trained.PLUGINS.parent))
    assert mote("-p", project, "board", "use", "stm32f405").status == 0
    tree = plant(tmp_path / "tflm")
    resolver = tree / "tensorflow/lite/micro/micro_mutable_op_resolver.h"

    def code() -> str:
        done = mote("-p", project, "firmware", "build", "--json")
        assert done.status == 2, done.out + done.err
        assert not (project / "firmware").exists(), "nothing was generated yet"
        return json.loads(done.out)["error"]["code"]

    monkeypatch.setitem(mote.environment, "MOTE_TFLM_DIR", str(tree))
    assert code() == "tflm.op_missing"
    resolver.write_text(resolver.read_text() + "AddBuiltin(BuiltinOperator_FULLY_CONNECTED, a, b);")
    assert code() == "tflm.no_library"
    add_library(tree)
    write_stamp(tree, "0" * 40, "")
    assert code() == "tflm.version"

"""Which TensorFlow Lite Micro is used, and building it for a core by its own Makefile: once, or not at all."""

from __future__ import annotations

import json
import os
import shutil
import sys
import threading
from pathlib import Path

import pytest

from motestudio.errors import AppError, BuildError, Cancelled, MissingError
from motestudio.firmware import tflm, toolchain
from motestudio.studio import sdk
from motestudio.studio.operation import Happening, Operation
from support.tflm_trees import BREAKS, CUT_OFF, MAKEFILE, add_library, plant
from support.tiny_model import build_model

pytestmark = pytest.mark.skipif(shutil.which("make") is None, reason="there is no make")


@pytest.fixture(autouse=True)
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A computer with an Arm compiler, and a Python that has what TFLM's Makefile asks of it; the programs' folder."""
    folder = tmp_path / "bin"
    folder.mkdir()
    put(folder / "arm-none-eabi-gcc")
    put(folder / "python3")
    monkeypatch.setattr(sys, "executable", str(folder / "python3"))
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("MOTE_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.delenv("MOTE_TFLM_DIR", raising=False)
    return folder


def put(program: Path, script: str = "") -> Path:
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    return program


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = plant(tmp_path / "a tree")
    monkeypatch.setenv("MOTE_TFLM_DIR", str(folder))
    return folder


def refused(code: str, core: str = "cortex-m4f") -> AppError:
    with pytest.raises(AppError) as caught:
        sdk.build(core, Operation())
    assert caught.value.code == code, caught.value
    assert caught.value.hint
    return caught.value


def set_in_window(folder: object) -> None:
    sdk.user_dir().mkdir(parents=True, exist_ok=True)
    (sdk.user_dir() / "window.json").write_text(json.dumps({"tflm_dir": folder, "theme": "Dark"}))


def test_what_is_named_comes_before_what_was_got(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def found() -> tuple[str, Path | None]:
        state = sdk.find()
        return state.source, state.tree.folder if state.tree else None

    assert found() == ("", None)
    plant(sdk.own_folder())
    assert found() == ("own", sdk.own_folder())
    set_in_window(str(tmp_path / "set"))
    assert found() == ("setting", tmp_path / "set")
    monkeypatch.setenv("MOTE_TFLM_DIR", str(tmp_path / "variable"))
    assert found() == ("environment", tmp_path / "variable")
    assert sdk.find(str(tmp_path / "said")).source == "argument"


@pytest.mark.parametrize("settings", ["", "[1]", '{"tflm_dir": 3}', '{"tflm_dir": " "}', "{", "\udcff"])
def test_damaged_settings_name_nothing(settings: str) -> None:
    sdk.user_dir().mkdir(parents=True)
    (sdk.user_dir() / "window.json").write_bytes(settings.encode(errors="surrogateescape"))
    assert sdk.find().tree is None


def test_a_library_is_built_with_progress_and_found(tree: Path) -> None:
    told: list[Happening] = []
    library = sdk.build("cortex-m4f", Operation(told.append))
    assert library.is_file()
    assert sdk.find().tree.built("cortex-m4f") == (library,)
    assert any(h.kind == "progress" and h.text == "2 files compiled" for h in told)
    assert any(h.kind == "log" and h.text == "compiles one.cc" for h in told)
    assert any(h.kind == "log" and "TARGET_ARCH=cortex-m4+fp" in h.text for h in told)
    assert sorted(p.name for p in tree.iterdir()) == ["gen", "tensorflow", "times"], "no lock stays"


def test_what_is_built_is_not_built_again_and_each_core_has_its_own(tree: Path) -> None:
    first = sdk.build("cortex-m4f", Operation())
    assert sdk.build("cortex-m4f", Operation()) == first
    assert (tree / "times").read_text().splitlines() == ["built"]
    assert sdk.build("cortex-m0+", Operation()) != first
    assert (tree / "times").read_text().splitlines() == ["built", "built"]


def test_a_built_core_needs_no_tools(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    library = add_library(tree)
    monkeypatch.setenv("PATH", "")
    assert sdk.build("cortex-m4f", Operation()) == library


def test_without_a_tree_it_is_said_how_to_get_one() -> None:
    error = refused("sdk.absent")
    assert isinstance(error, MissingError)
    assert "mote sdk get" in error.hint


def test_another_version_or_core_is_refused_before_anything_is_built(tree: Path) -> None:
    refused("tflm.core", "xtensa-lx6")
    tflm.write_stamp(tree, "0" * 40, "")
    refused("tflm.version")
    assert not (tree / "gen").exists()


def test_missing_tools_are_said(tree: Path, programs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(programs))
    assert refused("toolchain.missing").data["program"] == "make"
    put(programs / "make")
    shutil.rmtree(tree / tflm.DOWNLOADS / "ruy")
    assert refused("toolchain.missing").data["program"] == "curl"
    shutil.rmtree(tree / tflm.DOWNLOADS)
    assert refused("toolchain.missing").data["program"] == "git"


def test_a_build_that_fails_says_why_and_leaves_no_library(tree: Path) -> None:
    (tree / tflm.MAKEFILE).write_text(BREAKS)
    error = refused("sdk.build")
    assert isinstance(error, BuildError)
    assert "one.cc:3:1: error: nothing is declared" in error.text
    assert sdk.find().tree.libraries == {}


def test_a_build_that_says_it_did_well_and_left_nothing_is_refused(tree: Path) -> None:
    (tree / tflm.MAKEFILE).write_text("microlite:\n\t@true\n")
    refused("sdk.build")


def test_without_a_network_what_was_begun_to_be_fetched_does_not_stay(
    tree: Path, programs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in toolchain.TFLM_FETCH:
        put(programs / name)
    shutil.rmtree(tree / tflm.DOWNLOADS / "gemmlowp")
    (tree / tflm.MAKEFILE).write_text(CUT_OFF)
    error = refused("sdk.fetch")
    assert "Could not resolve host" in error.text
    assert "--from" in error.hint
    assert sdk.find().tree.lacks == ("gemmlowp",), "what was whole before stays"


def test_a_cancelled_build_leaves_no_library_and_can_be_done_again(tree: Path) -> None:
    slow = MAKEFILE.replace("\t@echo library > $@", "\t@echo half > $@; echo half; sleep 30; echo library > $@")
    (tree / tflm.MAKEFILE).write_text(slow)
    operation = Operation()
    operation.on_happening = lambda h: operation.cancel.cancel() if h.text == "half" else None
    with pytest.raises(Cancelled):
        sdk.build("cortex-m4f", operation)
    assert sdk.find().tree.libraries == {}
    (tree / tflm.MAKEFILE).write_text(MAKEFILE)
    assert sdk.build("cortex-m4f", Operation()).read_text() == "library\n"


def test_two_do_not_build_in_a_tree_at_once(tree: Path) -> None:
    (tree / tflm.MAKEFILE).write_text("microlite:\n\t@echo begun; sleep 30\n")
    operation = Operation()
    begun = threading.Event()
    operation.on_happening = lambda h: begun.set() if h.text == "begun" else None

    def first() -> None:
        with pytest.raises(Cancelled):
            sdk.build("cortex-m4f", operation)

    thread = threading.Thread(target=first)
    thread.start()
    assert begun.wait(20)
    assert str(tree) in refused("sdk.busy").text
    operation.cancel.cancel()
    thread.join(20)
    assert not thread.is_alive()


def test_a_python_without_the_packages_gets_an_environment_of_its_own(
    tree: Path, programs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "data" / "sdk" / "python" / "bin"
    made = f"mkdir -p {folder}; printf '#!/bin/sh\\n' > {folder}/python; chmod +x {folder}/python; "
    made += f"cp {folder}/python {folder}/python3"
    put(programs / "python3", f'case "$*" in "-c import numpy, PIL") exit 1;; "-m venv"*) {made};; esac')
    monkeypatch.setenv("PATH", f"{programs}{os.pathsep}{os.environ['PATH']}")
    (tree / tflm.MAKEFILE).write_text(MAKEFILE.replace("\t@echo built >> times", "\t@command -v python3 >> times"))
    sdk.build("cortex-m4f", Operation())
    assert (tree / "times").read_text().strip() == str(folder / "python3")


def test_packages_that_cannot_be_had_are_named(tree: Path, programs: Path) -> None:
    put(programs / "python3", 'case "$*" in "-m venv"*) echo "no venv here"; exit 1;; *) exit 1;; esac')
    error = refused("sdk.python")
    assert "no venv here" in error.text
    assert "pip install numpy pillow" in error.hint


def test_a_model_is_checked_with_its_operators(tree: Path) -> None:
    add_library(tree)
    model = build_model()
    with pytest.raises(BuildError) as lacking:
        sdk.check_model(sdk.find().tree, model, "cortex-m4f")
    assert lacking.value.code == "tflm.op_missing"
    assert lacking.value.data["ops"] == ["FULLY_CONNECTED"]
    resolver = tree / "tensorflow/lite/micro/micro_mutable_op_resolver.h"
    resolver.write_text(resolver.read_text() + "AddBuiltin(BuiltinOperator_FULLY_CONNECTED, r, p);")
    assert sdk.check_model(sdk.find().tree, model, "cortex-m4f")
    with pytest.raises(AppError) as caught:
        sdk.check_model(sdk.find().tree, b"nothing", "cortex-m4f")
    assert caught.value.code == "model.broken"

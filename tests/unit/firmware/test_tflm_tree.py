"""TensorFlow Lite Micro trees: what is read from one, and what is refused before anything is built."""

from __future__ import annotations

import os
import subprocess
import tomllib
from pathlib import Path

import pytest

from motestudio.errors import BuildError
from motestudio.firmware import ops, tflm
from motestudio.firmware.boards import CORES
from motestudio.firmware.tflm import TFLM_PIN, check, check_tree, read_tree
from support.tflm_trees import add_library, plant

OTHER = "0123456789abcdef0123456789abcdef01234567"


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    return plant(tmp_path / "tflm")


def refused(code: str, *args: object, **more: object) -> BuildError:
    with pytest.raises(BuildError) as caught:
        check(*args, **more)
    assert caught.value.code == code
    assert caught.value.hint
    return caught.value


def test_a_tree_says_what_it_has(tree: Path) -> None:
    library = add_library(tree)
    found = read_tree(tree)
    assert found.is_tree
    assert found.schema == 3
    assert found.operators == {"CONV_2D", "SOFTMAX"}
    assert dict(found.libraries) == {"cortex-m4f": (library,)}
    assert found.lacks == ()


@pytest.mark.parametrize("content", [None, b"", b"\xff\x00" * 50])
def test_any_folder_can_be_looked_at_and_is_refused(tmp_path: Path, content: bytes | None) -> None:
    folder = tmp_path / "some"
    if content is not None:
        folder.mkdir()
        (folder / tflm.STAMP).write_bytes(content)
        (folder / ".git").write_bytes(content)
    found = read_tree(folder)
    assert not found.is_tree
    assert "mote sdk get" in refused("tflm.not_a_tree", found, "cortex-m4f").hint


def test_the_stamp_says_the_version(tree: Path) -> None:
    tflm.write_stamp(tree, TFLM_PIN.commit, "here")
    assert read_tree(tree).pinned
    assert check_tree(read_tree(tree)) == ()


@pytest.mark.parametrize("stamp", ["[]", '{"commit": 3}', '{"commit": "main"}', "{", "[" * 100_000])
def test_a_damaged_stamp_says_nothing(tree: Path, stamp: str) -> None:
    (tree / tflm.STAMP).write_text(stamp)
    assert read_tree(tree).commit == ""


def test_a_repository_says_the_version(tree: Path, tmp_path: Path) -> None:
    def git(*args: str, cwd: Path = tree) -> str:
        who = ("-c", "user.name=a", "-c", "user.email=a@b")
        return subprocess.run(["git", *who, *args], cwd=cwd, check=True, capture_output=True, text=True).stdout.strip()

    git("init", "-q", "-b", "main")
    git("add", ".")
    git("commit", "-q", "-m", "all")
    head = git("rev-parse", "HEAD")
    assert read_tree(tree).commit == head
    git("pack-refs", "--all")
    assert read_tree(tree).commit == head
    git("worktree", "add", "-q", "-b", "side", str(tmp_path / "side"))
    assert read_tree(tmp_path / "side").commit == head
    git("checkout", "-q", "--detach")
    assert read_tree(tree).commit == head


def test_another_version_is_refused_with_both(tree: Path) -> None:
    tflm.write_stamp(tree, OTHER, "")
    add_library(tree)
    error = refused("tflm.version", read_tree(tree), "cortex-m4f")
    assert OTHER[:12] in error.text
    assert TFLM_PIN.short in error.text
    assert TFLM_PIN.tensorflow in error.text


def test_a_version_that_nobody_says_is_told(tree: Path) -> None:
    add_library(tree)
    notes = check(read_tree(tree), "cortex-m4f", ops=("CONV_2D",))
    assert len(notes) == 1
    assert str(tree) in notes[0]


def test_another_schema_is_refused(tmp_path: Path) -> None:
    refused("tflm.schema", read_tree(plant(tmp_path / "new", schema=4)), "cortex-m4f")
    (tmp_path / "new" / "tensorflow/lite/micro/micro_interpreter.h").write_text("// nothing")
    assert "unknown" in refused("tflm.schema", read_tree(tmp_path / "new"), "cortex-m4f").text


def test_operators_that_are_missing_are_all_named(tree: Path) -> None:
    add_library(tree)
    error = refused("tflm.op_missing", read_tree(tree), "cortex-m4f", ops=("SOFTMAX", "SVDF", "CONV_2D", "ADD"))
    assert error.data["ops"] == ["ADD", "SVDF"]
    assert "ADD, SVDF" in error.text


@pytest.mark.parametrize(("version", "good"), [("2.21.0", True), ("2.15.1", True), ("", True), ("2.22.0-rc1", False)])
def test_a_newer_converter_is_refused(tree: Path, version: str, good: bool) -> None:
    add_library(tree)
    if good:
        assert check(read_tree(tree), "cortex-m4f", converter=version)
    else:
        assert version in refused("tflm.converter", read_tree(tree), "cortex-m4f", converter=version).text


def test_a_core_without_its_library_is_refused_with_the_command_that_builds_it(tree: Path) -> None:
    add_library(tree, "cortex-m0plus")
    found = read_tree(tree)
    assert "mote sdk build --core cortex-m4f" in refused("tflm.no_library", found, "cortex-m4f").hint
    assert check(found, "cortex-m0+")


def test_two_libraries_for_a_core_are_refused_by_name(tree: Path) -> None:
    add_library(tree)
    add_library(tree, build="default")
    error = refused("tflm.two_libraries", read_tree(tree), "cortex-m4f")
    assert len(error.data["libraries"]) == 2
    assert all(name in error.text for name in error.data["libraries"])


def test_a_library_in_the_folder_itself_serves_every_core(tree: Path) -> None:
    (tree / tflm.LIBRARY).write_bytes(b"!<arch>\n")
    assert check(read_tree(tree), "cortex-m33")
    add_library(tree)
    refused("tflm.two_libraries", read_tree(tree), "cortex-m4f")


def test_every_arm_core_of_a_board_file_can_be_built_for() -> None:
    for core in CORES:
        if core.startswith("cortex-"):
            argv = tflm.make_command(core, Path("/opt/arm/bin/arm-none-eabi-gcc"), 2)
            assert "TARGET_TOOLCHAIN_ROOT=/opt/arm/bin/" in argv
            assert f"TARGET_ARCH={tflm.architecture(core)}" in argv
        else:
            with pytest.raises(BuildError, match=core):
                tflm.architecture(core)


def test_the_library_that_is_built_is_the_one_that_is_found(tree: Path) -> None:
    for core in tflm.ARCHITECTURES:
        path = tflm.library_path(tree, core)
        path.parent.mkdir(parents=True)
        path.write_bytes(b"")
        assert read_tree(tree).built(core) == (path,)


def test_the_pin_goes_with_the_converter_that_is_installed() -> None:
    project = tomllib.loads((Path(__file__).parents[3] / "pyproject.toml").read_text())
    train = project["project"]["optional-dependencies"]["train"]
    major, minor = map(int, TFLM_PIN.tensorflow.split("."))
    assert f"tensorflow>={TFLM_PIN.tensorflow},<{major}.{minor + 1}" in train
    assert any(line.startswith(f"tflite-micro>={TFLM_PIN.wheel};") for line in train)


def test_a_real_tree_has_every_operator_that_firmware_can_ask_for() -> None:
    named = os.environ.get("MOTE_TFLM_DIR", "")
    if not named:
        pytest.skip("MOTE_TFLM_DIR names no TensorFlow Lite Micro")
    found = read_tree(Path(named))
    assert found.is_tree
    assert found.schema == tflm.SCHEMA
    assert not set(ops._CALLS) - found.operators

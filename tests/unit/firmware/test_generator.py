"""The firmware project: deterministic, honest about what changes, careful with what is the user's."""

import dataclasses
import hashlib
import json
import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from motestudio.domain.board import Flashing
from motestudio.errors import BuildError
from motestudio.firmware.c_text import c_constants, c_float, c_int, c_string
from motestudio.firmware.chip_image import check_port
from motestudio.firmware.generator import generate, preview
from motestudio.firmware.ops import resolver_calls


def snapshot(folder: Path) -> dict[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def states(project) -> dict[str, str]:
    return {f.path: f.state for f in project.files}


def test_project_has_every_part_and_is_deterministic(tmp_path: Path, request_for_firmware):
    project = generate(tmp_path / "a", request_for_firmware)
    assert project.folder == tmp_path / "a" / "test-board"
    first = snapshot(project.folder)
    assert {p.split("/")[0] for p in first} == {
        "core", "features", "model", "port", "sensors", "user", "CMakeLists.txt", "README.md", "project.json",
    }  # fmt: skip
    generate(tmp_path / "b", request_for_firmware)
    assert first == snapshot(tmp_path / "b" / "test-board")
    recorded = json.loads(first["project.json"])["files"]
    for path, digest in recorded.items():
        assert digest == hashlib.sha256(first[path]).hexdigest(), path
    assert not [p for p in first if p.endswith(".part")]


def test_second_generation_changes_nothing(tmp_path: Path, request_for_firmware):
    generate(tmp_path, request_for_firmware)
    before = snapshot(tmp_path)
    again = generate(tmp_path, request_for_firmware)
    assert not again.changed
    assert again.diff == ""
    assert snapshot(tmp_path) == before


def test_changed_model_is_reported_with_a_diff(tmp_path: Path, request_for_firmware):
    generate(tmp_path, request_for_firmware)
    deployable = dataclasses.replace(request_for_firmware.deployable, model=b"other", output_scale=0.5)
    changed = generate(tmp_path, dataclasses.replace(request_for_firmware, deployable=deployable))
    assert {f.path for f in changed.changed} == {
        "model/model_slot.c", "model/model_slot.h", "model/mote_config.c", "model/mote_project.h", "README.md",
    }  # fmt: skip
    assert not changed.edited
    assert "+#define MOTE_OUTPUT_SCALE 0.5f" in changed.diff


def test_preview_writes_nothing_and_names_edits(tmp_path: Path, request_for_firmware):
    assert set(states(preview(tmp_path, request_for_firmware)).values()) == {"new"}
    assert not snapshot(tmp_path / "test-board")
    project = generate(tmp_path, request_for_firmware)
    readme = project.folder / "README.md"
    readme.write_text("mine\n")
    before = snapshot(tmp_path)
    seen = preview(tmp_path, request_for_firmware)
    assert [f.path for f in seen.edited] == ["README.md"]
    assert "-mine" in seen.diff
    assert snapshot(tmp_path) == before


def test_hand_edited_file_is_kept_beside_the_new_one(tmp_path: Path, request_for_firmware):
    project = generate(tmp_path, request_for_firmware)
    new = (project.folder / "core/mote_app.c").read_bytes()
    for text in ("first edit", "second edit"):
        (project.folder / "core/mote_app.c").write_text(text)
        generate(tmp_path, request_for_firmware)
    assert (project.folder / "core/mote_app.c").read_bytes() == new
    assert (project.folder / "core/mote_app.c.orig").read_text() == "first edit"
    assert (project.folder / "core/mote_app.c.orig2").read_text() == "second edit"


def test_user_folder_is_never_overwritten_and_leftovers_go(tmp_path: Path, request_for_firmware):
    project = generate(tmp_path, request_for_firmware)
    (project.folder / "user/mote_user.c").write_text("mine")
    (project.folder / "user/extra.c").write_text("mine too")
    use = request_for_firmware.features[0]
    other = use.sources[0].with_name("renamed.c")
    other.write_bytes(use.sources[0].read_bytes())
    renamed = dataclasses.replace(use, sources=(other,))
    again = generate(tmp_path, dataclasses.replace(request_for_firmware, features=(renamed,)))
    assert states(again)["features/0_gain/test_feature.c"] == "removed"
    assert sorted(p.name for p in (project.folder / "features/0_gain").iterdir()) == ["feature_params.h", "renamed.c"]
    assert (project.folder / "user/mote_user.c").read_text() == "mine"
    assert (project.folder / "user/extra.c").read_text() == "mine too"


@pytest.mark.parametrize("text", ["", "{", "[]", '{"files": 3}', '{"files": {"../../victim": "x", "/victim": "y"}}'])
def test_broken_project_file_harms_nothing(tmp_path: Path, request_for_firmware, text: str):
    victim = tmp_path / "victim"
    victim.write_text("keep")
    project = generate(tmp_path / "firmware", request_for_firmware)
    hashed = text.replace('"x"', json.dumps(hashlib.sha256(b"keep").hexdigest()))
    (project.folder / "project.json").write_text(hashed)
    generate(tmp_path / "firmware", request_for_firmware)
    assert victim.read_text() == "keep"


def test_what_cannot_be_firmware_is_refused(tmp_path: Path, request_for_firmware):
    def use(**changes):
        return (dataclasses.replace(request_for_firmware.features[0], **changes),)

    for change, code in (
        ({"ops": ("CONV_3D",)}, "firmware.op"),
        ({"features": use(constants={"a b": 1})}, "firmware.constant"),
        ({"features": use(constants={"a": np.zeros(3)})}, "firmware.constant"),
        ({"features": use(constants={"a": float("nan")})}, "firmware.constant"),
        ({"features": use(constants={"a": "text"})}, "firmware.constant"),
        ({"arena_bytes": 0}, "firmware.size"),
        ({"features": use(sources=(tmp_path / "absent.c",))}, "firmware.source"),
    ):
        with pytest.raises(BuildError) as caught:
            generate(tmp_path, dataclasses.replace(request_for_firmware, **change))
        assert caught.value.code == code
        assert caught.value.hint
    assert not (tmp_path / "test-board").exists()


def test_folder_that_cannot_be_written(tmp_path: Path, request_for_firmware):
    (tmp_path / "test-board").write_text("a file")
    with pytest.raises(BuildError):
        generate(tmp_path, request_for_firmware)


def test_resolver_has_each_op_once():
    assert resolver_calls(["SOFTMAX", "CONV_2D", "CONV_2D"]) == ("AddConv2D", "AddSoftmax")


@given(st.floats(width=32, allow_nan=False, allow_infinity=False))
def test_float_literal_reads_back(value: float):
    text = c_float(value)
    assert text.endswith("f")
    assert np.float32(text[:-1]).tobytes() == np.float32(value).tobytes()


@given(st.lists(st.integers(-(2**63), 2**64 - 1), min_size=1, max_size=8), st.text(max_size=30))
def test_literals_mean_in_c_what_they_mean_here(values: list[int], text: str):
    assert all(c_int(v) for v in values)
    quoted = c_string(text)
    assert quoted.isascii()
    # Octal escapes, quotes and backslashes mean the same in a Python bytes literal; "\?" is C's own.
    inside = quoted[1:-1].replace("\\?", "?")
    assert eval(f'b"{inside}"') == text.encode()


def test_constants_compile_to_their_values(tmp_path: Path):
    values = {
        "i8": np.array([-128, 127], np.int8), "u64": np.array([2**64 - 1], np.uint64),
        "i64": np.array([-(2**63), 5], np.int64), "i32": np.array([[-(2**31), 1]], np.int32),
        "small": -(2**31), "big": 2**32 - 1, "yes": True, "f": np.float32(1e-45), "whole": 3.0,
    }  # fmt: skip
    program = f"""
#include <stdint.h>
#include <stdio.h>
{c_constants(values)}
int main(void) {{
  printf("%d %d %llu %lld %lld %d %d %d %lld %d %a %.1f", MOTE_I8[0], MOTE_I8[1], (unsigned long long)MOTE_U64[0],
    (long long)MOTE_I64[0], (long long)MOTE_I64[1], MOTE_I32[0], MOTE_I32[1], MOTE_SMALL, (long long)MOTE_BIG,
    MOTE_YES, (double)MOTE_F, (double)MOTE_WHOLE);
  return 0;
}}"""
    (tmp_path / "p.c").write_text(program)
    subprocess.run(["cc", "-std=c11", "-Wall", "-Wextra", "-Werror", "p.c", "-o", "p"], cwd=tmp_path, check=True)
    said = subprocess.run([tmp_path / "p"], capture_output=True, text=True, check=True).stdout
    assert said == (
        "-128 127 18446744073709551615 -9223372036854775808 5 -2147483648 1 -2147483648 4294967295 1 0x1p-149 3.0"
    )


def test_too_many_classes_are_refused(tmp_path: Path, request_for_firmware):
    deployable = dataclasses.replace(request_for_firmware.deployable, classes=tuple(f"c{i}" for i in range(33)))
    with pytest.raises(BuildError, match="33"):
        generate(tmp_path, dataclasses.replace(request_for_firmware, deployable=deployable))


def test_what_a_target_stage_added_stays_until_one_adds_something_else(tmp_path: Path, request_for_firmware):
    folder = tmp_path / "firmware"
    first = replace(request_for_firmware, target={"Makefile": b"one\n", "sub/x.txt": b"x\n"})
    project = generate(folder, first)
    makefile = project.folder / "target" / "Makefile"
    assert makefile.read_bytes() == b"one\n"
    assert not generate(folder, request_for_firmware).changed
    makefile.write_bytes(b"mine\n")
    assert not generate(folder, request_for_firmware).changed
    assert makefile.read_bytes() == b"mine\n"
    second = generate(folder, replace(request_for_firmware, target={"Makefile": b"two\n"}))
    states = {f.path: f.state for f in second.changed}
    assert states == {"target/Makefile": "edited", "target/sub/x.txt": "removed"}
    assert makefile.read_bytes() == b"two\n"
    assert makefile.with_name("Makefile.orig").read_bytes() == b"mine\n"


@pytest.mark.parametrize("family", ["stm32", "esp32"])
def test_board_file_that_does_not_tell_what_its_port_must_know_gets_a_project_without_one(
    tmp_path: Path, request_for_firmware, family: str
):
    board = dataclasses.replace(request_for_firmware.board, family=family, stm32=None, flashing=Flashing())
    project = generate(tmp_path, dataclasses.replace(request_for_firmware, board=board))
    assert {f.path.split("/")[1] for f in project.files if f.path.startswith("port/")} == {"host"}
    with pytest.raises(BuildError) as caught:
        check_port(board)
    assert (caught.value.code, "Add a table" in caught.value.hint) == ("firmware.no_port", True)

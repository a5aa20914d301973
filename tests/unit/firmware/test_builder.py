"""The host library: same features as the desk, sizes by file, and errors with file and line."""

import ctypes
import dataclasses
import sys
from pathlib import Path

import numpy as np
import pytest

from motestudio.errors import BuildError, MissingError
from motestudio.firmware.builder import build_host, find_compiler
from motestudio.firmware.elf import read_sections, totals, undefined_symbols
from motestudio.firmware.generator import generate
from motestudio.sdk.quantise import quantise


def test_library_computes_what_the_desk_computes(tmp_path: Path, request_for_firmware, gains, run):
    project = generate(tmp_path / "firmware", request_for_firmware)
    result = build_host(project, run, tmp_path / "out" / "core.so")
    assert result.image == tmp_path / "out" / "core.so"
    assert [p.name for p in (tmp_path / "out").iterdir()] == ["core.so"]
    assert set(result.files) == {"core/mote_host.c", "model/mote_features.c", "features/0_gain/test_feature.c"}
    assert all(result.files.values())
    assert result.sections["text"] > 0
    library = ctypes.CDLL(str(result.image))
    assert (library.mote_host_window_samples(), library.mote_host_channels()) == (20, 3)
    count = library.mote_host_feature_count()
    window = np.random.default_rng(1).integers(-32768, 32768, (20, 3)).astype(np.int16)
    floats, codes = np.zeros(count, np.float32), np.zeros(count, np.int8)
    library.mote_host_features_f32(window.ctypes.data_as(ctypes.c_void_p), floats.ctypes.data_as(ctypes.c_void_p))
    library.mote_host_features_i8(window.ctypes.data_as(ctypes.c_void_p), codes.ctypes.data_as(ctypes.c_void_p))
    expected = (window.astype(np.float32) * gains).ravel()
    np.testing.assert_array_equal(floats, expected)
    deploy = request_for_firmware.deployable
    np.testing.assert_array_equal(codes, quantise(expected, deploy.input_scale, deploy.input_zero_point))


def test_compile_error_names_file_and_line(tmp_path: Path, request_for_firmware, run):
    request_for_firmware.features[0].sources[0].write_text('#include "mote_core.h"\n\nint x = wrong;\n')
    project = generate(tmp_path / "firmware", request_for_firmware)
    with pytest.raises(BuildError) as caught:
        build_host(project, run, tmp_path / "out" / "core.so")
    assert caught.value.code == "build.compile"
    assert caught.value.data["file"] == "features/0_gain/test_feature.c"
    assert caught.value.data["line"] == 3
    assert "wrong" in caught.value.text
    assert not list((tmp_path / "out").iterdir())


def test_warning_is_an_error(tmp_path: Path, request_for_firmware, run):
    source = request_for_firmware.features[0].sources[0]
    source.write_text(source.read_text() + "\nstatic int unused(void) { return 1; }\n")
    project = generate(tmp_path / "firmware", request_for_firmware)
    with pytest.raises(BuildError, match="unused"):
        build_host(project, run, tmp_path / "out" / "core.so")


def test_stage_without_c_sources_cannot_be_built(tmp_path: Path, request_for_firmware, run):
    bare = dataclasses.replace(request_for_firmware.features[0], sources=())
    project = generate(tmp_path / "firmware", dataclasses.replace(request_for_firmware, features=(bare,)))
    with pytest.raises(BuildError, match="test/gain"):
        build_host(project, run, tmp_path / "out" / "core.so")


def test_compiler_that_dies_silently(tmp_path: Path, request_for_firmware):
    project = generate(tmp_path / "firmware", request_for_firmware)
    with pytest.raises(BuildError, match="ended with 137"):
        build_host(project, lambda _argv, _cwd: (137, ""), tmp_path / "out" / "core.so")


def test_no_compiler_says_how_to_get_one(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.delenv("MOTE_CC", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(MissingError) as caught:
        find_compiler()
    assert caught.value.exit_code == 3
    assert "Install" in caught.value.hint
    assert "MOTE_CC" in caught.value.hint
    monkeypatch.setenv("MOTE_CC", "no-such-cc --fast")
    with pytest.raises(MissingError, match="no-such-cc"):
        find_compiler()


def test_named_compiler_wins_and_keeps_its_options(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    compiler = tmp_path / "mycc"
    compiler.write_text("#!/bin/sh\n")
    compiler.chmod(0o755)
    monkeypatch.setenv("MOTE_CC", f"{compiler} --target=x")
    assert find_compiler() == (str(compiler), "--target=x")


def test_elf_reader_survives_any_cut(tmp_path: Path, request_for_firmware, run):
    project = generate(tmp_path / "firmware", request_for_firmware)
    data = build_host(project, run, tmp_path / "out" / "core.so").image.read_bytes()
    if not read_sections(data):
        pytest.skip("this platform's libraries are not ELF files")
    assert {"text", "rodata", "data", "bss"} == set(totals(read_sections(data)))
    for end in range(0, len(data), 97):
        read_sections(data[:end])
    rng = np.random.default_rng(2)
    for _ in range(200):
        broken = bytearray(data)
        broken[rng.integers(64)] = rng.integers(256)
        read_sections(bytes(broken))
    assert read_sections(b"MZ" + data) == ()


@pytest.mark.skipif(sys.platform != "linux", reason="object files are ELF on Linux")
def test_symbols_that_an_object_wants_from_elsewhere(tmp_path: Path, run):
    source = tmp_path / "a.c"
    source.write_text(
        "float sinf(float); extern int kept; float f(float x); float f(float x) { return sinf(x) + kept; }"
    )
    code, said = run([*find_compiler(), "-O1", "-c", "a.c", "-o", "a.o"], tmp_path)
    assert code == 0, said
    data = (tmp_path / "a.o").read_bytes()
    assert {"sinf", "kept"} <= set(undefined_symbols(data) or ()) <= {"sinf", "kept", "_GLOBAL_OFFSET_TABLE_"}
    assert undefined_symbols(b"") is None
    assert undefined_symbols(b"MZ" + bytes(100)) is None
    for cut in range(64, len(data), 97):
        undefined_symbols(data[:cut])

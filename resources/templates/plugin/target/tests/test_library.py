"""What the Makefile says; the conformance kit checks where files are written."""

import pytest
from my_plugin.library import Library

from motestudio.sdk import PluginError
from motestudio.sdk.testing import Context

PARAMS = {"prefix": "arm-none-eabi-", "cpu": "cortex-m4", "hard_float": True, "optimise": 2, "stack_kb": 4.0}


class Deployable:
    classes = ("wave", "idle")


def makefile(tmp_path, **changed):
    project, workdir = tmp_path / "project", tmp_path / "work"
    (project / "features" / "0_scale").mkdir(parents=True, exist_ok=True)
    (project / "features" / "0_scale" / "scale.c").write_text("")
    workdir.mkdir(exist_ok=True)
    Library().generate(Context(workdir), project, Deployable(), PARAMS | changed)
    return (workdir / "Makefile").read_text()


def test_sources_and_flags(tmp_path):
    text = makefile(tmp_path)
    assert "SOURCES := ../features/0_scale/scale.c" in text
    assert "-mcpu=cortex-m4 -mthumb -mfpu=fpv4-sp-d16" in text
    assert "-mcpu" not in makefile(tmp_path, cpu="host")
    assert "-mfloat-abi=soft" in makefile(tmp_path, hard_float=False)


def test_a_prefix_that_would_be_a_command_is_refused(tmp_path):
    with pytest.raises(PluginError):
        makefile(tmp_path, prefix="x; rm -rf ~ ;")

"""`mote firmware build` and `run`: from a trained model to a chip, here an emulated one, that is recorded from."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
from pathlib import Path

import pytest

from motestudio.project.recordings import RecordingStore
from support import trained
from support.command import Mote

# What a user would do with a library: here anything is a signature that is not all zeros.
ONLY_ONES = """
#include "mote_config.h"

bool mote_verify_signature(const uint8_t digest[32], const uint8_t signature[MOTE_SLOT_SIGNATURE]) {
  uint8_t any = 0;
  for (int i = 0; i < MOTE_SLOT_SIGNATURE; ++i) {
    any |= signature[i];
  }
  return digest[0] == digest[0] && any != 0;
}
"""
TOOLS = ("cmake", "arm-none-eabi-gcc", "qemu-system-arm")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return trained.make(tmp_path_factory.mktemp("trained") / "wand")


@pytest.fixture
def project(made: Path, mote: Mote, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A trained project whose board is the chip that QEMU emulates."""
    folder = shutil.copytree(made, tmp_path / "wand")
    monkeypatch.setitem(mote.environment, "MOTE_PLUGIN_PATH", str(trained.PLUGINS.parent))
    monkeypatch.delitem(mote.environment, "MOTE_TFLM_DIR", raising=False)
    assert mote("-p", folder, "board", "use", "stm32f405").status == 0
    return folder


@pytest.fixture
def tools() -> None:
    for program in TOOLS:
        if shutil.which(program) is None:
            pytest.skip(f"there is no {program}")


def emulate(mote: Mote, project: Path) -> tuple[subprocess.Popen[str], str]:
    """Begin `mote firmware run`; the process, and the address that it says."""
    running = mote.start("-p", project, "--json", "firmware", "run")
    said = ""
    while "Connect with" not in said:
        said = running.stderr.readline()
        assert said, running.communicate()
    url = re.search(r"socket://\S+?(?=\. )", said)
    assert url is not None
    return running, url[0]


def test_a_model_becomes_an_image_that_says_what_it_takes(mote: Mote, project: Path, tools: None) -> None:
    done = mote("-p", project, "--json", "firmware", "build")
    assert done.status == 0, done.out + done.err
    facts = done.json
    image = Path(facts["image"])
    assert image.read_bytes()[:4] == b"\x7fELF"
    assert 8_000 < facts["flash_bytes"] < 100_000
    assert 8_000 < facts["ram_bytes"] < 131_072
    assert not facts["has_model"]
    assert "MOTE_TFLM_DIR" in done.err
    again = mote("-p", project, "--json", "firmware", "build")
    assert again.json["seconds"] < facts["seconds"], "what is built is not built again"


def test_the_emulated_chip_is_a_board_like_any_other(mote: Mote, project: Path, tools: None) -> None:
    running, url = emulate(mote, project)
    # Two verbs use a project one after the other: recording needs a second one here.
    other = shutil.copytree(project, project.parent / "second", ignore=shutil.ignore_patterns(".mote", "firmware"))
    done = mote("-p", other, "--json", "record", "wave", "--takes", 1, "--seconds", 1, "--port", url)
    running.send_signal(signal.SIGINT)
    out, err = running.communicate(timeout=30)
    assert done.status == 0, done.out + done.err
    assert running.returncode == 0, err
    assert json.loads(out)["image"].endswith(".elf")
    name = json.loads(done.out)["recordings"][0]
    recording = RecordingStore(other / "recordings").load(name)
    assert recording.n_samples == 104
    assert recording.health.lost_samples == 0
    assert [c.name for c in recording.group.channels] == ["ax", "ay", "az", "gx", "gy", "gz"]


def test_a_model_goes_over_the_link_into_the_slot_that_is_not_in_use(mote: Mote, project: Path, tools: None) -> None:
    running, url = emulate(mote, project)
    other = shutil.copytree(project, project.parent / "second", ignore=shutil.ignore_patterns("lock", "firmware"))
    done = mote("-p", other, "--json", "firmware", "flash", "--model-only", "--port", url)
    again = mote("-p", other, "--json", "firmware", "flash", "--port", url)
    running.send_signal(signal.SIGINT)
    running.communicate(timeout=30)
    assert done.status == 0, done.out + done.err
    assert again.status == 0, again.out + again.err
    (model,) = (project / "runs").glob("*/model.tflite")
    assert done.json["model_sha256"] == hashlib.sha256(model.read_bytes()).hexdigest()
    assert done.json["bytes"] == 256 + model.stat().st_size


def test_a_project_with_a_key_takes_signed_models_only(mote: Mote, project: Path, tools: None) -> None:
    pytest.importorskip("cryptography", reason="signing needs the package cryptography")
    done = mote("-p", project, "--json", "firmware", "key", project / "keys" / "device.pem")
    assert done.status == 0, done.err
    assert 'key = "keys/device.pem"' in (project / "project.toml").read_text()
    done = mote("-p", project, "firmware", "build")
    assert done.status == 2
    assert "mote_verify_signature" in done.err
    user = project / "firmware" / "stm32f405" / "user" / "mote_user.c"
    user.write_text(user.read_text() + ONLY_ONES)
    running, url = emulate(mote, project)
    other = shutil.copytree(project, project.parent / "second", ignore=shutil.ignore_patterns("lock", "firmware"))
    done = mote("-p", other, "--json", "firmware", "flash", "--model-only", "--port", url)
    unsigned = (other / "project.toml").read_text().replace('key = "keys/device.pem"', "")
    (other / "project.toml").write_text(unsigned)
    refused = mote("-p", other, "--json", "firmware", "flash", "--model-only", "--port", url)
    running.send_signal(signal.SIGINT)
    running.communicate(timeout=30)
    assert done.status == 0, done.out + done.err
    assert refused.json["error"]["code"] == "slot.forged"


def test_a_board_that_nothing_emulates_is_not_run_but_built(mote: Mote, project: Path, tools: None) -> None:
    assert mote("-p", project, "board", "use", "nucleo-l476rg").status == 0
    done = mote("-p", project, "firmware", "run")
    assert done.status == 2
    assert "stm32f405" in done.err
    done = mote("-p", project, "--json", "firmware", "build")
    assert done.status == 0, done.err
    parts = done.json["parts"]
    assert sum(part["flash"] for part in parts.values()) == done.json["flash_bytes"]
    assert parts["stack"] == {"flash": 0, "ram": 8192}
    assert parts["model"]["flash"] > 256


def test_without_the_toolchain_it_is_said_how_to_get_it(
    mote: Mote, project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "bin").mkdir()
    monkeypatch.setitem(mote.environment, "PATH", str(tmp_path / "bin"))
    done = mote("-p", project, "firmware", "build")
    assert done.status == 3
    assert "cmake" in done.err
    assert "Install it with" in done.err


def test_a_users_file_that_does_not_compile_is_named_with_its_line(mote: Mote, project: Path, tools: None) -> None:
    assert mote("-p", project, "firmware", "build").status == 0
    user = project / "firmware" / "stm32f405" / "user" / "mote_user.c"
    user.write_text(user.read_text() + "\nint broken(void) { return nothing; }\n")
    line = len(user.read_text().splitlines())
    done = mote("-p", project, "firmware", "build")
    assert done.status == 2
    assert f"mote_user.c:{line}: " in done.err
    assert "nothing" in done.err


def test_the_model_on_the_chip_decides_as_it_does_here(
    mote: Mote, project: Path, tools: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    tree = os.environ.get("MOTE_TFLM_DIR", "")
    if not tree:
        pytest.skip("MOTE_TFLM_DIR names no built TensorFlow Lite Micro")
    monkeypatch.setitem(mote.environment, "MOTE_TFLM_DIR", tree)
    other = shutil.copytree(project, project.parent / "second")
    running, url = emulate(mote, project)
    done = mote("-p", other, "--json", "evaluate", "--port", url)
    running.send_signal(signal.SIGINT)
    out, err = running.communicate(timeout=30)
    assert running.returncode == 0, err
    assert json.loads(out)["has_model"]
    assert done.status == 0, done.out + done.err
    assert done.json["windows_equal"] == done.json["windows_tested"] > 0

"""Plugins from the command line: begun, checked, and used where a pipeline does not run them."""

from __future__ import annotations

import importlib.util
import json
import shutil
import subprocess
import sys
import wave
from pathlib import Path

import pytest

from support.command import Mote
from support.trained import PLUGINS, make


@pytest.fixture
def mote(tmp_path: Path) -> Mote:
    made = Mote(tmp_path / "home")
    made.environment |= {"MOTE_DATA_DIR": str(tmp_path / "user"), "MOTE_PLUGIN_PATH": str(PLUGINS)}
    return made


def begun(mote: Mote, name: str, kind: str) -> Path:
    done = mote("--json", "plugin", "new", name, "--kind", kind)
    assert done.status == 0, done.out + done.err
    return Path(done.json["folder"])


def test_a_new_plugin_is_found_valid_and_conforms_and_its_own_tests_pass(mote: Mote) -> None:
    folder = begun(mote, "Band Level", "feature")
    listed = {row["id"]: row for row in mote("plugin", "list", "--json").json}
    assert (listed["band-level"]["state"], listed["band-level"]["origin"]) == ("ok", "user")
    assert listed["band-level"]["stages"] == [{"id": "band-level/band-level", "kind": "feature", "implementation": 1}]
    assert mote("plugin", "validate", folder).status == 0
    done = mote("plugin", "test", "band-level", "--json")
    assert done.status == 0, done.out
    states = {row["check"]: row["state"] for row in done.json["plugins"][0]["rows"]}
    assert states["parity"] == states["golden"] == "passed"
    own = [sys.executable, "-m", "pytest", "-q", "tests/test_band_level.py"]
    assert subprocess.run(own, cwd=folder, env=mote.environment, check=False, capture_output=True).returncode == 0


def test_a_plugin_that_is_there_is_not_written_over(mote: Mote) -> None:
    folder = begun(mote, "mine", "segmenter")
    (folder / "README.md").write_text("mine\n")
    done = mote("plugin", "new", "mine", "--kind", "feature")
    assert done.status == 2
    assert "there already" in done.err
    assert (folder / "README.md").read_text() == "mine\n"


@pytest.mark.parametrize(
    ("name", "kind"), [("json", "feature"), ("9 lives", "feature"), ("../x", "feature"), ("x", "magic")]
)
def test_names_and_kinds_that_cannot_be(mote: Mote, tmp_path: Path, name: str, kind: str) -> None:
    done = mote("plugin", "new", name, "--kind", kind)
    assert done.status == 2
    assert done.err.startswith("error: ")
    assert not list((tmp_path / "user").rglob("plugin.toml"))


def test_a_plugin_that_fails_a_check_is_exit_status_one_with_the_reason(mote: Mote) -> None:
    folder = begun(mote, "mine", "feature")
    code = folder / "mine" / "band_level.py"
    code.write_text(code.read_text().replace("def transform", "def transfrom"))
    done = mote("plugin", "validate", folder)
    assert done.status == 1
    assert "has no method transform" in done.out
    assert mote("plugin", "test", folder, "--check", "golden").status == 1
    assert mote("plugin", "test", "nowhere").status == 2


@pytest.fixture
def project(tmp_path: Path) -> Path:
    if importlib.util.find_spec("tflite_micro") is None:
        pytest.skip("the small model is written with the tflite-micro package")
    return make(tmp_path / "wand", takes=4)


def test_captured_bytes_become_a_recording_through_a_decoder(mote: Mote, project: Path, tmp_path: Path) -> None:
    capture = begun(mote, "wire", "decoder") / "tests" / "data" / "frames.bin"
    done = mote("-p", project, "--json", "import", capture, "--decoder", "wire/frames", "--set", "full_scale=8")
    assert done.status == 0, done.out + done.err
    (name,) = done.json["recordings"]
    meta = json.loads((project / "recordings" / f"{name}.sigmf-meta").read_text())
    assert meta["global"]["core:num_channels"] == 3
    assert (project / "recordings" / f"{name}.sigmf-data").stat().st_size == 299 * 3 * 2
    garbage = tmp_path / "garbage.bin"
    garbage.write_bytes(b"\x00" * 500)
    refused = mote("-p", project, "import", garbage, "--decoder", "wire/frames")
    assert refused.status == 2
    assert "nothing that this decoder knows" in refused.err
    wrong = mote("-p", project, "import", capture, "--decoder", "mote-segment/energy")
    assert wrong.status == 2
    assert "segmenter" in wrong.err
    assert mote("-p", project, "import", capture, "--decoder", "wire/frames", "--set", "channels=0").status == 2


def test_recordings_leave_through_an_exporter_whole_or_not_at_all(mote: Mote, project: Path, tmp_path: Path) -> None:
    folder = begun(mote, "editor", "exporter")
    out = tmp_path / "out"
    done = mote("-p", project, "--json", "export", out, "--format", "editor/audacity", "--set", "layout=by label")
    assert done.status == 0, done.out + done.err
    assert len(done.json["files"]) == 24
    with wave.open(str(out / "wave" / "wave-000.wav")) as file:
        assert (file.getnchannels(), file.getframerate(), file.getnframes()) == (6, 104, 208)
    assert (out / "wave" / "wave-000.txt").read_text() == "0.000000\t2.000000\twave\n"
    again = mote("-p", project, "export", out, "--format", "editor/audacity", "--set", "layout=by label")
    assert again.status == 2
    assert "there already" in again.err
    code = folder / "editor" / "audacity.py"
    code.write_text(code.read_text().replace("            written += 1\n", "            1 / 0\n"))
    failed = mote("-p", project, "export", tmp_path / "none", "--format", "editor/audacity")
    assert failed.status == 2
    assert "ZeroDivisionError" in failed.err
    assert list((tmp_path / "none").iterdir()) == []


def test_a_target_adds_to_the_firmware_project_and_hand_edits_are_kept(mote: Mote, project: Path) -> None:
    begun(mote, "static", "target")
    generate = ["-p", project, "--json", "firmware", "generate"]
    chosen = ["--target", "static/library", "--set", "cpu=host", "--set", "prefix="]
    done = mote(*generate, *chosen)
    assert done.status == 0, done.out + done.err
    assert "target/Makefile" in done.json["files"]
    folder = Path(done.json["folder"]) / "target"
    if shutil.which("make") and shutil.which("gcc"):
        built = subprocess.run(["make", "-C", folder], capture_output=True, text=True, check=False)
        assert built.returncode == 0, built.stderr
        assert (folder / "build" / "libmote.a").is_file()
    assert mote(*generate).json["changed"] == []
    makefile = folder / "Makefile"
    makefile.write_text(makefile.read_text() + "# mine\n")
    assert mote(*generate).json["changed"] == []
    assert mote(*generate, *chosen).json["changed"] == ["target/Makefile"]
    assert (folder / "Makefile.orig").read_text().endswith("# mine\n")
    assert "# mine" not in makefile.read_text()
    refused = mote(*generate, "--target", "mote-segment/energy")
    assert refused.status == 2

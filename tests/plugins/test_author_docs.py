"""The documents for authors: the reference is what the program renders, the tutorial is run from top to bottom."""

from __future__ import annotations

import ast
import importlib.util
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from motestudio.studio import plugin_reference
from support.command import REPOSITORY

DOCS = REPOSITORY / "docs" / "plugins"
_BLOCK = re.compile(r"^```(\w+)([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_ROOMS = ("plugins", "worker", "jobs")


def test_the_reference_is_what_the_program_says():
    committed = (DOCS / "reference.md").read_text(encoding="utf-8")
    assert committed == plugin_reference.render(), "run: mote plugin reference --write docs/plugins/reference.md"


def raised_codes() -> set[str]:
    """Codes of errors that the rooms around plugins make."""
    found = set()
    for room in _ROOMS:
        for path in (REPOSITORY / "app" / "motestudio" / room).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Call) and getattr(node.func, "id", "") in ("PluginError", "Failed", "Breach"):
                    for argument in node.args[:2]:
                        value = getattr(argument, "value", None)
                        if isinstance(value, str) and re.fullmatch(r"[a-z]+\.[a-z_]+", value):
                            found.add(value)
    return found


def test_every_code_is_explained():
    assert raised_codes() - set(plugin_reference.ERRORS) == set()


def script(train: bool) -> str:
    """The tutorial as one shell script, with or without the parts that train."""
    lines = ["set -eu"]
    for language, info, body in _BLOCK.findall((DOCS / "tutorial.md").read_text(encoding="utf-8")):
        if language == "sh" and (train or "train" not in info):
            lines += [f"echo '>>> {body.splitlines()[0]}'".replace("'>>> (", "'>>> ("), body]
        elif language == "diff":
            lines.append(f"git apply --recount --whitespace=nowarn - <<'PATCH'\n{body}PATCH")
        elif info.strip().startswith("file="):
            path = info.strip().removeprefix("file=")
            lines.append(f"mkdir -p $(dirname {path})\ncat > {path} <<'FILE'\n{body}FILE")
    return "\n".join(lines)


def run(folder: Path, text: str) -> str:
    environment = {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "MOTE_DATA_DIR": str(folder / "user"),
        "HOME": str(folder),
        "GIT_CEILING_DIRECTORIES": str(folder.parent),
    }
    for name in ("MOTE_PROJECT", "MOTE_PORT", "MOTE_PLUGIN_PATH"):
        environment.pop(name, None)
    done = subprocess.run(
        ["bash", "-c", text], cwd=folder, env=environment, capture_output=True, text=True, timeout=280, check=False
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
    return done.stdout


@pytest.mark.skipif(sys.platform == "win32", reason="the tutorial is run by a shell")
@pytest.mark.skipif(importlib.util.find_spec("tensorflow") is not None, reason="the whole tutorial is run")
def test_the_tutorial_up_to_training(tmp_path):
    said = run(tmp_path, script(train=False))
    assert "level = 'mean': Python and C differ" in said
    assert "wristband" in said


@pytest.mark.train
@pytest.mark.skipif(sys.platform == "win32", reason="the tutorial is run by a shell")
def test_the_whole_tutorial(tmp_path):
    pytest.importorskip("tensorflow")
    pytest.importorskip("tflite_micro")
    said = run(tmp_path, script(train=True))
    assert re.search(r"Flashed and verified", said)

"""Where `mote` finds plugins, and what safe mode and an untrusted project leave out."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.command import Mote
from support.plugins import write_plugin
from support.projects import gesture_project


@pytest.fixture
def mote(tmp_path: Path) -> Mote:
    made = Mote(tmp_path / "home")
    made.environment |= {"MOTE_DATA_DIR": str(tmp_path / "user"), "MOTE_PLUGIN_PATH": ""}
    return made


def listed(mote: Mote, *options: str) -> list[tuple[str, str, str]]:
    done = mote(*options, "--json", "plugin", "list")
    assert done.status == 0, done.err
    return [(r["id"], r["origin"], r["state"]) for r in done.json if r["origin"] != "shipped"]


def test_every_place_is_looked_at_in_its_order_and_safe_mode_takes_the_shipped_ones_only(mote: Mote, tmp_path: Path):
    with gesture_project(tmp_path / "wand", takes=2) as project:
        folder = project.folder
    write_plugin(tmp_path / "user" / "plugins" / "a", "of-user")
    write_plugin(tmp_path / "one" / "b", "of-one")
    write_plugin(tmp_path / "two" / "c", "of-one")
    write_plugin(tmp_path / "three" / "d", "of-three")
    write_plugin(folder / "plugins" / "e", "of-project")
    mote.environment["MOTE_PLUGIN_PATH"] = str(tmp_path / "three")
    options = ("--plugin-dir", str(tmp_path / "one"), "--plugin-dir", str(tmp_path / "two"), "-p", str(folder))
    assert listed(mote, *options) == [
        ("of-user", "user", "ok"),
        ("of-one", "folder", "ok"),
        ("of-one", "folder", "shadowed"),
        ("of-three", "folder", "ok"),
        ("of-project", "project", "untrusted"),
    ]
    assert listed(mote, *options, "--safe-mode") == []

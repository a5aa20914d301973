"""Proposals and deleted recordings by the command."""

from __future__ import annotations

from pathlib import Path

from support.command import Mote
from support.projects import gesture_project


def test_propose_accept_delete_restore(mote: Mote, tmp_path: Path) -> None:
    folder = tmp_path / "wand"
    gesture_project(folder, takes=2).close()
    proposed = mote("-p", folder, "--json", "propose")
    assert proposed.status == 0, proposed.err
    assert proposed.json["recordings"] == 2
    count = proposed.json["proposals"]
    assert count >= 2
    assert mote("-p", folder, "--json", "accept", "--above", "1.0").json["accepted"] == 0
    assert mote("-p", folder, "--json", "accept", "--above", "0.0").json["accepted"] == count
    assert mote("-p", folder, "delete", "wave-000", "idle-001").status == 0
    left = sorted(p.name for p in (folder / "recordings").glob("*.sigmf-meta"))
    assert left == ["idle-000.sigmf-meta", "wave-001.sigmf-meta"]
    assert mote("-p", folder, "restore", "wave-000").status == 0
    assert (folder / "recordings" / "wave-000.sigmf-data").stat().st_size == 208 * 6
    assert mote("-p", folder, "delete", "nobody").status == 2

"""New plugins from templates: every kind there is, nothing of the template's name left, nothing half-written."""

from __future__ import annotations

from typing import get_args

import pytest

from motestudio.domain.pipeline import StageKind
from motestudio.errors import PluginError
from motestudio.plugins.manifest import read_manifest
from motestudio.studio.plugin_scaffold import kinds, new_plugin


def test_there_is_a_template_for_every_kind():
    assert kinds() == get_args(StageKind)


@pytest.mark.parametrize("kind", get_args(StageKind))
def test_a_new_plugin_is_whole_and_has_its_own_name(tmp_path, kind):
    folder = new_plugin("Left hand", kind, tmp_path)
    assert folder == tmp_path / "left-hand"
    manifest = read_manifest(folder)
    assert (manifest.id, manifest.name, [s.kind for s in manifest.stages]) == ("left-hand", "Left hand", [kind])
    types = {p.type for s in manifest.stages for p in s.params}
    assert {"int", "float", "bool", "choice", "text"} <= types
    assert all(p.help for s in manifest.stages for p in s.params)
    for name in ("README.md", "pytest.ini", "tests/test_conformance.py", "left_hand/__init__.py"):
        assert (folder / name).is_file()
    for path in folder.rglob("*"):
        assert "my_plugin" not in path.as_posix()
        if path.is_file() and path.suffix in (".py", ".c", ".toml", ".md", ".ini"):
            assert "my-plugin" not in path.read_text()
            assert "my_plugin" not in path.read_text()
    assert [p.name for p in tmp_path.iterdir()] == ["left-hand"]


def test_what_is_there_stays(tmp_path):
    folder = new_plugin("mine", "feature", tmp_path)
    before = sorted(p for p in folder.rglob("*"))
    with pytest.raises(PluginError) as refused:
        new_plugin("mine", "model", tmp_path)
    assert refused.value.code == "plugin.exists"
    assert sorted(p for p in folder.rglob("*")) == before


@pytest.mark.parametrize("name", ["", "Ünder", "a--b", "-a", "9a", "class", "json", "a/b", "x" * 61])
def test_names_that_no_package_can_have_are_refused(tmp_path, name):
    with pytest.raises(PluginError) as refused:
        new_plugin(name, "feature", tmp_path)
    assert refused.value.code == "plugin.name"
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_written_is_said(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(PluginError) as refused:
        new_plugin("mine", "feature", tmp_path / "file")
    assert refused.value.code == "plugin.write"

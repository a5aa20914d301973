"""A project's own plugins: shown always, usable only after the user trusted that folder; the list survives damage."""

from __future__ import annotations

import os

import pytest

from motestudio import shipped
from motestudio.errors import PluginError
from motestudio.plugins import trust
from motestudio.plugins.registry import Registry
from motestudio.studio.home import Studio
from support.plugins import write_plugin


@pytest.fixture(autouse=True)
def user(tmp_path, monkeypatch):
    monkeypatch.setenv("MOTE_DATA_DIR", str(tmp_path / "user"))
    monkeypatch.delenv("MOTE_PLUGIN_PATH", raising=False)
    return tmp_path / "user"


@pytest.fixture
def project(tmp_path):
    write_plugin(tmp_path / "project" / "plugins" / "own", "own")
    return tmp_path / "project"


def row(registry, plugin="own"):
    return next(r for r in registry.rows if r.id == plugin)


def test_a_projects_plugin_is_a_row_and_runs_only_after_its_folder_is_trusted(project):
    registry = Registry.discover(project_dir=project)
    assert (row(registry).state, row(registry).origin, row(registry).usable) == ("untrusted", "project", False)
    assert row(registry).reason
    with pytest.raises(PluginError) as refused:
        registry.stage("own/one")
    assert refused.value.code == "plugin.absent"
    assert refused.value.data["state"] == "untrusted"
    assert "trust" in refused.value.hint
    trust.trust(project)
    assert Registry.discover(project_dir=project).stage("own/one").folder == project / "plugins" / "own"
    trust.untrust(project)
    assert row(Registry.discover(project_dir=project)).state == "untrusted"


def test_trust_goes_by_the_real_folder_and_by_nothing_else(project, tmp_path):
    (tmp_path / "link").symlink_to(project)
    (tmp_path / "other").mkdir()
    trust.trust(tmp_path / "link")
    assert trust.is_trusted(project)
    assert trust.trusted() == (project,)
    for other in (tmp_path / "other", project.parent, project / "plugins"):
        assert not trust.is_trusted(other)


def test_a_projects_plugin_replaces_none_of_the_others(project, user):
    write_plugin(user / "plugins" / "mine", "own", "2.0.0")
    trust.trust(project)
    registry = Registry.discover(project_dir=project)
    assert [(r.state, r.origin) for r in registry.rows if r.id == "own"] == [("ok", "user"), ("shadowed", "project")]
    assert registry.stage("own/one").plugin.version == "2.0.0"


def test_safe_mode_shows_no_plugin_of_a_trusted_project(project):
    trust.trust(project)
    assert {r.origin for r in Registry.discover(project_dir=project, safe_mode=True).rows} == {"shipped"}


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "3", '{"folders": 3}', '{"folders": [null, 7]}', "\x00\xff", "[" * 9999]
)
def test_a_damaged_list_trusts_nobody_and_can_be_written_again(project, text):
    path = shipped.user_dir() / "trusted-projects.json"
    path.parent.mkdir(parents=True)
    path.write_bytes(text.encode("latin-1"))
    assert not trust.is_trusted(project)
    trust.trust(project)
    assert trust.trusted() == (project,)
    assert [p.name for p in path.parent.iterdir()] == [path.name]


def test_a_list_that_cannot_be_written_is_said(project, user):
    user.write_text("a file where the folder should be")
    with pytest.raises(PluginError) as refused:
        trust.trust(project)
    assert refused.value.code == "plugin.trust"
    assert not trust.is_trusted(project)


def test_the_studio_finds_the_plugins_of_the_project_that_is_open(project, tmp_path):
    with Studio() as studio:
        assert not [r for r in studio.registry.rows if r.id == "own"]
        assert row(studio.open_project_plugins(project)).state == "untrusted"
        assert row(studio.trust_project()).state == "ok"
        assert studio.registry.stage("own/one")
        assert not [r for r in studio.open_project_plugins(tmp_path).rows if r.id == "own"]
        assert row(studio.open_project_plugins(project)).state == "ok"
        assert row(studio.untrust_project()).state == "untrusted"
        studio.open_project_plugins(None)
        assert not [r for r in studio.trust_project().rows if r.origin == "project"]


BOARD = (shipped.resources_dir() / "boards" / "virtual.toml").read_text(encoding="utf-8")


def test_plugins_bring_boards_and_a_broken_one_is_a_note_on_the_row(project, user):
    boards = write_plugin(user / "plugins" / "mine", "mine") / "boards"
    boards.mkdir()
    (boards / "my-board.toml").write_text(BOARD)
    (boards / "sad.toml").write_text("name = 3\n")
    (project / "plugins" / "own" / "boards").mkdir()
    (project / "plugins" / "own" / "boards" / "theirs.toml").write_text(BOARD)
    with Studio(project_dir=project) as studio:
        assert studio.boards["my-board"].ram_bytes == studio.boards["virtual"].ram_bytes
        assert not {"sad", "theirs"} & set(studio.boards)
        mine = row(studio.registry, "mine")
        assert (mine.state, len(mine.notes)) == ("ok", 1)
        assert "sad.toml" in mine.notes[0]
        studio.trust_project()
        assert "theirs" in studio.boards
    with Studio(safe_mode=True, project_dir=project) as studio:
        assert not {"my-board", "theirs"} & set(studio.boards)


@pytest.mark.skipif(os.name == "nt", reason="needs a pipe with a name")
def test_a_manifest_that_is_a_folder_is_a_row_and_one_that_is_a_pipe_is_nothing(user):
    (user / "plugins" / "folder" / "plugin.toml").mkdir(parents=True)
    (user / "plugins" / "dangling").mkdir()
    (user / "plugins" / "dangling" / "plugin.toml").symlink_to("nowhere")
    (user / "plugins" / "pipe").mkdir()
    os.mkfifo(user / "plugins" / "pipe" / "plugin.toml")
    found = {r.id: r for r in Registry.discover().rows if r.origin == "user"}
    assert set(found) == {"folder", "dangling"}
    assert {r.state for r in found.values()} == {"broken"}
    assert all(r.reason for r in found.values())

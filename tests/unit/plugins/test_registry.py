"""Discovery: the order of places, the first of an id wins, edits change the code hash, absent stages say why."""

from __future__ import annotations

import sys

import pytest

from motestudio.errors import PluginError
from motestudio.plugins.code import code_hash
from motestudio.plugins.registry import Registry
from support.plugins import write_plugin


@pytest.fixture(autouse=True)
def user(tmp_path, monkeypatch):
    monkeypatch.setenv("MOTE_DATA_DIR", str(tmp_path / "user"))
    monkeypatch.delenv("MOTE_PLUGIN_PATH", raising=False)
    return tmp_path / "user" / "plugins"


def test_plugins_are_found_in_all_places_and_the_first_of_an_id_wins(tmp_path, user, monkeypatch):
    write_plugin(user / "a", "plugin-a", "1.0.0")
    write_plugin(tmp_path / "extra" / "a-again", "plugin-a", "2.0.0")
    alone = write_plugin(tmp_path / "alone", "plugin-b")
    listed = write_plugin(tmp_path / "listed" / "c", "plugin-c")
    monkeypatch.setenv("MOTE_PLUGIN_PATH", str(listed.parent))
    registry = Registry.discover([tmp_path / "extra", alone])
    rows = {r.folder: r for r in registry.rows if r.origin != "shipped"}
    assert rows[user / "a"].origin == "user"
    assert rows[tmp_path / "extra" / "a-again"].state == "shadowed"
    assert str(user / "a") in rows[tmp_path / "extra" / "a-again"].reason
    assert {rows[alone].state, rows[listed].state} == {"ok"}
    assert registry.stage("plugin-a/one").plugin.version == "1.0.0"
    assert registry.stage("plugin-b/one").folder == alone


def test_shipped_plugins_come_first_and_safe_mode_finds_only_them(user):
    write_plugin(user / "imposter", "mote-imu")
    registry = Registry.discover()
    assert registry.rows[0].origin == "shipped"
    assert registry.stage("mote-imu/scale").manifest.kind == "feature"
    assert [r.state for r in registry.rows if r.folder == user / "imposter"] == ["shadowed"]
    assert {r.origin for r in Registry.discover([user], safe_mode=True).rows} == {"shipped"}


def test_an_installed_package_is_found_by_its_entry_point_without_being_imported(tmp_path, monkeypatch):
    site = tmp_path / "site"
    write_plugin(site / "their_package", "their-plugin")
    (site / "their_package" / "__init__.py").write_text("raise SystemExit('imported')\n")
    info = site / "their_package-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: their-package\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[motestudio.plugins]\ntheirs = their_package\n")
    monkeypatch.syspath_prepend(str(site))
    registry = Registry.discover()
    (row,) = [r for r in registry.rows if r.origin == "entry_point"]
    assert (row.state, row.folder) == ("ok", site / "their_package")
    assert "their_package" not in sys.modules


def install(packages, name, plugin_id):
    """As ``pip install --target`` leaves it."""
    write_plugin(packages / name, plugin_id)
    info = packages / f"{name}-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[motestudio.plugins]\ntheirs = {name}\n")


def test_packages_in_the_users_folder_are_found_and_searched_by_workers_only(tmp_path, user):
    packages = user.parent / "packages"
    install(packages, "their_package", "their-plugin")
    write_plugin(user / "mine", "mine", requires="their_package")
    registry = Registry.discover()
    theirs = registry.stage("their-plugin/one")
    assert (theirs.folder, theirs.paths) == (packages / "their_package", (packages,))
    mine = registry.stage("mine/one")
    assert (mine.missing, mine.paths) == ((), (packages,))
    assert registry.stage("mote-imu/scale").paths == ()
    assert str(packages) not in sys.path
    assert not [r for r in Registry.discover(safe_mode=True).rows if r.id == "their-plugin"]


def test_half_written_metadata_of_a_package_hides_no_other(tmp_path, user):
    packages = user.parent / "packages"
    install(packages, "good_package", "good")
    for name, text in (("bad1", "[motestudio.plugins]\nbad = \n"), ("bad2", "no section\n"), ("bad3", "\0")):
        (packages / f"{name}-1.0.dist-info").mkdir()
        (packages / f"{name}-1.0.dist-info" / "entry_points.txt").write_text(text)
    assert [r.id for r in Registry.discover().rows if r.origin == "entry_point"] == ["good"]


def test_a_missing_requirement_says_how_to_get_it(tmp_path, user, monkeypatch):
    write_plugin(user / "a", "plugin-a", requires="a_package_of_nowhere")
    (row,) = [r for r in Registry.discover().rows if r.id == "plugin-a"]
    assert (row.state, row.usable) == ("missing_requirement", True)
    assert "pip install a_package_of_nowhere" in row.reason
    (user.parent / "packages").mkdir()
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    (row,) = [r for r in Registry.discover().rows if r.id == "plugin-a"]
    assert f"--target {user.parent / 'packages'}" in row.reason


@pytest.mark.parametrize(
    ("manifest", "state", "says"),
    [
        ('id = "the-id"\napi = "2.0"\n', "refused", "2.0"),
        ('id = "the-id"\napi = "1.99"\n', "refused", "1.99"),
        ("id = 'the-id'\nname = \n", "broken", "line 2"),
        ('id = "the-id"\napi = "1.0"\nname = "x"\n', "broken", "version"),
    ],
)
def test_a_stage_of_a_plugin_that_cannot_be_used_says_so_by_the_plugins_id(user, manifest, state, says):
    (user / "some-folder").mkdir(parents=True)
    (user / "some-folder" / "plugin.toml").write_text(manifest)
    with pytest.raises(PluginError) as absent:
        Registry.discover().stage("the-id/one")
    assert absent.value.data["state"] == state
    assert absent.value.data["folder"] == str(user / "some-folder")
    assert says in absent.value.text
    assert "parameters in the project are kept" in absent.value.hint


def test_stages_by_kind(tmp_path):
    write_plugin(tmp_path / "extra" / "a", "plugin-a")
    registry = Registry.discover([tmp_path / "extra"])
    importers = [e.manifest.id for e in registry.stages("importer")]
    assert "plugin-a/one" in importers
    assert "mote-imu/scale" not in importers
    assert len(registry.stages()) > len(importers)


@pytest.mark.parametrize("stage", ["nothing/at-all", "plugin-a/two", "", "plugin-a"])
def test_an_absent_stage_is_said(tmp_path, stage):
    write_plugin(tmp_path / "extra" / "a", "plugin-a")
    registry = Registry.discover([tmp_path / "extra"])
    with pytest.raises(PluginError) as absent:
        registry.stage(stage)
    assert absent.value.code == "plugin.absent"
    assert absent.value.hint


def test_a_folder_that_is_not_there_or_holds_no_plugins_is_no_error(tmp_path):
    (tmp_path / "empty" / "not-a-plugin").mkdir(parents=True)
    registry = Registry.discover([tmp_path / "empty", tmp_path / "nowhere"])
    assert {r.origin for r in registry.rows} == {"shipped"}


def test_the_code_hash_follows_code_and_nothing_else(tmp_path):
    folder = write_plugin(tmp_path / "p", "plugin-a")
    first = code_hash(folder)
    assert len(first) == 64
    for name in ("README.md", "tests/test_x.py", "code/__pycache__/x.py", ".hidden/x.py", "data.npy"):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("anything")
    assert code_hash(folder) == first
    seen = {first}
    for name in ("code/more.py", "csrc/twin.c", "csrc/twin.h"):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("1")
        seen.add(code_hash(folder))
        path.write_text("22")
        seen.add(code_hash(folder))
    assert len(seen) == 7
    (folder / "code" / "more.py").rename(folder / "code" / "other.py")
    assert code_hash(folder) not in seen


def test_the_hash_is_the_same_wherever_the_plugin_lies(tmp_path):
    one, two = write_plugin(tmp_path / "one", "p"), write_plugin(tmp_path / "two", "p")
    assert code_hash(one) == code_hash(two)


def test_an_edit_shows_in_the_next_entry_of_the_same_registry(tmp_path):
    folder = write_plugin(tmp_path / "extra" / "a", "plugin-a")
    registry = Registry.discover([tmp_path / "extra"])
    before = registry.stage("plugin-a/one").code_hash
    (folder / "code" / "__init__.py").write_text("class Stage:\n    pass\n")
    assert registry.stage("plugin-a/one").code_hash != before

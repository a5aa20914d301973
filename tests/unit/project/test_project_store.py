"""Projects: settings survive, comments stay, broken files are said with their line, one writer at a time."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tomllib
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from motestudio.domain.pipeline import Pipeline, StageUse
from motestudio.errors import ProjectError
from motestudio.project import document, migrations
from motestudio.project.schema import (
    BudgetConfig,
    ClassConfig,
    DatasetConfig,
    ProjectConfig,
    RecordConfig,
    from_plain,
    parse_toml,
    to_plain,
)
from motestudio.project.store import Project


@pytest.fixture
def folder(tmp_path, template):
    Project.create(tmp_path / "wand", "Wand", template).close()
    return tmp_path / "wand"


def test_a_project_from_a_template_opens_with_the_same_settings(tmp_path, template):
    with Project.create(tmp_path / "wand", "Wand", template) as project:
        made = project.config
    assert made.classes == (ClassConfig("wave", 20), ClassConfig("idle", 0))
    assert (made.board, made.budget.latency_ms, made.dataset.test_fraction) == ("nucleo-l476rg", 100.0, 0.25)
    assert made.pipeline.find("window").params == {"window_s": 1.25}
    with Project.open(tmp_path / "wand") as project:
        assert project.config == made
    with Project.open(tmp_path / "wand" / "project.toml") as project:
        assert project.config.name == "Wand"


def test_saving_keeps_comments_order_and_unknown_keys(folder):
    path = folder / "project.toml"
    text = path.read_text()
    text = text.replace('name = "wave"', 'name = "wave" # with the whole arm')
    text = text.replace("window_s = 1.25", "# long enough for a slow hand\nwindow_s = 1.25")
    text = "# mine\n" + text + '\n[mine]\nnote = "kept"\n'
    path.write_text(text)
    with Project.open(folder) as project:
        stages = project.config.pipeline.stages
        changed = replace(
            project.config,
            board="esp32-s3-devkitc",
            classes=(*project.config.classes, ClassConfig("tap", 5)),
            pipeline=Pipeline((replace(stages[0], implementation=2, params={"window_s": 2.0}), *stages[1:]), 7),
        )
        project.save(changed)
        assert project.config == changed
    after = path.read_text()
    for kept in ("# mine\n", "# with the whole arm", "# long enough for a slow hand\nwindow_s = 2.0", 'note = "kept"'):
        assert kept in after
    assert Project.open(folder, read_only=True).config == changed


def test_a_removed_parameter_is_gone_from_the_file(folder):
    with Project.open(folder) as project:
        stages = project.config.pipeline.stages
        project.save(replace(project.config, pipeline=Pipeline((replace(stages[0], params={}), *stages[1:]))))
    assert Project.open(folder, read_only=True).config.pipeline.find("window").params == {}


names = st.text(st.characters(codec="utf-8", exclude_categories=("Cs",)), max_size=12)
keys = st.from_regex(r"[a-z][a-z0-9_-]{0,8}", fullmatch=True)
values = st.one_of(st.booleans(), st.integers(-(2**53), 2**53), st.floats(allow_nan=False, allow_infinity=False), names)
configs = st.builds(
    ProjectConfig,
    name=names,
    board=keys,
    budget=st.builds(BudgetConfig, ram_bytes=st.integers(0, 2**31), latency_ms=st.floats(0, 1e6)),
    classes=st.lists(names.filter(bool), unique=True, max_size=5).map(
        lambda rows: tuple(ClassConfig(n, i) for i, n in enumerate(rows))
    ),
    record=st.builds(RecordConfig, seconds=st.floats(0.1, 100), subject=names),
    dataset=st.builds(DatasetConfig, split_by=st.sampled_from(["take", "subject"]), hold_out=st.tuples(names)),
    pipeline=st.builds(
        Pipeline,
        st.lists(
            st.builds(StageUse, keys, keys, st.integers(0, 3), st.dictionaries(keys, values, max_size=3)),
            unique_by=lambda s: s.key,
            max_size=4,
        ).map(tuple),
        st.integers(0, 1000),
    ),
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(before=configs, after=configs)
def test_any_settings_survive_being_saved_over_any_others(before, after):
    first = document.fresh(to_plain(before))
    assert from_plain(parse_toml(first)) == before
    text = document.updated(first + "\n[mine]\nnote = 'kept'\n", to_plain(after))
    assert from_plain(parse_toml(text)) == after
    assert tomllib.loads(text)["mine"] == {"note": "kept"}


@pytest.mark.parametrize(
    ("find", "put", "says"),
    [
        ("test_fraction = 0.25", "test_fraction = ", "line 37"),
        ("test_fraction = 0.25", 'test_fraction = "a lot"', "dataset.test_fraction"),
        ("test_fraction = 0.25", "test_fraction = 1.5", "dataset.test_fraction"),
        ('name = "idle"', 'name = "wave"', "class names"),
        ('split_by = "take"', 'split_by = "colour"', "dataset.split_by"),
        ('stage = "mote-imu/scale"', "", "stage"),
        ("seconds = 2.0", "seconds = -1.0", "record.seconds"),
        ("schema = 1", "", "schema"),
        ("schema = 1", "schema = true", "schema"),
    ],
)
def test_a_broken_project_file_is_said_with_its_line_or_key(folder, find, put, says):
    path = folder / "project.toml"
    text = path.read_text()
    assert find in text
    path.write_text(text.replace(find, put))
    with pytest.raises(ProjectError) as broken:
        Project.open(folder)
    assert broken.value.code == "project.broken"
    assert says in broken.value.text
    assert broken.value.hint
    assert not (folder / ".mote" / "lock").exists()


def test_a_project_file_that_is_no_text_or_not_there_is_said(folder, tmp_path):
    (folder / "project.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ProjectError) as broken:
        Project.open(folder)
    assert broken.value.code == "project.broken"
    with pytest.raises(ProjectError) as missing:
        Project.open(tmp_path)
    assert missing.value.code == "project.missing"


def test_a_project_of_a_newer_program_is_refused_and_left_alone(folder):
    path = folder / "project.toml"
    path.write_text(path.read_text().replace("schema = 1", "schema = 99"))
    before = path.read_bytes()
    with pytest.raises(ProjectError) as newer:
        Project.open(folder)
    assert newer.value.code == "project.newer"
    assert path.read_bytes() == before


def test_migrations_run_in_order_and_leave_what_they_are_given_alone():
    def first(plain):
        plain["stages"] = plain.pop("steps")
        return plain

    def second(plain):
        return plain | {"count": len(plain["stages"])}

    old = {"schema": 1, "steps": ["a", "b"]}
    assert migrations.migrate(old, steps={1: first, 2: second}, target=3) == {
        "schema": 3,
        "stages": ["a", "b"],
        "count": 2,
    }
    assert old == {"schema": 1, "steps": ["a", "b"]}


def test_every_old_version_has_a_step():
    assert sorted(migrations.STEPS) == list(range(1, migrations.SCHEMA))


def test_creating_over_a_project_is_refused(folder):
    before = (folder / "project.toml").read_bytes()
    with pytest.raises(ProjectError) as exists:
        Project.create(folder, "Other")
    assert exists.value.code == "project.exists"
    assert (folder / "project.toml").read_bytes() == before


HOLD = """
import sys, time
from pathlib import Path
from motestudio.project.store import Project
project = Project.open(Path(sys.argv[1]))
print("open", flush=True)
time.sleep(60)
"""


def test_one_writer_at_a_time_and_the_lock_of_a_dead_one_is_taken_over(folder):
    with subprocess.Popen([sys.executable, "-c", HOLD, str(folder)], stdout=subprocess.PIPE) as holder:
        assert holder.stdout.readline() == b"open\n"
        with pytest.raises(ProjectError) as locked:
            Project.open(folder)
        assert locked.value.code == "project.locked"
        assert str(holder.pid) in locked.value.text
        reader = Project.open(folder, read_only=True)
        with pytest.raises(ProjectError) as refused:
            reader.save(reader.config)
        assert refused.value.code == "project.read_only"
        holder.kill()
        holder.wait()
    with Project.open(folder) as project:
        assert not project.read_only


@pytest.mark.parametrize("content", ["", "{", "[]", '{"pid": 1}'])
def test_a_lock_file_that_says_nothing_of_this_computer_or_is_half_written(folder, content):
    (folder / ".mote" / "lock").write_text(content)
    if content == '{"pid": 1}':
        with pytest.raises(ProjectError) as locked:
            Project.open(folder)
        assert locked.value.code == "project.locked"
    else:
        Project.open(folder).close()


def test_a_lock_whose_process_id_was_used_again_is_stale(folder):
    with Project.open(folder):
        body = json.loads((folder / ".mote" / "lock").read_text())
    assert body["pid"] == os.getpid()
    (folder / ".mote" / "lock").write_text(json.dumps(body | {"started": body["started"] - 1000}))
    Project.open(folder).close()


def test_the_mote_folder_may_be_deleted(folder):
    shutil.rmtree(folder / ".mote")
    with Project.open(folder) as project:
        assert project.recordings.all() == []
        assert project.cache.size() == 0

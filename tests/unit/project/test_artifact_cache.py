"""The artifact cache: whole or not there, never trusted blindly, swept of what dead processes left."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from dataclasses import replace

import pytest

from motestudio.domain.artifact import ArtifactKey
from motestudio.project.cache import ArtifactCache

KEY = ArtifactKey("features", "mote-imu/scale", 1, "c0de", {"gain": 1.0}, {"windows": "abc"}, 1)


@pytest.fixture
def cache(tmp_path):
    return ArtifactCache(tmp_path / "cache")


def fill(cache, key=KEY, content=b"12345"):
    workdir = cache.begin(key)
    (workdir / "sub").mkdir()
    (workdir / "sub" / "values.bin").write_bytes(content)
    (workdir / "facts.json").write_text("{}")
    return cache.commit(key, workdir, {"shape": [1, 2]}, 1.5)


def test_what_was_committed_is_found_with_its_facts(cache):
    assert cache.get(KEY) is None
    made = fill(cache)
    assert not made.cached
    found = cache.get(KEY)
    assert found.cached
    assert (found.meta, found.seconds) == ({"shape": [1, 2]}, 1.5)
    assert found.files["sub/values.bin"] == hashlib.sha256(b"12345").hexdigest()
    assert (found.folder / "sub" / "values.bin").read_bytes() == b"12345"
    assert cache.folder_of(KEY.hash) == found.folder
    assert {p.name for p in cache.folder.iterdir()} == {KEY.hash}


@pytest.mark.parametrize(
    "change",
    [
        {"params": {"gain": 2.0}},
        {"params": {"gain": 1.0, "more": 1}},
        {"inputs": {"windows": "abd"}},
        {"implementation": 2},
        {"code": "c0de2"},
        {"seed": 2},
        {"stage": "mote-imu/other"},
        {"kind": "windows"},
    ],
)
def test_anything_that_decides_the_output_makes_another_artifact(cache, change):
    fill(cache)
    assert cache.get(replace(KEY, **change)) is None


@pytest.mark.parametrize("damage", ["missing", "shorter", "index", "other"])
def test_a_damaged_artifact_counts_as_absent_and_can_be_computed_again(cache, damage):
    folder = fill(cache).folder
    if damage == "missing":
        (folder / "facts.json").unlink()
    elif damage == "shorter":
        (folder / "sub" / "values.bin").write_bytes(b"123")
    elif damage == "index":
        (folder / "artifact.json").write_text('{"hash":')
    else:
        index = folder / "artifact.json"
        index.write_text(index.read_text().replace(KEY.hash, "0" * 64, 1))
    assert cache.get(KEY) is None
    assert fill(cache, content=b"again").files["sub/values.bin"] == hashlib.sha256(b"again").hexdigest()
    assert cache.get(KEY) is not None


def test_the_first_of_two_that_computed_the_same_stays(cache):
    late = cache.begin(KEY)
    (late / "facts.json").write_text("late")
    first = fill(cache)
    second = cache.commit(KEY, late, {}, 0.1)
    assert second.folder == first.folder
    assert (first.folder / "facts.json").read_text() == "{}"
    assert not late.exists()


def test_discarding_leaves_nothing(cache):
    workdir = cache.begin(KEY)
    (workdir / "half").write_bytes(b"x")
    cache.discard(workdir)
    assert list(cache.folder.iterdir()) == []


def test_meta_that_cannot_be_written_leaves_nothing(cache):
    workdir = cache.begin(KEY)
    with pytest.raises(TypeError):
        cache.commit(KEY, workdir, {"x": object()}, 0.0)
    assert list(cache.folder.iterdir()) == []
    assert cache.get(KEY) is None


KILLED = """
import os, sys
from pathlib import Path
from motestudio.domain.artifact import ArtifactKey
from motestudio.project.cache import ArtifactCache
cache = ArtifactCache(Path(sys.argv[1]))
workdir = cache.begin(ArtifactKey("k", "p/s", 1, "", {}, {}, 1))
(workdir / "half").write_bytes(b"x" * 1000)
os.kill(os.getpid(), 9)
"""


def test_sweeping_removes_what_dead_processes_left_and_nothing_else(cache):
    fill(cache)
    mine = cache.begin(KEY)
    subprocess.run([sys.executable, "-c", KILLED, str(cache.folder)], check=False)
    assert len(list(cache.folder.iterdir())) == 3
    assert cache.sweep() == 1
    assert {p.name for p in cache.folder.iterdir()} == {KEY.hash, mine.name}


@pytest.mark.parametrize("name", ["", "..", "../" * 5 + "etc", "x" * 64, "0" * 63])
def test_only_hashes_name_artifacts(cache, name):
    fill(cache)
    assert cache.folder_of(name) is None


def test_size_and_clear(cache):
    fill(cache)
    draft = cache.begin(KEY)
    assert cache.size() > 7
    cache.clear()
    assert cache.get(KEY) is None
    assert draft.is_dir()

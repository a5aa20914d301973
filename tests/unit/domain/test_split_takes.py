"""The split: no group in two parts, every class in every part, nothing random that the seed does not decide."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from motestudio.domain.dataset import SPLITS, Take, content_hash, leaks, split_takes
from motestudio.errors import ProjectError

LABELS = ("wave", "tap", "idle")


def take(index, label, group, fixed=""):
    return Take(f"r{index}", 0, 100, label, group, fixed)


@st.composite
def takes_by_recording(draw):
    """Recordings with one to three segments each; at least three recordings of every class."""
    rows, index = [], 0
    for label in draw(st.lists(st.sampled_from(LABELS), min_size=2, unique=True)):
        for _ in range(draw(st.integers(3, 12))):
            for segment in range(draw(st.integers(1, 3))):
                rows.append(Take(f"r{index}", segment * 100, 100, label, f"r{index}"))
            index += 1
    return rows


@settings(max_examples=150, deadline=None)
@given(takes=takes_by_recording(), seed=st.integers(0, 99), test=st.floats(0.05, 0.5), validation=st.floats(0.05, 0.5))
def test_by_take_no_recording_leaks_and_every_class_is_everywhere(takes, seed, test, validation):
    try:
        splits = split_takes(takes, "take", test_fraction=test, validation_fraction=validation, seed=seed)
    except ProjectError:
        assume(False)
    assert leaks(takes, splits) == ()
    parts = {s: {t.group for t, part in zip(takes, splits, strict=True) if part == s} for s in SPLITS}
    assert not parts["train"] & parts["validation"]
    assert not parts["test"] & (parts["train"] | parts["validation"])
    labels = {t.label for t in takes}
    for part in ("train", "test"):
        assert {t.label for t, s in zip(takes, splits, strict=True) if s == part} == labels
    again = split_takes(takes, "take", test_fraction=test, validation_fraction=validation, seed=seed)
    assert again == splits


@st.composite
def takes_by_subject(draw):
    subjects = draw(st.lists(st.sampled_from("abcdefgh"), min_size=2, unique=True))
    rows = []
    for subject in subjects:
        for label in LABELS:
            for _ in range(draw(st.integers(1, 4))):
                rows.append(take(len(rows), label, subject))
    return rows


@settings(max_examples=100, deadline=None)
@given(takes=takes_by_subject(), seed=st.integers(0, 99), data=st.data())
def test_by_subject_the_held_out_ones_are_only_ever_tested(takes, seed, data):
    subjects = sorted({t.group for t in takes})
    held = data.draw(st.lists(st.sampled_from(subjects), unique=True, max_size=len(subjects) - 1))
    splits = split_takes(takes, "subject", hold_out=held, seed=seed)
    tested = {t.group for t, s in zip(takes, splits, strict=True) if s == "test"}
    assert tested == (set(held) or {subjects[-1]})
    assert leaks(takes, splits) == ()
    rest = Counter(t.label for t in takes if t.group not in tested)
    if max(rest.values()) > 1:
        assert "validation" in splits


def test_holding_out_somebody_unknown_names_who_is_there():
    takes = [take(i, "wave", s) for i, s in enumerate("aabb")]
    with pytest.raises(ProjectError) as unknown:
        split_takes(takes, "subject", hold_out=["zoe"])
    assert unknown.value.code == "dataset.hold_out"
    assert "zoe" in unknown.value.text
    assert "a, b" in unknown.value.hint


def test_one_subject_alone_cannot_be_held_out():
    with pytest.raises(ProjectError) as few:
        split_takes([take(i, "wave", "a") for i in range(9)], "subject")
    assert few.value.code == "dataset.too_few"
    assert "subject 'a'" in few.value.text
    assert "--subject" in few.value.hint
    assert "mote dataset --split-by take" in few.value.hint
    with pytest.raises(ProjectError) as everyone:
        split_takes([take(i, "wave", s) for i, s in enumerate("aabb")], "subject", hold_out=["a", "b"])
    assert "Every subject" in everyone.value.text
    with pytest.raises(ProjectError) as one:
        split_takes([take(0, "wave", "r0")], "take")
    assert "Record more takes" in one.value.hint


def test_a_split_that_the_source_prescribes_is_kept():
    takes = [take(i, LABELS[i % 3], f"r{i}", "test" if i >= 12 else "train") for i in range(15)]
    splits = split_takes(takes, "take", seed=5)
    assert [s == "test" for s in splits] == [i >= 12 for i in range(15)]
    assert "validation" in splits


def test_another_seed_draws_another_split():
    takes = [take(i, LABELS[i % 3], f"r{i}") for i in range(60)]
    assert len({split_takes(takes, "take", seed=seed) for seed in range(5)}) == 5


def test_leaks_are_found():
    takes = [take(0, "wave", "a"), take(1, "wave", "a"), take(2, "wave", "b")]
    assert leaks(takes, ("train", "test", "train")) == ("a",)
    assert leaks(takes, ("test", "test", "train")) == ()


def test_the_content_hash_follows_everything_that_is_trained_on():
    takes = [take(i, LABELS[i % 3], f"r{i}") for i in range(6)]
    splits = ["train"] * 4 + ["test"] * 2
    recordings = {t.recording: "abc" for t in takes}
    base = content_hash(LABELS, takes, splits, recordings)
    assert base == content_hash(LABELS, takes, splits, dict(reversed(recordings.items())))
    others = {
        content_hash(LABELS[::-1], takes, splits, recordings),
        content_hash(LABELS, [replace(takes[0], count=99), *takes[1:]], splits, recordings),
        content_hash(LABELS, [replace(takes[0], label="tap"), *takes[1:]], splits, recordings),
        content_hash(LABELS, takes, ["test", *splits[1:]], recordings),
        content_hash(LABELS, takes, splits, recordings | {"r0": "abd"}),
    }
    assert len(others | {base}) == 6

"""What can be taken back, and which projects were opened lately."""

from __future__ import annotations

import pytest

from motestudio.project.recent import RecentProjects, remember
from motestudio.project.store import Project
from motestudio.project.undo import UndoStack


def test_undo_and_redo_in_order():
    values, stack = [], UndoStack()
    for word in ("one", "two"):
        values.append(word)
        stack.push(word, values.pop, lambda w=word: values.append(w))
    assert (stack.text, stack.can_undo, stack.can_redo) == ("two", True, False)
    assert stack.undo() == "two"
    assert stack.undo() == "one"
    assert stack.undo() is None
    assert values == []
    assert stack.redo_text == "one"
    assert (stack.redo(), stack.redo(), stack.redo()) == ("one", "two", None)
    assert values == ["one", "two"]


def test_a_new_step_ends_what_could_be_redone():
    stack = UndoStack()
    stack.push("one", lambda: None, lambda: None)
    stack.undo()
    stack.push("two", lambda: None, lambda: None)
    assert not stack.can_redo
    assert stack.redo() is None


def test_a_step_that_cannot_be_taken_back_stays():
    def fail():
        raise OSError("no")

    stack = UndoStack()
    stack.push("one", fail, lambda: None)
    with pytest.raises(OSError, match="no"):
        stack.undo()
    assert (stack.text, stack.can_redo) == ("one", False)


def test_observers_hear_of_every_change():
    heard, stack = [], UndoStack()
    stack.observe(lambda: heard.append(stack.text))
    stack.push("one", lambda: None, lambda: None)
    stack.undo()
    assert heard == ["one", ""]


def test_recent_projects_newest_first_once_each(tmp_path, template):
    recent = RecentProjects(tmp_path / "recent.json")
    for name in ("a", "b", "a"):
        recent.add(tmp_path / name, name)
    assert [r.name for r in recent.entries()] == ["a", "b"]
    assert [r.exists for r in recent.entries()] == [False, False]
    Project.create(tmp_path / "a", "A", template).close()
    assert recent.entries()[0].exists
    recent.remove(tmp_path / "a")
    assert [r.name for r in recent.entries()] == ["b"]


@pytest.mark.parametrize("content", ["", "{", '[{"folder": 1}]'])
def test_a_broken_list_is_an_empty_one(tmp_path, content):
    (tmp_path / "recent.json").write_text(content)
    recent = RecentProjects(tmp_path / "recent.json")
    assert recent.entries() == []
    recent.add(tmp_path, "x")
    assert [r.name for r in recent.entries()] == ["x"]


def test_remembering_reads_the_name_of_the_project(tmp_path, template, monkeypatch):
    monkeypatch.setenv("MOTE_DATA_DIR", str(tmp_path / "user"))
    Project.create(tmp_path / "folder", "Wand", template).close()
    remember(tmp_path / "folder")
    assert [(r.name, r.folder) for r in RecentProjects().entries()] == [("Wand", str(tmp_path / "folder"))]

"""From scores to detections on the board, against the same rule in Python."""

from collections import deque
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st


@pytest.fixture(scope="module")
def post(start_driver: Callable):
    return start_driver("post", "mote_post.c")


def test_threshold_and_suppression(post):
    assert post.ask("init 3 1 100 1000 1") == "ok"
    assert post.ask("update 0 -10 99 5") == "1 99 0"
    assert post.ask("update 500 -10 100 5") == "1 100 1"
    assert post.ask("update 1499 -10 120 5") == "1 120 0"
    assert post.ask("update 1500 -10 5 120") == "2 120 1"


def test_background_never_fires(post):
    post.ask("init 2 1 -128 0 1")
    assert post.ask("update 0 127 0") == "0 127 0"
    assert post.ask("update 1 0 1") == "1 1 1"


def test_mean_needs_all_its_outputs_and_forgets_at_reset(post):
    post.ask("init 2 3 50 0 0")
    assert post.ask("update 0 0 127").endswith(" 0")
    assert post.ask("update 1 0 127").endswith(" 0")
    assert post.ask("update 2 0 127") == "1 127 1"
    assert post.ask("update 3 0 -128") == "1 42 0"
    post.ask("reset")
    assert post.ask("update 4 0 127") == "1 127 0"


@pytest.mark.parametrize("settings_", ["0 1 0 0 0", "33 1 0 0 0", "3 0 0 0 0", "3 9 0 0 0"])
def test_settings_that_make_no_sense_are_refused(post, settings_: str):
    assert post.ask(f"init {settings_}") == "refused"
    post.ask("init 1 1 0 0 0")


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_same_rule_as_in_python(post, data: st.DataObject):
    classes, mean = data.draw(st.integers(1, 32)), data.draw(st.integers(1, 8))
    threshold, quiet = data.draw(st.integers(-128, 127)), data.draw(st.integers(0, 50))
    background = data.draw(st.integers(0, 2**classes - 1))
    assert post.ask(f"init {classes} {mean} {threshold} {quiet} {background}") == "ok"
    rows: deque[list[int]] = deque(maxlen=mean)
    time, fired_at = 0, None
    for _ in range(data.draw(st.integers(1, 15))):
        time += data.draw(st.integers(0, 30))
        rows.append(data.draw(st.lists(st.integers(-128, 127), min_size=classes, max_size=classes)))
        means = [sum(column) // len(rows) for column in zip(*rows, strict=True)]
        sums = [sum(column) for column in zip(*rows, strict=True)]
        top = sums.index(max(sums))
        fires = (
            len(rows) == mean
            and not background >> top & 1
            and (fired_at is None or time - fired_at >= quiet)
            and means[top] >= threshold
        )
        assert post.ask(f"update {time} {' '.join(map(str, rows[-1]))}") == f"{top} {means[top]} {int(fires)}"
        fired_at = time if fires else fired_at

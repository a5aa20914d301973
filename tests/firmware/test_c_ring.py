"""The sample ring: every window whole, in step, with the right index, whatever the pushes and the losses."""

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st


@pytest.fixture(scope="module")
def ring(start_driver: Callable):
    return start_driver("ring", "mote_ring.c")


def take_all(ring) -> list[tuple[int, int]]:
    found = []
    while (answer := ring.ask("take")) != "-":
        end, first = answer.split()  # a torn window has a third word and fails here
        found.append((int(end), int(first)))
    return found


def test_windows_come_at_every_step(ring):
    assert ring.ask("init 30 3 20 5") == "ok"
    assert ring.ask("push 0 19") == "19"
    assert ring.ask("take") == "-"
    assert ring.ask("push 19 1") == "1"
    assert ring.ask("take") == "20 0"
    assert ring.ask("take") == "-"
    assert ring.ask("push 20 11") == "11"
    assert take_all(ring) == [(25, 5), (30, 10)]
    assert ring.ask("lost") == "0"


def test_step_longer_than_the_window_passes_samples_over(ring):
    assert ring.ask("init 30 1 4 10") == "ok"
    ends = []
    for first in range(0, 60, 3):
        ring.ask(f"push {first} 3")
        ends += take_all(ring)
    assert ends == [(4 + 10 * i, 10 * i) for i in range(6)]


def test_overflow_loses_the_newest_and_goes_on_behind_the_gap(ring):
    assert ring.ask("init 12 2 8 4") == "ok"
    assert ring.ask("push 0 20") == "12"
    assert ring.ask("push 20 5") == "0"
    assert ring.ask("lost") == "13"
    assert take_all(ring) == [(8, 0), (12, 4)]
    assert ring.ask("push 25 8") == "8"
    # The stream's index counts the 13 lost samples: the window begins at sample 25.
    assert take_all(ring) == [(33, 25)]


def test_samples_come_one_after_the_other_and_a_gap_is_told_once(ring):
    assert ring.ask("init 10 2 1 1") == "ok"
    assert ring.ask("next 5") == "-"
    assert ring.ask("push 0 7") == "7"
    assert ring.ask("next 5") == "5 0 5 0"
    assert ring.ask("push 7 6") == "6"
    # The memory ends after ten samples: what lies behind comes with the next call.
    assert [ring.ask("next 9") for _ in range(3)] == ["10 5 5 0", "13 10 3 0", "-"]
    assert ring.ask("push 13 12") == "10"
    assert ring.ask("lost") == "2"
    assert [ring.ask("next 99") for _ in range(3)] == ["20 13 7 0", "23 20 3 0", "-"]
    assert ring.ask("push 25 3") == "3"
    assert [ring.ask("next 2") for _ in range(3)] == ["27 25 2 1", "28 27 1 0", "-"]


@pytest.mark.parametrize("sizes", ["0 1 1 1", "10 0 5 5", "10 1 0 5", "10 1 5 0", "10 1 11 5", "4294967295 1 5 5"])
def test_sizes_that_make_no_sense_are_refused(ring, sizes: str):
    if sizes.startswith("4294967295"):
        sizes = "1073741824 0 5 5"
    assert ring.ask(f"init {sizes}") == "refused"


@settings(max_examples=150, deadline=None)
@given(
    window=st.integers(1, 12),
    step=st.integers(1, 15),
    room=st.integers(0, 20),
    channels=st.integers(1, 3),
    work=st.lists(st.tuples(st.integers(0, 25), st.integers(0, 4)), max_size=25),
)
def test_any_order_of_pushes_and_takes(ring, window: int, step: int, room: int, channels: int, work):
    capacity = window + room
    assert ring.ask(f"init {capacity} {channels} {window} {step}") == "ok"
    sent = lost = 0
    last = None
    for count, takes in work:
        taken = int(ring.ask(f"push {sent} {count}"))
        assert 0 <= taken <= count
        sent += count
        lost += count - taken
        for _ in range(takes):
            answer = ring.ask("take")
            if answer == "-":
                break
            end, first = (int(n) for n in answer.split())
            # Samples carry their own index: a window that is torn or has a wrong index cannot pass.
            assert end == first + window
            assert last is None or first == last + step or (lost and first > last)
            last = first
    assert int(ring.ask("lost")) == lost


def test_it_runs_for_ever(ring):
    ring.ask("init 7 1 5 2")
    expected = 0
    for first in range(0, 3000, 3):
        assert ring.ask(f"push {first} 3") == "3"
        for end, begin in take_all(ring):
            assert (end, begin) == (expected + 5, expected)
            expected += 2
    assert expected > 2900

"""Lines from what a process prints: any bytes, cut, counted; and the lane that jobs wait in."""

from __future__ import annotations

import os
import threading
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from motestudio.errors import Cancelled
from motestudio.jobs.cancel import CancelToken
from motestudio.jobs.lane import Lane
from motestudio.jobs.lines import MAX_LINE, LineReader


def read(data, **options):
    out, into = os.pipe()
    lines = []
    reader = LineReader(os.fdopen(out, "rb"), lines.append, **options)
    with os.fdopen(into, "wb") as writer:
        writer.write(data)
    assert reader.join(5)
    return lines


def test_lines_end_at_newlines_and_carriage_returns():
    assert read(b"one\r\ntwo\nprogress 1%\rprogress 2%\n\n  \nlast") == [
        "one",
        "two",
        "progress 1%",
        "progress 2%",
        "last",
    ]


@settings(max_examples=80, deadline=None)
@given(st.binary(max_size=5000))
def test_any_bytes_become_lines_of_bounded_length(data):
    lines = read(data)
    assert all(0 < len(line) <= MAX_LINE and "\n" not in line for line in lines)


def test_every_byte_of_one_endless_line_is_handed_on():
    assert "".join(read(b"y" * 100_001)) == "y" * 100_001


def test_too_many_lines_are_counted_instead():
    lines = read(b"x\n" * 10_000, max_per_second=100)
    assert lines[:100] == ["x"] * 100
    left_out = sum(int(line[1:].split()[0]) for line in lines if line.startswith("("))
    assert left_out + sum(line == "x" for line in lines) == 10_000


def test_turns_are_taken_in_the_order_of_asking():
    lane, order, threads = Lane(), [], []

    def take(number):
        with lane.turn(CancelToken()):
            order.append(number)

    with lane.turn(CancelToken()):
        for number in range(5):
            threads.append(threading.Thread(target=take, args=(number,)))
            threads[-1].start()
            time.sleep(0.02)
    for thread in threads:
        thread.join(5)
    assert order == [0, 1, 2, 3, 4]


def test_a_turn_is_given_back_after_an_error_and_a_cancelled_one_never_taken():
    lane = Lane()
    with pytest.raises(RuntimeError), lane.turn(CancelToken()):
        raise RuntimeError
    cancelled = CancelToken()
    cancelled.cancel()
    with lane.turn(CancelToken()), pytest.raises(Cancelled), lane.turn(cancelled):
        pass
    with lane.turn(CancelToken()):
        pass

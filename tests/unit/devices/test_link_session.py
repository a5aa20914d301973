"""Requests find their replies; what is late, foreign or broken is left out and counted."""

from __future__ import annotations

import numpy as np

from motestudio.devices.link.frames import Frame, FrameDecoder, encode_frame
from motestudio.devices.link.protocol import (
    Event,
    Kind,
    Reply,
    pack_event,
    pack_inference,
    pack_reply,
    pack_samples,
    unpack_request,
)
from motestudio.devices.link.session import LinkSession
from motestudio.domain.board import InferenceFrame
from motestudio.domain.signal import SampleBlock


def asked(data: bytes) -> Frame:
    (frame,) = FrameDecoder().feed(data)
    return frame


def test_requests_are_numbered_and_matched_in_any_order() -> None:
    session = LinkSession()
    first, one = session.request("describe")
    second, two = session.request("start", {"count": 5})
    assert first != second
    assert asked(one).sequence + 1 == asked(two).sequence
    request = unpack_request(asked(two).payload)
    assert (request.op, request.args) == ("start", {"count": 5})
    replies = [Reply(second, True, {"b": 2}), Reply(first, True, {"a": 1})]
    data = b"".join(encode_frame(Kind.REPLY, i, pack_reply(r)) for i, r in enumerate(replies))
    assert session.feed(data) == replies


def test_a_reply_counts_once_and_only_where_it_was_asked_for() -> None:
    session = LinkSession(first_id=100)
    number, _ = session.request("describe")
    data = encode_frame(Kind.REPLY, 0, pack_reply(Reply(number, True)))
    assert len(session.feed(data)) == 1
    assert session.feed(data) == []
    assert session.feed(encode_frame(Kind.REPLY, 1, pack_reply(Reply(5, True)))) == []
    late, _ = session.request("describe")
    session.forget(late)
    assert session.feed(encode_frame(Kind.REPLY, 2, pack_reply(Reply(late, True)))) == []


def test_data_keeps_its_order_and_its_arrival_time() -> None:
    session = LinkSession()
    inference = InferenceFrame(3, 4, (1, -2), 0.5, 0, 60)
    data = (
        encode_frame(Kind.SAMPLES, 0, pack_samples(0, 10, 0, np.ones((2, 3), np.int16)))
        + encode_frame(Kind.INFERENCE, 1, pack_inference(inference))
        + encode_frame(Kind.EVENT, 2, pack_event(Event("stopped", {"sent": 2})))
    )
    block, found, event = session.feed(data, 77)
    assert isinstance(block, SampleBlock)
    assert block.host_time_us == 77
    assert found == inference
    assert event == Event("stopped", {"sent": 2})


def test_nonsense_is_counted_and_what_follows_still_arrives() -> None:
    session = LinkSession()
    data = (
        encode_frame(Kind.REPLY, 0, b"\xff\xff")
        + encode_frame(Kind.SAMPLES, 1, b"short")
        + encode_frame(200, 2, b"a kind of the future")
        + encode_frame(Kind.EVENT, 3, pack_event(Event("hello")))
    )
    assert session.feed(data) == [Event("hello")]
    assert session.malformed == 2
    assert session.last_problem

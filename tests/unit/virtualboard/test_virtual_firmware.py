"""The virtual board's firmware by its frames: streams of exact length, refused requests, flash that survives."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from motestudio.devices.link.description import description_from_map
from motestudio.devices.link.frames import Frame, FrameDecoder
from motestudio.devices.link.protocol import (
    Kind,
    Reply,
    Request,
    pack_request,
    unpack_event,
    unpack_reply,
    unpack_samples,
)
from motestudio.domain.board import BoardFile
from motestudio.firmware.package import build_package
from motestudio.virtualboard.board import Board
from motestudio.virtualboard.engine_client import EngineClient
from motestudio.virtualboard.imu_sim import GROUP, ImuSensor

FACTS = BoardFile("tiny", "Tiny board", "x", "cortex-m4f", 80_000_000, 20_000, 64_000, "cmsis-nn")
DEPLOY = {
    "classes": ["wave", "idle"],
    "signal": {"window_samples": 52, "step_samples": 26, "group": {"channels": [{}] * 6}},
    "output_scale": 1 / 256,
    "output_zero_point": -128,
}


def make(folder: Path, seed: int = 1) -> Board:
    return Board(FACTS, [ImuSensor(seed)], folder, EngineClient(), seed)


def ask(board: Board, op: str, **args: Any) -> Reply:
    (frame,) = FrameDecoder().feed(board.handle(Frame(Kind.REQUEST, 0, pack_request(Request(5, op, args)))))
    assert frame.kind == Kind.REPLY
    reply = unpack_reply(frame.payload)
    assert reply.id == 5
    return reply


def frames_of(board: Board, blocks: int = 10_000) -> list[Frame]:
    decoder = FrameDecoder()
    frames: list[Frame] = []
    while board.streaming and blocks:
        frames += decoder.feed(board.next_block())
        blocks -= 1
    assert decoder.stats.lost_frames == 0
    return frames


def package(**changes: Any) -> bytes:
    values: dict[str, Any] = {
        "name": "wand",
        "board": FACTS,
        "deploy": DEPLOY,
        "model": b"not really a model",
        "arena_bytes": 8192,
        "flash_bytes": 50_000,
        "ram_bytes": 15_000,
    }
    return build_package(**{**values, **changes})


def send(board: Board, data: bytes, sha256: str = "") -> Reply:
    reply = ask(board, "load_begin", size=len(data), sha256=sha256 or hashlib.sha256(data).hexdigest(), name="p")
    for offset in range(0, len(data), 1000):
        if reply.ok:
            reply = ask(board, "load_data", offset=offset, data=data[offset : offset + 1000])
    return ask(board, "load_end") if reply.ok else reply


def test_it_describes_the_board_that_it_poses_as(tmp_path: Path) -> None:
    about = description_from_map(ask(make(tmp_path), "describe").result)
    assert (about.board_id, about.flash_bytes, about.ram_bytes, about.virtual) == ("tiny", 64_000, 20_000, True)
    assert about.groups[0].rate_hz == 104.0
    assert "wave" in about.gestures
    assert about.model is None
    again = description_from_map(ask(make(tmp_path), "describe").result)
    other = description_from_map(ask(make(tmp_path, seed=2), "describe").result)
    assert about.serial_number == again.serial_number != other.serial_number


@given(st.integers(1, 700), st.sampled_from([0, 1.0, 20.0]))
def test_a_stream_has_exactly_the_samples_asked_for(
    tmp_path_factory: pytest.TempPathFactory, count: int, rate: float
) -> None:
    board = make(tmp_path_factory.mktemp("flash"))
    assert ask(board, "start", count=count, rate=rate).ok
    *data, last = frames_of(board)
    blocks = [unpack_samples(f.payload) for f in data]
    assert sum(len(b.samples) for b in blocks) == count
    assert unpack_event(last.payload).data == {"sent": count, "dropped": 0}
    times = [b.device_time_us for b in blocks]
    assert times == sorted(times)


def test_a_take_repeats_and_its_clock_is_nearly_right(tmp_path: Path) -> None:
    board = make(tmp_path)
    runs = []
    for _ in range(2):
        ask(board, "start", count=2080, rate=0, perform={"gesture": "wave", "seed": 4, "subject": "a"})
        runs.append([unpack_samples(f.payload) for f in frames_of(board)[:-1]])
    assert np.array_equal(np.concatenate([b.samples for b in runs[0]]), np.concatenate([b.samples for b in runs[1]]))
    blocks = runs[1]
    assert blocks[0].device_time_us > runs[0][-1].device_time_us
    span_us = blocks[-1].device_time_us - blocks[0].device_time_us
    exact_us = (2080 - len(blocks[-1].samples)) / 104 * 1e6
    assert 0 < abs(span_us / exact_us - 1) < 2e-4


def test_a_stream_can_carry_on_where_the_last_one_ended(tmp_path: Path) -> None:
    def samples(board: Board) -> np.ndarray:
        return np.concatenate([unpack_samples(f.payload).samples for f in frames_of(board)[:-1]])

    seamless, whole = make(tmp_path / "a"), make(tmp_path / "b")
    wave = {"gesture": "wave", "seed": 4, "subject": "a"}
    parts = []
    for carry_on, perform in ((False, None), (True, None), (True, wave), (True, None)):
        ask(seamless, "start", count=104, rate=0, carry_on=carry_on, perform=perform)
        parts.append(samples(seamless))
    ask(whole, "start", count=208, rate=0)
    assert np.array_equal(np.concatenate(parts[:2]), samples(whole))
    acc = GROUP.to_physical(np.concatenate(parts))[:, :3]
    assert np.abs(np.diff(acc[200:216], axis=0)).max() < 0.2, "no seam where the wave's stream begins"
    assert np.linalg.norm(acc[208:], axis=1).max() > 1.2


def test_samples_dropped_for_a_slow_link_are_counted(tmp_path: Path) -> None:
    board = make(tmp_path)
    ask(board, "start", count=0)
    first = unpack_samples(FrameDecoder().feed(board.next_block())[0].payload)
    lost = board.block_samples
    assert board.next_block(drop=True) == b""
    after = unpack_samples(FrameDecoder().feed(board.next_block())[0].payload)
    assert after.dropped - first.dropped == lost
    gap_us = after.device_time_us - first.device_time_us
    assert gap_us == pytest.approx((len(first.samples) + lost) / 104 * 1e6, abs=300)


@pytest.mark.parametrize(
    ("op", "args", "code"),
    [
        ("fly", {}, "op.unknown"),
        ("start", {"count": -1}, "op.argument"),
        ("start", {"rate": "fast"}, "op.argument"),
        ("start", {"group": 1}, "op.argument"),
        ("start", {"perform": "wave"}, "op.argument"),
        ("start", {"perform": {"gesture": "juggle"}}, "perform.unknown"),
        ("perform", {"gesture": "juggle"}, "perform.unknown"),
        ("clip", {"index": 0}, "perform.unknown"),
        ("load_data", {"offset": 0, "data": b"x"}, "load.order"),
        ("load_data", {"offset": 0, "data": "x"}, "op.argument"),
        ("load_end", {}, "load.order"),
        ("load_begin", {"size": 64_001, "sha256": ""}, "flash.too_big"),
        ("read_back", {"offset": 0, "length": 0}, "op.argument"),
        ("infer_start", {}, "infer.no_model"),
        ("infer_window", {"samples": b""}, "infer.no_model"),
        ("window_data", {"offset": 8, "data": b"x"}, "infer.window"),
    ],
)
def test_requests_that_cannot_be_are_refused_with_a_code(
    tmp_path: Path, op: str, args: dict[str, Any], code: str
) -> None:
    board = make(tmp_path)
    reply = ask(board, op, **args)
    assert (reply.ok, reply.code) == (False, code)
    assert reply.text
    assert ask(board, "describe").ok


@given(st.binary(max_size=200), st.integers(0, 255))
def test_garbage_in_a_good_frame_does_not_kill_it(
    tmp_path_factory: pytest.TempPathFactory, payload: bytes, kind: int
) -> None:
    board = make(tmp_path_factory.mktemp("flash"))
    board.handle(Frame(kind, 0, payload))
    assert ask(board, "describe").ok


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"no package at all", "flash.package"),
        (package(board=BoardFile("other", "Other", "x", "rv32imc", 1, 10**6, 10**6, "reference")), "package.board"),
        (package(deploy={}), "flash.package"),
        (package(deploy={**DEPLOY, "signal": {"window_samples": 0}}), "flash.package"),
    ],
)
def test_packages_that_do_not_fit_are_refused_and_the_old_one_stays(tmp_path: Path, data: bytes, code: str) -> None:
    board = make(tmp_path)
    reply = send(board, data)
    assert (reply.ok, reply.code) == (False, code)
    assert ask(board, "package_hash").result == {"sha256": ""}
    assert ask(board, "describe").result["model"] is None


def test_a_package_for_more_memory_than_the_board_has_is_refused(tmp_path: Path) -> None:
    roomy = BoardFile("tiny", "Roomy", "x", "cortex-m4f", 1, 10**6, 10**6, "cmsis-nn")
    for change in ({"ram_bytes": 20_001}, {"flash_bytes": 64_001}, {"arena_bytes": 20_001}):
        reply = send(make(tmp_path), package(board=roomy, **change))
        assert (reply.ok, reply.code) == (False, "flash.too_big")


def test_bytes_damaged_on_the_way_are_refused(tmp_path: Path) -> None:
    board = make(tmp_path)
    reply = send(board, package(), sha256="0" * 64)
    assert (reply.ok, reply.code) == (False, "load.hash")


def test_flash_of_a_broken_file_is_ignored_at_power_up(tmp_path: Path) -> None:
    make(tmp_path)
    (tmp_path / "package.bin").write_bytes(b"\xff" * 300)
    board = make(tmp_path)
    assert ask(board, "describe").result["model"] is None
    assert ask(board, "read_back", offset=298, length=10).result == {"data": b"\xff\xff"}


def test_a_valid_package_in_flash_is_there_after_power_up(tmp_path: Path) -> None:
    make(tmp_path)
    data = package()
    (tmp_path / "package.bin").write_bytes(data)
    board = make(tmp_path)
    model = description_from_map(ask(board, "describe").result).model
    assert model is not None
    assert (model.name, model.classes, model.window_samples) == ("wand", ("wave", "idle"), 52)
    assert model.sha256 == hashlib.sha256(b"not really a model").hexdigest()
    assert ask(board, "package_hash").result == {"sha256": hashlib.sha256(data).hexdigest()}

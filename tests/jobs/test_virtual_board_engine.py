"""On-board inference: a package is flashed, checked and kept; what kills the interpreter does not kill the board."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest

from motestudio.domain.board import BoardFile, InferenceFrame
from motestudio.errors import AppError, Cancelled, DeviceError, FlashError
from motestudio.firmware.boards import load_boards
from motestudio.firmware.package import build_package
from motestudio.jobs.cancel import CancelToken
from motestudio.studio.device_session import DeviceSession
from motestudio.studio.virtual import VirtualBoard, start_virtual_board
from support.tiny_model import CHANNELS, CLASSES, WINDOW, build_library, build_model, expected

STEP = 3


@pytest.fixture(scope="module")
def facts() -> BoardFile:
    return load_boards()["virtual"]


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sensor of two channels that plays one long clip."""
    import json

    folder = tmp_path_factory.mktemp("clips")
    rows = np.random.default_rng(0).integers(-32768, 32767, (600, CHANNELS), dtype=np.int16)
    np.save(folder / "clips.npy", rows.reshape(-1))
    channels = [{"name": f"c{i}", "unit": "g", "scale": 0.001, "offset": 0.0} for i in range(CHANNELS)]
    row = {"name": "long", "label": "long", "start": 0, "count": 600}
    body = {"group": {"name": "two", "rate_hz": 200.0, "channels": channels}, "clips": [row]}
    (folder / "clips.json").write_text(json.dumps(body))
    return folder


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory) -> tuple[bytes, bytes]:
    return build_model(), build_library(tmp_path_factory.mktemp("c"))


@pytest.fixture
def board(tmp_path: Path, clips: Path) -> Iterator[VirtualBoard]:
    with start_virtual_board("virtual", sensor=f"replay:{clips}", flash_dir=tmp_path / "flash") as board:
        yield board


@pytest.fixture
def session(board: VirtualBoard, tmp_path: Path) -> Iterator[DeviceSession]:
    with DeviceSession(board.url, tail_dir=tmp_path / "tails") as session:
        yield session


@pytest.fixture
def package(facts: BoardFile, parts: tuple[bytes, bytes], tmp_path: Path) -> Callable[..., Path]:
    def make(**changes: Any) -> Path:
        deploy = {
            "classes": [f"class{i}" for i in range(CLASSES)],
            "signal": {
                "window_samples": WINDOW,
                "step_samples": STEP,
                "group": {"name": "two", "rate_hz": 200.0, "channels": [{"name": f"c{i}"} for i in range(CHANNELS)]},
            },
            "output_scale": 4.0,
            "output_zero_point": 0,
        }
        values: dict[str, Any] = {
            "name": "tiny",
            "board": facts,
            "deploy": deploy,
            "model": parts[0],
            "host_library": parts[1],
            "arena_bytes": 4096,
            "flash_bytes": 30_000,
            "ram_bytes": 9_000,
        }
        path = tmp_path / "model.motepkg"
        path.write_bytes(build_package(**{**values, **changes}))
        return path

    return make


def windows(count: int) -> np.ndarray[Any, np.dtype[np.int16]]:
    rng = np.random.default_rng(9)
    return rng.integers(-32768, 32767, (count, WINDOW, CHANNELS), dtype=np.int16)


def test_flash_verify_restart_and_infer(
    session: DeviceSession, package: Callable[..., Path], tmp_path: Path, clips: Path
) -> None:
    path, seen = package(), []
    sha256 = session.load_package(path, seen.append)
    assert sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert seen[-1] == 1.0
    assert session.request("package_hash") == {"sha256": sha256}
    assert session.description.model is not None
    assert session.description.model.window_samples == WINDOW
    for window in windows(20):
        answer = session.request("infer_window", samples=window.astype("<i2").tobytes())
        assert np.abs(np.frombuffer(answer["output"], np.int8) - expected(window)).max() <= 1
        assert answer["latency_us"] > 0
    session.close()
    with (
        start_virtual_board("virtual", sensor=f"replay:{clips}", flash_dir=tmp_path / "flash") as again,
        DeviceSession(again.url, tail_dir=tmp_path / "tails") as other,
    ):
        assert other.description.model is not None
        assert other.request("package_hash") == {"sha256": sha256}
        window = windows(1)[0]
        answer = other.request("infer_window", samples=window.tobytes())
        assert np.abs(np.frombuffer(answer["output"], np.int8) - expected(window)).max() <= 1


@pytest.mark.parametrize("rate", [0.0, 20.0])
def test_live_inference_sees_every_window_of_the_stream(
    session: DeviceSession, package: Callable[..., Path], clips: Path, rate: float
) -> None:
    session.load_package(package())
    frames: list[InferenceFrame] = []
    session.add_inference_listener(frames.extend)
    session.request("infer_start")
    session.request("start", count=600, rate=rate, perform={"clip": 0})
    ends = list(range(WINDOW - 1, 600, STEP))
    limit = time.monotonic() + 20
    while len(frames) < len(ends) and time.monotonic() < limit:
        time.sleep(0.01)
    assert [f.sample_index for f in frames] == ends
    rows = np.load(clips / "clips.npy").reshape(-1, CHANNELS)
    for frame in frames:
        window = rows[frame.sample_index - WINDOW + 1 : frame.sample_index + 1]
        assert np.abs(np.array(frame.output) - expected(window)).max() <= 1
        assert frame.latency_us > 0
    spacing_us = np.diff([f.device_time_us for f in frames])
    assert np.abs(spacing_us - STEP / 200 * 1e6).max() < 500
    # The next stream goes on counting, and after infer_stop there is silence.
    session.request("start", count=30, rate=0)
    while len(frames) < len(ends) + 10 and time.monotonic() < limit:
        time.sleep(0.01)
    assert [f.sample_index for f in frames[len(ends) :]] == list(range(ends[-1] + STEP, 630, STEP))
    session.request("infer_stop")
    before = len(frames)
    session.request("start", count=100, rate=0)
    time.sleep(0.2)
    assert len(frames) == before


def error_of(verb: Callable[[], object]) -> AppError:
    with pytest.raises(AppError) as caught:
        verb()
    assert caught.value.text
    assert caught.value.hint
    return caught.value


def refusal(session: DeviceSession, path: Path) -> AppError:
    return error_of(lambda: session.load_package(path))


def test_models_that_cannot_run_are_refused_and_the_old_one_stays(
    session: DeviceSession,
    board: VirtualBoard,
    package: Callable[..., Path],
    parts: tuple[bytes, bytes],
    tmp_path: Path,
) -> None:
    good = session.load_package(package())
    model = bytearray(parts[0])
    model[60:400] = b"\xff" * 340
    cases = {
        "damaged": {"model": bytes(model)},
        "garbage": {"model": b"TFL3" + bytes(3000)},
        "arena": {"arena_bytes": 1100},
        "no arena": {"arena_bytes": 300},
        "features": {"host_library": b""},
        "no library": {"host_library": b"\x7fELF nonsense"},
        "other window": {"host_library": build_library(tmp_path, WINDOW + 1)},
    }
    codes = {name: refusal(session, package(**change)).code for name, change in cases.items()}
    assert codes["arena"] == codes["no arena"] == "infer.arena"
    assert codes["features"] == codes["no library"] == codes["other window"] == "infer.no_features"
    assert codes["garbage"] in ("infer.crashed", "infer.model", "infer.arena")
    assert codes["damaged"] in ("infer.crashed", "infer.model", "infer.arena")
    assert psutil.Process(board.child.pid).is_running()
    assert session.request("package_hash") == {"sha256": good}
    window = windows(1)[0]
    answer = session.request("infer_window", samples=window.tobytes())
    assert np.abs(np.frombuffer(answer["output"], np.int8) - expected(window)).max() <= 1


def test_an_engine_that_dies_is_one_error_and_the_next_question_is_answered(
    session: DeviceSession, board: VirtualBoard, package: Callable[..., Path]
) -> None:
    session.load_package(package())
    (engine,) = psutil.Process(board.child.pid).children()
    engine.kill()
    limit = time.monotonic() + 5
    while engine.status() != psutil.STATUS_ZOMBIE and time.monotonic() < limit:
        time.sleep(0.01)
    window = windows(1)[0].tobytes()
    assert error_of(lambda: session.request("infer_window", samples=window)).code == "infer.crashed"
    assert len(session.request("infer_window", samples=window)["output"]) == CLASSES


def test_a_package_of_another_board_or_too_large_is_refused(
    session: DeviceSession, facts: BoardFile, package: Callable[..., Path]
) -> None:
    roomy = replace(facts, ram_bytes=1 << 30, flash_bytes=1 << 30)
    other = replace(roomy, id="other")
    for change, code in (
        ({"board": other}, "package.board"),
        ({"board": roomy, "ram_bytes": facts.ram_bytes + 1}, "flash.too_big"),
        ({"board": roomy, "flash_bytes": facts.flash_bytes + 1}, "flash.too_big"),
        ({"board": roomy, "model": bytes(facts.flash_bytes + 1)}, "flash.too_big"),
    ):
        error = refusal(session, package(**change))
        assert (error.code, type(error)) == (code, FlashError)
    assert session.description.model is None


def test_loading_can_be_cancelled(session: DeviceSession, package: Callable[..., Path]) -> None:
    good = session.load_package(package())
    token = CancelToken()
    big = package(model=bytes(700_000))
    with pytest.raises(Cancelled):
        session.load_package(big, lambda _: token.cancel(), token)
    assert session.request("package_hash") == {"sha256": good}


def test_questions_that_cannot_be_answered(session: DeviceSession, package: Callable[..., Path]) -> None:
    assert error_of(lambda: session.request("infer_start")).code == "infer.no_model"
    session.load_package(package())
    with pytest.raises(DeviceError) as caught:
        session.request("infer_window", samples=b"short")
    assert caught.value.code == "infer.window"


def test_a_computer_without_the_interpreter_says_so(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, clips: Path, package: Callable[..., Path]
) -> None:
    path = package()
    blocked = tmp_path / "blocked" / "tflite_micro"
    blocked.mkdir(parents=True)
    (blocked / "__init__.py").write_text("raise ImportError('not on this computer')\n")
    monkeypatch.setenv("PYTHONPATH", str(blocked.parent), prepend=":")
    with (
        start_virtual_board("virtual", sensor=f"replay:{clips}", flash_dir=tmp_path / "flash") as board,
        DeviceSession(board.url, tail_dir=tmp_path / "t") as session,
    ):
        session.load_package(path)
        error = error_of(lambda: session.request("infer_window", samples=windows(1)[0].tobytes()))
        assert error.code == "infer.missing"

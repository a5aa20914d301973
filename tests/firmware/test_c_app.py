"""The generated firmware's host port as a program: it speaks the studio's protocol and infers what it should."""

import dataclasses
import hashlib
import os
import select
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from motestudio.devices.link.description import description_from_map
from motestudio.devices.link.protocol import Event, Reply
from motestudio.devices.link.session import LinkSession
from motestudio.domain.board import BoardFile, InferenceFrame
from motestudio.domain.signal import Channel, ChannelGroup, SampleBlock
from motestudio.firmware.feature_code import FeatureCode, source_files
from motestudio.firmware.generator import FirmwareProject, generate
from motestudio.firmware.request import FirmwareRequest
from motestudio.firmware.slot_image import SlotImage
from motestudio.sdk.data import FeatureBlock, SignalInfo
from motestudio.sdk.deployable import Deployable
from motestudio.sdk.quantise import quantise

DRIVERS = Path(__file__).parent / "drivers"
WINDOW, STEP, CHANNELS = 20, 5, 3
GAIN = np.float32(0.01)
TWIN = """
#include "mote_core.h"

#include "feature_params.h"

void mote_feature_run(const int16_t *window, mote_sink *sink) {
  for (size_t i = 0; i < MOTE_FEATURE_COUNT; ++i) {
    mote_emit(sink, i, (float)window[i] * MOTE_TEST_GAIN);
  }
}
"""


STREAMING_TWIN = """
#include "mote_core.h"

#include "feature_params.h"

static float sums[MOTE_WINDOW_SAMPLES / MOTE_TEST_HOP][MOTE_CHANNELS];
static size_t filled;

void mote_feature_reset(void) {
  filled = 0;
}

void mote_feature_push(const int16_t *samples, size_t count) {
  const size_t hops = MOTE_WINDOW_SAMPLES / MOTE_TEST_HOP;
  for (size_t i = 0; i < count; ++i, ++filled) {
    float *sum = sums[filled / MOTE_TEST_HOP % hops];
    for (size_t c = 0; c < MOTE_CHANNELS; ++c) {
      sum[c] = (filled % MOTE_TEST_HOP == 0 ? 0.0f : sum[c]) + (float)samples[i * MOTE_CHANNELS + c];
    }
  }
}

void mote_feature_emit(mote_sink *sink) {
  const size_t hops = MOTE_WINDOW_SAMPLES / MOTE_TEST_HOP;
  for (size_t i = 0; i < MOTE_FEATURE_COUNT; ++i) {
    mote_emit(sink, i, sums[(filled / MOTE_TEST_HOP + i / MOTE_CHANNELS) % hops][i % MOTE_CHANNELS] * 0.01f);
  }
}
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> FirmwareProject:
    return make_project(tmp_path_factory.mktemp("firmware"), TWIN, (WINDOW, CHANNELS), {"test_gain": GAIN})


VIRTUAL = BoardFile("virtual", "Virtual board", "x", "cortex-m4f", 80_000_000, 98_304, 1_048_576, "cmsis-nn")


def make_project(
    folder: Path, twin: str, shape: tuple[int, int], constants: dict, hop: int = 0, board: BoardFile = VIRTUAL
) -> FirmwareProject:
    source = folder / "test_twin.c"
    source.write_text(twin)
    group = ChannelGroup("imu", 1000.0, tuple(Channel(n, "g", 0.001, 0.0) for n in ("ax", "ay", "az")))
    deployable = Deployable(
        model=b"\0\0\0\0TFL3 and more",
        classes=("idle", "wave", "tap"),
        signal=SignalInfo(group, WINDOW, STEP),
        blocks=(FeatureBlock("gain", "test/gain", 1, {}, shape, ("time", "channel")),),
        feature_shape=shape,
        input_scale=0.5,
        input_zero_point=4,
        output_scale=1 / 256,
        output_zero_point=-128,
    )
    features = (FeatureCode(deployable.blocks[0], constants, (source,), hop),)
    request = FirmwareRequest("wand", board, deployable, ("CONV_2D", "SOFTMAX"), 8192, features)
    return generate(folder / "firmware", request)


class Board:
    """The host port behind two pipes."""

    def __init__(self, program: Path) -> None:
        self.process = subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0)
        self.session = LinkSession()
        self.incoming: list = []

    def write(self, data: bytes) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(data)

    def wait_for(self, wanted: Callable[[object], bool], seconds: float = 10.0):
        """The first message for which `wanted` holds; everything read is kept in `incoming`."""
        assert self.process.stdout is not None
        deadline = time.monotonic() + seconds
        seen = 0
        while True:
            for message in self.incoming[seen:]:
                if wanted(message):
                    return message
            seen = len(self.incoming)
            left = deadline - time.monotonic()
            assert left > 0, f"nothing came; {self.session.stats}"
            if select.select([self.process.stdout], [], [], left)[0]:
                data = os.read(self.process.stdout.fileno(), 65536)
                assert data, f"the program ended with {self.process.wait(5)}"
                self.incoming += self.session.feed(data)

    def request(self, op: str, **args) -> Reply:
        number, data = self.session.request(op, args)
        self.write(data)
        return self.wait_for(lambda m: isinstance(m, Reply) and m.id == number)

    def close(self) -> int:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.close()
        code = self.process.wait(10)
        self.process.stdout.close()
        return code


HOP = 5


@pytest.fixture(scope="module")
def streaming_project(tmp_path_factory: pytest.TempPathFactory) -> FirmwareProject:
    folder = tmp_path_factory.mktemp("streaming")
    return make_project(folder, STREAMING_TWIN, (WINDOW // HOP, CHANNELS), {"test_hop": HOP}, HOP)


def expected_sums(window: np.ndarray) -> np.ndarray:
    sums = window.reshape(WINDOW // HOP, HOP, CHANNELS).astype(np.float32).sum(axis=1)
    return quantise((sums * np.float32(0.01)).ravel(), 0.5, 4)[:3]


def sources(project: FirmwareProject, tflm: Path) -> list[Path]:
    names = ["app", "cbor", "firmware", "link", "mlperf", "model", "post", "profile", "requests", "ring", "sha256"]
    names += ["slot", "slot_requests"]
    folder = project.folder
    own = [
        "model/labels.c",
        "model/model_slot.c",
        "model/mote_config.c",
        "model/mote_features.c",
        "user/mote_user.c",
        "port/host/main.c",
    ]
    own += source_files(project.request.features)
    return [*(folder / f"core/mote_{n}.c" for n in names), *(folder / n for n in own), tflm]


@pytest.fixture
def start_board(compile_c: Callable[..., Path], project: FirmwareProject) -> Iterator[Callable[..., Board]]:
    boards: list[Board] = []

    def start(tflm: Path, project: FirmwareProject = project) -> Board:
        options = [f"-I{project.folder / part}" for part in ("model", "user")]
        options.append(f"-DMOTE_LINK_MAX_PAYLOAD={project.request.link_payload}u")
        boards.append(Board(compile_c("board", sources(project, tflm), *options)))
        return boards[-1]

    yield start
    assert [board.close() for board in boards] == [0] * len(boards)


@pytest.fixture
def board(start_board: Callable[[Path], Board]) -> Board:
    return start_board(DRIVERS / "tflm_example.c")


def expected_scores(window: np.ndarray) -> np.ndarray:
    return quantise(window.astype(np.float32).ravel() * GAIN, 0.5, 4)[:3]


def test_describes_itself(board: Board, project: FirmwareProject):
    said = description_from_map(board.request("describe").result)
    deployable = project.request.deployable
    assert (said.board_id, said.name, said.virtual) == ("virtual", "Virtual board", False)
    assert said.serial_number
    group = said.groups[0]
    assert (group.name, group.rate_hz, [c.name for c in group.channels]) == ("imu", 1000.0, ["ax", "ay", "az"])
    assert group.channels[0].scale == pytest.approx(0.001)
    assert said.capabilities == ("stream", "infer", "slots")
    assert said.model is not None
    assert said.model.classes == deployable.classes
    assert said.model.sha256 == project.request.model_sha256
    assert (said.model.window_samples, said.model.step_samples) == (WINDOW, STEP)
    assert said.max_payload == project.request.link_payload


def test_streams_exactly_what_was_asked_for(board: Board):
    assert board.request("start", count=777).ok
    stopped = board.wait_for(lambda m: isinstance(m, Event))
    assert (stopped.name, stopped.data) == ("stopped", {"sent": 777})
    blocks = [m for m in board.incoming if isinstance(m, SampleBlock)]
    assert sum(len(b.samples) for b in blocks) == 777
    assert {b.samples.shape[1] for b in blocks} == {CHANNELS}
    times = [b.device_time_us for b in blocks]
    starts = np.cumsum([0] + [len(b.samples) for b in blocks])[:-1]
    np.testing.assert_allclose(np.diff(times), 1000 * np.diff(starts), atol=2)
    assert board.session.stats.crc_errors == board.session.stats.lost_frames == 0


def test_infers_one_window_bit_for_bit(board: Board):
    rng = np.random.default_rng(3)
    for _ in range(20):
        window = rng.integers(-20_000, 20_000, (WINDOW, CHANNELS)).astype("<i2")
        reply = board.request("infer_window", samples=window.tobytes())
        assert reply.ok
        assert reply.result["output"] == expected_scores(window).tobytes()
        assert reply.result["latency_us"] >= 0


def test_infers_while_streaming(board: Board):
    assert board.request("infer_start").ok
    assert board.request("start", count=300).ok
    board.wait_for(lambda m: isinstance(m, Event))
    board.request("stop")
    frames = [m for m in board.incoming if isinstance(m, InferenceFrame)]
    blocks = [m for m in board.incoming if isinstance(m, SampleBlock)]
    stream = np.concatenate([b.samples for b in blocks])
    assert [f.sample_index for f in frames] == list(range(WINDOW - 1, 300, STEP))[: len(frames)]
    assert len(frames) == (300 - WINDOW) // STEP + 1
    for frame in frames:
        window = stream[frame.sample_index - WINDOW + 1 : frame.sample_index + 1]
        assert frame.output == tuple(expected_scores(window).tolist())
        assert frame.device_time_us == pytest.approx(blocks[0].device_time_us + 1000 * frame.sample_index, abs=50)
    assert (frames[0].scale, frames[0].zero_point) == (1 / 256, -128)


def test_streaming_features_infer_what_whole_windows_would(start_board, streaming_project: FirmwareProject):
    assert "#define MOTE_FEATURES_STREAMING 1" in (streaming_project.folder / "model/mote_project.h").read_text()
    board = start_board(DRIVERS / "tflm_example.c", streaming_project)
    assert board.request("infer_start").ok
    assert board.request("start", count=303).ok
    board.wait_for(lambda m: isinstance(m, Event))
    window = np.arange(WINDOW * CHANNELS, dtype="<i2").reshape(WINDOW, CHANNELS)
    assert board.request("infer_window", samples=window.tobytes()).result["output"] == expected_sums(window).tobytes()
    frames = [m for m in board.incoming if isinstance(m, InferenceFrame)]
    stream = np.concatenate([m.samples for m in board.incoming if isinstance(m, SampleBlock)])
    assert [f.sample_index for f in frames] == list(range(WINDOW - 1, 303, STEP))
    for frame in frames:
        window = stream[frame.sample_index - WINDOW + 1 : frame.sample_index + 1]
        assert frame.output == tuple(expected_sums(window).tolist())


def test_refuses_what_it_cannot_do(board: Board):
    for op, args, code in (
        ("fly", {}, "op.unknown"),
        ("infer_window", {}, "infer.window"),
        ("infer_window", {"samples": b"short"}, "infer.window"),
        ("infer_window", {"samples": "text"}, "infer.window"),
        ("start", {"count": -1}, "board.bad_request"),
        ("start", {"count": "all"}, "board.bad_request"),
    ):
        reply = board.request(op, **args)
        assert (reply.ok, reply.code) == (False, code)
        assert reply.text
    failing = np.full((WINDOW, CHANNELS), -4050, "<i2")  # feature -40.5 is code -77, on which the model fails
    assert board.request("infer_window", samples=failing.tobytes()).code == "infer.no_model"


def test_garbage_does_not_stop_it(board: Board):
    rng = np.random.default_rng(5)
    for _ in range(50):
        board.write(rng.integers(0, 256, 400).astype(np.uint8).tobytes())
    board.write(b"\x01" * 20_000 + b"\0")
    assert board.request("describe").ok


def test_without_tflm_it_streams_and_says_that_it_has_no_model(start_board, project: FirmwareProject):
    board = start_board(project.folder / "core/mote_tflm_absent.c")
    window = np.zeros((WINDOW, CHANNELS), "<i2")
    assert board.request("infer_window", samples=window.tobytes()).code == "infer.no_model"
    assert board.request("start", count=10).ok
    assert board.wait_for(lambda m: isinstance(m, Event)).data == {"sent": 10}


def test_cmake_project_builds(project: FirmwareProject, tmp_path: Path):
    if shutil.which("cmake") is None:
        pytest.skip("cmake is not installed")
    for argv in (
        ["cmake", "-S", str(project.folder), "-B", str(tmp_path), "-DCMAKE_C_FLAGS=-Werror"],
        ["cmake", "--build", str(tmp_path)],
    ):
        done = subprocess.run(argv, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
    assert (tmp_path / "core.so").is_file()
    assert (tmp_path / "mote_wand").is_file()


def slot_image(project: FirmwareProject, model: bytes, **other) -> SlotImage:
    built_in = project.request.slot_image
    return dataclasses.replace(built_in, **({"model": model, "sequence": built_in.sequence + 1} | other))


def load(board: Board, image: SlotImage) -> Reply:
    """The first answer that says no, or the last."""
    reply = board.request("slot_begin", header=image.header)
    piece = board.request("slots").result["piece_bytes"]
    for offset in range(0, len(image.model), piece):
        if reply.ok:
            reply = board.request("slot_data", offset=offset, data=image.model[offset : offset + piece])
    return board.request("slot_end") if reply.ok else reply


def running(board: Board) -> str:
    model = description_from_map(board.request("describe").result).model
    assert model is not None
    return model.sha256


def test_model_is_replaced_over_the_link(board: Board, project: FirmwareProject):
    said = board.request("slots").result
    image = project.request.slot_image
    assert (said["active"], said["contract"], said["made_for"]) == (0, image.contract, image.made_for)
    assert [slot["state"] for slot in said["slots"]] == ["good", "empty"]
    assert said["slots"][0]["signature"] == "unsigned"
    new = slot_image(project, b"N" * 3000)
    assert load(board, new).ok
    assert running(board) == hashlib.sha256(new.model).hexdigest()
    said = board.request("slots").result
    assert (said["active"], said["slots"][1]["sha256"]) == (1, hashlib.sha256(new.model).hexdigest())
    window = np.ones((WINDOW, CHANNELS), "<i2")
    assert board.request("infer_window", samples=window.tobytes()).result["output"] == expected_scores(window).tobytes()


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"contract": b"c" * 16}, "slot.stale"),
        ({"made_for": b"f" * 16}, "slot.stale"),
        ({"sequence": 1}, "slot.stale"),
        ({"arena_bytes": 100_000}, "slot.too_large"),
        ({"model": b"N" * 20_000}, "slot.too_large"),
        ({"model": b"X what the interpreter refuses"}, "slot.refused"),
    ],
)
def test_model_that_cannot_run_is_refused_and_the_old_one_runs(
    board: Board, project: FirmwareProject, wrong: dict, code: str
):
    reply = load(board, slot_image(project, **({"model": b"N" * 100} | wrong)))
    assert (reply.ok, reply.code) == (False, code)
    assert running(board) == project.request.model_sha256
    assert load(board, slot_image(project, b"good" * 10, sequence=3)).ok


def test_commands_inside_a_frame_are_none(board: Board, project: FirmwareProject):
    assert load(board, slot_image(project, b"\nname%\rinfer 1 0%profile%" * 40)).ok
    assert board.session.stats.crc_errors == board.session.stats.skipped_bytes == 0


def test_window_in_pieces(board: Board, start_board, streaming_project: FirmwareProject):
    window = np.arange(WINDOW * CHANNELS, dtype="<i2").reshape(WINDOW, CHANNELS)
    data = window.tobytes()
    streaming = start_board(DRIVERS / "tflm_example.c", streaming_project)
    for one, expected in ((board, expected_scores(window)), (streaming, expected_sums(window))):
        assert one.request("window_data", offset=0, data=data[:50]).ok
        assert one.request("window_data", offset=50, data=data[50:80]).ok
        assert one.request("window_data", offset=90, data=data[90:100]).code == "infer.window"
        reply = one.request("infer_window", offset=80, samples=data[80:])
        assert reply.result["output"] == expected.tobytes()
        assert one.request("infer_window", offset=80, samples=data[80:]).code == "infer.window"


class Runner:
    """MLPerf Tiny's performance runner, as far as it speaks to the board."""

    def __init__(self, board: Board) -> None:
        self.board = board

    def ask(self, command: str) -> list[str]:
        """All lines up to "m-ready"."""
        assert self.board.process.stdout is not None
        self.board.write(command.encode() + b"%")
        said = b""
        while not said.endswith(b"m-ready\r\n"):
            assert select.select([self.board.process.stdout], [], [], 10)[0], said
            said += os.read(self.board.process.stdout.fileno(), 4096)
        return said.decode().splitlines()[:-1]


def test_mlperf_tiny_runner_times_and_validates(board: Board):
    runner = Runner(board)
    assert runner.ask("name") == ["m-name-dut-[Virtual board]"]
    assert runner.ask("profile")[1] == "m-model-[wand]"
    values = np.arange(WINDOW * CHANNELS, dtype=np.int8) - 30
    assert runner.ask(f"db load {len(values)}") == ["m-[Expecting 60 bytes]"]
    digits = values.tobytes().hex()
    for at in range(0, len(digits), 32):
        answer = runner.ask(f"db {digits[at : at + 32]}")
    assert answer == ["m-load-done"]
    assert "".join(line.removeprefix("m-buffer-").replace("-", "") for line in runner.ask("db print")) == digits
    said = runner.ask("infer 5 2")
    assert said[:3] == ["m-warmup-start-2", "m-warmup-done", "m-infer-start-5"]
    begun, ended = (int(said[i].removeprefix("m-lap-us-")) for i in (3, 4))
    assert begun <= ended
    scores = (values[:3].astype(int) + 128) / 256
    assert said[5:] == ["m-infer-done", "m-results-[" + ",".join(f"{s:.3f}" for s in scores) + "]"]
    assert runner.ask("results") == said[6:]
    assert board.request("describe").ok  # both speak on one line


def test_mlperf_tiny_runner_can_give_a_window_of_samples(board: Board):
    runner = Runner(board)
    window = np.arange(WINDOW * CHANNELS, dtype="<i2").reshape(WINDOW, CHANNELS)
    runner.ask(f"db load {window.nbytes}")
    digits = window.tobytes().hex()
    for at in range(0, len(digits), 60):
        runner.ask(f"db {digits[at : at + 60]}")
    expected = (expected_scores(window).astype(int) + 128) / 256
    assert runner.ask("infer 1 0")[-1] == "m-results-[" + ",".join(f"{s:.3f}" for s in expected) + "]"


@pytest.mark.parametrize(
    ("command", "answer"),
    [
        ("fly", "e-[Unknown command: fly]"),
        ("db", "e-[Command 'db' requires a subcommand]"),
        ("db load", "e-[Command 'db load' requires the # of bytes]"),
        ("db load -4", "e-[Command 'db load' requires the # of bytes]"),
        ("db load 99999", "e-[Supplied buffer size exceeds maximum of 240]"),
        ("db abc", "e-[Insufficent number of hex digits]"),
        ("infer 0", "e-[Inference iterations must be >0]"),
        ("infer 99999999999", "e-[Inference iterations must be >0]"),
    ],
)
def test_mlperf_tiny_runner_is_told_what_is_wrong(board: Board, command: str, answer: str):
    assert Runner(board).ask(command) == [answer]


def test_mlperf_tiny_runner_is_told_of_bytes_that_are_no_input(board: Board):
    runner = Runner(board)
    runner.ask("db load 4")
    assert runner.ask("db zz00") == ["e-[Invalid hex digit]"]
    assert runner.ask("db 01020304") == ["m-load-done"]
    assert runner.ask("infer 1 0")[-1].startswith("e-[Inference failed")

"""The held-out windows on the board: the same raw samples go in, and the outputs are compared bit for bit."""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import msgspec
import numpy as np
import numpy.typing as npt

from motestudio.errors import DeviceError, ProjectError
from motestudio.firmware.package import sha256_of
from motestudio.project.files import write_atomic
from motestudio.project.store import Project
from motestudio.sdk.data import TEST, SignalInfo, WindowSet
from motestudio.studio.device_session import DeviceSession
from motestudio.studio.operation import Operation
from motestudio.studio.run_store import Run

_KEPT = "measured.json"


@dataclass(frozen=True, slots=True)
class BoardCheck:
    """How the board did on the held-out windows.

    Attributes:
        tested: windows sent.
        equal: windows whose every output byte was the host's.
        host_accuracy: of the host's int8 outputs, by window.
        board_accuracy: of the board's, by window.
        board_take_accuracy: of the board's, by take (mean score of its windows).
        confusion: of the board, rows true class, columns said class.
        classes: names in that order.
        latency_us: median on the board, features and inference.
        first_difference: index of the first unequal window, -1 where all are equal.
        seconds: the whole check.
        alike: windows on which board and host decide for the same class.
        furthest: largest difference of one output, in steps of its 256.
        exact: the features promise the same bits on both sides: then every window must be equal. Where they do not
            (floating point), every window must be decided alike.
    """

    tested: int
    equal: int
    host_accuracy: float
    board_accuracy: float
    board_take_accuracy: float
    confusion: tuple[tuple[int, ...], ...]
    classes: tuple[str, ...]
    latency_us: float
    first_difference: int
    seconds: float
    alike: int = 0
    furthest: int = 0
    exact: bool = True

    @property
    def passed(self) -> bool:
        """Whether the board computes what the desk computed, as far as its features promise."""
        return (self.equal if self.exact else self.alike) == self.tested


@dataclass(frozen=True, slots=True)
class Measurement:
    """A check that was kept, with what it was measured on and when.

    Attributes:
        check: the figures.
        board_id: board file that the board named.
        board_name: as the board says.
        virtual: a program that poses as the board: its latency is this computer's, not the target's.
        created: ISO 8601, UTC.
    """

    check: BoardCheck
    board_id: str
    board_name: str
    virtual: bool
    created: str


def agreement(check: BoardCheck) -> str:
    """How board and host agree, in words."""
    words = f"{check.equal} of {check.tested} held-out windows equal bit for bit"
    if check.exact or check.equal == check.tested:
        return words
    differ = f"the others differ by at most {check.furthest} of 256 steps"
    return f"{words}, {differ}, {check.alike} of {check.tested} decided alike (features in floating point)"


def holds(session: DeviceSession, run: Run) -> bool:
    """Whether the board says that it holds this run's model."""
    model = session.description.model
    try:
        return model is not None and model.sha256 == sha256_of((run.folder / "model.tflite").read_bytes())
    except OSError:
        return False


def keep(run: Run, session: DeviceSession, check: BoardCheck) -> Measurement:
    """Keep a check beside the run, in place of an earlier one.

    Raises:
        ProjectError: the disk does not take it.
    """
    about = session.description
    now = datetime.now(UTC).isoformat(timespec="seconds")
    made = Measurement(check, about.board_id, about.name, about.virtual, now)
    write_atomic(run.folder / _KEPT, msgspec.json.format(msgspec.json.encode(made), indent=1))
    return made


def measured(run: Run) -> Measurement | None:
    """The check that was kept of a run, or None."""
    try:
        return msgspec.json.decode((run.folder / _KEPT).read_bytes(), type=Measurement)
    except (OSError, msgspec.MsgspecError):
        return None


def held_out_windows(project: Project, run: Run) -> WindowSet:
    """The windows a run was trained and tested on.

    Raises:
        ProjectError: the cache has been emptied since.
    """
    folder = project.cache.folder_of(run.artifact("windows"))
    if folder is None:
        raise ProjectError(
            "cache.gone", f"The windows of {run.id} are no longer in the cache.", "Train again: mote train."
        )
    return WindowSet.load(folder)


@dataclass(frozen=True, slots=True)
class HeldOutWindow:
    """A held-out window and what the model said of it.

    Attributes:
        recording: its name.
        start_s: where the window begins, seconds of the recording.
        truth: class it belongs to.
        said: class with the highest score.
        score: of that class, 0..1.
        samples: int16, shape (window_samples, channels).
        signal: channels, units, rate.
    """

    recording: str
    start_s: float
    truth: str
    said: str
    score: float
    samples: npt.NDArray[np.int16]
    signal: SignalInfo


def windows_said(project: Project, run: Run, truth: str, said: str) -> list[HeldOutWindow]:
    """The held-out windows behind one cell of the confusion matrix, the surest first.

    Args:
        project: has the windows.
        run: whose outputs.
        truth: the class they belong to.
        said: the class the model gave.

    Raises:
        ProjectError: the cache has been emptied since, or the outputs are of other windows.
    """
    windows = held_out_windows(project, run)
    rows = np.flatnonzero(windows.splits == TEST)
    scores = np.load(run.folder / "scores.npy", allow_pickle=False)
    if len(scores) != len(rows) or truth not in windows.classes or said not in windows.classes:
        raise ProjectError("run.broken", f"{run.id} has outputs of other windows.", "Train again: mote train.")
    dataset = project.cache.folder_of(run.artifact("dataset"))
    takes = json.loads((dataset / "dataset.json").read_text(encoding="utf-8"))["takes"] if dataset else []
    column = windows.classes.index(said)
    right = windows.labels[rows] == windows.classes.index(truth)
    chosen = np.flatnonzero(right & (scores.argmax(axis=1) == column))
    found = []
    for at in chosen[np.argsort(-scores[chosen, column], kind="stable")]:
        row, take = int(rows[at]), int(windows.takes[rows[at]])
        name = takes[take]["recording"] if take < len(takes) else f"take {take}"
        start = float(windows.starts[row]) / windows.signal.group.rate_hz
        samples = np.array(windows.samples[row])
        found.append(HeldOutWindow(name, start, truth, said, float(scores[at, column]), samples, windows.signal))
    return found


def on_board(project: Project, session: DeviceSession, run: Run, operation: Operation) -> BoardCheck:
    """Send every held-out window to the board and compare.

    Args:
        project: has the windows.
        session: connected to a board that holds this run's model.
        run: whose outputs on the host are the reference.
        operation: progress and cancel.

    Raises:
        DeviceError: the board holds another model, or stopped answering.
    """
    began = time.monotonic()
    if not holds(session, run):
        model = session.description.model
        has = "no model" if model is None else f"another model ({model.name})"
        raise DeviceError(
            "device.other_model",
            f"{session.description.name} holds {has}, not the one of {run.id}.",
            "Flash this run's model first: mote firmware flash.",
        )
    windows = held_out_windows(project, run)
    rows = np.flatnonzero(windows.splits == TEST)
    host: npt.NDArray[np.int8] = np.load(run.folder / "outputs.npy", allow_pickle=False)
    if len(host) != len(rows):
        raise ProjectError("run.broken", f"{run.id} has outputs of other windows.", "Train again: mote train.")
    board = np.zeros_like(host)
    latencies: list[float] = []
    for index, row in enumerate(rows):
        if index % 8 == 0:
            operation.progress(index / len(rows), f"window {index + 1} of {len(rows)}")
        samples = np.ascontiguousarray(windows.samples[row]).astype("<i2").tobytes()
        answer = session.request("infer_window", samples=samples)
        output = np.frombuffer(answer["output"], dtype=np.int8)
        if output.shape != host.shape[1:]:
            raise DeviceError(
                "device.other_model",
                f"The board answers with {output.size} scores, the model has {host.shape[1]}.",
                "Flash this run's model first: mote firmware flash.",
            )
        board[index] = output
        latencies.append(float(answer.get("latency_us", 0)))
    operation.progress(1.0, f"{len(rows)} windows")
    check = _compare(windows, rows, host, board, latencies, time.monotonic() - began)
    return replace(check, exact=bool(run.metrics.get("feature_info", {}).get("exact", True)))


def _compare(
    windows: WindowSet,
    rows: npt.NDArray[np.intp],
    host: npt.NDArray[np.int8],
    board: npt.NDArray[np.int8],
    latencies: Sequence[float],
    seconds: float,
) -> BoardCheck:
    truth = windows.labels[rows]
    same = (host == board).all(axis=1)
    unequal = np.flatnonzero(~same)
    said = board.argmax(axis=1)
    n = len(windows.classes)
    confusion = np.zeros((n, n), dtype=int)
    np.add.at(confusion, (truth, said), 1)
    takes = windows.takes[rows]
    right = [
        int(board[takes == take].astype(int).sum(axis=0).argmax() == truth[takes == take][0])
        for take in np.unique(takes)
    ]
    return BoardCheck(
        tested=len(rows),
        equal=int(same.sum()),
        host_accuracy=float((host.argmax(axis=1) == truth).mean()),
        board_accuracy=float((said == truth).mean()),
        board_take_accuracy=float(np.mean(right)),
        confusion=tuple(tuple(int(v) for v in row) for row in confusion),
        classes=windows.classes,
        latency_us=statistics.median(latencies) if latencies else 0.0,
        first_difference=int(unequal[0]) if len(unequal) else -1,
        seconds=seconds,
        alike=int((host.argmax(axis=1) == said).sum()),
        furthest=int(np.abs(host.astype(int) - board.astype(int)).max(initial=0)),
    )

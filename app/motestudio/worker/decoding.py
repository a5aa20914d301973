"""Runs decoders on captured files: into clips, in pieces to compare, or only to ask whether they know the bytes."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt

from motestudio.domain.signal import ChannelGroup, Samples
from motestudio.errors import PluginError
from motestudio.sdk import Decoded, StreamGuess
from motestudio.worker.importing import to_npy
from motestudio.worker.stage_run import StageRun

_FEED_BYTES = 1 << 16
_PIECES = (1, 3, 64, 1000)
_GUESS_BYTES = 1 << 16
_JUMP_US = 500_000
"""A step of the board's clock that is off by more begins a new piece, as it does in a recording."""


def run_decoder(stage: Any, run: StageRun) -> dict[str, Any]:
    """Decode a captured file.

    Every group with samples becomes a folder ``group-N`` with ``clips.npy`` and ``clips.json`` as an importer's, of one
    clip; its ``pieces`` say where the stream has gaps: index of the first sample, board's clock, samples lost before.

    Raises:
        PluginError: nothing in the file is known, or what the decoder gives is not what it must be.
    """
    source = run.input("source")
    outputs: dict[int, _Output] = {}
    skipped, done, size = 0, 0, max(1, source.stat().st_size)
    try:
        with source.open("rb") as file:
            while data := file.read(_FEED_BYTES):
                run.ctx.progress(done / size, f"{done} of {size} bytes")
                skipped += _take(stage, run, _checked(stage.feed(data, run.params)), outputs)
                done += len(data)
        skipped += _take(stage, run, _checked(stage.finish(run.params)), outputs)
    finally:
        for output in outputs.values():
            output.file.close()
    groups = stage.groups(run.params)
    if groups is None or not outputs:
        text = f"{source.name} holds nothing that this decoder knows."
        raise PluginError("decoder.nothing", text, "Try another decoder, or --decoder auto.")
    for output in outputs.values():
        output.save(source)
    lost = sum(piece[2] for output in outputs.values() for piece in output.pieces)
    run.ctx.log(f"{source.name}: {skipped} of {done} bytes were no samples, {lost} samples lost on their way")
    run.ctx.progress(1.0)
    samples = sum(output.count for output in outputs.values())
    return {"clips": len(outputs), "samples": samples, "skipped": skipped, "lost": lost}


def compare_pieces(stage: Any, run: StageRun) -> dict[str, Any]:
    """Feed a decoder the same bytes cut in several ways.

    Returns:
        ``sizes`` of the pieces, those that gave something ``different``, ``samples``, and what else is a ``problem``.
    """
    data = run.input("source").read_bytes()[:_FEED_BYTES]

    def fed(size: int) -> _Everything:
        one, found = type(stage)(), _Everything()
        for at in range(0, len(data), size):
            run.ctx.check_cancelled()
            found.add(_checked(one.feed(data[at : at + size], run.params)))
            found.early |= found.samples > 0 and one.groups(run.params) is None
        found.add(_checked(one.finish(run.params)))
        return found

    whole = fed(max(1, len(data)))
    different = [size for size in _PIECES if not fed(size).same_as(whole)]
    problem = ""
    if whole.early:
        problem = "samples come before groups are known"
    elif whole.skipped > len(data):
        problem = f"{whole.skipped} of {len(data)} bytes were skipped"
    return {"sizes": list(_PIECES), "different": different, "samples": whole.samples, "problem": problem}


def run_guess(stage: Any, run: StageRun) -> dict[str, Any]:
    """Ask a decoder whether it knows the first bytes of ``inputs["source"]``."""
    with run.input("source").open("rb") as file:
        found = stage.guess(file.read(_GUESS_BYTES))
    if not isinstance(found, StreamGuess) or not 0 <= found.score <= 1:
        raise PluginError("decoder.answer", f"guess gave {found!r}.", "Report it to the decoder's author.")
    return asdict(found) | {"params": dict(found.params)}


def _checked(found: Any) -> Sequence[Decoded]:
    if not isinstance(found, Sequence) or not all(isinstance(one, Decoded) for one in found):
        text = f"The decoder gave a {type(found).__name__}, not a list of Decoded."
        raise PluginError("decoder.answer", text, "Report it to the decoder's author.")
    return found


def _take(stage: Any, run: StageRun, found: Iterable[Decoded], outputs: dict[int, _Output]) -> int:
    """Write samples to the outputs of their groups; returns the bytes that were none."""
    skipped = 0
    for one in found:
        skipped += int(one.skipped)
        if not len(one.samples):
            continue
        groups = stage.groups(run.params)
        if groups is None or not 0 <= one.group < len(groups):
            text = f"feed gave samples of group {one.group}, which is not announced."
            raise PluginError("decoder.answer", text, "Report it to the decoder's author.")
        if one.group not in outputs:
            folder = run.ctx.workdir / f"group-{one.group}"
            folder.mkdir()
            outputs[one.group] = _Output(groups[one.group], folder, (folder / "clips.raw").open("wb"))
        outputs[one.group].append(one)
    return skipped


@dataclass
class _Output:
    """The samples of one group on their way to a file."""

    group: ChannelGroup
    folder: Path
    file: BinaryIO
    count: int = 0
    pieces: list[tuple[int, int, int]] = field(default_factory=list)
    _next_us: float = 0.0

    def append(self, found: Decoded) -> None:
        samples, times = np.asarray(found.samples), np.asarray(found.times_us)
        shape = samples.shape
        good = samples.ndim == 2 and shape[1] == len(self.group.channels) and samples.dtype == np.int16
        if not good or (len(times) and times.shape != shape[:1]):
            text = f"The decoder gave {samples.dtype} of shape {shape} with {times.shape} times"
            text += f" for {len(self.group.channels)} channels."
            raise PluginError("import.clip", text, "Report it to the decoder's author.")
        period = 1e6 / self.group.rate_hz
        begins, lost = 0, int(found.lost)
        for end in [*self._jumps(times, period), len(samples)]:
            first = int(times[begins]) if len(times) else round(self._next_us + lost * period)
            if not self.pieces or lost or (len(times) and abs(first - self._next_us) > _JUMP_US + period):
                self.pieces.append((self.count + begins, first, lost if self.pieces else 0))
            last = float(times[end - 1]) if len(times) else first + (end - begins - 1) * period
            self._next_us, begins, lost = last + period, end, 0
        self.file.write(np.ascontiguousarray(samples, dtype="<i2").tobytes())
        self.count += len(samples)

    @staticmethod
    def _jumps(times: npt.NDArray[np.int64], period: float) -> list[int]:
        if len(times) < 2:
            return []
        off = np.abs(np.diff(times) - period) > _JUMP_US + period
        return [int(i) + 1 for i in np.flatnonzero(off)]

    def save(self, source: Path) -> None:
        to_npy(self.folder / "clips.raw", self.folder / "clips.npy")
        clip = {"name": source.stem, "label": "", "start": 0, "count": self.count, "source": source.name}
        body = {"group": asdict(self.group), "clips": [clip | {"pieces": self.pieces}]}
        (self.folder / "clips.json").write_text(json.dumps(body, ensure_ascii=False), encoding="utf-8")


@dataclass
class _Everything:
    """All that came out of a stream, by group."""

    parts: dict[int, list[Samples]] = field(default_factory=dict)
    times: dict[int, list[npt.NDArray[np.int64]]] = field(default_factory=dict)
    skipped: int = 0
    lost: int = 0
    samples: int = 0
    early: bool = False

    def add(self, found: Iterable[Decoded]) -> None:
        for one in found:
            self.skipped += one.skipped
            self.lost += one.lost
            self.samples += len(one.samples)
            if len(one.samples):
                self.parts.setdefault(one.group, []).append(np.asarray(one.samples))
                self.times.setdefault(one.group, []).append(np.asarray(one.times_us))

    def same_as(self, other: _Everything) -> bool:
        if (self.skipped, self.lost, self.parts.keys()) != (other.skipped, other.lost, other.parts.keys()):
            return False
        pairs: list[tuple[Mapping[int, list[Any]], Mapping[int, list[Any]]]]
        pairs = [(self.parts, other.parts), (self.times, other.times)]
        return all(
            np.array_equal(np.concatenate(ours[g]), np.concatenate(theirs[g])) for ours, theirs in pairs for g in ours
        )

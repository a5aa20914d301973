"""Runs stages that read recordings or other people's bytes: segmenters, exporters, decoders."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from motestudio.domain.labels import Segment, in_order
from motestudio.domain.signal import Channel, ChannelGroup, Samples
from motestudio.errors import PluginError
from motestudio.sdk import Clip, Decoded
from motestudio.worker.importing import run_importer
from motestudio.worker.stage_run import StageRun

REQUEST = "recordings.json"
_FEED_BYTES = 1 << 16
_PIECES = (1, 3, 64, 1000)


@dataclass(frozen=True, slots=True)
class _Recording:
    name: str
    group: ChannelGroup
    samples: Samples
    label: str
    segments: tuple[Segment, ...]
    subject: str


def run_segmenter(stage: Any, run: StageRun) -> dict[str, Any]:
    """Propose segments for every recording of the request; writes ``segments.json``."""
    answer: dict[str, list[dict[str, Any]]] = {}
    for row in _recordings(run):
        segments = stage.segments(row.samples, row.group, row.label, run.params)
        answer[row.name] = [asdict(s) | {"generator": run.generator} for s in in_order(segments)]
    (run.ctx.workdir / "segments.json").write_text(json.dumps(answer), encoding="utf-8")
    run.ctx.progress(1.0)
    return {"recordings": len(answer), "segments": sum(len(s) for s in answer.values())}


def run_exporter(stage: Any, run: StageRun) -> dict[str, Any]:
    """Hand every recording of the request to the stage, which writes its files into the work folder."""

    def clips() -> Iterator[Clip]:
        for row in _recordings(run):
            yield Clip(row.name, row.label, row.group, row.samples, subject=row.subject, segments=row.segments)

    meta = stage.export(run.ctx, clips(), run.params)
    run.ctx.progress(1.0)
    return dict(meta or {})


def run_decoder(stage: Any, run: StageRun) -> dict[str, Any]:
    """Decode a captured file into one clip, as an importer would give it."""
    source = run.input("source")
    return run_importer(_decoded(stage, run, source), run.ctx)


def compare_pieces(stage: Any, run: StageRun) -> dict[str, Any]:
    """Feed a decoder the same bytes cut in several ways: ``sizes``, those that gave something else, ``samples``."""
    data = run.input("source").read_bytes()[:_FEED_BYTES]

    def fed(size: int) -> Samples:
        one, parts = type(stage)(), []
        for at in range(0, len(data), size):
            run.ctx.check_cancelled()
            samples = np.asarray(one.feed(data[at : at + size], run.params).samples)
            if len(samples):
                parts.append(samples)
        return np.concatenate(parts) if parts else np.empty((0, 0), dtype=np.int16)

    whole = fed(max(1, len(data)))
    different = [size for size in _PIECES if not np.array_equal(fed(size), whole)]
    return {"sizes": list(_PIECES), "different": different, "samples": len(whole)}


def _decoded(stage: Any, run: StageRun, source: Path) -> Iterator[Clip]:
    parts: list[Samples] = []
    skipped, done, size = 0, 0, max(1, source.stat().st_size)
    with source.open("rb") as file:
        while data := file.read(_FEED_BYTES):
            run.ctx.progress(done / size, f"{done} of {size} bytes")
            found = stage.feed(data, run.params)
            if not isinstance(found, Decoded):
                raise PluginError("decoder.answer", f"feed gave a {type(found).__name__}.", "Report it to its author.")
            parts.append(np.asarray(found.samples))
            skipped += int(found.skipped)
            done += len(data)
    group = stage.group(run.params)
    if group is None:
        raise PluginError(
            "decoder.nothing", f"{source.name} holds nothing that this decoder knows.", "Try another decoder."
        )
    if skipped:
        run.ctx.log(f"{source.name}: {skipped} bytes were no samples")
    empty = np.empty((0, len(group.channels)), dtype=np.int16)
    yield Clip(source.stem, "", group, np.concatenate([empty, *(p for p in parts if len(p))]), source=source.name)


def _recordings(run: StageRun) -> Iterator[_Recording]:
    rows = json.loads((run.input("request") / REQUEST).read_text(encoding="utf-8"))["recordings"]
    for index, row in enumerate(rows):
        run.ctx.progress(index / len(rows), row["name"])
        group = _group(row["group"])
        shape = (int(row["n_samples"]), len(group.channels))
        empty = np.zeros(shape, dtype=np.int16)
        samples = np.memmap(row["data"], dtype="<i2", mode="r", shape=shape) if shape[0] else empty
        segments = tuple(Segment(**s) for s in row.get("segments", ()))
        yield _Recording(row["name"], group, samples, row.get("label", ""), segments, row.get("subject", ""))


def _group(body: Mapping[str, Any]) -> ChannelGroup:
    return ChannelGroup(body["name"], float(body["rate_hz"]), tuple(Channel(**c) for c in body["channels"]))

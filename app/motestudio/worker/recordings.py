"""Runs stages that read the project's recordings: segmenters and exporters."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from motestudio.domain.labels import Segment, in_order
from motestudio.domain.signal import Channel, ChannelGroup, Samples
from motestudio.sdk import Clip
from motestudio.worker.stage_run import StageRun

REQUEST = "recordings.json"


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

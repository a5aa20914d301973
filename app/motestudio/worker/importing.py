"""Writes what an importer reads.

``clips.npy`` holds the samples (int16, channels interleaved, all clips after each other), ``clips.json`` the facts.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from motestudio.domain.signal import ChannelGroup
from motestudio.errors import PluginError
from motestudio.sdk import Clip
from motestudio.worker.context import WorkerContext


def run_importer(clips: Iterator[Clip], ctx: WorkerContext) -> dict[str, Any]:
    """Take the clips one by one, so that an import of any size fits into memory.

    ``clips.json`` holds ``group`` and for each clip name, label, start and count in samples of the flat data (value
    ``(start + i) * channels + c`` is sample i of channel c), subject, session, split and source.

    Raises:
        PluginError: a clip is not what a clip must be, or of another signal than the first.
    """
    rows: list[dict[str, Any]] = []
    names: set[str] = set()
    group: ChannelGroup | None = None
    total = 0
    raw = ctx.workdir / "clips.raw"
    with raw.open("wb") as file:
        for clip in clips:
            ctx.check_cancelled()
            if group is not None and clip.group != group:
                ctx.log(f"{clip.source or clip.name}: other channels or another rate than the first clip, left out")
                continue
            samples = _samples(clip)
            if not len(samples):
                ctx.log(f"{clip.source or clip.name}: empty, left out")
                continue
            group = clip.group
            name = _unique(clip.name, names)
            file.write(samples.tobytes())
            rows.append(
                {
                    "name": name,
                    "label": clip.label,
                    "start": total,
                    "count": len(samples),
                    "subject": clip.subject,
                    "session": clip.session,
                    "split": clip.split,
                    "source": clip.source,
                }
            )
            total += len(samples)
    to_npy(raw, ctx.workdir / "clips.npy")
    body = {"group": asdict(group) if group else _nothing(), "clips": rows}
    (ctx.workdir / "clips.json").write_text(json.dumps(body, ensure_ascii=False), encoding="utf-8")
    ctx.progress(1.0, f"{len(rows)} clips")
    return {"clips": len(rows), "samples": total}


def _nothing() -> dict[str, Any]:
    return {"name": "", "rate_hz": 1.0, "channels": []}


def _samples(clip: Clip) -> np.ndarray[Any, np.dtype[np.int16]]:
    samples = np.asarray(clip.samples)
    if samples.ndim != 2 or samples.shape[1] != len(clip.group.channels) or samples.dtype != np.int16:
        raise PluginError(
            "import.clip",
            f"The importer gave {samples.dtype} of shape {samples.shape} for {len(clip.group.channels)} channels.",
            "Report it to the importer's author.",
        )
    return np.ascontiguousarray(samples, dtype="<i2")


def _unique(name: str, names: set[str]) -> str:
    wanted, number = name or "clip", 2
    while wanted in names:
        wanted, number = f"{name or 'clip'}-{number}", number + 1
    names.add(wanted)
    return wanted


def to_npy(raw: Path, target: Path) -> None:
    """Turn a file of little-endian int16 into ``.npy`` and remove it."""
    count = raw.stat().st_size // 2
    header = {"descr": "<i2", "fortran_order": False, "shape": (count,)}
    with target.open("wb") as out, raw.open("rb") as source:
        np.lib.format.write_array_header_1_0(out, header)
        while chunk := source.read(1 << 22):
            out.write(chunk)
    raw.unlink()

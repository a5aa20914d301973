"""The stage: WAV files and label tracks, written into ``ctx.workdir``; the studio moves them where they belong."""

from __future__ import annotations

import re
import wave
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from motestudio.sdk import Clip, RunContext, Value

_NO_NAME = re.compile(r"[^\w. -]+")
_FASTEST = 4_000_000_000
"""WAV holds the rate as a 32-bit integer."""


class Audacity:
    """Exporter stage."""

    def export(self, ctx: RunContext, clips: Iterator[Clip], params: Mapping[str, Value]) -> Mapping[str, Any]:
        """Write a pair of files per recording; a recording without the wanted channel is logged and left out."""
        written = 0
        taken: set[Path] = set()
        for clip in clips:
            ctx.check_cancelled()
            if int(params["channel"]) >= clip.samples.shape[1]:
                ctx.log(f"{clip.name} has no channel {params['channel']}, left out")
                continue
            path = _free(ctx.workdir / _folder(clip, params) / _plain(f"{params['prefix']}{clip.name}"), taken)
            path.parent.mkdir(parents=True, exist_ok=True)
            _write_wav(path.with_name(path.name + ".wav"), _chosen(clip.samples, params), clip.group.rate_hz)
            if params["labels"]:
                _write_labels(path.with_name(path.name + ".txt"), clip)
            written += 1
        return {"recordings": written}


def _folder(clip: Clip, params: Mapping[str, Value]) -> str:
    if params["layout"] == "flat":
        return ""
    labels = [s.label for s in clip.segments] or [clip.label]
    return _plain(labels[0]) or "unlabelled"


def _plain(name: str) -> str:
    """A name that every system can have."""
    return _NO_NAME.sub("_", name).strip(" .")[:100] or "recording"


def _free(path: Path, taken: set[Path]) -> Path:
    wanted, number = path, 2
    while wanted in taken:
        wanted, number = path.with_name(f"{path.name}-{number}"), number + 1
    taken.add(wanted)
    return wanted


def _chosen(samples: npt.NDArray[np.int16], params: Mapping[str, Value]) -> npt.NDArray[np.int16]:
    channel = int(params["channel"])
    values = samples if channel < 0 else samples[:, channel : channel + 1]
    gain = 10 ** (float(params["gain_db"]) / 20)
    if gain == 1:
        return values
    louder: npt.NDArray[np.int16] = np.clip(np.rint(values * gain), -32768, 32767).astype(np.int16)
    return louder


def _write_wav(path: Path, samples: npt.NDArray[np.int16], rate_hz: float) -> None:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(samples.shape[1])
        file.setsampwidth(2)
        file.setframerate(max(1, min(_FASTEST, round(rate_hz))))
        file.writeframes(np.ascontiguousarray(samples, dtype="<i2").tobytes())


def _write_labels(path: Path, clip: Clip) -> None:
    rate = clip.group.rate_hz
    rows = [f"{s.start / rate:.6f}\t{s.end / rate:.6f}\t{s.label}" for s in clip.segments]
    path.write_text("".join(row + "\n" for row in rows), encoding="utf-8")

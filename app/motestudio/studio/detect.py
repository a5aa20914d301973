"""Finds out what a stream of bytes is: Mote Link, or something that a decoder stage knows.

Must not open ports: it is given the first bytes of a stream, by whoever listened to a board or read a captured file.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from motestudio.devices.link.frames import FrameDecoder
from motestudio.domain.params import Value, complete
from motestudio.errors import AppError, PluginError, ProjectError
from motestudio.plugins.registry import StageEntry
from motestudio.studio.home import Studio
from motestudio.studio.operation import Operation
from motestudio.studio.stage_job import run_stage

MOTE_LINK = "mote-link"
"""Stands in place of a decoder's id for boards that speak the studio's own protocol."""
LISTENED_BYTES = 1 << 16
"""More than this much of a stream is not looked at."""
SURE = 0.3
"""A guess below this is no better than chance."""
_RATE = "rate_hz"
_ROUND = 0.02


@dataclass(frozen=True, slots=True)
class Detected:
    """One answer to what a stream may be.

    Attributes:
        stage: id of the decoder stage, or `MOTE_LINK`.
        title: for people.
        score: 0 to 1, as `motestudio.sdk.StreamGuess` has it.
        params: what the bytes say of the decoder's parameters.
        reason: what was found, or what was missing.
        samples: in these bytes.
    """

    stage: str
    title: str
    score: float
    params: Mapping[str, Value] = field(default_factory=dict)
    reason: str = ""
    samples: int = 0

    @property
    def needs_rate(self) -> bool:
        """Whether the stream does not say its rate, so that somebody must."""
        return self.params.get(_RATE) == 0


def link_guess(data: bytes) -> Detected:
    """Whether the bytes are Mote Link: frames whose CRC-32C matches cannot be chance."""
    decoder = FrameDecoder()
    # The zero ends what would otherwise be held, and spoils nothing.
    decoder.feed(data + b"\0")
    stats = decoder.stats
    good, bad = stats.frames, stats.crc_errors + stats.cobs_errors
    if not good:
        return Detected(MOTE_LINK, "Mote Link", 0.0, reason="no frames with a valid checksum")
    # The stream's first and last frame may be cut.
    score = round(good / (good + max(0, bad - 2)), 3)
    return Detected(MOTE_LINK, "Mote Link", max(score, SURE), reason=f"{good} frames with a valid checksum")


def ranked(found: Sequence[Detected], *, seconds: float = 0.0) -> tuple[Detected, ...]:
    """Guesses from the surest to the least, those that know nothing left out.

    Args:
        found: by all who were asked.
        seconds: for which somebody listened to the bytes; 0 where nobody knows. With it the rate of a stream that says
            none is told from its samples.
    """
    known = [_with_rate(one, seconds) for one in found if one.score > 0]
    return tuple(sorted(known, key=lambda one: (-one.score, one.stage)))


def detect(
    studio: Studio, data: bytes, operation: Operation, *, seconds: float = 0.0, decoders: Sequence[StageEntry] = ()
) -> tuple[Detected, ...]:
    """Ask everybody who might know what a stream is, each decoder in a worker process.

    Args:
        studio: plugins and workers.
        data: the first bytes of the stream, cut anywhere; see `LISTENED_BYTES`.
        operation: progress and cancel; gets a line for a decoder that breaks.
        seconds: for which somebody listened; see `ranked`.
        decoders: whom to ask; all that can be used where empty.

    Returns:
        From the surest to the least; empty where nobody knows.

    Raises:
        Cancelled: the caller cancelled.
    """
    data = data[:LISTENED_BYTES]
    link = link_guess(data)
    if link.score >= 1.0:
        return ranked([link])
    found = [link]
    entries = list(decoders) or [e for e in studio.registry.stages("decoder") if not e.missing]
    with tempfile.TemporaryDirectory(prefix="mote-detect-") as scratch:
        source = Path(scratch, "bytes.bin")
        source.write_bytes(data)
        for index, entry in enumerate(entries):
            operation.progress(index / len(entries), entry.manifest.title)
            workdir = Path(scratch, str(index))
            workdir.mkdir()
            try:
                found.append(_asked(studio, entry, source, workdir, operation))
            except AppError as error:
                operation.log(f"{entry.manifest.id} could not be asked: {error.text}")
    return ranked(found, seconds=seconds)


def detect_file(studio: Studio, source: Path, operation: Operation) -> Detected:
    """The decoder that knows a captured file best.

    Raises:
        ProjectError: it is no file, or nobody knows it, or a board that speaks Mote Link sent it.
        Cancelled: the caller cancelled.
    """
    try:
        with source.open("rb") as file:
            data = file.read(LISTENED_BYTES)
    except OSError as error:
        text = f"{source} cannot be read: {error.strerror or error}."
        raise ProjectError("import.missing", text, "A decoder reads one captured file.") from error
    found = detect(studio, data, operation)
    best = found[0] if found else None
    if best is None or best.score < SURE:
        unsure = f" It might be {best.title} ({best.reason})." if best else ""
        text = f"No decoder knows the bytes in {source.name}.{unsure}"
        raise ProjectError("detect.nothing", text, "Name a decoder and its parameters: mote plugin list shows them.")
    if best.stage == MOTE_LINK:
        text = f"{source.name} holds frames of Mote Link."
        raise ProjectError("detect.link", text, "Connect the board and record from it: what it sends describes itself.")
    return best


def _asked(studio: Studio, entry: StageEntry, source: Path, workdir: Path, operation: Operation) -> Detected:
    quiet = Operation(cancel=operation.cancel)
    defaults = complete(entry.manifest.params, {})
    kind = "decoder:guess"
    said = run_stage(studio, entry, quiet, params=defaults, inputs={"source": source}, workdir=workdir, kind=kind)
    params = _allowed(entry, said["params"])
    return Detected(
        entry.manifest.id,
        entry.manifest.title,
        float(said["score"]),
        params,
        str(said["reason"]),
        int(said["samples"]),
    )


def _allowed(entry: StageEntry, params: Mapping[str, Any]) -> dict[str, Value]:
    """The guessed parameters that the stage allows."""
    table = {p.key: p for p in entry.manifest.params}
    kept: dict[str, Value] = {}
    for key, value in params.items():
        if key in table:
            try:
                kept[key] = table[key].check(value)
            except PluginError:
                continue
    return kept


def _with_rate(one: Detected, seconds: float) -> Detected:
    if not one.needs_rate or not one.samples or seconds <= 0:
        return one
    return replace(one, params={**one.params, _RATE: _rounded(one.samples / seconds)})


def _rounded(rate: float) -> float:
    """The number of fewest digits near a rate that a listener counted."""
    for digits in range(1, 4):
        value = float(f"{rate:.{digits}g}")
        if abs(value - rate) <= _ROUND * rate:
            return value
    return float(f"{rate:.3g}")

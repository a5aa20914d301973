"""Finds out what a stream of bytes is: Mote Link, or something that a decoder stage knows.

Must not open ports: it is given the first bytes of a stream, by whoever listened to a board or read a captured file.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

from motestudio.devices.decoder_messages import LISTENED_BYTES, MOTE_LINK, SURE, Found
from motestudio.devices.stream_guess import allowed, link_guess, ranked
from motestudio.domain.params import complete
from motestudio.errors import AppError, ProjectError
from motestudio.plugins.registry import StageEntry
from motestudio.studio.home import Studio
from motestudio.studio.operation import Operation
from motestudio.studio.stage_job import run_stage


def detect(
    studio: Studio, data: bytes, operation: Operation, *, seconds: float = 0.0, decoders: Sequence[StageEntry] = ()
) -> tuple[Found, ...]:
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


def detect_file(studio: Studio, source: Path, operation: Operation) -> Found:
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


def _asked(studio: Studio, entry: StageEntry, source: Path, workdir: Path, operation: Operation) -> Found:
    quiet = Operation(cancel=operation.cancel)
    defaults = complete(entry.manifest.params, {})
    kind = "decoder:guess"
    said = run_stage(studio, entry, quiet, params=defaults, inputs={"source": source}, workdir=workdir, kind=kind)
    params = allowed(entry.manifest.params, said["params"])
    return Found(
        entry.manifest.id,
        entry.manifest.title,
        float(said["score"]),
        params,
        str(said["reason"]),
        int(said["samples"]),
    )

"""Conversations that take several requests, as generators: they yield a request and are sent its reply.

No input or output here, so the blocking client and the recorder's event loop run the same code.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Generator
from typing import Any

from motestudio.devices.link.frames import MAX_PAYLOAD
from motestudio.devices.link.protocol import Reply
from motestudio.domain.board import SLOT_HEADER_BYTES, SLOT_MAGIC
from motestudio.errors import AppError, DeviceError, FlashError

CHUNK_BYTES = 4096
"""Bytes of a package or a window in one request, at most."""
_ENVELOPE_BYTES, _PIECE_ALIGN = 96, 16

Step = tuple[str, dict[str, Any]]
Exchange = Generator[Step, Reply, dict[str, Any]]


def refused(op: str, reply: Reply) -> AppError:
    """The error of a reply that says no."""
    kind = FlashError if op.startswith(("load_", "slot", "read_back", "package_")) else DeviceError
    return kind(reply.code, reply.text, hint_for(reply.code), {"op": op})


def hint_for(code: str) -> str:
    """What to do about a code that a board answers; empty where the text says it all."""
    return _HINTS.get(code, "")


_HINTS = {
    "infer.missing": "Install the training packages, or use a real board.",
    "infer.no_model": "Flash the board first.",
    "infer.crashed": "The model is damaged or of a kind the board's interpreter does not know: convert it again.",
    "infer.model": "Convert the model again, to int8.",
    "infer.no_features": "Generate and flash the firmware again.",
    "infer.window": "Flash the model that the windows were made for.",
    "infer.failed": "Convert and flash the model again.",
    "infer.arena": "Give the model a larger arena, or make the model smaller.",
    "flash.too_big": "Train a smaller model, shorten the window or choose a larger board.",
    "flash.package": "Make the package again and send it.",
    "package.board": "Build the package for the board that is connected.",
    "slot.stale": "Flash the whole firmware: it was generated for other features, classes or settings.",
    "slot.too_large": "Make the model smaller, or flash the whole firmware again: it reserves a larger arena.",
    "slot.damaged": "Send it again; if it happens twice, the flash is worn out.",
    "slot.forged": "Sign the model with the key that this firmware was built for.",
    "slot.flash": "Send it again; if it happens twice, the flash is worn out or write-protected.",
    "slot.order": "Send the model again.",
    "slot.refused": "Flash the whole firmware: the model has operators that it was not built with.",
    "load.hash": "Send the package again.",
    "load.order": "Send the package again.",
    "op.stream_only": "For more than recording, flash a firmware that Mote Studio makes.",
    "op.unknown": "Its firmware is older than this studio: flash it again.",
}


def single(op: str, args: dict[str, Any]) -> Exchange:
    """One request; its result."""
    reply = yield op, args
    if not reply.ok:
        raise refused(op, reply)
    return reply.result


def chunk_bytes(max_payload: int) -> int:
    """Bytes of data in one request to a board that takes payloads of at most `max_payload`."""
    return min(CHUNK_BYTES, (max_payload - _ENVELOPE_BYTES) // _PIECE_ALIGN * _PIECE_ALIGN)


def load_package(
    data: bytes, name: str, progress: Callable[[float], None] | None = None, max_payload: int = MAX_PAYLOAD
) -> Exchange:
    """Send a package, or the image of a model slot, and compare the hash that the board computes over its own flash.

    Args:
        data: of the package or image.
        name: for people.
        progress: told the fraction, 0..1.
        max_payload: of the board.

    Returns:
        ``{"sha256": ...}`` as the board computed it, equal to ours.

    Raises:
        FlashError: the board refuses, or ``flash.verify``: its flash holds something else.
    """
    if data.startswith(SLOT_MAGIC):
        return _load_slot(data, progress, chunk_bytes(max_payload))
    return _load_whole(data, name, progress, chunk_bytes(max_payload))


def _pieces(op: str, data: bytes, progress: Callable[[float], None] | None, chunk: int) -> Exchange:
    for offset in range(0, len(data), chunk):
        yield from single(op, {"offset": offset, "data": data[offset : offset + chunk]})
        if progress is not None:
            progress(min(1.0, (offset + chunk) / len(data)))
    return {}


def _load_whole(data: bytes, name: str, progress: Callable[[float], None] | None, chunk: int) -> Exchange:
    ours = hashlib.sha256(data).hexdigest()
    yield from single("load_begin", {"size": len(data), "sha256": ours, "name": name})
    yield from _pieces("load_data", data, progress, chunk)
    result = yield from single("load_end", {})
    return _verified(ours, result.get("sha256"))


def _load_slot(image: bytes, progress: Callable[[float], None] | None, chunk: int) -> Exchange:
    model = image[SLOT_HEADER_BYTES:]
    yield from single("slot_begin", {"header": image[:SLOT_HEADER_BYTES]})
    yield from _pieces("slot_data", model, progress, chunk)
    yield from single("slot_end", {})
    said = yield from single("slots", {})  # has it read its flash once more
    try:
        theirs = said["slots"][said["active"]]["sha256"] if said["active"] >= 0 else None
    except (KeyError, IndexError, TypeError):
        theirs = None
    return _verified(hashlib.sha256(model).hexdigest(), theirs)


def _verified(ours: str, theirs: object) -> dict[str, Any]:
    if theirs != ours:
        raise FlashError(
            "flash.verify",
            "The board's flash does not hold what was sent.",
            "Flash it again; if it happens twice, the flash is worn out or the cable is bad.",
            {"sent": ours, "board": str(theirs)},
        )
    return {"sha256": theirs}


def read_back(length: int) -> Exchange:
    """Read the first bytes of the board's package flash.

    Returns:
        ``{"data": bytes}``.

    Raises:
        FlashError: the board refuses or sends something else.
    """
    parts: list[bytes] = []
    have = 0
    while have < length:
        want = min(CHUNK_BYTES, length - have)
        result = yield from single("read_back", {"offset": have, "length": want})
        part = result.get("data")
        if not isinstance(part, bytes) or not 0 < len(part) <= want:
            raise FlashError("flash.read_back", "The board does not read its flash back.", "Flash it again.")
        parts.append(part)
        have += len(part)
    return {"data": b"".join(parts)}


def infer_window(samples: bytes, chunk: int = CHUNK_BYTES) -> Exchange:
    """Have the board infer one window, sent in as many requests as it needs.

    Args:
        samples: int16 little-endian, channels interleaved.
        chunk: bytes of it in one request, see `chunk_bytes`.

    Returns:
        ``{"output": bytes of int8, "latency_us": int}``.

    Raises:
        DeviceError: the board refuses.
    """
    if len(samples) <= chunk:
        return (yield from single("infer_window", {"samples": samples}))
    last = (len(samples) - 1) // chunk * chunk
    for offset in range(0, last, chunk):
        yield from single("window_data", {"offset": offset, "data": samples[offset : offset + chunk]})
    return (yield from single("infer_window", {"samples": samples[last:], "offset": last}))


def exchange_for(op: str, args: dict[str, Any], max_payload: int = MAX_PAYLOAD) -> Exchange:
    """The conversation behind an operation that a caller names, with a board that takes so long payloads."""
    if op == "infer_window" and isinstance(args.get("samples"), bytes):
        return infer_window(args["samples"], chunk_bytes(max_payload))
    return single(op, args)

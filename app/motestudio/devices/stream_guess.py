"""Ranks what a stream of bytes may be. Pure: whoever listened gives the bytes, whoever may run plugins asks them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from motestudio.devices.arrival_rate import rounded
from motestudio.devices.decoder_messages import SURE, Found
from motestudio.devices.link.frames import FrameDecoder
from motestudio.domain.params import Param, Value
from motestudio.errors import PluginError

RATE = "rate_hz"
"""The parameter of decoders by which somebody tells a rate that the stream does not say."""
_PREVIEW_LINES, _PREVIEW_COLUMNS, _HEX_BYTES = 8, 100, 16
_TEXT = bytes(range(32, 127)) + b"\r\n\t"
_MOSTLY = 0.85


def link_guess(data: bytes) -> Found:
    """Whether the bytes are Mote Link: frames whose CRC-32C matches cannot be chance."""
    decoder = FrameDecoder()
    # The zero ends what would otherwise be held, and spoils nothing.
    decoder.feed(data + b"\0")
    stats = decoder.stats
    good, bad = stats.frames, stats.crc_errors + stats.cobs_errors
    if not good:
        return Found(score=0.0, reason="no frames with a valid checksum")
    # The stream's first and last frame may be cut.
    score = round(good / (good + max(0, bad - 2)), 3)
    return Found(score=max(score, SURE), reason=f"{good} frames with a valid checksum")


def needs_rate(found: Found) -> bool:
    """Whether the stream does not say its rate, so that somebody must."""
    return found.params.get(RATE) == 0


def ranked(found: Sequence[Found], *, seconds: float = 0.0) -> tuple[Found, ...]:
    """Guesses from the surest to the least, those that know nothing left out.

    Args:
        found: by all who were asked.
        seconds: for which somebody listened to the bytes; 0 where nobody knows. With it the rate of a stream that says
            none is told from its samples.
    """
    known = [_with_rate(one, seconds) for one in found if one.score > 0]
    return tuple(sorted(known, key=lambda one: (-one.score, one.stage)))


def allowed(table: Sequence[Param], params: Mapping[str, Any]) -> dict[str, Value]:
    """Those of some parameters that a stage has and allows."""
    known = {p.key: p for p in table}
    kept: dict[str, Value] = {}
    for key, value in params.items():
        if key in known:
            try:
                kept[key] = known[key].check(value)
            except PluginError:
                continue
    return kept


def preview(data: bytes) -> tuple[str, ...]:
    """The first lines of a stream for people: text as it is, all else in hexadecimal."""
    if not data:
        return ()
    if len(data) - len(data.translate(None, _TEXT)) >= _MOSTLY * len(data):
        lines = data.decode("ascii", errors="replace").splitlines()
        shown = [line[:_PREVIEW_COLUMNS].rstrip().replace("\ufffd", "·").replace("\t", " ") for line in lines]
        # The first line may be cut, and says less than the next.
        shown = [line for line in (shown[1:] if len(shown) > 2 else shown) if line]
        return tuple("".join(c if c.isprintable() else "·" for c in line) for line in shown[:_PREVIEW_LINES])
    rows = range(0, min(len(data), _PREVIEW_LINES * _HEX_BYTES), _HEX_BYTES)
    return tuple(data[at : at + _HEX_BYTES].hex(" ") for at in rows)


def _with_rate(one: Found, seconds: float) -> Found:
    if not needs_rate(one) or not one.samples or seconds <= 0:
        return one
    rate = rounded(one.samples / seconds)
    return msgspec.structs.replace(one, params={**one.params, RATE: rate}, measured_rate=True)

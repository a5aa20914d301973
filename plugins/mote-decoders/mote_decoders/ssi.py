"""SensiML Simple Streaming Interface, versions 1 and 2, over a serial line.

A device says what it will send, as JSON, again and again until it reads ``connect``: ``sample_rate``, ``version`` (1
where absent), ``samples_per_packet`` and ``column_location``, names with their columns. Then come 16-bit
little-endian integers: bare ones in version 1, in version 2 packets of 0xFF, length u16 (of what follows but the
checksum), 0, channel u8, sequence u32 per channel, data, and the XOR of all bytes after the length. Source:
https://sensiml.com/documentation/simple-streaming-specification/ (in github.com/sensiml/piccolo,
docs/source/simple-streaming-specification).

Description and data may follow each other again, as when the device was reset.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from mote_decoders import common
from mote_decoders.align import Aligner
from mote_decoders.packets import Packets
from motestudio.sdk import Channel, ChannelGroup, Decoded, StreamGuess, Value

_KEY = b'"column_location"'
_LONGEST, _SOME = 4096, 16
_TEXT = bytes(range(32, 127)) + b"\r\n\t"
_UNKNOWN: dict[str, Value] = {"version": "auto", "rate_hz": 0.0, "names": "", "channel": 0}


@dataclass(frozen=True, slots=True)
class Description:
    """What a device says of its stream.

    Attributes:
        rate_hz: of all columns.
        version: 1 or 2.
        names: of the columns.
    """

    rate_hz: float
    version: int
    names: tuple[str, ...]


def read_description(body: object) -> Description | None:
    """The description in some JSON, or None where it is none."""
    if not isinstance(body, dict):
        return None
    rate, columns, version = body.get("sample_rate"), body.get("column_location"), body.get("version", 1)
    if isinstance(rate, bool) or not isinstance(rate, int | float) or not 0 < rate <= 10_000_000:
        return None
    if not isinstance(columns, dict) or not 0 < len(columns) <= 64 or version not in (1, 2):
        return None
    if not all(type(place) is int for place in columns.values()):
        return None
    if sorted(columns.values()) != list(range(len(columns))):
        return None
    names = sorted(columns, key=lambda name: int(columns[name]))
    plain = [re.sub(r"[,;\s]+", "_", name.strip())[:64] or "c" for name in names]
    return Description(float(rate), int(version), tuple(common.unique(plain)))


class _Splitter:
    """Parts the stream into descriptions and what is between them; holds what may become a description."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes, *, last: bool = False) -> list[bytes | tuple[Description, int]]:
        data, at = self._rest + data, 0
        parts: list[bytes | tuple[Description, int]] = []
        while (key := data.find(_KEY, at)) >= 0:
            found = self._json_around(data, at, key)
            if found is None:
                if not last and self._hold(data, at) <= key:
                    break  # it may still be on its way
                parts.append(data[at : key + len(_KEY)])
                at = key + len(_KEY)
                continue
            said, start, end = found
            if end + 2 > len(data) and not last:
                # A line's end may belong to it.
                parts.append(data[at:start])
                self._rest = data[start:]
                return parts
            parts += [data[at:start], (said, end - start)]
            at = end
        hold = len(data) if last else self._hold(data, at)
        parts.append(data[at:hold])
        self._rest = data[hold:]
        return parts

    @staticmethod
    def _json_around(data: bytes, low: int, key: int) -> tuple[Description, int, int] | None:
        start = key
        while (start := data.rfind(b"{", max(low, key - _LONGEST), start)) >= 0:
            try:
                body, length = json.JSONDecoder().raw_decode(data[start : start + _LONGEST].decode("latin-1"))
            except (ValueError, RecursionError):
                continue
            end = start + length
            if (said := read_description(body)) is not None and not data[start:end].translate(None, _TEXT):
                if data[end : end + 1] == b"\r":
                    end += 1
                return said, start, end + (data[end : end + 1] == b"\n")
        return None

    @staticmethod
    def _hold(data: bytes, at: int) -> int:
        """Where text begins at the end that a description may still come of."""
        tail = data[max(at, len(data) - 2 * _LONGEST) :]
        text = len(tail) - len(tail.rstrip(_TEXT))
        brace = data.find(b"{", len(data) - text)
        return len(data) if brace < 0 else brace


class _Opening:
    """The first bytes of a stream whose description is known: what is left of a description is no data."""

    def __init__(self) -> None:
        self._held: bytes | None = b""

    def feed(self, data: bytes, *, last: bool = False) -> tuple[bytes, int]:
        """Take the next bytes; returns data, and the number of bytes of text before it."""
        if self._held is None:
            return data, 0
        self._held = data = self._held + data
        text = len(data) >= _SOME and not data[:_SOME].translate(None, _TEXT)
        end = data.find(b"\n") + 1 if text else 0
        if text and not end and last and not data.translate(None, _TEXT):
            end = len(data)
        if not last and (len(data) < _SOME or (text and not end and len(data) < _LONGEST)):
            return b"", 0
        self._held = None
        return data[end:], end


class Ssi:
    """Decoder stage."""

    def __init__(self) -> None:
        self._splitter = _Splitter()
        self._said: Description | None = None
        self._began = False
        self._packets: Packets | None = None
        self._aligner: Aligner | None = None
        self._opening = _Opening()
        self._after_json = False

    def groups(self, params: Mapping[str, Value]) -> tuple[ChannelGroup, ...] | None:
        """One group, once the device described itself or where the parameters do."""
        self._begin(params)
        if self._said is None:
            return None
        return (ChannelGroup("ssi", self._said.rate_hz, tuple(Channel(name) for name in self._said.names)),)

    def greeting(self, params: Mapping[str, Value]) -> bytes:
        """The word that devices wait for while they describe themselves."""
        return b"connect"

    def feed(self, data: bytes, params: Mapping[str, Value]) -> Sequence[Decoded]:
        """Read on."""
        return self._take(self._splitter.feed(data), params)

    def finish(self, params: Mapping[str, Value]) -> Sequence[Decoded]:
        """What was held back."""
        found = self._take(self._splitter.feed(b"", last=True), params)
        if self._packets is not None:
            return found + self._sorted(*self._packets.finish())
        if self._aligner is not None:
            data, skipped = self._opening.feed(b"", last=True)
            found += self._plain(*self._aligner.feed(data)) + common.nothing(0, skipped)
            return found + self._plain(*self._aligner.finish())
        return found

    def guess(self, data: bytes) -> StreamGuess:
        """A description, or packets whose checksums match."""
        own = Ssi()
        found = [*own.feed(data, _UNKNOWN), *own.finish(_UNKNOWN)]
        samples = sum(len(one.samples) for one in found)
        if own._said is not None:
            said = own._said
            told: dict[str, Value] = {
                "version": str(said.version),
                "rate_hz": said.rate_hz,
                "names": ",".join(said.names),
            }
            reason = f"describes itself: SSI version {said.version}, {len(said.names)} columns at {said.rate_hz:g} Hz"
            return StreamGuess(1.0, told, reason, samples)
        packets = Packets(1)
        values, _, skipped = packets.feed(data)
        share = 1 - skipped / max(1, len(data))
        if packets.good < 3 or share < 0.5:
            return StreamGuess(0.0, reason="no description and no packets of version 2")
        told = {"version": "2", "rate_hz": 0.0}
        reason = f"{packets.good} packets of SSI version 2 without a description: columns and rate must be set"
        return StreamGuess(round(0.7 * share, 3), told, reason, len(values))

    def _begin(self, params: Mapping[str, Value]) -> None:
        """The parameters describe the stream where they are complete."""
        if self._began:
            return
        self._began = True
        version, rate, names = (
            common.text(params, "version"),
            common.number(params, "rate_hz"),
            [name or f"c{i}" for i, name in enumerate(common.listed(params, "names"))],
        )
        if version != "auto" and rate and names:
            self._describe(Description(rate, int(version), tuple(common.unique(names))), params)

    def _describe(self, said: Description, params: Mapping[str, Value]) -> None:
        if self._said is None:
            version = common.text(params, "version")
            self._said = said if version == "auto" else replace(said, version=int(version))
            if self._said.version == 2:
                self._packets = Packets(len(said.names), int(params["channel"]))
        if self._packets is None:
            self._aligner = Aligner(len(self._said.names), search=not self._after_json)

    def _take(self, parts: Sequence[bytes | tuple[Description, int]], params: Mapping[str, Value]) -> list[Decoded]:
        self._begin(params)
        out: list[Decoded] = []
        for part in parts:
            if isinstance(part, tuple):
                if self._aligner is not None:
                    data, skipped = self._opening.feed(b"", last=True)
                    out += self._plain(*self._aligner.feed(data)) + common.nothing(0, skipped)
                    out += self._plain(*self._aligner.finish())
                self._opening.feed(b"", last=True)
                self._after_json = True
                self._describe(part[0], params)
                out += common.nothing(len(self._said.names) if self._said else 0, part[1])
            elif self._packets is not None:
                out += self._sorted(*self._packets.feed(part))
            elif self._aligner is not None:
                data, skipped = self._opening.feed(part)
                out += common.nothing(0, skipped) + self._plain(*self._aligner.feed(data))
            elif part:
                out += common.nothing(0, len(part))
        return out

    def _sorted(self, samples: common.Int16, lost: common.Int64, skipped: int) -> list[Decoded]:
        return common.in_runs(samples, common.NO_TIMES, lost, skipped)

    def _plain(self, samples: common.Int16, skipped: int) -> list[Decoded]:
        return common.in_runs(samples, common.NO_TIMES, np.zeros(len(samples), dtype=np.int64), skipped)

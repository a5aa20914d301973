"""Boards that do not speak Mote Link: finds out which decoder knows what a port sends, and has it read that.

The decoder's code runs in a program of its own (`recorder.decoder_client`); from here on its samples are blocks as any
other board's.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import msgspec

from motestudio.devices.client import READ_BYTES
from motestudio.devices.decoder_messages import CERTAIN, Candidate, Found, Part, Wish
from motestudio.devices.stream_guess import RATE, allowed, link_guess, needs_rate, preview, ranked
from motestudio.devices.transports import Transport, is_replay
from motestudio.domain.params import Value, complete
from motestudio.domain.signal import ChannelGroup
from motestudio.errors import AppError, DeviceError
from motestudio.recorder.block_maker import BlockMaker, Made
from motestudio.recorder.decoder_client import DecoderClient
from motestudio.recorder.heard import Heard
from motestudio.recorder.paced import Paced

LISTEN_SECONDS = 2.0
"""How long a stream is listened to before it is said what it is."""
_GROUPS_SECONDS = 5.0
_GATHER_SECONDS = 0.004
_FILE_BYTES = 512


@dataclass(frozen=True, slots=True)
class Decoded:
    """A stream that a decoder reads.

    Attributes:
        source: of its blocks.
        groups: its channel groups.
        found: the decoder, with all its parameters.
    """

    source: Stream | Paced
    groups: tuple[ChannelGroup, ...]
    found: Found


def guesses(client: DecoderClient, data: bytes, candidates: Sequence[Candidate]) -> list[Found]:
    """What Mote Link and each decoder say of bytes; one that breaks says nothing."""
    found = [link_guess(data)]
    for candidate in candidates if found[0].score < 1.0 else ():
        try:
            said = client.guess(candidate, data)
        except DeviceError:
            continue
        params = allowed(candidate.table, said.params)
        found.append(Found(candidate.stage, candidate.title, said.score, params, said.reason, said.samples))
    return found


def open_decoded(transport: Transport | Heard, wish: Wish) -> Decoded:
    """Have a decoder read what a port sends.

    Args:
        transport: open; it is read from its beginning where it is a `Heard` that listened already.
        wish: a decoder by name, or any.

    Raises:
        DeviceError: no decoder knows it (``decoder.none``), or the one that shall read it cannot.
    """
    heard = transport if isinstance(transport, Heard) else Heard(transport)
    live = not is_replay(heard.url)
    client = DecoderClient()
    try:
        if wish.named:
            candidate = wish.candidate(wish.decoder)
            if candidate is None:
                raise DeviceError("decoder.unknown", f"There is no decoder {wish.decoder!r}.", _known(wish))
            found = Found(candidate.stage, candidate.title, 1.0, dict(wish.params), "chosen")
        else:
            found, candidate = _best(client, heard, wish, live)
        return _begin(client, heard, candidate, found, live)
    except BaseException:
        client.close()
        raise


def _known(wish: Wish) -> str:
    return f"Choose from: {', '.join(c.stage for c in wish.candidates) or 'none that can be used'}."


def _ranked(client: DecoderClient, heard: Heard, wish: Wish, live: bool) -> list[Found]:
    """Decoders that may know it, the surest first, with the wished parameters and a counted rate."""
    found = []
    for one in ranked(guesses(client, heard.data, wish.asked)):
        candidate = wish.candidate(one.stage)
        has = {p.key for p in candidate.table} if candidate is not None else set()
        params = {**one.params, **{k: v for k, v in wish.params.items() if k in has}}
        told = msgspec.structs.replace(one, params=params)
        if needs_rate(told) and live and (rate := heard.rate_hz(told.samples)):
            told = msgspec.structs.replace(told, params={**params, RATE: rate}, measured_rate=True)
        found.append(told)
    return found


def _best(client: DecoderClient, heard: Heard, wish: Wish, live: bool) -> tuple[Found, Candidate]:
    if live:
        heard.listen(LISTEN_SECONDS)
    elif not heard.data:
        heard.read(READ_BYTES, 0.0)
    found = [f for f in _ranked(client, heard, wish, live) if wish.candidate(f.stage) is not None]
    candidate = wish.candidate(found[0].stage) if found else None
    if candidate is not None and found[0].score >= CERTAIN:
        return found[0], candidate
    likely = f" It might be {found[0].words} ({found[0].stage})." if found else ""
    raise DeviceError(
        "decoder.none",
        f"{heard.url} sends bytes that no decoder knows.{likely}",
        "Check the baud rate, or choose a decoder and its parameters.",
        {"port": heard.url, "preview": list(preview(heard.data)), "bytes": len(heard.data)},
    )


def told(heard: Heard, wish: Wish) -> tuple[tuple[Found, ...], tuple[ChannelGroup, ...]]:
    """Who might read what was heard, the surest first, and the channels that the surest makes of it."""
    client = DecoderClient()
    try:
        found = _ranked(client, heard, wish, not is_replay(heard.url))
        best = found[0] if found else None
        candidate = wish.candidate(best.stage) if best is not None else None
        groups: tuple[ChannelGroup, ...] = ()
        if best is not None and candidate is not None:
            groups = _channels(client, candidate, best.params, heard.data)
            if not groups and any(p.key == RATE for p in candidate.table):
                # The stream says its rate later, or never: that is no reason not to show the channels.
                rate = heard.rate_hz(best.samples) or 1.0
                groups = _channels(client, candidate, {**best.params, RATE: rate}, heard.data)
        return tuple(found), groups
    finally:
        client.close()


def _channels(
    client: DecoderClient, candidate: Candidate, params: Mapping[str, Value], data: bytes
) -> tuple[ChannelGroup, ...]:
    """The channels that a stage makes of bytes; empty where it does not know them yet."""
    try:
        using = client.use(candidate, complete(candidate.table, params))
        return using.groups or client.feed(data).groups or ()
    except AppError:
        return ()


def _begin(client: DecoderClient, heard: Heard, candidate: Candidate, found: Found, live: bool) -> Decoded:
    try:
        params: dict[str, Value] = complete(candidate.table, found.params)
    except AppError as error:
        raise DeviceError("decoder.params", f"{candidate.title}: {error.text}", error.hint) from error
    using = client.use(candidate, params)
    if using.greeting:
        heard.write(using.greeting)
    groups = using.groups
    early: list[Part] = []
    count = 0
    deadline = time.monotonic() + _GROUPS_SECONDS
    data = heard.data
    while True:
        if data:
            fed = client.feed(data)
            groups = groups or fed.groups
            early += fed.parts
            count += len(data)
        if groups is not None:
            break
        if time.monotonic() > deadline:
            text = f"{candidate.title} has not learnt the channels from what came within {_GROUPS_SECONDS:g} s."
            hint = "Check that the board sends, at this baud rate, what the decoder reads."
            raise DeviceError("decoder.channels", text, hint, {"preview": list(preview(heard.data))})
        data = heard.read(READ_BYTES if live else _FILE_BYTES, 0.1)
    found = msgspec.structs.replace(found, params=params)
    stream = Stream(heard.transport, client, groups, live=live, early=early, received=count)
    if live:
        return Decoded(stream, groups, found)
    return Decoded(Paced(stream.blocks(), groups, stream.counts, stream.close), groups, found)


class Stream:
    """A `recorder.local_link.BlockSource`: bytes of a port, read by a decoder.

    Args:
        transport: open.
        client: that uses the decoder.
        groups: that it announced.
        live: the bytes are read as they arrive.
        early: what was decoded before the channels were known.
        received: bytes of that.

    Attributes:
        received: bytes.
        damaged: stretches of them that were no samples, the first of all left out: a stream is met in its middle.
    """

    def __init__(
        self,
        transport: Transport,
        client: DecoderClient,
        groups: tuple[ChannelGroup, ...],
        *,
        live: bool,
        early: Sequence[Part],
        received: int,
    ) -> None:
        self._transport, self._client = transport, client
        self._maker = BlockMaker(groups, live=live)
        self._met = False
        self._end: DeviceError | None = None
        self.received, self.damaged = received, 0
        self._early = self._taken(early)

    def begin(self) -> None:
        """It runs all the time."""

    def read(self, timeout_s: float) -> list[Made]:
        """See `BlockSource.read`. Bytes are gathered for a moment: each question to a decoder takes one too."""
        if self._end is not None:
            raise self._end
        self._early, data = [], b""
        try:
            data = self._transport.read(READ_BYTES, timeout_s)
            if data and len(data) < READ_BYTES // 2:
                time.sleep(_GATHER_SECONDS)
                data += self._transport.read(READ_BYTES, 0.0)
        except DeviceError as error:
            self._end = error
            return self._fed(data) + self._finished()
        return self._fed(data) + self._maker.tick(_now_us())

    def blocks(self) -> Iterator[Made]:
        """All that is in a file; raises DeviceError at its end."""
        yield from self._early
        while True:
            try:
                data = self._transport.read(_FILE_BYTES, 0.0)
            except DeviceError:
                yield from self._finished()
                raise
            yield from self._fed(data)

    def counts(self) -> tuple[int, int]:
        """Bytes and damaged stretches so far."""
        return self.received, self.damaged

    def close(self) -> None:
        """Let go of port and decoder."""
        self._transport.close()
        self._client.close()

    def _fed(self, data: bytes) -> list[Made]:
        if not data:
            return []
        self.received += len(data)
        return self._taken(self._client.feed(data).parts)

    def _finished(self) -> list[Made]:
        return self._taken(self._client.finish().parts) + self._maker.tick(_now_us(), last=True)

    def _taken(self, parts: Sequence[Part]) -> list[Made]:
        for part in parts:
            self.damaged += part.skipped > 0 and self._met
            self._met = self._met or bool(part.samples)
        return self._maker.take(parts, _now_us())


def _now_us() -> int:
    return time.time_ns() // 1000

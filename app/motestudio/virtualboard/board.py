"""The virtual board's firmware: answers requests and makes sample blocks. No input or output, no waiting, no clock.

Whoever drives it (`server`) hands it frames that arrived and says when the next block is due.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from motestudio.devices.link.description import description_to_map
from motestudio.devices.link.frames import Frame, encode_frame
from motestudio.devices.link.protocol import (
    Event,
    Kind,
    ProtocolError,
    Reply,
    Request,
    pack_event,
    pack_inference,
    pack_reply,
    pack_samples,
    unpack_request,
)
from motestudio.domain.board import BoardDescription, BoardFile
from motestudio.errors import AppError, DeviceError
from motestudio.virtualboard.engine_client import EngineClient
from motestudio.virtualboard.flash import PackageFlash
from motestudio.virtualboard.loaded import LiveInference, LoadedPackage
from motestudio.virtualboard.sensors import Sensor
from motestudio.virtualboard.streams import Streams

FIRMWARE = "mote-virtual 1.0"
_MAX_WINDOW_BYTES = 1 << 22

Args = dict[str, Any]


class Board:
    """One board, powered on.

    Attributes:
        streaming: whether blocks are to be sent.
        starts: how often a stream was started.
    """

    def __init__(
        self,
        facts: BoardFile,
        sensors: Sequence[Sensor],
        flash_dir: Path,
        engine: EngineClient,
        seed: int = 1,
        rate: float = 1.0,
    ) -> None:
        self._usual_rate = rate
        self.streaming = False
        self.starts = 0
        self._facts = facts
        self._streams = Streams(sensors, seed, rate)
        self._flash = PackageFlash(flash_dir, facts.flash_bytes)
        self._inference = LiveInference(engine)
        self._serial = hashlib.sha256(f"{facts.id} {seed}".encode()).hexdigest()[:12].upper()
        self._sequence = 0
        self._sent = [0] * len(sensors)
        self._dropped = [0] * len(sensors)
        self._window = bytearray()
        self._operations: dict[str, Callable[[Args], Args]] = {
            "describe": self._describe,
            "start": self._start,
            "stop": self._stop,
            "perform": self._perform,
            "clip": lambda args: self._perform({"clip": args.get("index")}),
            "load_begin": self._load_begin,
            "load_data": self._load_data,
            "load_end": self._load_end,
            "read_back": self._read_back,
            "package_hash": lambda _: {"sha256": self._flash.sha256()},
            "window_data": self._window_data,
            "infer_window": self._infer_window,
            "infer_start": self._infer_start,
            "infer_stop": self._infer_stop,
        }
        self._boot()

    def _boot(self) -> None:
        """Look at the flash as a bootloader does: what is not valid is not used."""
        data = self._flash.read()
        if data:
            try:
                self._inference.use(LoadedPackage(data, self._facts))
            except AppError:
                self._inference.use(None)

    def hang_up(self) -> None:
        """The other end is gone: stop whatever it had started."""
        self.streaming = False
        self._inference.running = False

    @property
    def block_samples(self) -> int:
        """Samples of the next block."""
        return self._streams.block_samples

    @property
    def block_seconds(self) -> float:
        """How long the next block takes to come about; 0 where it shall not wait."""
        return self._streams.block_seconds

    @property
    def rate(self) -> float:
        """Of the stream, times real time; 0 for as fast as the other end takes it."""
        return self._streams.rate

    def handle(self, frame: Frame) -> bytes:
        """Answer a frame; what is no request is ignored, as on any bus with noise."""
        if frame.kind != Kind.REQUEST:
            return b""
        try:
            request = unpack_request(frame.payload)
        except ProtocolError:
            return b""
        return self._frame(Kind.REPLY, pack_reply(self._reply(request)))

    def next_block(self, *, drop: bool = False) -> bytes:
        """Sample, infer, and make the frames of the next block.

        Args:
            drop: the link is full: the samples are taken and thrown away, and counted.

        Returns:
            Frames to send.
        """
        group, time_us, samples = self._streams.next()
        out = b""
        if drop:
            self._dropped[group] += len(samples)
        else:
            self._sent[group] += len(samples)
            out = self._frame(Kind.SAMPLES, pack_samples(group, time_us, self._dropped[group], samples))
        if group == 0:  # what the model was made for
            out += self._infer(samples, time_us, drop=drop)
        if not self._streams.running:
            self.streaming = False
            out += self._event("stopped", **self._counted())
        return out

    def _counted(self) -> Args:
        """Samples sent and dropped, of all channel groups."""
        return {"sent": sum(self._sent), "dropped": sum(self._dropped)}

    def _infer(self, samples: Any, time_us: int, *, drop: bool) -> bytes:
        try:
            frames = self._inference.feed(samples, time_us, 1e6 / self._streams.groups[0].rate_hz)
        except DeviceError as error:
            return self._event("infer_error", code=error.code, text=error.text)
        return b"" if drop else b"".join(self._frame(Kind.INFERENCE, pack_inference(f)) for f in frames)

    def _event(self, name: str, **data: Any) -> bytes:
        return self._frame(Kind.EVENT, pack_event(Event(name, data)))

    def _frame(self, kind: Kind, payload: bytes) -> bytes:
        data = encode_frame(kind, self._sequence, payload)
        self._sequence = (self._sequence + 1) & 0xFFFF
        return data

    def _reply(self, request: Request) -> Reply:
        operation = self._operations.get(request.op)
        if operation is None:
            return Reply(request.id, False, {}, "op.unknown", f"This board knows no {request.op!r}.")
        try:
            return Reply(request.id, True, operation(request.args))
        except AppError as error:
            return Reply(request.id, False, {}, error.code, error.text)

    def _describe(self, _: Args) -> Args:
        loaded = self._inference.loaded
        return description_to_map(
            BoardDescription(
                board_id=self._facts.id,
                name=self._facts.name,
                serial_number=self._serial,
                firmware=FIRMWARE,
                groups=self._streams.groups,
                capabilities=("stream", "load", "infer", "sim"),
                flash_bytes=self._facts.flash_bytes,
                ram_bytes=self._facts.ram_bytes,
                virtual=True,
                model=loaded.model if loaded else None,
                gestures=self._streams.gestures[:64],
            )
        )

    def _start(self, args: Args) -> Args:
        count, rate, perform = args.get("count", 0), args.get("rate", self._usual_rate), args.get("perform")
        groups = self._groups(args)
        if not isinstance(count, int) or isinstance(count, bool) or count < 0:
            raise _bad("count", count, "a whole number, 0 or more")
        if not isinstance(rate, int | float) or not 0 <= rate <= 1e6:
            raise _bad("rate", rate, "times real time, 0 or more")
        if not (perform is None or isinstance(perform, dict)):
            raise _bad("perform", perform, "a map")
        # Carried on, the motion goes on where it was: streams that follow each other without a seam.
        self._streams.start(groups, count, perform, carry_on=args.get("carry_on") is True and self.starts > 0)
        self._streams.rate = float(rate)
        self._sent = [0] * len(self._sent)
        self._dropped = [0] * len(self._sent)
        self.streaming = True
        self.starts += 1
        return {}

    def _stop(self, _: Args) -> Args:
        self.streaming = False
        return self._counted()

    def _groups(self, args: Args) -> list[int]:
        """Indices of the channel groups to stream: ``group`` leads, ``groups`` names all where there are more."""
        last = len(self._streams.groups) - 1
        lead = args.get("group", 0)
        groups = args.get("groups", [lead])
        if not isinstance(groups, list) or lead not in groups:
            raise _bad("groups", groups, f"a list with {lead}")
        for group in groups:
            if not isinstance(group, int) or isinstance(group, bool) or not 0 <= group <= last:
                raise _bad("group", group, f"a number from 0 to {last}")
        return [lead, *(g for g in groups if g != lead)]

    def _perform(self, args: Args) -> Args:
        return {"seconds": self._streams.perform(args)}

    def _load_begin(self, args: Args) -> Args:
        size, sha256 = args.get("size"), args.get("sha256")
        if not isinstance(size, int) or isinstance(size, bool):
            raise _bad("size", size, "a number of bytes")
        if not isinstance(sha256, str):
            raise _bad("sha256", sha256, "a hash in hex")
        self._flash.begin(size, sha256)
        return {}

    def _load_data(self, args: Args) -> Args:
        self._flash.write(_offset(args), _data(args, "data"))
        return {}

    def _load_end(self, _: Args) -> Args:
        loaded = LoadedPackage(self._flash.incoming(), self._facts)
        self._inference.use(None)
        try:
            self._inference.try_out(loaded)
        except AppError:
            self._boot()
            raise
        sha256 = self._flash.commit()
        self._inference.use(loaded)
        return {"sha256": sha256}

    def _read_back(self, args: Args) -> Args:
        offset, length = _offset(args), args.get("length")
        if not isinstance(length, int) or not 0 < length <= 4096:
            raise _bad("length", length, "from 1 to 4096")
        return {"data": self._flash.read()[offset : offset + length]}

    def _window_data(self, args: Args) -> Args:
        offset, data = _offset(args), _data(args, "data")
        if offset == 0:
            self._window.clear()
        if offset != len(self._window) or offset + len(data) > _MAX_WINDOW_BYTES:
            raise DeviceError("infer.window", f"The piece of a window at {offset} is not the next one.")
        self._window += data
        return {}

    def _infer_window(self, args: Args) -> Args:
        samples = _data(args, "samples")
        if "offset" in args:
            if _offset(args) != len(self._window):
                raise DeviceError("infer.window", "The last piece of a window does not follow the others.")
            samples = bytes(self._window) + samples
        done = self._inference.once(samples)
        return {"output": done.output, "latency_us": done.latency_us}

    def _infer_start(self, _: Args) -> Args:
        self._inference.start(self._streams.groups[0])
        return {}

    def _infer_stop(self, _: Args) -> Args:
        self._inference.running = False
        return {}


def _offset(args: Args) -> int:
    offset = args.get("offset")
    if not isinstance(offset, int) or isinstance(offset, bool) or offset < 0:
        raise _bad("offset", offset, "a whole number, 0 or more")
    return offset


def _data(args: Args, key: str) -> bytes:
    data = args.get(key)
    if not isinstance(data, bytes):
        raise _bad(key, type(data).__name__, "bytes")
    return data


def _bad(key: str, value: object, wanted: str) -> DeviceError:
    return DeviceError("op.argument", f"{key} is {value!r}; it must be {wanted}.")

"""The messages between the studio and its recorder process: JSON, one object each, bytes as base64.

They live here because both sides import them and neither may import the other. Long because it is one table: all that
can be said on one channel.
"""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from motestudio.devices.decoder_messages import ANYBODY, SPEAKS_LINK, Found, Wish
from motestudio.domain.signal import ChannelGroup
from motestudio.errors import AppError, DeviceError, FlashError, MissingError, ProjectError


class _Message(msgspec.Struct, frozen=True, tag_field="type"):
    pass


class Connect(_Message, frozen=True, tag="connect"):
    """Open a port and ask who is there; answered by `Connected` or `RecorderError`.

    Attributes:
        url: of the port.
        baud: of a serial port, `devices.baud.AUTO` to find it out.
        tail_dir: of the live tails.
        lines: what becomes of DTR and RTS; see `devices.transports.LinePolicy`.
        wait_s: how long to wait for the board where it goes, 0 not to.
        wish: who shall read what the port sends.
    """

    url: str
    baud: int
    tail_dir: str
    lines: Literal["auto", "on", "off"] = "auto"
    wait_s: float = 30.0
    wish: Wish = ANYBODY


class Listen(_Message, frozen=True, tag="listen"):
    """Say what a port sends, without recording it; answered by `Listened` or `RecorderError`.

    Attributes:
        url: see `Connect`, like the next two and `wish`, whose decoder is who shall be asked, all where empty.
        baud: likewise.
        lines: likewise.
        wish: likewise.
        seconds: to listen.
    """

    url: str
    baud: int
    lines: Literal["auto", "on", "off"] = "auto"
    wish: Wish = ANYBODY
    seconds: float = 2.0


class Disconnect(_Message, frozen=True, tag="disconnect"):
    """Stop the stream, finish a take, let go of the port; answered by `Disconnected` with an empty code."""


class Request(_Message, frozen=True, tag="request"):
    """Ask the board; answered by `Reply`.

    Attributes:
        id: chosen by the studio.
        op: operation of the link.
        args: JSON values.
        blobs: arguments that are bytes.
        timeout_s: for each of the requests on the link that it takes.
    """

    id: int
    op: str
    args: dict[str, Any]
    blobs: dict[str, bytes] = {}
    timeout_s: float = 5.0


class CancelRequest(_Message, frozen=True, tag="cancel_request"):
    """Give up a `Request` or `LoadPackage`; answered by its `Reply` with code ``cancelled``."""

    id: int


class LoadPackage(_Message, frozen=True, tag="load_package"):
    """Send a package file to the board; `LoadProgress` events and a `Reply` with ``sha256``."""

    id: int
    path: str


class StartTake(_Message, frozen=True, tag="start_take"):
    """Record; answered by `TakeSaved` or `TakeFailed`.

    Attributes:
        folder: of the recordings.
        name: of the recording.
        label: of the whole take; empty for none.
        facts: fields of `domain.recording.Facts`.
        groups: indices in the description, the lead first; each becomes a recording of its own.
        counts: samples of each, exactly; empty until `StopTake`.
        split: ``train`` or ``test`` where the data's source prescribes it.
        device: facts about the board for the metadata.
        start: arguments of the link's ``start``; the take begins with the first sample of that stream. None records
            from the stream that runs.
        start_if_idle: only send ``start`` where nothing streams.
        since: sample of the lead's live tail that the take begins at; negative for the next that arrives.
        back_s: begin so many seconds earlier, as far as the tail reaches: a run-up, or all of what is kept.
    """

    folder: str
    name: str
    label: str
    facts: dict[str, str]
    groups: tuple[int, ...] = (0,)
    counts: tuple[int, ...] = ()
    split: str = ""
    device: dict[str, Any] = {}
    start: dict[str, Any] | None = None
    start_if_idle: bool = False
    since: int = -1
    back_s: float = 0.0


class StopTake(_Message, frozen=True, tag="stop_take"):
    """End the take; thrown away where not `keep` (`TakeFailed` with code ``take.discarded``)."""

    keep: bool


class MarkLabel(_Message, frozen=True, tag="mark_label"):
    """Label a stretch of the take that runs; it is on the disk a moment later. Outside a take it does nothing.

    Attributes:
        label: class name.
        first: first sample, counted in the live tail of the take's lead.
        last: one past the last sample.
    """

    label: str
    first: int
    last: int


class UnmarkLabel(_Message, frozen=True, tag="unmark_label"):
    """Take a label back; see `MarkLabel`."""

    label: str
    first: int


class Shutdown(_Message, frozen=True, tag="shutdown"):
    """Disconnect and exit."""


Command = (
    Connect
    | Listen
    | Disconnect
    | Request
    | CancelRequest
    | LoadPackage
    | StartTake
    | StopTake
    | MarkLabel
    | UnmarkLabel
    | Shutdown
)


class Connected(_Message, frozen=True, tag="connected"):
    """A board has answered.

    Attributes:
        description: its own, as plain values.
        tails: a live tail per channel group.
        baud: of the serial port, 0 where it is none.
        uart: whether that is the rate of a wire; False also where that is not known.
        found: who reads what it sends.
    """

    description: dict[str, Any]
    tails: list[str]
    baud: int = 0
    uart: bool = False
    found: Found = SPEAKS_LINK


class Listened(_Message, frozen=True, tag="listened"):
    """What a port sends.

    Attributes:
        preview: its first lines, for people.
        found: who might read it, the surest first; with all parameters, and the rate that was counted where the
            stream says none.
        groups: the channels that the surest would give, or empty.
        bytes_heard: in that time.
        baud: of the port, as asked for or found out.
    """

    preview: tuple[str, ...]
    found: tuple[Found, ...]
    groups: tuple[ChannelGroup, ...] = ()
    bytes_heard: int = 0
    baud: int = 0


class Lost(_Message, frozen=True, tag="lost"):
    """The board is gone and is waited for; a take stays open. `Reconnected` or `Disconnected` follows.

    Attributes:
        code: of the error.
        text: likewise.
        hint: likewise.
        wait_s: how long at most.
        recording: the take that is open, or empty.
    """

    code: str
    text: str
    hint: str
    wait_s: float
    recording: str = ""


class Reconnecting(_Message, frozen=True, tag="reconnecting"):
    """About once a second while the board is waited for.

    Attributes:
        away_s: since it went.
        wait_s: how long at most.
        why: it is not back yet.
    """

    away_s: float
    wait_s: float
    why: str


class Reconnected(_Message, frozen=True, tag="reconnected"):
    """The board is back, and what it streamed goes on.

    Attributes:
        url: of the port, which may be another one now.
        away_s: how long it was gone.
        description: its own, as plain values; with the same channel groups as before.
    """

    url: str
    away_s: float
    description: dict[str, Any]


class Disconnected(_Message, frozen=True, tag="disconnected"):
    """The port is closed: asked for where `code` is empty, else why."""

    code: str = ""
    text: str = ""
    hint: str = ""


class RecorderError(_Message, frozen=True, tag="error"):
    """A command could not be done."""

    code: str
    text: str
    hint: str = ""
    data: dict[str, Any] = {}


class Reply(_Message, frozen=True, tag="reply"):
    """To a `Request` or `LoadPackage`."""

    id: int
    ok: bool
    result: dict[str, Any] = {}
    blobs: dict[str, bytes] = {}
    code: str = ""
    text: str = ""
    hint: str = ""


class GroupHealth(msgspec.Struct, frozen=True):
    """How one channel group arrives.

    Attributes:
        rate_hz: measured from device timestamps of the latest blocks; 0 where unknown.
        jitter_p50_ms: median deviation of block times from a steady clock, of the latest blocks.
        jitter_ms: 99th percentile.
        jitter_max_ms: the largest since the stream began.
        gaps: since the stream began.
        lost: samples, likewise.
        dropped: of those, what the board itself threw away.
        samples: likewise.
        drift_ppm: how much faster the board's clock runs than this computer's.
        drift_error_ppm: two standard errors of it; 0 where the drift is not known yet.
        recording_samples: of the take that runs.
    """

    rate_hz: float = 0.0
    jitter_p50_ms: float = 0.0
    jitter_ms: float = 0.0
    jitter_max_ms: float = 0.0
    gaps: int = 0
    lost: int = 0
    dropped: int = 0
    samples: int = 0
    drift_ppm: float = 0.0
    drift_error_ppm: float = 0.0
    recording_samples: int = 0


class Health(_Message, frozen=True, tag="health"):
    """About ten times a second while connected.

    Attributes:
        groups: figures of every channel group, in the order of the description.
        crc_errors: frames thrown away since connecting, of whatever damage.
        bytes_per_s: over the link.
        streaming: whether the board streams.
        lead: index of the group that leads the take that runs, or that was heard of last.
        free_bytes: of the disk that takes are written to.
        seconds_left: until that is full, at the rate at which samples arrive; 0 where nothing does.
    """

    groups: tuple[GroupHealth, ...]
    crc_errors: int = 0
    bytes_per_s: float = 0.0
    streaming: bool = False
    lead: int = 0
    free_bytes: int = 0
    seconds_left: float = 0.0

    @property
    def of_lead(self) -> GroupHealth:
        """Figures of the group that leads."""
        return self.groups[self.lead]

    @property
    def lost(self) -> int:
        """Samples missing in all groups since the stream began."""
        return sum(g.lost for g in self.groups)


class TakePart(msgspec.Struct, frozen=True):
    """One channel group of a take.

    Attributes:
        group: index in the description.
        name: of the recording.
        path: of its samples, which grow while the take runs.
        first: sample of the group's live tail that is the recording's first.
    """

    group: int
    name: str
    path: str
    first: int


class TakeBegan(_Message, frozen=True, tag="take_began"):
    """The first samples of a take are known.

    Attributes:
        name: of the take.
        parts: the lead first.
    """

    name: str
    parts: tuple[TakePart, ...]


class TakeSaved(_Message, frozen=True, tag="take_saved"):
    """A take is on the disk.

    Attributes:
        name: of the take: the recording's, or the collection's where it has several channel groups.
        n_samples: of the lead.
        lost: samples missing in all of it.
        reason: ``count``, ``asked``, ``stopped`` (by the board), ``shutdown``, or the code of the error that ended it.
        recordings: names, the lead first.
    """

    name: str
    n_samples: int
    lost: int = 0
    reason: str = "count"
    recordings: tuple[str, ...] = ()


class TakeFailed(_Message, frozen=True, tag="take_failed"):
    """A take is not complete; `kept_samples` of it are on the disk and open as a recording."""

    name: str
    code: str
    text: str
    hint: str = ""
    kept_samples: int = 0


class LoadProgress(_Message, frozen=True, tag="load_progress"):
    """How much of a package is sent, 0..1."""

    id: int
    fraction: float


class InferenceRow(msgspec.Struct, frozen=True, array_like=True):
    """`domain.board.InferenceFrame` on the channel."""

    sample_index: int
    device_time_us: int
    output: list[int]
    scale: float
    zero_point: int
    latency_us: int


class Inference(_Message, frozen=True, tag="inference"):
    """Inferences in the order the board made them."""

    frames: list[InferenceRow]


class BoardEvent(_Message, frozen=True, tag="board_event"):
    """Something the board said by itself, such as ``infer_error``."""

    name: str
    data: dict[str, Any]


Event = (
    Connected
    | Listened
    | Lost
    | Reconnecting
    | Reconnected
    | Disconnected
    | RecorderError
    | Reply
    | Health
    | TakeBegan
    | TakeSaved
    | TakeFailed
    | LoadProgress
    | Inference
    | BoardEvent
)

encode = msgspec.json.Encoder().encode
_commands = msgspec.json.Decoder(Command)
_events = msgspec.json.Decoder(Event)


def decode_command(data: bytes) -> Command:
    """Read what the studio sent.

    Raises:
        msgspec.DecodeError: no command.
    """
    command: Command = _commands.decode(data)
    return command


def decode_event(data: bytes) -> Event:
    """Read what the recorder sent.

    Raises:
        msgspec.DecodeError: no event.
    """
    event: Event = _events.decode(data)
    return event


def to_error(code: str, text: str, hint: str = "", data: dict[str, Any] | None = None) -> AppError:
    """The `AppError` behind a code that came over the channel."""
    if code == "mic.missing":
        return MissingError(code, text, hint, data)
    room = code.split(".", 1)[0]
    kind: type[AppError] = DeviceError
    if room in ("flash", "load", "package", "slot"):
        kind = FlashError
    elif room in ("disk", "recording", "project", "file", "folder"):
        kind = ProjectError
    return kind(code, text, hint, data)


def split_blobs(values: dict[str, Any]) -> tuple[dict[str, Any], dict[str, bytes]]:
    """Part JSON values from bytes, one level deep."""
    blobs = {k: v for k, v in values.items() if isinstance(v, bytes)}
    return {k: v for k, v in values.items() if k not in blobs}, blobs

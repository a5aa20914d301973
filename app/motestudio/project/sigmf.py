"""The SigMF metadata of one recording: its fields, to and from the domain. No files are touched here.

Standard fields are SigMF 1.2's (``ri16_le`` with ``core:num_channels``, captures at every gap, annotations for
labels); channels, units, facts and health stand in the declared extension ``mote``. What other programs added is kept.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from motestudio.domain.labels import Origin, Segment, clipped
from motestudio.domain.recording import Capture, Facts, Health, Recording
from motestudio.domain.signal import Channel, ChannelGroup
from motestudio.errors import ProjectError

SIGMF_VERSION = "1.2.6"
EXTENSION_VERSION = "1.0.0"
DATATYPE = "ri16_le"
EXTENSION = {"name": "mote", "version": EXTENSION_VERSION, "optional": True}
_OURS_IN_ANNOTATION = frozenset(
    {
        "core:sample_start",
        "core:sample_count",
        "core:label",
        "core:generator",
        "core:comment",
        "mote:origin",
        "mote:confidence",
    }
)


class _Channel(msgspec.Struct):
    name: str
    unit: str = ""
    scale: float = 1.0
    offset: float = 0.0


class _Facts(msgspec.Struct):
    subject: str = ""
    session: str = ""
    device: str = ""
    site: str = ""
    note: str = ""


class _Health(msgspec.Struct):
    rate_hz: float = 0.0
    jitter_ms: float = 0.0
    lost_samples: int = 0
    crc_errors: int = 0
    clipped: tuple[int, ...] = ()
    jitter_p50_ms: float = 0.0
    jitter_max_ms: float = 0.0
    gaps: int = 0
    dropped: int = 0
    constant: tuple[bool, ...] = ()
    drift_ppm: float = 0.0
    drift_error_ppm: float = 0.0


class _Global(msgspec.Struct):
    datatype: str = msgspec.field(name="core:datatype")
    version: str = msgspec.field(name="core:version")
    sample_rate: float = msgspec.field(name="core:sample_rate", default=0.0)
    num_channels: int = msgspec.field(name="core:num_channels", default=1)
    sha512: str = msgspec.field(name="core:sha512", default="")
    group: str = msgspec.field(name="mote:group", default="signal")
    channels: tuple[_Channel, ...] = msgspec.field(name="mote:channels", default=())
    facts: _Facts = msgspec.field(name="mote:facts", default_factory=_Facts)
    health: _Health = msgspec.field(name="mote:health", default_factory=_Health)
    complete: bool = msgspec.field(name="mote:complete", default=True)
    created: str = msgspec.field(name="mote:created", default="")
    split: str = msgspec.field(name="mote:split", default="")
    samples: int | None = msgspec.field(name="mote:samples", default=None)
    collection: str = msgspec.field(name="core:collection", default="")


class _Capture(msgspec.Struct):
    sample_start: int = msgspec.field(name="core:sample_start")
    device_time_us: int = msgspec.field(name="mote:device_time_us", default=0)
    host_time_us: int = msgspec.field(name="mote:host_time_us", default=0)
    lost_before: int = msgspec.field(name="mote:lost_before", default=0)
    away_us: int = msgspec.field(name="mote:away_us", default=0)
    estimated: bool = msgspec.field(name="mote:lost_estimated", default=False)


class _Annotation(msgspec.Struct):
    sample_start: int = msgspec.field(name="core:sample_start")
    sample_count: int | None = msgspec.field(name="core:sample_count", default=None)
    label: str = msgspec.field(name="core:label", default="")
    generator: str = msgspec.field(name="core:generator", default="")
    comment: str = msgspec.field(name="core:comment", default="")
    origin: str = msgspec.field(name="mote:origin", default="mine")
    confidence: float | None = msgspec.field(name="mote:confidence", default=None)


class _Meta(msgspec.Struct):
    globals: _Global = msgspec.field(name="global")
    captures: list[_Capture] = msgspec.field(default_factory=list)
    annotations: list[_Annotation] = msgspec.field(default_factory=list)


_decoder = msgspec.json.Decoder(_Meta)


def read(name: str, data_path: Path, meta: bytes, data_bytes: int) -> Recording:
    """A recording from its metadata.

    Args:
        name: the files' stem.
        data_path: of the samples.
        meta: content of the ``.sigmf-meta`` file.
        data_bytes: size of the samples' file; a truncated frame at its end is left out.

    Raises:
        ProjectError: not SigMF, or not something that the studio can show.
    """
    try:
        body = _decoder.decode(meta)
        facts = body.globals
        _check(name, facts)
        channels = tuple(Channel(c.name, c.unit, c.scale, c.offset) for c in facts.channels)
        names = channels or tuple(Channel(f"ch{i}") for i in range(facts.num_channels))
        group = ChannelGroup(facts.group, facts.sample_rate, names)
        n_samples, rest = divmod(data_bytes, group.frame_bytes)
        whole = facts.complete and rest == 0 and facts.samples in (None, n_samples)
        segments = [_segment(a, n_samples) for a in body.annotations if a.sample_start < n_samples and a.label]
        return Recording(
            name=name,
            data_path=data_path,
            group=group,
            n_samples=n_samples,
            captures=tuple(
                Capture(c.sample_start, c.device_time_us, c.host_time_us, c.lost_before, c.away_us, c.estimated)
                for c in body.captures
            ),
            segments=clipped(segments, n_samples),
            facts=Facts(**msgspec.structs.asdict(facts.facts)),
            health=Health(**msgspec.structs.asdict(facts.health)),
            complete=whole,
            created=facts.created,
            sha512=facts.sha512 if whole else "",
            split=facts.split,
            collection=facts.collection,
        )
    except (msgspec.MsgspecError, ValueError) as error:
        raise broken(name, str(error)) from error


def _check(name: str, facts: _Global) -> None:
    if facts.datatype != DATATYPE:
        raise ProjectError(
            "recording.datatype",
            f"The recording {name} has samples of type {facts.datatype}; the studio reads {DATATYPE}.",
            "Convert it to 16-bit integers, or import it from its source.",
            {"recording": name},
        )
    if not 1 <= facts.num_channels <= 4096 or (facts.channels and len(facts.channels) != facts.num_channels):
        raise ValueError(f"{facts.num_channels} channels, and {len(facts.channels)} of them described")


def _segment(row: _Annotation, n_samples: int) -> Segment:
    count = n_samples - row.sample_start if row.sample_count is None else row.sample_count
    origin: Origin = "proposed" if row.origin == "proposed" else "mine"
    return Segment(row.sample_start, count, row.label, origin, row.generator, row.confidence, row.comment)


def broken(name: str, reason: str) -> ProjectError:
    """A recording whose metadata cannot be understood."""
    return ProjectError(
        "recording.broken",
        f"The recording {name} cannot be read: {reason}.",
        "Its samples are untouched; mend or remove its .sigmf-meta file.",
        {"recording": name},
    )


def collection_of(meta: bytes) -> str:
    """The collection that metadata says it belongs to; empty where it says none, or is not ours to read."""
    try:
        return _decoder.decode(meta).globals.collection
    except msgspec.MsgspecError:
        return ""


def global_fields(
    group: ChannelGroup,
    facts: Facts,
    *,
    created: str,
    split: str,
    device: Mapping[str, Any] | None,
    collection: str = "",
) -> dict[str, Any]:
    """The ``global`` object of a recording that begins."""
    fields: dict[str, Any] = {
        "core:datatype": DATATYPE,
        "core:version": SIGMF_VERSION,
        "core:sample_rate": group.rate_hz,
        "core:num_channels": len(group.channels),
        "core:recorder": "Mote Studio",
        "core:extensions": [EXTENSION],
        "mote:group": group.name,
        "mote:channels": [asdict(c) for c in group.channels],
        "mote:facts": asdict(facts),
        "mote:created": created,
        "mote:complete": False,
    }
    if split:
        fields["mote:split"] = split
    if collection:
        fields["core:collection"] = collection
    if device:
        fields["mote:device"] = dict(device)
        if name := device.get("name"):
            fields["core:hw"] = str(name)
    return fields


def capture_fields(capture: Capture) -> dict[str, Any]:
    """An entry of ``captures``."""
    fields: dict[str, Any] = {"core:sample_start": capture.sample_start}
    if capture.host_time_us > 0:
        fields["core:datetime"] = iso(capture.host_time_us)
    fields["mote:device_time_us"] = capture.device_time_us
    fields["mote:host_time_us"] = capture.host_time_us
    if capture.lost_before:
        fields["mote:lost_before"] = capture.lost_before
    if capture.away_us:
        fields["mote:away_us"] = capture.away_us
        fields["mote:lost_estimated"] = capture.estimated
    return fields


def annotation_fields(
    segments: Iterable[Segment], known: Iterable[Mapping[str, Any]] = (), *, open_after: int | None = None
) -> list[dict[str, Any]]:
    """The ``annotations`` of a recording.

    Args:
        segments: in order.
        known: annotations as they stand in the file: what other programs said of the same stretch is kept, and so
            are annotations without a label, which are not ours.
        open_after: samples so far of a recording that grows: a label beyond them has no length, which means to the end.
    """
    extras: dict[tuple[Any, Any], dict[str, Any]] = {}
    rows: list[dict[str, Any]] = []
    for row in known:
        if not row.get("core:label"):
            rows.append(dict(row))
            continue
        more = {k: v for k, v in row.items() if k not in _OURS_IN_ANNOTATION}
        extras[row.get("core:sample_start"), row.get("core:sample_count")] = more
    for s in segments:
        fields: dict[str, Any] = {
            "core:sample_start": s.start,
            "core:sample_count": s.count,
            "core:label": s.label,
            "mote:origin": s.origin,
        }
        if open_after is not None and s.end > open_after:
            del fields["core:sample_count"]
        if s.generator:
            fields["core:generator"] = s.generator
        if s.note:
            fields["core:comment"] = s.note
        if s.confidence is not None:
            fields["mote:confidence"] = s.confidence
        rows.append(fields | extras.get((s.start, s.count), {}))
    return sorted(rows, key=lambda r: int(r.get("core:sample_start", 0)))


def encode(meta: Mapping[str, Any]) -> bytes:
    """Metadata as it stands in a file: indented, so that git can show what changed."""
    return msgspec.json.format(msgspec.json.encode(meta), indent=2) + b"\n"


def iso(host_time_us: int) -> str:
    """RFC 3339 in UTC with microseconds."""
    seconds, micros = divmod(host_time_us, 1_000_000)
    moment = datetime.fromtimestamp(seconds, UTC).replace(microsecond=micros)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")

"""What is known of one recording besides its samples."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from motestudio.domain.labels import Segment
from motestudio.domain.signal import ChannelGroup


@dataclass(frozen=True, slots=True)
class Capture:
    """A stretch without a gap: a new one begins at the start, at every gap or clock jump, and where a board came back.

    Attributes:
        sample_start: index of its first sample in the data file.
        device_time_us: the board's clock at that sample.
        host_time_us: this computer's clock, microseconds since the epoch.
        lost_before: samples missing just before it; 0 at the start, or where only the clock jumped.
        away_us: how long the board was away before it, by this computer's clock; 0 where it was not.
        estimated: `lost_before` is `away_us` times the rate, because the board's clock did not go on meanwhile.
    """

    sample_start: int
    device_time_us: int
    host_time_us: int
    lost_before: int = 0
    away_us: int = 0
    estimated: bool = False


@dataclass(frozen=True, slots=True)
class Facts:
    """Who, where and with what: the fields by which data is split and searched."""

    subject: str = ""
    session: str = ""
    device: str = ""
    site: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Health:
    """How well the stream arrived.

    Attributes:
        rate_hz: measured from device timestamps, 0 where unknown.
        jitter_ms: 99th percentile of the deviation of block times from a steady clock.
        lost_samples: missing by device timestamps or drop counts, or estimated where the board was away.
        crc_errors: frames thrown away for their checksum.
        clipped: samples at the end of the raw range, per channel.
    """

    rate_hz: float = 0.0
    jitter_ms: float = 0.0
    lost_samples: int = 0
    crc_errors: int = 0
    clipped: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Recording:
    """One channel group, recorded at one rate: a SigMF pair of files.

    Attributes:
        name: the files' stem, unique in the project.
        data_path: the ``.sigmf-data`` file: int16 little-endian, channels interleaved.
        group: channels and nominal rate.
        n_samples: whole samples in the data file.
        captures: at least one where there are samples.
        segments: labels, in order.
        complete: False where the recorder did not finish it (it was killed or unplugged); the samples are good.
        created: ISO 8601, UTC.
        sha512: of the data file, empty until it is complete.
        split: ``train`` or ``test`` where the source of an import said so, else empty.
    """

    name: str
    data_path: Path
    group: ChannelGroup
    n_samples: int
    captures: tuple[Capture, ...] = ()
    segments: tuple[Segment, ...] = ()
    facts: Facts = field(default_factory=Facts)
    health: Health = field(default_factory=Health)
    complete: bool = True
    created: str = ""
    sha512: str = ""
    split: str = ""

    @property
    def seconds(self) -> float:
        """Length by the nominal rate."""
        return self.n_samples / self.group.rate_hz

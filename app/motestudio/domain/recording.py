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
        crc_errors: frames thrown away for their checksum, or stretches that a decoder could not read.
        clipped: samples at the end of the raw range, per channel.
        jitter_p50_ms: median of those deviations.
        jitter_max_ms: the largest of them.
        gaps: places where samples are missing.
        dropped: samples that the board itself threw away; they are among `lost_samples`.
        constant: per channel, whether it never changed.
        drift_ppm: how much faster the board's clock runs than this computer's, in parts per million.
        drift_error_ppm: of `drift_ppm`, two standard errors; 0 where the drift is not known.
    """

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
        collection: what it was recorded together with: the name that all channel groups of one take share, or empty.
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
    collection: str = ""

    @property
    def take(self) -> str:
        """The name of the take that it is, or is a part of."""
        return self.collection or self.name

    @property
    def seconds(self) -> float:
        """Length by the nominal rate."""
        return self.n_samples / self.group.rate_hz

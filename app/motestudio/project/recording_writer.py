"""Writes one recording while it happens: samples are appended, the metadata stands beside them from the start.

A killed writer leaves a recording that opens. Nothing is resampled, filtered or dropped here.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import time
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from motestudio.domain.labels import Segment, clipped
from motestudio.domain.recording import Capture, Facts, Health, Recording
from motestudio.domain.signal import ChannelGroup, Samples
from motestudio.errors import ProjectError
from motestudio.project import sigmf
from motestudio.project.files import file_error, write_atomic
from motestudio.project.names import check_name

DATA_SUFFIX, META_SUFFIX = ".sigmf-data", ".sigmf-meta"
_SYNC_S = 5.0
CLOCK_JUMP_S = 0.5
"""A block whose device time is off by more than this from the end of the block before begins a new capture."""


class RecordingWriter:
    """One recording in the making; ends with `finish` or `abort`.

    Args:
        folder: of the recordings; made where it is missing.
        name: not used by another recording.
        group: channels and nominal rate.
        facts: who, where and with what.
        segments: labels that are known before; they may reach beyond the end and are cut there.
        split: where the source of an import prescribes it.
        device: what the board said of itself, JSON values.
        durable: survive a power cut after `finish`, and but for some seconds before it; imports, which can be repeated,
            leave it off.
        collection: the take that it is a part of, or empty.

    Raises:
        ProjectError: the name is taken or not allowed, or the folder cannot be written.
    """

    def __init__(
        self,
        folder: Path,
        name: str,
        group: ChannelGroup,
        facts: Facts,
        segments: Iterable[Segment] = (),
        split: str = "",
        device: Mapping[str, Any] | None = None,
        *,
        durable: bool = True,
        collection: str = "",
    ) -> None:
        self.name = check_name(name)
        self.group = group
        self.data_path = folder / (name + DATA_SUFFIX)
        self._meta_path = folder / (name + META_SUFFIX)
        self._facts, self._segments, self._split, self._durable = facts, tuple(segments), split, durable
        self._created = sigmf.iso(time.time_ns() // 1000)
        self._collection = collection
        self._global = sigmf.global_fields(
            group, facts, created=self._created, split=split, device=device, collection=collection
        )
        self._captures: list[Capture] = []
        self._hash = hashlib.sha512()
        self._next_time_us = 0.0
        self._synced = time.monotonic()
        self.n_samples = 0
        self._complete = False
        try:
            folder.mkdir(parents=True, exist_ok=True)
            if self._meta_path.exists():
                raise FileExistsError
            self._file = self.data_path.open("xb", buffering=0)
        except FileExistsError:
            text = f"There is a recording {name} already."
            raise ProjectError("recording.exists", text, "Choose another name.", {"recording": name}) from None
        except OSError as error:
            raise file_error(error, self.data_path) from error
        try:
            self._write_meta(self._segments)
        except BaseException:
            self.abort()
            raise

    def append(
        self,
        samples: Samples,
        device_time_us: int,
        host_time_us: int,
        lost_before: int = 0,
        *,
        away_us: int = 0,
        estimated: bool = False,
    ) -> None:
        """Append samples.

        Args:
            samples: int16, shape (samples, channels).
            device_time_us: the board's clock at the first of them; 0 with `host_time_us` 0 where there is no clock.
            host_time_us: this computer's clock, microseconds since the epoch.
            lost_before: samples missing between these and the ones before.
            away_us: how long the board was away between them, by this computer's clock; begins a new capture.
            estimated: `lost_before` follows from `away_us` alone.

        Raises:
            ProjectError: ``disk.full`` or another failure; whole samples written before are kept.
        """
        if samples.ndim != 2 or samples.shape[1] != len(self.group.channels):
            raise ValueError(f"samples of shape {samples.shape} for {len(self.group.channels)} channels")
        if not len(samples):
            return
        data = np.ascontiguousarray(samples, dtype="<i2").tobytes()
        new = self._begins_capture(device_time_us, lost_before) or away_us > 0
        if new:
            gap = (lost_before, away_us, estimated) if self._captures else (0, 0, False)
            self._captures.append(Capture(self.n_samples, device_time_us, host_time_us, *gap))
        self._write(data)
        self._hash.update(data)
        self.n_samples += len(samples)
        self._next_time_us = device_time_us + len(samples) / self.group.rate_hz * 1e6
        if new and len(self._captures) > 1:
            # The gap must be known even if this process is killed before the end.
            self._write_meta(self._segments)
        if self._durable and time.monotonic() - self._synced > _SYNC_S:
            self._sync()

    def set_segments(self, segments: Iterable[Segment]) -> None:
        """Replace the labels while it is written; those that reach beyond what is there go to its end.

        Raises:
            ProjectError: the metadata cannot be written.
        """
        self._segments = tuple(segments)
        self._write_meta(self._segments)

    def finish(self, health: Health | None = None, segments: Iterable[Segment] | None = None) -> Recording:
        """Complete the recording.

        Args:
            health: how well the stream arrived.
            segments: instead of those given at the start.

        Raises:
            ProjectError: the metadata cannot be written; the samples are there and open as an incomplete recording.
        """
        health = health or Health()
        rows = clipped(self._segments if segments is None else segments, self.n_samples)
        try:
            if self._durable:
                self._sync()
        finally:
            self._file.close()
        self._global |= {
            "core:sha512": self._hash.hexdigest(),
            "mote:complete": True,
            "mote:health": asdict(health),
            "mote:samples": self.n_samples,
        }
        self._complete = True
        self._write_meta(rows, durable=self._durable)
        return Recording(
            name=self.name,
            data_path=self.data_path,
            group=self.group,
            n_samples=self.n_samples,
            captures=tuple(self._captures),
            segments=rows,
            facts=self._facts,
            health=health,
            created=self._created,
            sha512=self._hash.hexdigest(),
            split=self._split,
            collection=self._collection,
        )

    def abort(self) -> None:
        """Remove what was written."""
        self._file.close()
        for path in (self._meta_path, self.data_path):
            with contextlib.suppress(OSError):
                path.unlink(missing_ok=True)

    def _sync(self) -> None:
        self._synced = time.monotonic()
        try:
            os.fsync(self._file.fileno())
        except OSError as error:
            raise file_error(error, self.data_path) from error

    def _begins_capture(self, device_time_us: int, lost_before: int) -> bool:
        off = abs(device_time_us - self._next_time_us) / 1e6
        return not self._captures or lost_before > 0 or off > CLOCK_JUMP_S

    def _write(self, data: bytes) -> None:
        view = memoryview(data)
        try:
            while view:
                view = view[self._file.write(view) or 0 :]
        except OSError as error:
            # Keep whole frames of earlier blocks only, so that the file and what is known of it agree.
            with contextlib.suppress(OSError):
                self._file.truncate(self.n_samples * self.group.frame_bytes)
                self._file.seek(0, os.SEEK_END)
            if self._captures and self._captures[-1].sample_start == self.n_samples:
                self._captures.pop()
            raise file_error(error, self.data_path) from error

    def _write_meta(self, segments: Iterable[Segment], *, durable: bool = False) -> None:
        meta = {
            "global": self._global,
            "captures": [sigmf.capture_fields(c) for c in self._captures] or [{"core:sample_start": 0}],
            "annotations": sigmf.annotation_fields(segments, open_after=None if self._complete else self.n_samples),
        }
        write_atomic(self._meta_path, sigmf.encode(meta), durable=durable)

"""The stage: clips from WAV files.

Two passes: headers for the common rate, then one file at a time, so that memory holds one clip.
"""

from __future__ import annotations

import math
import re
import struct
import warnings
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from motestudio.sdk import Channel, ChannelGroup, Clip, PluginError, RunContext, Value

from .folders import Names, class_folder, find_files, labels, split_of, without_copies

LEAST_SECONDS = 0.01
LEAST_LISTED = 0.05
_NAMED = re.compile(r"^(?P<label>[^_]+)_(?P<subject>[^_]*[A-Za-z][^_]*)_(?P<index>\d+)$")
_HASHED = re.compile(r"^(?P<subject>[0-9a-zA-Z]+)_nohash_\d+$")
_SPLIT_LISTS = {"testing_list.txt": "test", "validation_list.txt": "train"}


class WavFiles:
    """Importer stage ``mote-files/wav``."""

    def clips(self, ctx: RunContext, source: Path, params: Mapping[str, Value]) -> Iterator[Clip]:
        """Yield one clip per file.

        Raises:
            PluginError: there is no WAV file that can be read.
            Cancelled: the user cancelled.
        """
        paths = without_copies(find_files(source, ".wav"), source, ctx.log)
        if not paths:
            hint = "Choose the folder that holds them."
            raise PluginError("import.no_files", f"{source.name} has no WAV files.", hint)
        rates = _rates(paths, ctx)
        if not rates:
            text = f"None of the {len(paths)} WAV files in {source.name} can be read."
            raise PluginError("import.no_data", text, "The log names the reason for each file.")
        rate = float(params["rate_hz"]) or float(Counter(rates.values()).most_common(1)[0][0])
        group = ChannelGroup("audio", rate, (Channel("audio", "", 1.0 / 32768.0),))
        facts = label_and_subject(list(rates), source, str(params["label_from"]))
        listed = _listed_splits(source, list(rates))
        names = Names()
        for i, path in enumerate(rates):
            ctx.progress(i / len(rates), path.name)
            samples = _read(path, rate, str(params["mono"]), ctx)
            if samples is None:
                continue
            label, subject = facts[path]
            place = "" if path == source else path.relative_to(source).as_posix()
            split = listed.get(place) or split_of(path, source)
            stem = path.stem if path.stem.startswith(label) else f"{label}_{path.stem}"
            name = names.take("" if place in listed else split, stem)
            yield Clip(name, label, group, samples, subject, "", split, place or path.name)


def label_and_subject(paths: Sequence[Path], source: Path, label_from: str) -> dict[Path, tuple[str, str]]:
    """Label and subject of every file.

    Args:
        paths: all files of the import.
        source: its folder.
        label_from: ``auto``, ``folder`` or ``file``.
    """
    by_place = labels(paths, source, label_from)
    named = {p: m for p in paths if (m := _NAMED.match(p.stem)) and "nohash" not in p.stem}
    # A pattern counts only where most files follow it; three words joined by chance do not make a speaker.
    use_names = label_from != "folder" and len(named) >= 0.8 * len(paths)
    out = {}
    for path in paths:
        if hashed := _HASHED.match(path.stem):
            out[path] = (class_folder(path, source) or by_place[path], hashed["subject"])
        elif use_names and path in named:
            out[path] = (named[path]["label"], named[path]["subject"])
        else:
            out[path] = (by_place[path], "")
    return out


def _listed_splits(source: Path, paths: Sequence[Path]) -> dict[str, str]:
    """Splits that the data's authors list in text files, by path below the source.

    An excerpt that holds hardly any of the listed test files is no test set: then the lists are not used.
    """
    out: dict[str, str] = {}
    for name, split in _SPLIT_LISTS.items():
        path = source / name
        if path.is_file():
            lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
            out |= {line.strip(): split for line in lines if line.strip()}
    tests = sum(out.get(p.relative_to(source).as_posix()) == "test" for p in paths if p != source)
    return out if tests >= LEAST_LISTED * len(paths) else {}


def _rates(paths: Sequence[Path], ctx: RunContext) -> dict[Path, int]:
    out = {}
    for path in paths:
        ctx.check_cancelled()
        try:
            with path.open("rb") as file:
                out[path] = _rate_in(file.read(4096))
        except (OSError, ValueError, struct.error) as error:
            ctx.log(f"{path.name} is left out: {error}.")
    return out


def _rate_in(head: bytes) -> int:
    """Sample rate from the ``fmt`` chunk of a RIFF header."""
    if not head:
        raise ValueError("it is empty")
    if head[:4] != b"RIFF" or head[8:12] != b"WAVE":
        raise ValueError("it is not a WAV file")
    at = 12
    while at + 8 <= len(head):
        size = struct.unpack_from("<I", head, at + 4)[0]
        if head[at : at + 4] == b"fmt ":
            rate = int(struct.unpack_from("<I", head, at + 12)[0])
            if not 100 <= rate <= 1_000_000:
                raise ValueError(f"its rate of {rate} Hz makes no sense")
            return rate
        at += 8 + size + size % 2
    raise ValueError("its header names no format")


def _read(path: Path, rate: float, mono: str, ctx: RunContext) -> npt.NDArray[np.int16] | None:
    """One file as int16 at the common rate, shape (samples, 1), or None with a line in the log."""
    from scipy.io import wavfile

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # chunks that scipy does not know are of no interest
            own_rate, data = wavfile.read(path)
    except (OSError, ValueError, EOFError, struct.error, TypeError, MemoryError, ZeroDivisionError) as error:
        ctx.log(f"{path.name} is left out: {error}.")
        return None
    if data.ndim > 1:
        data = data[:, 0] if mono == "first" else data.mean(axis=1, dtype=np.float64).astype(data.dtype)
    if len(data) < LEAST_SECONDS * own_rate:
        ctx.log(f"{path.name} is left out: {len(data)} samples.")
        return None
    counts = _counts(data)
    if own_rate != rate:
        counts = _resampled(counts, own_rate, rate)
        ctx.log(f"{path.name}: resampled from {own_rate} Hz to {rate:g} Hz.")
    whole: npt.NDArray[np.int16] = np.clip(np.rint(counts), -32768, 32767).astype(np.int16)
    return whole[:, None]


def _counts(data: npt.NDArray[np.generic]) -> npt.NDArray[np.float64]:
    """Samples of any WAV format in units of a 16-bit count."""
    kind, bits = data.dtype.kind, 8 * data.dtype.itemsize
    values = np.nan_to_num(data.astype(np.float64))
    if kind == "f":
        return values * 32768.0
    if kind == "u":
        return (values - 2.0 ** (bits - 1)) * 2.0 ** (16 - bits)
    return values * 2.0 ** (16 - bits)  # 24 bits come in the upper part of 32


def _resampled(counts: npt.NDArray[np.float64], own_rate: float, rate: float) -> npt.NDArray[np.float64]:
    from scipy.signal import resample_poly

    shared = math.gcd(round(own_rate), round(rate))
    out: npt.NDArray[np.float64] = resample_poly(counts, round(rate) // shared, round(own_rate) // shared)
    return out

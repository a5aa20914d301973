"""The stage: one clip per .npy file. A file that cannot be read is logged and left out, never fatal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from motestudio.sdk import Channel, ChannelGroup, Clip, PluginError, RunContext, Value

_MOST_CHANNELS = 64
_RAW_MAX = 32767


class Arrays:
    """Importer stage for a .npy file or a folder of them."""

    def clips(self, ctx: RunContext, source: Path, params: Mapping[str, Value]) -> Iterator[Clip]:
        """Yield a clip for every file, in order of their names.

        Raises:
            PluginError: there is no such file.
        """
        files = [source] if source.is_file() else sorted(source.rglob("*.npy"))
        if not files:
            raise PluginError("arrays.nothing", f"There is no .npy file in {source.name}.", "Choose another folder.")
        for index, path in enumerate(files):
            ctx.progress(index / len(files), path.name)
            try:
                yield self._clip(path, source, params)
            except (OSError, ValueError, EOFError) as error:
                ctx.log(f"{path.name}: {error}, left out")

    def _clip(self, path: Path, source: Path, params: Mapping[str, Value]) -> Clip:
        # Never allow_pickle: a pickle runs code of whoever wrote the file.
        values = np.load(path, allow_pickle=False)
        if values.ndim == 1:
            values = values[:, None]
        if values.ndim != 2:
            raise ValueError(f"has {values.ndim} dimensions, not samples by channels")
        values = (values.T if params["columns_first"] else values)[int(params["skip"]) :]
        if not 1 <= values.shape[1] <= _MOST_CHANNELS:
            raise ValueError(f"has {values.shape[1]} channels")
        samples, scale = _counts(values)
        names = [n.strip() for n in str(params["channels"]).split(",") if n.strip()]
        names += [f"c{i}" for i in range(len(names), values.shape[1])]
        unit = str(params["unit"])
        group = ChannelGroup(
            "imported", float(params["rate_hz"]), tuple(Channel(n, unit, scale) for n in names[: values.shape[1]])
        )
        return Clip(path.stem, _label(path, params), group, samples, source=_place(path, source))


def _counts(values: npt.NDArray[Any]) -> tuple[npt.NDArray[np.int16], float]:
    """Recordings hold 16-bit counts; other numbers get the scale that uses the range.

    Raises:
        ValueError: no numbers, or not finite.
    """
    if values.dtype == np.int16:
        return np.ascontiguousarray(values), 1.0
    if values.dtype.kind not in "iufb":
        raise ValueError(f"holds {values.dtype}, not numbers")
    numbers = values.astype(np.float64)
    if not np.isfinite(numbers).all():
        raise ValueError("holds values that are not finite")
    # A power of two, so that clips of one import have one scale unless they are very different.
    largest = float(np.abs(numbers).max(initial=0.0)) or 1.0
    scale = float(2.0 ** np.ceil(np.log2(largest / _RAW_MAX)))
    return np.rint(numbers / scale).astype(np.int16), scale


def _label(path: Path, params: Mapping[str, Value]) -> str:
    if params["label_from"] == "folder":
        return path.parent.name
    return path.stem.partition("_")[0] if params["label_from"] == "file" else ""


def _place(path: Path, source: Path) -> str:
    return path.name if path == source else path.relative_to(source).as_posix()

"""Streams that are computed in chunks of one size and read in blocks of any: the samples do not depend on the blocks.

It holds less than one chunk, whatever is asked for.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]


class Chunks:
    """Reads blocks out of chunks.

    Args:
        make: the next chunk, shape (samples, channels) or (samples,), the same shape every time.
    """

    def __init__(self, make: Callable[[], Array]) -> None:
        self._make = make
        self._rest: Array | None = None

    def read(self, n: int) -> Array:
        """The next `n` samples."""
        rest = self._make() if self._rest is None else self._rest
        parts, have = [rest], len(rest)
        while have < n:
            parts.append(self._make())
            have += len(parts[-1])
        used = n - (have - len(parts[-1]))
        self._rest = parts[-1][used:].copy()
        parts[-1] = parts[-1][:used]
        return np.concatenate(parts)

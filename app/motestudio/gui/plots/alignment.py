"""How the time axes of several channel groups of one board lie to each other. No Qt here."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


def aligned(readers: Sequence[Any], before: Sequence[float], least_s: float) -> list[float]:
    """Seconds of the lead's time axis minus each other reader's, by the board's clock in their last blocks.

    Args:
        readers: the lead first; those without ``last_block`` begin when the lead does.
        before: what the answer was last; shape as `readers`.
        least_s: what differs by less stays as it was, so that nothing trembles.
    """
    offsets = list(before)
    if len(readers) < 2 or not hasattr(readers[0], "last_block"):
        return offsets
    here = _since_boot(readers[0])
    for i, reader in enumerate(readers[1:], start=1):
        if reader.total:
            offset = here - _since_boot(reader)
            if abs(offset - offsets[i]) > least_s:
                offsets[i] = offset
    return offsets


def _since_boot(reader: Any) -> float:
    """Seconds of a reader's own axis minus the board's clock."""
    index, time_us = reader.last_block
    return float(index / reader.group.rate_hz - time_us / 1e6)

"""Numbers as people read them."""

from __future__ import annotations


def format_bytes(count: float) -> str:
    """Bytes for people: ``640 B``, ``12.1 KB``, ``1.00 MB``, ``1.00 GB``; 1 KB is 1024 bytes.

    Args:
        count: bytes; a fraction (from an estimate) is rounded.
    """
    size = abs(count)
    if size < 1023.5:
        return f"{count:.0f} B"
    if size < 1023.95 * 1024:
        return f"{count / 1024:.1f} KB"
    if size < 1023.995 * 1024**2:
        return f"{count / 1024**2:.2f} MB"
    return f"{count / 1024**3:.2f} GB"

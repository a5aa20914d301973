"""Figures of the analysis as people read them."""

from __future__ import annotations

from motestudio.domain.units import format_bytes

__all__ = ["format_bytes"]

"""Fails as soon as it is imported."""

raise RuntimeError("not today")

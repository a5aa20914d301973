"""Writes beside its own folder."""

from pathlib import Path


class Stage:
    """A bad one."""

    def run(self, ctx, inputs, params):
        Path("..", "stray.txt").write_text("mine")
        return {}

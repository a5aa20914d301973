"""Writes into a folder that everybody has."""

from pathlib import Path


class Stage:
    """A bad one."""

    def run(self, ctx, inputs, params):
        Path(inputs["home"], "stray.txt").write_text("mine")
        return {}

"""Prints a gigabyte."""

import os


class Stage:
    """A bad one."""

    def run(self, ctx, inputs, params):
        piece = b"all work and no play\n" * 50_000
        for _ in range(1024):
            os.write(1, piece)
        return {"printed": 1024 * len(piece)}

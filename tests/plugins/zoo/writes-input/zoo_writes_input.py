"""Changes its input in place."""

import numpy as np


class Stage:
    """A bad one."""

    def run(self, ctx, inputs, params):
        samples = np.memmap(inputs["windows"] / "samples.npy", dtype=np.uint8, mode="r+")
        samples[:] = 0
        return {}

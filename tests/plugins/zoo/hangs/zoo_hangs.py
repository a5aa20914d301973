"""Says nothing and never comes back."""

import time


class Stage:
    """A bad one."""

    def run(self, ctx, inputs, params):
        time.sleep(3600)

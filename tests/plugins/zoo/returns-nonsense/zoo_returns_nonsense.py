"""Returns what no message can hold."""

import threading


class Stage:
    """A bad one."""

    def run(self, ctx, inputs, params):
        return {"lock": threading.Lock()}

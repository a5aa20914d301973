"""Does not want to stop."""

import signal
import time


class Stage:
    """A bad one."""

    def run(self, ctx, inputs, params):
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        ctx.progress(0.1, "in")
        while True:
            try:
                ctx.check_cancelled()
                time.sleep(0.01)
            except BaseException:  # noqa: BLE001 - what this one is about
                time.sleep(0.01)

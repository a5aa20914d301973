"""Starts processes and forgets them."""

import subprocess


class Stage:
    """A bad one."""

    def run(self, ctx, inputs, params):
        for _ in range(20):
            ctx.log(f"child {subprocess.Popen(['sleep', '300']).pid}")
        return {}

"""Cleans up what it no longer needs."""

import shutil


class Stage:
    """A bad one."""

    def run(self, ctx, inputs, params):
        shutil.rmtree(inputs["windows"])
        return {}

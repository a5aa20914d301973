"""Needs what is not there."""

import a_package_that_is_nowhere  # noqa: F401


class Stage:
    """A bad one."""

    def run(self, ctx, inputs, params):
        return {}

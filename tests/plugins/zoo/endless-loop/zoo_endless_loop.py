"""Never ends."""


class Stage:
    """A bad one."""

    def run(self, ctx, inputs, params):
        ctx.progress(0.1, "in")
        while True:
            pass

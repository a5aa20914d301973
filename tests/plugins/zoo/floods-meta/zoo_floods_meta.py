"""Returns a quarter of a gigabyte of facts."""


class Stage:
    """A bad one."""

    def run(self, ctx, inputs, params):
        return {"facts": "x" * (1 << 28)}

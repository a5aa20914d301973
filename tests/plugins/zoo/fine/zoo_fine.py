"""The good one among them."""


class Stage:
    """A bad one."""

    def run(self, ctx, inputs, params):
        return {"fine": True}

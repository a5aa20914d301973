"""Writes a gigabyte where a few bytes were asked for."""


class Stage:
    """A bad one."""

    def run(self, ctx, inputs, params):
        piece = bytes(16 << 20)
        with (ctx.workdir / "model.keras").open("wb") as file:
            for _ in range(64):
                file.write(piece)
        return {}

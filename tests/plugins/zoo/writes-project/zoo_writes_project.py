"""Changes the project that it works for."""


class Stage:
    """A bad one."""

    def run(self, ctx, inputs, params):
        (inputs["project"] / "project.toml").write_text("name = 'mine'")
        return {}

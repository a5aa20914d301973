"""Built-in plugin: evaluation of deployable models."""

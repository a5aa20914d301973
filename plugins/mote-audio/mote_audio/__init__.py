"""Built-in plugin: features of sound."""

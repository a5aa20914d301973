"""Built-in plugin: cuts takes into windows."""

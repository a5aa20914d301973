"""Built-in plugin: proposals for labels."""

"""Built-in plugin: altered copies of training windows, in raw counts."""

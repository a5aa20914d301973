"""Built-in plugin: features of motion and vibration signals."""

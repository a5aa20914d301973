"""Built-in plugin: reads other people's recordings."""

"""Built-in plugin: makes trained networks smaller, or fitter for integers."""

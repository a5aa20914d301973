"""Built-in plugin: small convolutional networks."""

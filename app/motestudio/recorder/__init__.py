"""The recorder program: owns the port, decodes, appends to disk."""

"""The project folder: store, recordings, schema and migrations, artifact cache, undo."""

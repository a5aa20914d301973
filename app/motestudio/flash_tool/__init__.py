"""A program of its own that is one of the flashing clients; nothing here imports it, the studio starts it."""

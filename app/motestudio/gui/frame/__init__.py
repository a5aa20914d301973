"""The window's frame: rail, header, job strip, log, command palette, help. Knows pages only by their specs."""

"""Mote Studio: from a bare board to a board that recognises gestures, words or vibrations."""

__version__ = "0.1.0"

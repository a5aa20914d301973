"""Mote Link without any input or output: frames, messages, and the matching of replies to requests."""

"""The worker program: the only room that imports plugin code."""

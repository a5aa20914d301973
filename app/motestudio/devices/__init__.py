"""Ports, transports, the link and the live tail."""

"""Decoders of streams that other tools made usual; see the README."""

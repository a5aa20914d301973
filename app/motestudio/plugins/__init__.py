"""Manifests, discovery, registry and compatibility: reads text, never imports plugin code."""

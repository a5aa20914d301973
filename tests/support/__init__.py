"""Helpers of several test rooms."""

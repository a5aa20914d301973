"""The conformance kit: whether a plugin keeps what its kinds of stages promise. Everything of it runs in workers."""

from motestudio.studio.conformance.kit import Wanted, check_plugin
from motestudio.studio.conformance.report import Report, Row

__all__ = ["Report", "Row", "Wanted", "check_plugin"]

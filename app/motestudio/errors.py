"""The errors a user can meet, each with what happened and what to do about it.

Three different things stay apart here: an `AppError` is shown to the user as text, `Cancelled` is silent, and
every other exception is a bug of ours. This module imports nothing of ours.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class AppError(Exception):
    """Something the user can understand and mend.

    Attributes:
        code: a stable, dotted name such as ``device.busy``; tests and scripts match on it.
        text: what happened, one sentence.
        hint: what to do about it, one sentence; may be empty where the text says it all.
        data: facts for programs (paths, sizes, line numbers), JSON-serialisable.
        exit_code: the exit status of the command line: 2 user error, 3 something missing on this computer.
    """

    exit_code = 2

    def __init__(self, code: str, text: str, hint: str = "", data: Mapping[str, Any] | None = None) -> None:
        super().__init__(text)
        self.code = code
        self.text = text
        self.hint = hint
        self.data: dict[str, Any] = dict(data or {})

    def __str__(self) -> str:
        return f"{self.text} {self.hint}".strip()


class ProjectError(AppError):
    """A project, a recording or another of the user's files cannot be read or written."""


class DeviceError(AppError):
    """A port or a board does not do what was asked of it."""


class PluginError(AppError):
    """A plugin or one of its parameters is not usable."""


class JobError(AppError):
    """A job ended otherwise than completed or cancelled."""


class BuildError(AppError):
    """Firmware could not be generated or built."""


class FlashError(AppError):
    """A board did not take or did not keep what was sent to it."""


class MissingError(AppError):
    """A program or package that this verb needs is not on this computer."""

    exit_code = 3


class Cancelled(Exception):  # noqa: N818 - not an error: the user asked for it
    """The user cancelled; nothing is shown and nothing is kept."""

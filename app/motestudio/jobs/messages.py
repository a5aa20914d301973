"""The messages between the studio and its worker processes: JSON, one object each, never pickled.

A job is one state machine. The worker ends it with exactly one of `Completed`, `JobCancelled` or `Failed`; where
the worker cannot, the parent does: with `Crashed` or `TimedOut`, or with `Failed` where it took more than it may.
"""

from __future__ import annotations

from typing import Any

import msgspec


class _Message(msgspec.Struct, frozen=True, tag_field="type", forbid_unknown_fields=False):
    job: str


class RunStage(_Message, frozen=True, tag="run"):
    """Parent to worker: run a stage.

    Attributes:
        plugin_dir: folder of the plugin that holds the code.
        stage: full id, ``plugin/stage``.
        kind: of the stage; the worker adapts to the kind's Protocol.
        entry: ``module:Class`` inside the plugin folder.
        implementation: number to run.
        params: complete.
        inputs: artifact folder by name.
        workdir: an empty folder; outputs go there and nowhere else.
        seed: of every random draw.
        paths: folders with the packages that the plugin needs besides our own, searched last.
    """

    plugin_dir: str
    stage: str
    kind: str
    entry: str
    implementation: int
    params: dict[str, Any]
    inputs: dict[str, str]
    workdir: str
    seed: int
    paths: tuple[str, ...] = ()


class Cancel(_Message, frozen=True, tag="cancel"):
    """Parent to worker: stop the job."""


class Started(_Message, frozen=True, tag="started"):
    """The worker took the job."""


class Progress(_Message, frozen=True, tag="progress"):
    """How far it is: fraction 0..1 and a few words."""

    fraction: float
    text: str = ""


class Metric(_Message, frozen=True, tag="metric"):
    """One figure of a series."""

    name: str
    value: float
    step: int


class Log(_Message, frozen=True, tag="log"):
    """A line.

    Attributes:
        text: the line.
        source: ``stage``; ``worker`` for its stdout and stderr; ``guard`` for a write that was refused; ``studio``.
    """

    text: str
    source: str = "stage"


class Completed(_Message, frozen=True, tag="completed"):
    """Terminal: done.

    Attributes:
        meta: what the stage said of its output.
        spent: the stage left its process in a state that no other job should meet.
    """

    meta: dict[str, Any]
    spent: bool = False


class JobCancelled(_Message, frozen=True, tag="cancelled"):
    """Terminal: the user cancelled; `spent` as in `Completed`."""

    spent: bool = False


class Failed(_Message, frozen=True, tag="failed"):
    """Terminal: the stage raised, or (said by the parent) took more memory, disk or processes than it may.

    Attributes:
        code: dotted name; ``stage.memory``, ``stage.output``, ``stage.processes``, ``stage.writes`` and ``disk.full``
            are the bounds.
        text: what happened.
        hint: what to do.
        traceback: of the stage's code.
        spent: as in `Completed`.
    """

    code: str
    text: str
    hint: str = ""
    traceback: str = ""
    spent: bool = False


class Crashed(_Message, frozen=True, tag="crashed"):
    """Terminal, said by the parent: the worker died."""

    exit_code: int
    text: str


class TimedOut(_Message, frozen=True, tag="timed_out"):
    """Terminal, said by the parent.

    Attributes:
        seconds: without a sign of life, or in all.
        silent: which of the two.
    """

    seconds: float
    silent: bool = True


Terminal = Completed | JobCancelled | Failed | Crashed | TimedOut
Event = Started | Progress | Metric | Log | Terminal
Command = RunStage | Cancel

_encoder = msgspec.json.Encoder()
_events = msgspec.json.Decoder(Event)
_commands = msgspec.json.Decoder(Command)


def encode(message: Event | Command) -> bytes:
    """A message as JSON bytes."""
    return _encoder.encode(message)


def decode_event(data: bytes) -> Event:
    """Read what a worker sent.

    Raises:
        msgspec.DecodeError: not an event.
    """
    event: Event = _events.decode(data)
    return event


def decode_command(data: bytes) -> Command:
    """Read what the parent sent.

    Raises:
        msgspec.DecodeError: not a command.
    """
    command: Command = _commands.decode(data)
    return command

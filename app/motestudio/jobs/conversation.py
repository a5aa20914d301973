"""One job on one worker, from its start to its one terminal event: the state machine with its watchdogs.

A cancelled job ends within a second: it is asked, and what does not answer is ended with all that it started.
"""

from __future__ import annotations

import contextlib
import itertools
import queue
import time
from collections.abc import Callable, Sequence

import msgspec

from motestudio.jobs.cancel import CancelToken
from motestudio.jobs.channel import Channel, ChannelClosed
from motestudio.jobs.launcher import Child
from motestudio.jobs.messages import (
    Cancel,
    Completed,
    Crashed,
    Event,
    Failed,
    JobCancelled,
    Log,
    RunStage,
    Terminal,
    TimedOut,
    decode_event,
    encode,
)
from motestudio.jobs.watch import Watch

ASK_S = 0.4
"""How long a job may take to react to Cancel by itself."""
TERMINATE_S = 0.2
"""How long it may take to react to SIGTERM; then it is killed."""
_TICK = 0.05
_SETTLE = 0.02


class Conversation:
    """Drives one job.

    Attributes:
        reusable: after the end: whether the worker can take another job.

    Args:
        child: the worker.
        lines: what it prints, as its reader thread hands it on.
        message: the job.
        on_event: gets every event but the terminal one.
        cancel: of the caller.
        watch: of the worker, for this job.
        timeout_s: for the whole job.
        silence_s: without an event or a line.
    """

    def __init__(
        self,
        child: Child,
        lines: queue.SimpleQueue[str],
        message: RunStage,
        on_event: Callable[[Event], None],
        cancel: CancelToken,
        watch: Watch,
        *,
        timeout_s: float,
        silence_s: float,
    ) -> None:
        self._child, self._lines, self._message = child, lines, message
        self._on_event, self._cancel, self._watch = on_event, cancel, watch
        self._timeout_s, self._silence_s = timeout_s, silence_s
        self._job = message.job
        self._began = self._heard = time.monotonic()
        self.reusable = False

    def run(self) -> Terminal:
        """Run the job; returns its terminal event, which is not handed to `on_event`."""
        channel = self._child.channel
        assert channel is not None
        try:
            channel.send(encode(self._message))
            end = self._listen(channel)
        except ChannelClosed:
            end = self._crashed()
        self._settle()
        return end

    def _listen(self, channel: Channel) -> Terminal:
        asked = 0.0
        while True:
            data = channel.recv(_TICK)
            self._tell_lines()
            event = self._decode(data) if data is not None else None
            if isinstance(event, Terminal):
                self.reusable = not getattr(event, "spent", True)
                # Who cancelled gets a cancelled job, even where it was done in the same moment.
                return JobCancelled(self._job) if asked else self._weighed(event)
            if event is not None:
                self._heard = time.monotonic()
                self._on_event(event)
            if (breach := self._watch.look()) is not None:
                self._end(0.0)  # what takes too much would take more while it is asked
                return Failed(self._job, breach.code, breach.text, breach.hint)
            if data is None and self._child.poll() is not None:
                # What it sent before it died is still in the channel, unless nobody closes it.
                return self._drain(channel) or self._crashed()
            now = time.monotonic()
            if asked and now - asked > ASK_S:
                self._end()
                return JobCancelled(self._job)
            if not asked and self._cancel.cancelled:
                asked = now
                channel.send(encode(Cancel(self._job)))
            over, silent = now - self._began, now - self._heard
            if over > self._timeout_s or silent > self._silence_s:
                self._end()
                return TimedOut(self._job, *((over, False) if over > self._timeout_s else (silent, True)))

    def _weighed(self, end: Terminal) -> Terminal:
        """A job that was quicker than the watch is held to its output all the same."""
        breach = self._watch.look_at_output() if isinstance(end, Completed) else None
        return end if breach is None else Failed(self._job, breach.code, breach.text, breach.hint)

    def _drain(self, channel: Channel) -> Terminal | None:
        with contextlib.suppress(ChannelClosed):
            while (data := channel.recv(0)) is not None:
                event = self._decode(data)
                if isinstance(event, Terminal):
                    return JobCancelled(self._job) if self._cancel.cancelled else self._weighed(event)
                if event is not None:
                    self._on_event(event)
        return None

    def _decode(self, data: bytes) -> Event | None:
        try:
            event = decode_event(data)
        except msgspec.MsgspecError as error:
            self._on_event(Log(self._job, f"The worker sent something unreadable: {error}", "studio"))
            return None
        # A job that was given up may still have had something to say.
        foreign = event.job != self._job or isinstance(event, Crashed | TimedOut)
        return None if foreign else event

    def _crashed(self) -> Terminal:
        """The worker died, or closed its channel and is as good as dead."""
        self._child.wait(0.5)
        code = self._child.poll()
        # A worker whose channel is gone ends by itself, with status 0.
        how = self._child.exit_text if code else "it closed its channel, or ended itself"
        self._end()
        self._child.flush_lines(0.5)
        if self._cancel.cancelled:
            return JobCancelled(self._job)
        return Crashed(self._job, 0 if code is None else code, "; ".join([how, *last_words(self._child.last_lines)]))

    def _end(self, grace_s: float = TERMINATE_S) -> None:
        self._child.terminate_tree(grace_s)

    def _settle(self) -> None:
        """Hand on what was printed before the end; the pipe may be a moment behind the channel."""
        if self._child.poll() is None:
            self._child.terminate_children()
            # What leaks goes with its process, before it is in the next job's way.
            self.reusable = self.reusable and not self._watch.end().swollen
        else:
            self._watch.end()
        end = time.monotonic() + 10 * _SETTLE
        while self._tell_lines(_SETTLE) and time.monotonic() < end:
            pass
        self._child.tell_left_out()
        self._tell_lines()

    def _tell_lines(self, wait: float = 0.0) -> bool:
        told = False
        with contextlib.suppress(queue.Empty):
            while True:
                line = self._lines.get(timeout=wait) if wait and not told else self._lines.get_nowait()
                told = True
                self._heard = time.monotonic()
                self._on_event(Log(self._job, line, "worker"))
        return told


def last_words(lines: Sequence[str]) -> list[str]:
    """The lines that say most of a death: the place in the Python code where there is one, else the last three."""
    for index, line in enumerate(lines):
        if line.startswith("Current thread"):
            frames = list(itertools.takewhile(lambda text: text.strip().startswith("File "), lines[index + 1 :]))
            # A call into C shows as the wrapper it went through; the first frame outside of it is the stage's.
            own = [frame for frame in frames if "/lib/python" not in frame]
            return [frame.strip() for frame in (own or frames)[:1]]
    return list(lines[-3:])

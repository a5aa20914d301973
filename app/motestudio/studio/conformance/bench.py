"""Where a stage is tried: runs it in workers, keeps what it read and wrote apart, and remembers what it took."""

from __future__ import annotations

import hashlib
import itertools
import os
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from motestudio.domain.params import Value, complete
from motestudio.domain.signal import ChannelGroup
from motestudio.errors import AppError, Cancelled
from motestudio.jobs.cancel import CancelToken
from motestudio.plugins.registry import StageEntry
from motestudio.studio.conformance.catalogue import TIME_LIMIT, USUAL_LIMIT, is_fault
from motestudio.studio.conformance.report import CheckFailed
from motestudio.studio.home import Studio
from motestudio.studio.operation import Happening, Operation
from motestudio.studio.stage_job import run_stage

_SKIPPED = frozenset({"__pycache__", ".pytest_cache", ".mypy_cache", ".ruff_cache", ".git"})
_GUARD = "Kept from writing"
"""How the worker begins a line about a write that it refused."""
Params = Mapping[str, Value]


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one run ended.

    Attributes:
        end: ``worked``; ``refused`` (the stage said why not); ``stopped`` (by the kit); ``broke``.
        folder: what it wrote.
        meta: what it said of its output.
        code: of its error.
        text: of its error, with the last line of the traceback where there is one.
        seconds: of the run.
        peak: bytes of memory at the most.
        cancelled_after: seconds from the asking to the end, where it was stopped.
    """

    end: Literal["worked", "refused", "stopped", "broke"]
    folder: Path
    meta: Mapping[str, Any] = field(default_factory=dict)
    code: str = ""
    text: str = ""
    seconds: float = 0.0
    peak: int = 0
    cancelled_after: float = 0.0


@dataclass(frozen=True, slots=True)
class Recorded:
    """A recording that the user gave to test with: int16 samples, shape (samples, channels)."""

    name: str
    group: ChannelGroup
    samples: npt.NDArray[np.int16]


class Bench:
    """One stage under test.

    Attributes:
        studio: its workers.
        entry: the stage.
        scratch: a folder of the kit's own.
        recorded: recordings to test with besides the made-up signals.
        peak: most memory of all runs so far, bytes.
        refused_writes: lines about writes that the worker refused.

    Args:
        studio: for workers, and other stages that give this one something to read.
        entry: the stage.
        scratch: an empty folder.
        operation: of the caller: cancels.
        recorded: or none.
    """

    def __init__(
        self, studio: Studio, entry: StageEntry, scratch: Path, operation: Operation, recorded: Sequence[Recorded] = ()
    ) -> None:
        self.studio, self.entry, self.scratch, self._operation = studio, entry, scratch, operation
        self.recorded = tuple(recorded)
        self.peak = 0
        self.refused_writes: list[str] = []
        self._numbers = itertools.count()
        self._facts: dict[str, Any] = {}
        self._materials: dict[str, tuple[Path, str]] = {}
        self._plugin_before = tree_hash(entry.folder)

    @property
    def defaults(self) -> dict[str, Value]:
        """Complete parameters as a new project has them."""
        return complete(self.entry.manifest.params, {})

    def material(self, name: str, make: Callable[[Path], None]) -> Path:
        """A folder that stages read, made once."""
        if name not in self._materials:
            folder = self.folder(f"material-{name}")
            make(folder)
            self._materials[name] = (folder, tree_hash(folder))
        return self._materials[name][0]

    def fact(self, name: str, find: Callable[[], Any]) -> Any:
        """Something that several checks need to know, found out once."""
        if name not in self._facts:
            self._facts[name] = find()
        return self._facts[name]

    def folder(self, name: str) -> Path:
        """A fresh empty folder."""
        made = self.scratch / f"{next(self._numbers):04}-{name.replace(' ', '-')}"
        made.mkdir(parents=True)
        return made

    def changed(self) -> list[str]:
        """What stages read and what is not as it was."""
        wrong = [name for name, (folder, before) in self._materials.items() if tree_hash(folder) != before]
        plugin = [] if tree_hash(self.entry.folder) == self._plugin_before else ["the plugin's own folder"]
        return plugin + [f"its input {name}" for name in wrong]

    def restart(self) -> None:
        """End the workers: the next run begins in a new process."""
        self.studio.close()

    def run(
        self,
        inputs: Mapping[str, Path],
        params: Params | None = None,
        *,
        kind: str = "",
        seed: int = 1,
        cancel_after: float = 0.0,
        entry: StageEntry | None = None,
    ) -> Outcome:
        """Run the stage once.

        Args:
            inputs: folders by name.
            params: complete; the defaults where None.
            kind: another use of the stage, such as ``feature:infer``.
            seed: of every draw.
            cancel_after: seconds after its first word at which it is cancelled; 0 never.
            entry: another stage than this one.
        """
        entry = entry or self.entry
        workdir = self.folder("run")
        chosen = dict(self.defaults if params is None else params)
        no_run = {p.key for p in entry.manifest.params if p.type == "run" and not chosen.get(p.key)}
        watch = _Stopper(self._operation, cancel_after, TIME_LIMIT.get(entry.manifest.kind, USUAL_LIMIT))
        began = time.monotonic()
        try:
            meta = run_stage(
                self.studio,
                entry,
                watch.operation,
                params=chosen,
                inputs={name: folder for name, folder in inputs.items() if name not in no_run},
                workdir=workdir,
                seed=seed,
                kind=kind,
            )
            outcome = Outcome("worked", workdir, meta)
        except Cancelled:
            self._operation.check()
            outcome = Outcome("stopped", workdir, cancelled_after=watch.since)
        except AppError as error:
            outcome = _failed(workdir, error)
        finally:
            watch.close()
        seconds, peak = time.monotonic() - began, self._peak()
        self.peak = max(self.peak, peak)
        self.refused_writes += [line for line in watch.lines if line.startswith(_GUARD)]
        return Outcome(
            outcome.end, workdir, outcome.meta, outcome.code, outcome.text, seconds, peak, outcome.cancelled_after
        )

    def must_work(self, inputs: Mapping[str, Path], params: Params | None = None, **more: Any) -> Outcome:
        """Run the stage where nothing else than success will do.

        Raises:
            CheckFailed: it did not work.
        """
        outcome = self.run(inputs, params, **more)
        if outcome.end == "stopped":
            raise CheckFailed(f"did not end within {outcome.seconds:.0f} s")
        if outcome.end != "worked":
            raise CheckFailed(outcome.text)
        return outcome

    def _peak(self) -> int:
        records = self.studio.runner.history.records()
        return records[-1].memory_peak if records else 0


class _Stopper:
    """The operation of one run: keeps its lines, and stops it after a time."""

    def __init__(self, parent: Operation, cancel_after: float, limit_s: float) -> None:
        self.lines: list[str] = []
        self._token = CancelToken(follows=parent.cancel)
        self._delay, self._asked = cancel_after, 0.0
        self._timers: list[threading.Timer] = []
        self.operation = Operation(self._tell, self._token)
        # A stage that says nothing is cancelled too.
        self._start(2.0 + cancel_after if cancel_after else limit_s)

    @property
    def since(self) -> float:
        """Seconds since the cancel."""
        return time.monotonic() - self._asked if self._asked else 0.0

    def close(self) -> None:
        for timer in self._timers:
            timer.cancel()

    def _tell(self, happening: Happening) -> None:
        if happening.kind == "log":
            self.lines.append(happening.text)
        if self._delay and len(self._timers) == 1 and happening.kind in ("progress", "metric"):
            self._start(self._delay)

    def _start(self, seconds: float) -> None:
        timer = threading.Timer(seconds, self._cancel)
        timer.daemon = True
        self._timers.append(timer)
        timer.start()

    def _cancel(self) -> None:
        self._asked = self._asked or time.monotonic()
        self._token.cancel()


def _failed(workdir: Path, error: AppError) -> Outcome:
    trace = str(error.data.get("traceback", "")).strip().splitlines()
    if is_fault(error.code):
        where = next((line.strip() for line in reversed(trace) if line.strip().startswith("File ")), "")
        text = f"{error.text} {where}".strip()
        return Outcome("broke", workdir, code=error.code, text=text)
    if not error.text.strip() or not error.hint.strip():
        return Outcome("broke", workdir, code=error.code, text=f"its error {error.code!r} has no text or no hint")
    return Outcome("refused", workdir, code=error.code, text=f"{error.text} {error.hint}")


def tree_hash(folder: Path) -> str:
    """SHA-256 in hex over names, kinds and contents of all under a folder, caches of tools left out."""
    digest = hashlib.sha256()
    for place, folders, files in os.walk(folder):
        folders[:] = sorted(f for f in folders if f not in _SKIPPED)
        for name in sorted([*files, *folders]):
            path = Path(place, name)
            digest.update(path.relative_to(folder).as_posix().encode(errors="surrogateescape") + b"\0")
            if name in files and path.is_file():
                digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()

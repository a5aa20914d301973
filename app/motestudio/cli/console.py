"""What the command line prints: steps with progress for people, one JSON object for programs."""

from __future__ import annotations

import json
import sys
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from motestudio.errors import AppError
from motestudio.studio.operation import Happening, Operation

LOG_LINES = 20
"""Of a failed part, shown with its error."""


class Output:
    """Where a verb's words go.

    Args:
        as_json: print one JSON object to stdout and nothing else there; progress is silent.
    """

    def __init__(self, *, as_json: bool) -> None:
        self.as_json = as_json
        self.out = Console(highlight=False, soft_wrap=True)
        self.err = Console(stderr=True, highlight=False, soft_wrap=True)

    def say(self, text: str) -> None:
        """A line for people."""
        if not self.as_json:
            self.out.print(Text(text))

    def note(self, text: str) -> None:
        """A line for people about what goes on meanwhile; beside JSON on stderr."""
        (self.err if self.as_json else self.out).print(Text(text))

    def warn(self, text: str) -> None:
        """A line for people about something that may spoil the result; on stderr, also beside JSON."""
        self.err.print(Text("warning: ", style="bold yellow") + Text(text, style="default"))

    def result(self, facts: Mapping[str, Any] | Sequence[Any], lines: Sequence[str] = ()) -> None:
        """A verb's result: facts for programs, lines for people."""
        if self.as_json:
            sys.stdout.write(json.dumps(facts, indent=1, ensure_ascii=False, default=str) + "\n")
            return
        for line in lines:
            self.out.print(Text(line))

    def table(self, head: Sequence[str], rows: Sequence[Sequence[str]], *, title: str = "") -> None:
        """A table for people."""
        if self.as_json:
            return
        table = Table(title=title or None, title_justify="left", box=None, pad_edge=False, header_style="bold")
        for name in head:
            table.add_column(name)
        for row in rows:
            table.add_row(*(Text(cell) for cell in row))
        self.out.print(table)

    def error(self, error: AppError) -> None:
        """What happened and what to do, on stderr; as JSON on stdout where asked for."""
        if self.as_json:
            body = {"error": {"code": error.code, "text": error.text, "hint": error.hint, "data": error.data}}
            sys.stdout.write(json.dumps(body, indent=1, ensure_ascii=False, default=str) + "\n")
            return
        self.err.print(Text("error: ", style="bold red") + Text(error.text, style="default"))
        if error.hint:
            self.err.print(Text(f"       {error.hint}"))

    @contextmanager
    def operation(self) -> Iterator[Operation]:
        """An operation whose progress is shown; Ctrl+C cancels it."""
        if self.as_json:
            yield Operation()
            return
        with _Steps(self.err) as steps:
            try:
                yield Operation(steps.tell)
            except AppError:
                steps.show_log()
                raise


class _Steps:
    """A line per finished part, and one bar for the part that runs.

    On a terminal the bar is redrawn in place; elsewhere (a log file) only starts and ends are printed.
    """

    def __init__(self, console: Console) -> None:
        self._console = console
        self._bar = Progress(
            TextColumn("  "),
            BarColumn(bar_width=28),
            TextColumn("{task.percentage:>3.0f} %"),
            TextColumn("{task.description}", markup=False),
            TimeElapsedColumn(),
            console=console,
            transient=True,
            disable=not console.is_terminal,
        )
        self._task: TaskID | None = None
        self._log: deque[str] = deque(maxlen=LOG_LINES)

    def __enter__(self) -> _Steps:
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    def tell(self, happening: Happening) -> None:
        """Show one happening; called from worker-reading threads too, which rich allows."""
        if happening.kind == "log":
            self._log.append(happening.text)
        elif happening.kind == "part":
            self._log.clear()
            self._restart(happening.text)
        elif happening.kind == "progress":
            if self._task is None:
                self._restart("")
            assert self._task is not None
            self._bar.update(self._task, completed=happening.fraction, description=happening.text)
        elif happening.kind == "done":
            self._clear()
            mark = Text("  ✓ ", style="green")
            self._bar.console.print(
                mark + Text(f"{happening.text}", style="default") + Text(f"  {happening.value:.1f} s", style="dim")
            )

    def show_log(self) -> None:
        """The last log lines of the part that failed: they hold the reasons that an error's text sums up."""
        for line in self._log:
            self._bar.console.print(Text(f"  {line}", style="dim"))

    def _restart(self, text: str) -> None:
        self._clear()
        if text:
            self._bar.console.print(Text(text, style="bold"))
        self._task = self._bar.add_task(text, total=1.0)

    def _clear(self) -> None:
        if self._task is not None:
            self._bar.remove_task(self._task)
            self._task = None

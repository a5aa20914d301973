"""Parameters on the command line: ``key=value``, read and checked by a stage's own table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import typer

from motestudio.domain.params import Param, Value
from motestudio.errors import PluginError

SetOption = Annotated[
    list[str] | None, typer.Option("--set", help="key=value of a parameter of the stage; may be repeated.")
]


def given(table: Sequence[Param], items: Sequence[str]) -> dict[str, Value]:
    """Read ``key=value`` items.

    Raises:
        PluginError: an unknown key, or a value that is not allowed.
    """
    known = {p.key: p for p in table}
    values = {}
    for item in items:
        key, _, text = item.partition("=")
        if key not in known:
            raise PluginError(
                "param.unknown", f"There is no parameter {key!r}.", f"Known: {', '.join(known) or 'none'}."
            )
        values[key] = known[key].parse(text)
    return values

"""``project.toml`` as text: settings are changed in place, so that comments, order and unknown keys stay."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from typing import Any

import tomlkit
from tomlkit.exceptions import TOMLKitError
from tomlkit.items import AoT, Item, Table

HEADER = """\
# A Mote Studio project. The studio and the command `mote` change values here and leave comments alone.
"""
_COMMENTS = {
    "budget": "limits beside the board's own; 0 for none",
    "dataset": "test and validation data never share a take (or subject, session, device) with training data",
}
_IDENTITY = {"class": "name", "stage": "key"}
_EXACT = frozenset({"params"})
"""Tables that hold exactly what the settings say: elsewhere unknown keys are kept."""
_OPTIONAL = frozenset({"implementation", "params"})
"""Keys that are left out where they say nothing."""


def fresh(plain: Mapping[str, Any]) -> str:
    """The text of a new project."""
    document = tomlkit.parse(HEADER)
    for key, value in plain.items():
        document[key] = _item(value)
        if key in _COMMENTS:
            document[key].comment(_COMMENTS[key])
    return tomlkit.dumps(document)


def updated(text: str, plain: Mapping[str, Any]) -> str:
    """`text` with the values of `plain`.

    Where the text's layout does not allow a change in place, everything known is written anew and only unknown
    keys are kept: the values always win over the comments.
    """
    try:
        document = tomlkit.parse(text)
        _merge(document, plain, exact=False)
        result = re.sub(r"\n{3,}", "\n\n", tomlkit.dumps(document))
        if _holds(tomllib.loads(result), plain):
            return result
    except (TOMLKitError, tomllib.TOMLDecodeError, TypeError, ValueError, KeyError):
        pass
    unknown = {k: v for k, v in tomllib.loads(text).items() if k not in plain}
    return fresh({**plain, **unknown})


def _merge(table: Any, plain: Mapping[str, Any], *, exact: bool) -> None:
    for key in [k for k in table if k not in plain and (exact or k in _OPTIONAL)]:
        del table[key]
    for key, value in plain.items():
        old = table.get(key)
        if isinstance(value, Mapping) and isinstance(old, Table):
            _merge(old, value, exact=key in _EXACT)
        elif key in _IDENTITY and isinstance(old, AoT):
            _merge_rows(table, key, old, value)
        elif old is None or not _same(old, value):
            if value == [] and key in _IDENTITY:
                table.pop(key, None)
            else:
                table[key] = _item(value)


def _merge_rows(table: Any, key: str, old: AoT, rows: Sequence[Mapping[str, Any]]) -> None:
    identity = _IDENTITY[key]
    known = {str(row.get(identity)): row for row in old.body}
    before, after = [str(row.get(identity)) for row in old.body], [str(row[identity]) for row in rows]
    if before and before == after[: len(before)]:
        for row in rows[len(before) :]:
            old.append(_item(row))
        known = {str(row.get(identity)): row for row in old.body}
    else:
        anew = tomlkit.aot()
        for row in rows:
            anew.append(known.get(str(row[identity])) or _item(row))
        del table[key]
        if not rows:
            return
        table[key] = anew
        known = {str(row.get(identity)): row for row in anew.body}
    for row in rows:
        _merge(known[str(row[identity])], row, exact=False)


def _item(value: Any) -> Item:
    if isinstance(value, Mapping):
        table = tomlkit.table()
        for key, inner in value.items():
            table[key] = _item(inner)
        return table
    if isinstance(value, list | tuple) and value and all(isinstance(v, Mapping) for v in value):
        rows = tomlkit.aot()
        for row in value:
            rows.append(_item(row))
        return rows
    item: Item = tomlkit.item(list(value) if isinstance(value, tuple) else value)
    return item


def _same(old: Any, value: Any) -> bool:
    plain = old.unwrap() if isinstance(old, Item) else old
    return bool(plain == value) and isinstance(plain, bool) == isinstance(value, bool)


def _holds(found: Mapping[str, Any], plain: Mapping[str, Any]) -> bool:
    """Whether the text that was made says what it should."""
    for key, value in plain.items():
        there = found.get(key, [] if value == [] else None)
        if isinstance(value, Mapping):
            if not isinstance(there, Mapping) or not _holds(there, value):
                return False
            if key in _EXACT and set(there) != set(value):
                return False
        elif key in _IDENTITY and isinstance(value, list):
            if len(there) != len(value) or not all(_holds(a, b) for a, b in zip(there, value, strict=True)):
                return False
        elif there != value:
            return False
    return True

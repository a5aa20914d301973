"""Board files: read and validate ``resources/boards/*.toml`` and the user's own.

Reads text only; it talks to no board. A broken file of the user's is reported by name and key and does not hide
the others.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from motestudio.domain.board import FLASH_ORIGIN, BoardFile, Flashing, Stm32Chip
from motestudio.errors import AppError, BuildError
from motestudio.shipped import resources_dir

CORES = (
    *("cortex-m0", "cortex-m0+", "cortex-m3", "cortex-m4", "cortex-m4f", "cortex-m7", "cortex-m33"),
    *("xtensa-lx6", "xtensa-lx7", "rv32imc"),
)
KERNELS = ("cmsis-nn", "esp-nn", "reference")
FAMILIES = ("stm32", "esp32", "virtual")

SERIES = ("f0", "f4", "g0", "l4")
"""Of STM32 chips that the port knows."""

_TEXT, _COUNT, _AMOUNT, _CHOICE, _NAMES, _PIN, _PLACES = "text", "count", "amount", "choice", "names", "pin", "places"
_Keys = dict[str, tuple[str, bool, tuple[str, ...]]]
_KEYS: _Keys = {
    "name": (_TEXT, True, ()),
    "chip": (_TEXT, True, ()),
    "core": (_CHOICE, True, CORES),
    "clock_hz": (_COUNT, True, ()),
    "ram_bytes": (_COUNT, True, ()),
    "flash_bytes": (_COUNT, True, ()),
    "kernels": (_CHOICE, True, KERNELS),
    "cycles_per_mac": (_AMOUNT, False, ()),
    "active_mw": (_AMOUNT, False, ()),
    "family": (_CHOICE, False, FAMILIES),
    "sensors": (_NAMES, False, ()),
}
_TABLES: dict[str, tuple[type[Flashing | Stm32Chip], _Keys]] = {
    "flashing": (
        Flashing,
        {"esptool_chip": (_TEXT, False, ()), "pyocd_target": (_TEXT, False, ()), "product_id": (_COUNT, False, ())},
    ),
    "stm32": (
        Stm32Chip,
        {
            "series": (_CHOICE, True, SERIES),
            "uart": (_CHOICE, True, ("USART1", "USART2")),
            "uart_tx": (_PIN, True, ()),
            "uart_rx": (_PIN, True, ()),
            "uart_function": (_COUNT, True, ()),
            "i2c": (_CHOICE, True, ("I2C1", "I2C2")),
            "i2c_scl": (_PIN, True, ()),
            "i2c_sda": (_PIN, True, ()),
            "i2c_function": (_COUNT, True, ()),
            "model_slots": (_PLACES, True, ()),
            "slot_bytes": (_COUNT, True, ()),
        },
    ),
}
_PIN_NAME = re.compile(r"P[A-H](1[0-5]|[0-9])")
_ID = re.compile(r"[a-z0-9][a-z0-9.+-]*")


def load_boards(extra_dirs: Iterable[Path] = (), problems: list[AppError] | None = None) -> dict[str, BoardFile]:
    """Read every board file.

    Args:
        extra_dirs: the user's folders, searched after the shipped one; the first file of an id stands, as with plugins.
        problems: where given, a broken file of the user's is added here and left out instead of being raised.

    Returns:
        Boards by id, sorted by id.

    Raises:
        BuildError: ``board.broken``: a file is not valid; the text names file and key.
    """
    boards: dict[str, BoardFile] = {}
    for folder in (resources_dir() / "boards", *extra_dirs):
        for path in sorted(folder.glob("*.toml")) if folder.is_dir() else ():
            try:
                board = read_board(path)
            except AppError as error:
                if problems is None:
                    raise
                problems.append(error)
                continue
            if board.id not in boards:
                boards[board.id] = board
            elif problems is not None:
                text = f"The board file {path} is not used: there is another {board.id} before it."
                problems.append(BuildError("board.shadowed", text, "Give it another name.", {"path": str(path)}))
    return dict(sorted(boards.items()))


def read_board(path: Path) -> BoardFile:
    """Read one board file; its stem is the board's id.

    Raises:
        BuildError: ``board.broken``, with ``path`` and ``key`` in its data.
    """
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise _broken(path, "", f"cannot be read: {error}", "Mend the file or take it out of the folder.") from error
    if not _ID.fullmatch(path.stem):
        raise _broken(path, "", "has a name that is no board id", "Use small letters, digits, dots and dashes.")
    parts: dict[str, Any] = {}
    for name, (make, keys) in _TABLES.items():
        if (part := table.pop(name, None)) is None:
            continue
        if not isinstance(part, dict):
            raise _broken(path, name, f"has {name} = {part!r}", f"Write it as a table [{name}].")
        parts[name] = make(**_values(path, part, keys, f"{name}."))
    return BoardFile(id=path.stem, **_values(path, table, _KEYS), **parts)


def _values(path: Path, table: Mapping[str, Any], keys: _Keys, prefix: str = "") -> dict[str, Any]:
    if unknown := sorted(set(table) - set(keys)):
        name = prefix + unknown[0]
        raise _broken(path, name, f"has an unknown key {name!r}", f"Known keys: {', '.join(keys)}.")
    return {key: _value(path, table, key, keys[key], prefix) for key in keys if key in table or keys[key][1]}


def _value(
    path: Path, table: Mapping[str, Any], name: str, rule: tuple[str, bool, tuple[str, ...]], prefix: str
) -> Any:
    kind, _, choices = rule
    key = prefix + name
    if name not in table:
        raise _broken(path, key, f"has no {key!r}", f"Add the key {key!r}.")
    value = table[name]
    number = isinstance(value, int | float) and not isinstance(value, bool)
    wanted = {
        _TEXT: ("a text that is not empty", isinstance(value, str) and bool(value)),
        _COUNT: ("a whole number above 0", isinstance(value, int) and number and 0 < value < 2**40),
        _AMOUNT: ("a number of 0 or more", number and 0 <= value < 1e9),
        _CHOICE: ("one of " + ", ".join(choices), isinstance(value, str) and value in choices),
        _NAMES: ("a list of names", isinstance(value, list) and all(isinstance(v, str) and v for v in value)),
        _PIN: ("a pin such as PA2", isinstance(value, str) and _PIN_NAME.fullmatch(value) is not None),
        _PLACES: (
            "two addresses in flash, in order",
            isinstance(value, list)
            and len(value) == 2
            and all(type(v) is int and FLASH_ORIGIN < v < 2**32 for v in value)
            and value[0] < value[1],
        ),
    }
    text, good = wanted[kind]
    if not good:
        raise _broken(path, key, f"has {key} = {value!r}", f"It must be {text}.")
    if kind in (_NAMES, _PLACES):
        return tuple(value)
    return float(value) if kind == _AMOUNT else value


def _broken(path: Path, key: str, what: str, hint: str) -> BuildError:
    return BuildError("board.broken", f"Board file {path.name} {what}.", hint, {"path": str(path), "key": key})

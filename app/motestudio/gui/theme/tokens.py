"""Reads ``tokens.json``: colours by role for each scheme, type styles, sizes, radii. No Qt here."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache

from motestudio.shipped import resources_dir

SCHEMES = ("light", "dark", "sunlight")


@dataclass(frozen=True, slots=True)
class Scheme:
    """One colour scheme.

    Attributes:
        colors: ``#RRGGBB`` by role.
        series: ``#RRGGBB`` of series 1 to 8 (index 0 is series 1).
        heat_stops: (position 0..1, ``#RRGGBB``), ascending.
    """

    name: str
    colors: dict[str, str]
    series: tuple[str, ...]
    heat_stops: tuple[tuple[float, str], ...]


@dataclass(frozen=True, slots=True)
class Tokens:
    """Everything in the token file that the window uses.

    Attributes:
        schemes: by name: ``light``, ``dark``, and ``sunlight``, which is read outdoors.
        styles: (pixel size, weight) by type style.
        families: font families in order of preference.
        letter_spacing: percent by pixel size.
        radius: pixels by role.
        size: pixels by role; pairs are (width, height).
    """

    schemes: dict[str, Scheme]
    styles: dict[str, tuple[int, int]]
    families: tuple[str, ...]
    letter_spacing: dict[int, float]
    radius: dict[str, int]
    size: dict[str, int]
    pairs: dict[str, tuple[int, int]]


@lru_cache(maxsize=1)
def load_tokens() -> Tokens:
    """Read the token file once."""
    raw = json.loads((resources_dir() / "theme" / "tokens.json").read_text("utf-8"))
    schemes = {}
    for name in SCHEMES:
        body = dict(raw["themes"][name])
        series = body.pop("series")
        stops = body.pop("heat_stops")
        schemes[name] = Scheme(
            name,
            body,
            tuple(series[str(n)] for n in range(1, len(series) + 1)),
            tuple((float(at), color) for at, color in stops),
        )
    kind = raw["type"]
    sizes = raw["size"]
    return Tokens(
        schemes,
        {name: (int(px), int(weight)) for name, (px, weight) in kind["styles"].items()},
        tuple(kind["family"]),
        {int(px): float(percent) for px, percent in kind["letter_spacing_percent"].items()},
        {name: int(px) for name, px in raw["radius"].items()},
        {name: int(px) for name, px in sizes.items() if not isinstance(px, list)},
        {name: (int(px[0]), int(px[1])) for name, px in sizes.items() if isinstance(px, list)},
    )

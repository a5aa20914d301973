"""What the page says of a plugin: state words, tones, origin, ranges. Words only."""

from __future__ import annotations

from motestudio.domain.params import Param
from motestudio.gui.form_fields import shown
from motestudio.plugins.registry import PluginRow

STATES = {
    "ok": ("ready", "ok", "ok"),
    "missing_requirement": ("incomplete", "warn", "warn"),
    "shadowed": ("not used", "neutral", "warn"),
    "refused": ("refused", "bad", "bad"),
    "broken": ("broken", "bad", "bad"),
}
"""Word, tone of its tag and mark of its row, by state."""

ORIGINS = {
    "shipped": "comes with Mote Studio",
    "entry_point": "installed Python package",
    "user": "your plugin folder",
    "folder": "plugin folder",
}

# The others' reasons say it themselves.
HINTS = {
    "missing_requirement": "Install what is missing; the stages that do not need it can be used meanwhile.",
    "shadowed": "The one found first is used. Remove one of the two.",
}


def name_of(row: PluginRow) -> str:
    """For people; the folder's name where the manifest cannot be read."""
    return row.manifest.name if row.manifest else row.folder.name


def note_of(row: PluginRow) -> str:
    """The second line of its row."""
    if row.manifest is None:
        return "plugin.toml cannot be used"
    n = len(row.manifest.stages)
    return f"{row.manifest.id} {row.manifest.version}, {n} stage{'s' if n != 1 else ''}"


def order(rows: tuple[PluginRow, ...]) -> list[PluginRow]:
    """Those with a problem first, else as they were found."""
    return sorted(rows, key=lambda r: r.state == "ok")


def range_of(param: Param) -> str:
    """What is allowed: "0.01 to 30 s", "small, medium, large"."""
    if param.type == "choice":
        return ", ".join(param.choices)
    if param.type == "bool":
        return "on or off"
    if param.type == "text":
        return "text"
    unit = f" {param.unit}" if param.unit else ""
    whole = int if param.type == "int" else float
    low = None if param.minimum is None else shown(param, whole(param.minimum))
    high = None if param.maximum is None else shown(param, whole(param.maximum))
    if low is not None and high is not None:
        return f"{low} to {high}{unit}"
    if low is not None:
        return f"from {low}{unit}"
    return f"up to {high}{unit}" if high is not None else f"any number{unit and ' in' + unit}"


def default_of(param: Param) -> str:
    """The default with its unit."""
    value = shown(param, param.default) or "empty"
    return f"{value} {param.unit}".rstrip()

"""What the page says of a plugin: state words, tones, origin, ranges, and which plugins match a search. Words only."""

from __future__ import annotations

from motestudio.domain.params import Param
from motestudio.domain.pipeline import StageKind
from motestudio.gui.form_fields import shown
from motestudio.gui.pages.plugins.data import Plugin
from motestudio.plugins.manifest import StageManifest

STATES = {
    "ok": ("ready", "ok", "ph.check-circle"),
    "missing_requirement": ("incomplete", "warn", "ph.warning-circle"),
    "untrusted": ("untrusted", "warn", "ph.shield-warning"),
    "shadowed": ("not used", "neutral", "ph.minus-circle"),
    "refused": ("refused", "bad", "ph.x-circle"),
    "broken": ("broken", "bad", "ph.x-circle"),
}
"""Word, tone and icon by state."""

INKS = {"ok": "ok", "warn": "warn", "bad": "bad", "neutral": "text_muted"}
"""Ink of a tone."""

ORIGINS = {
    "shipped": ("built in", "comes with Mote Studio"),
    "entry_point": ("package", "an installed Python package"),
    "user": ("mine", "your plugin folder"),
    "folder": ("folder", "a further plugin folder"),
    "project": ("project", "the open project's own"),
}
"""Word and a longer one, by origin."""

# The others' reasons say it themselves.
HINTS = {
    "missing_requirement": "The stages that do not need what is missing can be used meanwhile.",
    "shadowed": "The one found first is used. Remove one of the two.",
    "untrusted": "None of its code has run. Look into the folder first if you do not know who wrote it.",
}

KINDS: dict[StageKind, str] = {
    "decoder": "Decoders",
    "importer": "Importers",
    "exporter": "Exporters",
    "segmenter": "Segmenters",
    "window": "Windows",
    "augment": "Augment stages",
    "feature": "Feature stages",
    "model": "Models",
    "compress": "Compress stages",
    "convert": "Converters",
    "evaluate": "Evaluators",
    "target": "Targets",
}
"""Headings, in the order of the work."""

PURPOSES: dict[StageKind, str] = {
    "decoder": "Turns the bytes of a board that speaks its own way into samples.",
    "importer": "Reads recordings from files of another program.",
    "exporter": "Writes recordings or models for another program.",
    "segmenter": "Proposes where something happens in a recording.",
    "window": "Cuts recordings into windows of one length.",
    "augment": "Alters copies of training windows, so that the model sees more than was recorded.",
    "feature": "Turns a window into features; with C beside the Python it runs on the board.",
    "model": "Trains a network on features.",
    "compress": "Makes a trained model smaller or faster.",
    "convert": "Turns a trained model into one for the board.",
    "evaluate": "Says how good a converted model is.",
    "target": "Writes a firmware project for a kind of board, builds and flashes it.",
}
"""What a stage of each kind does, for whoever writes one."""

TYPES = {
    "int": "whole number",
    "float": "number",
    "bool": "switch",
    "choice": "choice",
    "text": "text",
    "run": "earlier run",
}


def name_of(plugin: Plugin) -> str:
    """For people; what the manifest seems to say, where it cannot be read."""
    return plugin.row.manifest.name if plugin.row.manifest else plugin.row.id


def has_problem(plugin: Plugin) -> bool:
    """Whether there is something to do about it."""
    return plugin.row.state != "ok" or bool(plugin.row.notes)


def note_of(plugin: Plugin) -> str:
    """The second line of its row."""
    manifest, origin = plugin.row.manifest, ORIGINS[plugin.row.origin][0]
    if manifest is None:
        return f"{origin}, plugin.toml cannot be used"
    parts = [plural(len(manifest.stages), "stage")] if manifest.stages else []
    parts += [plural(len(plugin.boards), "board")] if plugin.boards else []
    return ", ".join([origin, *parts])


def plural(number: int, word: str) -> str:
    """ "1 stage", "2 stages"."""
    return f"{number} {word}" if number == 1 else f"{number} {word}s"


def matches(plugin: Plugin, wanted: str) -> bool:
    """Whether every typed word is in what the plugin says of itself, its stages and their parameters."""
    text = _all_words(plugin)
    return all(word in text for word in wanted.lower().split())


def stage_matches(stage: StageManifest, wanted: str) -> bool:
    """Whether every typed word is in what the stage says of itself and its parameters."""
    text = " ".join(_stage_words(stage)).lower()
    return bool(wanted.split()) and all(word in text for word in wanted.lower().split())


def _all_words(plugin: Plugin) -> str:
    row, manifest = plugin.row, plugin.row.manifest
    words = [row.id, row.folder.name, *ORIGINS[row.origin], STATES[row.state][0], row.reason]
    if manifest is not None:
        words += [manifest.name, manifest.description, manifest.author]
        words += [word for stage in manifest.stages for word in _stage_words(stage)]
    words += [word for board in plugin.boards for word in (board.id, board.name, board.chip)]
    return " ".join(words).lower()


def _stage_words(stage: StageManifest) -> list[str]:
    words = [stage.id, stage.kind, stage.title, stage.help, *stage.requires]
    return words + [word for param in stage.params for word in (param.key, param.title)]


def by_kind(stages: tuple[StageManifest, ...]) -> list[tuple[str, list[StageManifest]]]:
    """Stages under the headings of their kinds, in the order of the work."""
    groups = [(heading, [s for s in stages if s.kind == kind]) for kind, heading in KINDS.items()]
    return [group for group in groups if group[1]]


def reaches_board(stage: StageManifest) -> bool:
    """Whether stages of its kind may run on the board, so that having no C is worth saying."""
    return stage.kind == "feature"


def flow_of(stage: StageManifest) -> str:
    """What it takes and gives besides what its kind does, or empty."""
    parts = [f"also takes {', '.join(stage.consumes)}"] if stage.consumes else []
    parts += [f"also gives {', '.join(stage.produces)}"] if stage.produces else []
    return "; ".join(parts)


def implementation_of(stage: StageManifest) -> str:
    """Its number, and which older ones still run."""
    older = sorted(o.implementation for o in stage.older)
    still = f"; {', '.join(map(str, older))} still run{'s' if len(older) == 1 else ''}" if older else ""
    return f"implementation {stage.implementation}{still}"


def range_of(param: Param) -> str:
    """What is allowed: "0.01 to 30 s", "small, medium, large"."""
    plain = {"choice": ", ".join(param.choices), "bool": "on or off", "text": "any text", "run": "any run"}
    if param.type in plain:
        return plain[param.type]
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


def condition_of(param: Param, params: tuple[Param, ...]) -> str:
    """When a form shows it: "Shown while Kind is noise.", or empty."""
    if param.shown_if is None:
        return ""
    key = param.shown_if.key
    other = next(p for p in params if p.key == key)
    return f"Shown while {other.title or key} is {shown(other, param.shown_if.equals)}."

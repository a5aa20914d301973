"""The reference for authors, rendered from what the program itself reads and calls, so that it cannot be wrong.

Sources: the manifest's dataclasses, the stage Protocols and data containers of the SDK with their docstrings, the
comments of the C headers, the checks of the conformance kit, and the table of error codes here.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, fields
from pathlib import Path
from typing import Any, get_args

from motestudio import sdk
from motestudio.domain.params import Param, ParamType, ShownIf
from motestudio.domain.pipeline import FLOW, SEVERAL, StageKind
from motestudio.plugins.manifest import Manifest, OlderImplementation, StageManifest
from motestudio.sdk import context
from motestudio.sdk.stages import PROTOCOLS
from motestudio.shipped import resources_dir
from motestudio.studio.conformance.catalogue import CHECKS
from motestudio.studio.docstrings import Doc, parse

_TABLES: tuple[tuple[type, str, str], ...] = (
    (Manifest, "The file", ""),
    (StageManifest, "`[[stage]]`", "stage"),
    (OlderImplementation, "`[[stage.older]]`", "older"),
    (Param, "`[[stage.param]]`", "param"),
    (ShownIf, "`shown_if = { key = ..., equals = ... }`", "shown_if"),
)
_TOML_NAMES = {"stages": "stage", "params": "param", "minimum": "min", "maximum": "max"}
_DATA = (
    *("SignalInfo", "WindowSet", "FeatureBlock", "FeatureSet", "TrainedModel", "Deployable", "Clip", "Decoded"),
    *("StreamGuess", "FeatureInfo", "WindowInfo", "ModelInfo", "AugmentContext", "Channel", "ChannelGroup", "Segment"),
)
_FUNCTIONS = ("quantise", "reduce_scores", "joined_shape", "is_background")
ERRORS: Mapping[str, str] = {
    "plugin.broken": "The manifest cannot be read, or a key of it is wrong; the text names line or key.",
    "plugin.api": "The plugin was written for another major version of the API, or a newer minor one.",
    "plugin.absent": "A project or a command names a plugin or stage that was not found or cannot be used.",
    "plugin.implementation": "A project names an implementation number for which the plugin has no code.",
    "plugin.trust": "The list of trusted projects cannot be written.",
    "param.value": "A value is of the wrong type, out of range or none of the choices.",
    "param.unknown": "A parameter is not in the stage's table.",
    "artifact.unreadable": "A file that a data container wrote cannot be read.",
    "stage.entry": "The entry module or class cannot be used: it is not there, or another module stands in its way.",
    "stage.requirement": "A Python package that the stage needs is not installed.",
    "stage.error": "The stage raised something else than a `PluginError`.",
    "stage.meta": "What the stage returned is no table of JSON values, or more than 4 MB of them.",
    "stage.input": "The job has no input of the name that the stage asked for.",
    "stage.writes": "The stage wanted to write outside of its work folder; nothing was changed there.",
    "stage.memory": "The job took more memory than it may, or there was none left.",
    "stage.output": "The job wrote more, or more files, than inputs of its size allow.",
    "stage.processes": "The job started too many processes.",
    "disk.full": "The disk is full, or would have been.",
    "job.crashed": "The worker process died under the stage.",
    "job.timed_out": "The stage gave no sign of life for too long.",
    "feature.shape": "A feature stage announced nonsense, or gave another shape than it announced.",
    "feature.type": "A feature stage gave something else than float32.",
    "feature.finite": "A feature stage gave values that are not finite.",
    "feature.constant": "A constant of the C twin is no number or array of numbers.",
    "window.info": "A window stage's `infer_output` gave no `WindowInfo`.",
    "model.info": "A model stage's `infer_output` gave no `ModelInfo`.",
    "augment.answer": "`augment` did not return windows and targets.",
    "augment.windows": "`augment` gave windows of another shape or type than it was given.",
    "augment.targets": "`augment` gave targets whose rows do not sum to one.",
    "decoder.answer": "`feed`, `finish` or `guess` returned something else than it must, or samples of no group.",
    "decoder.nothing": "A decoder found no sample in a file.",
    "import.clip": "An importer gave samples that are no int16 of the announced channels.",
    "target.files": "A target stage wrote links, names that not every system can have, or far too much.",
}
"""Codes of the errors that the studio raises about plugins. A stage's own codes begin with the stage's name."""


def render() -> str:
    """The whole reference as Markdown."""
    parts = [_HEAD, *_manifest(), *_kinds(), *_context(), *_data(), *_c_api(), *_kit(), *_errors()]
    return "\n".join(parts).rstrip() + "\n"


_HEAD = f"""# Reference for plugin authors

Rendered by `mote plugin reference` from the program itself: plugin API {sdk.API_VERSION}. Begin with the
[tutorial](tutorial.md).

A plugin is a folder: `plugin.toml`, a Python package, `csrc/` where a stage runs on the board, `boards/` where it
brings board files, `tests/`, a README. It imports `motestudio.sdk` and nothing else of the studio; a stage is a class
that is made without arguments, one object per run. Training libraries are imported inside of functions.
"""


def _manifest() -> Iterator[str]:
    yield "## plugin.toml\n"
    yield "Read to the last key without running any code: an unknown key is an error.\n"
    for table, title, _ in _TABLES:
        doc = parse(inspect.getdoc(table) or "")
        yield f"### {title}\n\n{doc.text}\n"
        yield "| key | type | default | what it is |\n|---|---|---|---|"
        for field in fields(table):
            name = _TOML_NAMES.get(field.name, field.name)
            meaning = doc.sections.get("Attributes", {}).get(field.name, "")
            yield f"| `{name}` | {_type_words(table, field.name, str(field.type))} | {_default(field)} | {meaning} |"
        yield ""


def _type_words(table: type, name: str, annotation: str) -> str:
    words = {
        ("Param", "type"): ", ".join(f"`{t}`" for t in get_args(ParamType)),
        ("StageManifest", "kind"): "a kind, see below",
        ("StageManifest", "id"): "words joined by `-`",
        ("Manifest", "id"): "words joined by `-`",
        ("Manifest", "stages"): "tables",
        ("StageManifest", "params"): "tables",
        ("StageManifest", "older"): "tables",
        ("Param", "default"): "of `type`",
        ("ShownIf", "equals"): "a value",
        ("Param", "shown_if"): "table",
    }
    usual = {"str": "text", "int": "whole number", "float": "number", "tuple[str, ...]": "list of texts"}
    found = words.get((table.__name__, name)) or usual.get(annotation.removesuffix(" | None"))
    return found or annotation.replace("|", "or")


def _default(field: Any) -> str:
    if field.default is MISSING:
        return "needed"
    return "none" if field.default in (None, "", ()) else f"`{field.default}`"


def _kinds() -> Iterator[str]:
    yield "## Kinds of stages\n"
    yield "| kind | reads | makes | in a pipeline |\n|---|---|---|---|"
    for kind in get_args(StageKind):
        flow = FLOW.get(kind)
        reads = ", ".join(flow.inputs) if flow else ""
        where = ("any number" if kind in SEVERAL else "one") if flow else "no"
        yield f"| `{kind}` | {reads} | {flow.output if flow else ''} | {where} |"
    yield ""
    yield (
        "`consumes` in the manifest adds inputs. A parameter of the type `run` that names an earlier run gives the "
        'stage that run\'s folder as `inputs["<its key>"]`.\n'
    )
    for kind in get_args(StageKind):
        protocol = PROTOCOLS[kind]
        yield f"### {kind}\n\n{parse(inspect.getdoc(protocol) or '').text}\n"
        yield from _methods(protocol)


def _methods(protocol: type) -> Iterator[str]:
    for name, function in vars(protocol).items():
        if inspect.isfunction(function) and not name.startswith("_"):
            yield f"**`{name}{_signature(function)}`**\n"
            yield from _doc(parse(inspect.getdoc(function) or ""))
        elif isinstance(function, property):
            yield f"**`{name}`**\n\n{parse(inspect.getdoc(function) or '').text}\n"


def _signature(function: Any) -> str:
    text = str(inspect.signature(function)).replace("'", "").replace("self, ", "").replace("(self)", "()")
    return re.sub(r"npt\.NDArray\[(?:np\.)?(\w+)\]", r"\1 array", text)


def _doc(doc: Doc) -> Iterator[str]:
    yield f"{doc.text}\n"
    for title in ("Args", "Attributes", "Returns", "Raises"):
        entries = doc.sections.get(title, {})
        for name, meaning in entries.items():
            label = f"`{name}`: " if name else ""
            prefix = {"Returns": "Returns ", "Raises": "Raises "}.get(title, "")
            yield f"- {prefix}{label}{meaning}"
        if entries and title in ("Args", "Attributes"):
            continue
    yield ""


def _context() -> Iterator[str]:
    yield "## The run context\n"
    yield f"{parse(inspect.getdoc(context.RunContext) or '').text}\n"
    yield from _methods(context.RunContext)


def _data() -> Iterator[str]:
    yield "## Data\n"
    yield "Arrays are `.npy` files, facts are JSON; everything here is imported from `motestudio.sdk`.\n"
    for name in _DATA:
        one: type = getattr(sdk, name)
        yield f"### {name}\n"
        yield from _doc(parse(inspect.getdoc(one) or ""))
        yield from _public(one)
    yield "### Functions\n"
    for name in _FUNCTIONS:
        yield f"**`{name}{_signature(getattr(sdk, name))}`**\n"
        yield from _doc(parse(inspect.getdoc(getattr(sdk, name)) or ""))


def _public(one: type) -> Iterator[str]:
    for name, member in vars(one).items():
        if name.startswith("_") or name in {f.name for f in fields(one)}:
            continue
        function = member.__func__ if isinstance(member, classmethod | staticmethod) else member
        if isinstance(member, property):
            yield f"- `.{name}`: {parse(inspect.getdoc(member) or '').text}"
        elif inspect.isfunction(function):
            yield f"- `.{name}()`: {parse(inspect.getdoc(function) or '').text}"
    yield ""


def _c_api() -> Iterator[str]:
    core = resources_dir() / "firmware" / "core"
    yield "## C\n"
    yield "A feature stage names its C sources as `csrc`. The header that they include, `mote_core.h`:\n"
    yield f"```c\n{_body(core / 'mote_core.h')}\n```\n"
    yield "### mote_dsp.h\n\nSingle-precision signal processing for twins, all of it `static inline`.\n"
    for comment, declaration in _inline_functions(core / "mote_dsp.h"):
        yield f"- `{declaration}`: {comment}"
    yield ""


def _body(path: Path) -> str:
    """A header without its guards."""
    text = path.read_text(encoding="utf-8")
    kept = re.sub(r"#ifdef __cplusplus\n.*?#endif\n\n?", "", text, flags=re.DOTALL)
    kept = re.sub(r"^#(ifndef|define) MOTE_\w+_H\n", "", kept, flags=re.MULTILINE)
    return re.sub(r"\n#endif\s*$", "", kept).strip()


def _inline_functions(path: Path) -> Iterator[tuple[str, str]]:
    text = path.read_text(encoding="utf-8")
    for match in re.finditer(r"/\* ((?:(?!\*/).)+?)\*/\nstatic inline ([^{;]+?) \{", text, flags=re.DOTALL):
        comment = " ".join(line.strip(" *") for line in match[1].splitlines()).strip()
        yield comment, " ".join(match[2].split())


def _kit() -> Iterator[str]:
    yield "## What `mote plugin test` checks\n"
    yield "| check | kinds | proves |\n|---|---|---|"
    for check in CHECKS:
        yield f"| `{check.id}` | {', '.join(check.kinds) or 'all'} | {check.proves} |"
    yield ""


def _errors() -> Iterator[str]:
    yield "## Error codes\n"
    yield (
        "A stage that cannot do what it is asked raises `PluginError(code, text, hint)`: the text says what happened, "
        "the hint what to do. Its codes begin with the stage's name. These are the studio's own:\n"
    )
    yield "| code | means |\n|---|---|"
    for code, meaning in ERRORS.items():
        yield f"| `{code}` | {meaning} |"

"""What ``project.toml`` says, as data. It reads and checks plain tables; files and comments are `document`'s.

Version 1. Keys that are not known here are kept in the file and ignored.
"""

from __future__ import annotations

import tomllib
from dataclasses import asdict, dataclass, field
from typing import Any

import msgspec

from motestudio.domain.dataset import SplitBy
from motestudio.domain.params import Value
from motestudio.domain.pipeline import Pipeline, StageUse
from motestudio.errors import ProjectError

SCHEMA = 1


@dataclass(frozen=True, slots=True)
class BudgetConfig:
    """Limits that the model must keep; 0 where there is none but the board's own."""

    ram_bytes: int = 0
    flash_bytes: int = 0
    latency_ms: float = 0.0
    energy_mj: float = 0.0


@dataclass(frozen=True, slots=True)
class ClassConfig:
    """A class: its name, and how many takes of it are wanted (0 where that is open)."""

    name: str
    target: int = 0


@dataclass(frozen=True, slots=True)
class RecordConfig:
    """How takes are recorded.

    Attributes:
        seconds: length of a take.
        countdown: seconds before it.
        subject: who; stays until it is changed, like the next two.
        session: of recording.
        site: where.
        name_template: of takes, with ``{class} {subject} {session} {n:03} {date}``.
    """

    seconds: float = 2.0
    countdown: float = 1.0
    subject: str = ""
    session: str = ""
    site: str = ""
    name_template: str = "{class}-{subject}-{n:03}"


@dataclass(frozen=True, slots=True)
class DatasetConfig:
    """How takes are split; see `motestudio.domain.dataset.split_takes`."""

    split_by: SplitBy = "take"
    hold_out: tuple[str, ...] = ()
    test_fraction: float = 0.2
    validation_fraction: float = 0.2
    seed: int = 1


@dataclass(frozen=True, slots=True)
class ProjectConfig:
    """All that ``project.toml`` says.

    Attributes:
        name: for people.
        template: id of the template it began with, or empty.
        board: id of the target's board file.
        port: where the board is connected; empty where the user is asked.
        budget: limits.
        classes: in model output order.
        record: how takes are recorded.
        dataset: how they are split.
        pipeline: stages and the seed of training.
        schema: version of the file.
    """

    name: str
    template: str = ""
    board: str = ""
    port: str = ""
    budget: BudgetConfig = field(default_factory=BudgetConfig)
    classes: tuple[ClassConfig, ...] = ()
    record: RecordConfig = field(default_factory=RecordConfig)
    dataset: DatasetConfig = field(default_factory=DatasetConfig)
    pipeline: Pipeline = field(default_factory=lambda: Pipeline(()))
    schema: int = SCHEMA


class _Board(msgspec.Struct):
    id: str = ""
    port: str = ""


class _Stage(msgspec.Struct):
    key: str
    stage: str
    implementation: int = 0
    params: dict[str, int | float | bool | str] = msgspec.field(default_factory=dict)


class _File(msgspec.Struct):
    schema: int
    name: str
    template: str = ""
    seed: int = 1
    board: _Board = msgspec.field(default_factory=_Board)
    budget: BudgetConfig = msgspec.field(default_factory=BudgetConfig)
    classes: tuple[ClassConfig, ...] = msgspec.field(name="class", default=())
    record: RecordConfig = msgspec.field(default_factory=RecordConfig)
    dataset: DatasetConfig = msgspec.field(default_factory=DatasetConfig)
    stages: tuple[_Stage, ...] = msgspec.field(name="stage", default=())


def parse_toml(text: str) -> dict[str, Any]:
    """Read TOML.

    Raises:
        ProjectError: with the line.
    """
    try:
        return tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise broken(f"{error}") from error


def from_plain(plain: dict[str, Any]) -> ProjectConfig:
    """Check plain tables of the current schema.

    Raises:
        ProjectError: a value is missing, of another type or not allowed; the text names its key.
    """
    try:
        body = msgspec.convert(plain, _File)
    except msgspec.ValidationError as error:
        raise broken(str(error).replace("`$.", "`").replace("`$`", "the top of the file")) from error
    _check(body)
    stages = tuple(StageUse(s.key, s.stage, s.implementation, dict(s.params)) for s in body.stages)
    return ProjectConfig(
        name=body.name,
        template=body.template,
        board=body.board.id,
        port=body.board.port,
        budget=body.budget,
        classes=body.classes,
        record=body.record,
        dataset=body.dataset,
        pipeline=Pipeline(stages, body.seed),
        schema=body.schema,
    )


def to_plain(config: ProjectConfig) -> dict[str, Any]:
    """The tables as they stand in the file, in its order."""
    stages: list[dict[str, Any]] = []
    for use in config.pipeline.stages:
        table: dict[str, Any] = {"key": use.key, "stage": use.stage}
        if use.implementation:
            table["implementation"] = use.implementation
        if use.params:
            params: dict[str, Value] = dict(use.params)
            table["params"] = params
        stages.append(table)
    return {
        "schema": SCHEMA,
        "name": config.name,
        "template": config.template,
        "seed": config.pipeline.seed,
        "board": {"id": config.board, "port": config.port},
        "budget": asdict(config.budget),
        "record": asdict(config.record),
        "dataset": asdict(config.dataset) | {"hold_out": list(config.dataset.hold_out)},
        "class": [asdict(c) for c in config.classes],
        "stage": stages,
    }


def from_template(name: str, template: dict[str, Any] | None) -> ProjectConfig:
    """A new project's settings from a template's tables, which may leave anything out.

    Raises:
        ProjectError: the template is not right.
    """
    body = dict(template or {})
    if isinstance(body.get("board"), str):
        body["board"] = {"id": body["board"]}
    return from_plain(body | {"schema": SCHEMA, "name": name})


def broken(reason: str) -> ProjectError:
    """A project file that cannot be used."""
    return ProjectError(
        "project.broken",
        f"project.toml cannot be read: {reason}.",
        "Mend that line in a text editor, or take the file back from version control; recordings are untouched.",
        {"reason": reason},
    )


def _check(body: _File) -> None:
    names = [c.name for c in body.classes]
    keys = [s.key for s in body.stages]
    for what, values in (("class names", names), ("stage keys", keys)):
        if "" in values or len(set(values)) != len(values):
            raise broken(f"{what} must be different from each other and not empty")
    for key in ("test_fraction", "validation_fraction"):
        if not 0.0 <= getattr(body.dataset, key) < 1.0:
            raise broken(f"dataset.{key} must be at least 0 and below 1")
    if not 0.0 < body.record.seconds <= 86400 or not 0.0 <= body.record.countdown <= 60:
        raise broken("record.seconds must be above 0, record.countdown from 0 to 60")
    if any(value < 0 for value in asdict(body.budget).values()):
        raise broken("a budget must not be negative")

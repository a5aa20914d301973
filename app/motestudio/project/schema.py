"""What ``project.toml`` says, as data. It reads and checks plain tables; files and comments are `document`'s.

Version 1. Keys that are not known here are kept in the file and ignored.
"""

from __future__ import annotations

import tomllib
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

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
        seconds: length of a take; 0 to record until it is stopped.
        countdown: seconds before it.
        subject: who; stays until it is changed, like the next four.
        session: of recording.
        site: where.
        device: which board, or where on the body or machine it sits; the board's own number where empty.
        note: whatever else there is to say.
        name_template: of takes, with ``{class} {subject} {session} {site} {device} {date} {time} {n:03}``.
        groups: names of the board's channel groups to record; all that it has where empty.
        repeat: take after take until the class has as many as are wanted.
        pause: seconds between two of them.
        start: ``key``, or ``level`` where a take begins by itself when the signal does.
        level: of that start: how far a channel must be from its rest, as a share of its full scale.
        run_up: seconds before that moment that belong to the take.
        keep: seconds that "keep the last" keeps.
    """

    seconds: float = 2.0
    countdown: float = 1.0
    subject: str = ""
    session: str = ""
    site: str = ""
    device: str = ""
    note: str = ""
    name_template: str = "{class}-{subject}-{n:03}"
    groups: tuple[str, ...] = ()
    repeat: bool = False
    pause: float = 1.0
    start: Literal["key", "level"] = "key"
    level: float = 0.05
    run_up: float = 0.3
    keep: float = 10.0


@dataclass(frozen=True, slots=True)
class DatasetConfig:
    """How takes are split, see `motestudio.domain.dataset.split_takes`, and which channel group of them is learnt from.

    Attributes:
        split_by: see there, like the next four.
        hold_out: likewise.
        test_fraction: likewise.
        validation_fraction: likewise.
        seed: likewise.
        group: name of the channel group; where it is empty, the lead of takes that have several.
    """

    split_by: SplitBy = "take"
    hold_out: tuple[str, ...] = ()
    test_fraction: float = 0.2
    validation_fraction: float = 0.2
    seed: int = 1
    group: str = ""


@dataclass(frozen=True, slots=True)
class ProjectConfig:
    """All that ``project.toml`` says.

    Attributes:
        name: for people.
        template: id of the template it began with, or empty.
        board: id of the target's board file.
        port: where the board is connected; empty where the user is asked.
        key: file of the key that models are signed with, from the project's folder; empty where they are not.
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
    key: str = ""
    budget: BudgetConfig = field(default_factory=BudgetConfig)
    classes: tuple[ClassConfig, ...] = ()
    record: RecordConfig = field(default_factory=RecordConfig)
    dataset: DatasetConfig = field(default_factory=DatasetConfig)
    pipeline: Pipeline = field(default_factory=lambda: Pipeline(()))
    schema: int = SCHEMA


class _Board(msgspec.Struct):
    id: str = ""
    port: str = ""
    key: str = ""


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
        key=body.board.key,
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
        "board": {"id": config.board, "port": config.port} | ({"key": config.key} if config.key else {}),
        "budget": asdict(config.budget),
        "record": asdict(config.record) | {"groups": list(config.record.groups)},
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
    record = body.record
    if not 0.0 <= record.seconds <= 86400 or not 0.0 <= record.countdown <= 60 or not 0.0 <= record.pause <= 3600:
        raise broken(
            "record.seconds must be from 0 to 86400, record.countdown from 0 to 60, record.pause from 0 to 3600"
        )
    if not 0.0 < record.level <= 1.0 or not 0.0 <= record.run_up <= 30 or not 0.0 < record.keep <= 60:
        raise broken("record.level must be above 0 and at most 1, record.run_up from 0 to 30, record.keep up to 60")
    if any(value < 0 for value in asdict(body.budget).values()):
        raise broken("a budget must not be negative")

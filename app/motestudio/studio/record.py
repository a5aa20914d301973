"""Recording takes from a connected board into a project."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from motestudio.domain.recording import Facts, Recording
from motestudio.errors import DeviceError
from motestudio.project.store import Project
from motestudio.studio.device_session import DeviceSession
from motestudio.studio.operation import Operation

_MARGIN_S = 0.5


@dataclass(frozen=True, slots=True)
class TakePlan:
    """One take to record.

    Attributes:
        label: class to record.
        seconds: length.
        perform: what a virtual board shall do meanwhile: ``{"gesture", "seed", "subject"}`` or ``{"clip": index}``.
        subject: who; the project's where empty.
        session: or empty.
        split: ``train`` or ``test`` where the data's source prescribes it.
        name: of the recording; from the project's template where empty.
    """

    label: str
    seconds: float
    perform: Mapping[str, Any] | None = None
    subject: str = ""
    session: str = ""
    split: str = ""
    name: str = ""


def facts_of(project: Project, session: DeviceSession, plan: TakePlan) -> Facts:
    """Who, where and with what, from the plan and the project's sticky fields."""
    sticky = project.config.record
    return Facts(
        subject=plan.subject or sticky.subject,
        session=plan.session or sticky.session,
        device=session.description.serial_number or session.description.name,
        site=sticky.site,
    )


def record_take(project: Project, session: DeviceSession, plan: TakePlan, *, rate: float = 1.0) -> Recording:
    """Record one take of a fixed length.

    Args:
        project: where to.
        session: connected.
        plan: what.
        rate: times real time on a virtual board, 0 for as fast as it can.

    Raises:
        DeviceError: the board has nothing to record, or stopped.
        ProjectError: the take cannot be written.
    """
    if not session.description.groups:
        raise DeviceError("device.no_sensor", "The board has no sensor to record from.", "Flash a recording firmware.")
    group = session.description.groups[0]
    subject = plan.subject or project.config.record.subject
    sticky = project.config.record
    name = plan.name or project.recordings.next_name(
        sticky.name_template, plan.label, subject, plan.session or sticky.session
    )
    count = max(1, round(plan.seconds * group.rate_hz))
    saved = session.record_take(
        project.recordings.folder,
        name,
        plan.label,
        facts_of(project, session, plan),
        count,
        perform=dict(plan.perform) if plan.perform is not None else None,
        rate=rate,
        timeout=30.0 + (plan.seconds / rate if rate > 0 else plan.seconds) * 2,
        split=plan.split,
    )
    return project.recordings.load(saved)


def begin_take(project: Project, session: DeviceSession, plan: TakePlan) -> str:
    """Begin a take from the stream that runs and return at once; the recorder tells how it ends (`TakeSaved`).

    Args:
        project: where to.
        session: connected; where nothing streams, a stream is started for the take.
        plan: what. A virtual board performs `plan.perform` into the running stream; one that cannot is no reason to
            fail.

    Returns:
        The recording's name.

    Raises:
        DeviceError: the board has nothing to record, or is gone.
        ProjectError: no name can be made.
    """
    if not session.description.groups:
        raise DeviceError("device.no_sensor", "The board has no sensor to record from.", "Flash a recording firmware.")
    sticky = project.config.record
    subject = plan.subject or sticky.subject
    name = plan.name or project.recordings.next_name(
        sticky.name_template, plan.label, subject, plan.session or sticky.session
    )
    count = max(1, round(plan.seconds * session.description.groups[0].rate_hz))
    facts = facts_of(project, session, plan)
    session.start_take(project.recordings.folder, name, plan.label, facts, count, split=plan.split)
    if plan.perform is not None:
        try:
            # What has no end of its own, such as a machine's state, lasts as long as the take.
            session.request("perform", **{"seconds": plan.seconds + _MARGIN_S} | dict(plan.perform))
        except DeviceError as error:
            if error.code != "perform.unknown":
                session.stop_take(keep=False)
                raise
    return name


def performance_of(session: DeviceSession, label: str, subject: str, seed: int) -> dict[str, Any] | None:
    """What a virtual board shall do for a class, or None where it cannot or is a real one."""
    about = session.description
    if not about.virtual or label not in about.gestures:
        return None
    return {"gesture": label, "seed": seed, "subject": subject}


def record_all(
    project: Project, session: DeviceSession, plans: Sequence[TakePlan], operation: Operation, *, rate: float = 1.0
) -> list[Recording]:
    """Record take after take; a cancelled campaign keeps what was recorded."""
    done = []
    for index, plan in enumerate(plans):
        operation.progress(index / len(plans), f"{plan.label}, take {index + 1} of {len(plans)}")
        done.append(record_take(project, session, plan, rate=rate))
    operation.progress(1.0, f"{len(done)} takes")
    return done


def missing(project: Project) -> dict[str, int]:
    """Takes still wanted, by class; classes that have enough are left out."""
    have: dict[str, int] = {}
    for recording in project.recordings.all():
        for segment in recording.segments:
            if segment.origin == "mine":
                have[segment.label] = have.get(segment.label, 0) + 1
    return {c.name: c.target - have.get(c.name, 0) for c in project.config.classes if c.target > have.get(c.name, 0)}


def recorded(project: Project, subject: str) -> dict[str, int]:
    """Takes of one subject so far, by class."""
    have: dict[str, int] = {}
    for recording in project.recordings.all():
        if recording.facts.subject == subject:
            for label in {s.label for s in recording.segments}:
                have[label] = have.get(label, 0) + 1
    return have

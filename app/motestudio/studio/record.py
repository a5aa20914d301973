"""Recording takes from a connected board into a project."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import KW_ONLY, dataclass
from typing import Any

from motestudio.domain.recording import Facts, Recording
from motestudio.errors import DeviceError
from motestudio.project.store import Project
from motestudio.studio.device_session import DeviceSession
from motestudio.studio.takes import counts_of

_MARGIN_S = 0.5


@dataclass(frozen=True, slots=True)
class TakePlan:
    """One take to record.

    Attributes:
        label: class to record; empty for a take that is labelled in parts, or later.
        seconds: length; 0 until it is stopped.
        perform: what a virtual board shall do meanwhile: ``{"gesture", "seed", "subject"}`` or ``{"clip": index}``.
        subject: who; the project's where empty, like the next four.
        session: of recording.
        site: where.
        device: which board, or where on the body or machine it sits.
        note: whatever else there is to say.
        groups: names of the board's channel groups to record; what the project records where empty.
        split: ``train`` or ``test`` where the data's source prescribes it.
        name: of the take; from the project's template where empty.
        since: sample of the lead's live tail that it begins at; negative for the next that arrives.
        back_s: begin so many seconds earlier, as far as the live tail reaches.
    """

    label: str
    seconds: float
    perform: Mapping[str, Any] | None = None
    subject: str = ""
    _: KW_ONLY
    session: str = ""
    site: str = ""
    device: str = ""
    note: str = ""
    groups: tuple[str, ...] = ()
    split: str = ""
    name: str = ""
    since: int = -1
    back_s: float = 0.0


def facts_of(project: Project, session: DeviceSession, plan: TakePlan) -> Facts:
    """Who, where and with what, from the plan and the project's sticky fields."""
    sticky = project.config.record
    return Facts(
        subject=plan.subject or sticky.subject,
        session=plan.session or sticky.session,
        device=plan.device or sticky.device or session.description.serial_number or session.description.name,
        site=plan.site or sticky.site,
        note=plan.note or sticky.note,
    )


def groups_of(project: Project, session: DeviceSession, names: Sequence[str] = ()) -> tuple[int, ...]:
    """Indices of the board's channel groups that are recorded, the lead first.

    Args:
        project: says which, where nothing else does.
        session: connected.
        names: of the groups; the project's where empty, and all where that says none.

    Raises:
        DeviceError: the board has nothing to record, or none of what the project records.
    """
    known = [g.name for g in session.description.groups]
    if not known:
        raise DeviceError("device.no_sensor", "The board has no sensor to record from.", "Flash a recording firmware.")
    wanted = tuple(names) or project.config.record.groups
    found = tuple(known.index(name) for name in wanted if name in known) if wanted else tuple(range(len(known)))
    if not found:
        raise DeviceError(
            "device.no_group",
            f"{', '.join(wanted)} shall be recorded, but the board has {', '.join(known)}.",
            f"Choose from the board's channel groups: mote record --group {known[0]}.",
        )
    return found


def stream_args(session: DeviceSession, groups: Sequence[int]) -> dict[str, Any]:
    """Arguments of the link's ``start`` for an endless stream, as one watches it.

    Args:
        session: connected.
        groups: indices of the channel groups, the lead first.
    """
    args: dict[str, Any] = {"group": groups[0] if groups else 0, "count": 0}
    if len(groups) > 1:
        args["groups"] = list(groups)
    if session.description.virtual:
        args["rate"] = 1.0
    return args


def name_for(project: Project, session: DeviceSession, plan: TakePlan) -> str:
    """The plan's name, or the next one by the project's template.

    Raises:
        ProjectError: no name can be made.
    """
    facts = facts_of(project, session, plan)
    template = project.config.record.name_template
    return plan.name or project.recordings.next_name(
        template, plan.label, facts.subject, facts.session, site=facts.site, device=facts.device
    )


def record_take(project: Project, session: DeviceSession, plan: TakePlan, *, rate: float = 1.0) -> Recording:
    """Record one take of a fixed length.

    Args:
        project: where to.
        session: connected.
        plan: what.
        rate: times real time on a virtual board, 0 for as fast as it can.

    Returns:
        The recording of the lead; the others of a take of several channel groups are ``project.recordings.parts``.

    Raises:
        DeviceError: the board has nothing to record, or stopped.
        ProjectError: the take cannot be written.
    """
    groups = groups_of(project, session, plan.groups)
    count = max(1, round(plan.seconds * session.description.groups[groups[0]].rate_hz))
    saved = session.record_take(
        project.recordings.folder,
        name_for(project, session, plan),
        plan.label,
        facts_of(project, session, plan),
        count,
        perform=dict(plan.perform) if plan.perform is not None else None,
        rate=rate,
        timeout=30.0 + (plan.seconds / rate if rate > 0 else plan.seconds) * 2,
        split=plan.split,
        groups=groups,
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
        The take's name.

    Raises:
        DeviceError: the board has nothing to record, or is gone.
        ProjectError: no name can be made.
    """
    groups = groups_of(project, session, plan.groups)
    name = name_for(project, session, plan)
    rate_hz = session.description.groups[groups[0]].rate_hz
    session.start_take(
        project.recordings.folder,
        name,
        plan.label,
        facts_of(project, session, plan),
        max(1, round(plan.seconds * rate_hz)) if plan.seconds else 0,
        split=plan.split,
        groups=groups,
        since=plan.since,
        back_s=plan.back_s,
    )
    if plan.perform is not None:
        try:
            # What has no end of its own, such as a machine's state, lasts as long as the take.
            length = {"seconds": plan.seconds + _MARGIN_S} if plan.seconds else {}
            session.request("perform", **length | dict(plan.perform))
        except DeviceError as error:
            if error.code != "perform.unknown":
                session.stop_take(keep=False)
                raise
    return name


def keep_last(project: Project, session: DeviceSession, seconds: float, label: str = "") -> str:
    """Keep what has just been seen while nothing was recorded: the last seconds of the live tail become a take.

    Args:
        project: where to.
        session: connected to a board that streams.
        seconds: as far as the live tail reaches: a minute, or 64 MB.
        label: of all of it; empty for none.

    Returns:
        The take's name; the recorder tells when it is on the disk (`TakeSaved`).

    Raises:
        DeviceError: the board is gone.
        ProjectError: no name can be made.
    """
    return begin_take(project, session, TakePlan(label, seconds, back_s=seconds))


def performance_of(session: DeviceSession, label: str, subject: str, seed: int) -> dict[str, Any] | None:
    """What a virtual board shall do for a class, or None where it cannot or is a real one."""
    about = session.description
    if not about.virtual or label not in about.gestures:
        return None
    return {"gesture": label, "seed": seed, "subject": subject}


def missing(project: Project) -> dict[str, int]:
    """Takes still wanted, by class; classes that have enough are left out."""
    have = counts_of((r.take, r.segments) for r in project.recordings.all())
    return {c.name: c.target - have.get(c.name, 0) for c in project.config.classes if c.target > have.get(c.name, 0)}


def recorded(project: Project, subject: str) -> dict[str, int]:
    """Takes of one subject so far, by class."""
    have: dict[str, set[str]] = {}
    for recording in project.recordings.all():
        if recording.facts.subject == subject:
            for segment in recording.segments:
                have.setdefault(segment.label, set()).add(recording.take)
    return {label: len(takes) for label, takes in have.items()}

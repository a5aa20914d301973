"""The verb `record`: takes of classes, takes until Ctrl+C, takes that the signal begins, and what was just seen."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from motestudio.cli.connecting import (
    BaudOption,
    DecoderOption,
    DecoderSetOption,
    DtrOption,
    PortOption,
    WaitOption,
    connected,
)
from motestudio.cli.state import State, state_of

if TYPE_CHECKING:
    from motestudio.domain.recording import Recording
    from motestudio.project.store import Project
    from motestudio.studio.device_session import DeviceSession
    from motestudio.studio.record import TakePlan

_LOOK_SECONDS = 0.2


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("record")(record)


def record(
    context: typer.Context,
    classes: Annotated[
        list[str] | None, typer.Argument(help="Classes to record; all that miss takes where none.")
    ] = None,
    takes: Annotated[int, typer.Option(min=0, help="Per class; what is missing to the target where 0.")] = 0,
    seconds: Annotated[float, typer.Option(min=0.0, help="Of a take; the project's where 0.")] = 0.0,
    until_stopped: Annotated[
        bool, typer.Option("--until-stopped", help="One take that ends with Ctrl+C; of no class or of the one named.")
    ] = False,
    last: Annotated[
        float, typer.Option(min=0.0, help="Only watch; Ctrl+C keeps so many last seconds as a take.")
    ] = 0.0,
    level: Annotated[
        float,
        typer.Option(min=0.0, max=1.0, help="Begin takes when the signal leaves its rest by this share of full scale."),
    ] = 0.0,
    run_up: Annotated[float, typer.Option(min=0.0, help="Seconds before that moment that belong to the take.")] = 0.3,
    countdown: Annotated[float, typer.Option(min=0.0, help="Seconds before each take.")] = 0.0,
    pause: Annotated[float, typer.Option(min=0.0, help="Seconds between two takes.")] = 0.0,
    subject: Annotated[
        str, typer.Option(help="Who moves or speaks; the project's where empty, like the next four.")
    ] = "",
    session_name: Annotated[str, typer.Option("--session", help="Session of recording.")] = "",
    site: Annotated[str, typer.Option(help="Where.")] = "",
    device: Annotated[str, typer.Option(help="Which board, or where on the body or machine it sits.")] = "",
    note: Annotated[str, typer.Option(help="Whatever else there is to say.")] = "",
    group: Annotated[
        list[str] | None, typer.Option(help="Channel group of the board to record; may be repeated, all where none.")
    ] = None,
    port: PortOption = "",
    baud: BaudOption = 115200,
    dtr: DtrOption = "auto",
    wait: WaitOption = 30.0,
    decoder: DecoderOption = "auto",
    decoder_set: DecoderSetOption = None,
    seed: Annotated[int, typer.Option(help="Of what a virtual board performs.")] = 1,
    fast: Annotated[bool, typer.Option(help="Let a virtual board run faster than real time.")] = True,
) -> None:
    """Record takes from a board."""
    from motestudio.errors import ProjectError
    from motestudio.studio import take_runs
    from motestudio.studio.record import TakePlan

    state = state_of(context)
    if (until_stopped or last) and len(classes or ()) > 1:
        raise typer.BadParameter("One take has one class: name one, or none.")
    with state.project() as project, state.studio() as studio:
        known = [c.name for c in project.config.classes]
        for name in classes or ():
            if name not in known:
                raise ProjectError("class.unknown", f"There is no class {name!r}.", f"Classes: {', '.join(known)}.")
        plan = TakePlan(
            (classes or [""])[0] if until_stopped or last else "",
            seconds or project.config.record.seconds,
            subject=subject,
            session=session_name,
            site=site,
            device=device,
            note=note,
            groups=tuple(group or ()),
        )
        with (
            connected(
                state, studio, project, port, baud, dtr, wait, records=True, decoder=decoder, decoder_set=decoder_set
            ) as session,
            state.output.operation() as operation,
        ):
            if until_stopped:
                done = [_until_stopped(state, project, session, plan)]
            elif last:
                done = [_keep_last(state, project, session, plan, last)]
            else:
                plans = _campaign(project, session, plan, classes or known, takes, seed)
                rate = 0.0 if fast and session.description.virtual and not level else 1.0
                pace = take_runs.Pace(countdown, pause, level, run_up, rate)
                done = take_runs.record_all(project, session, plans, operation, pace)
            if full := take_runs.disk_warning(session):
                state.output.warn(full)
            read_as = session.found.stage
    _tell(state, project, done, read_as)


def _campaign(
    project: Project, session: DeviceSession, plan: TakePlan, classes: Sequence[str], takes: int, seed: int
) -> list[TakePlan]:
    """The takes of each class that are asked for, or still missing."""
    from dataclasses import replace

    from motestudio.studio.record import missing, recorded

    wanted = missing(project)
    who = plan.subject or project.config.record.subject
    before = recorded(project, who)
    about = session.description
    plans = []
    for name in classes:
        for index in range(takes or wanted.get(name, 0)):
            perform: dict[str, Any] | None = None
            if about.virtual and name in about.gestures:
                # What is recorded already is not performed again the same way.
                number = seed * 100_003 + before.get(name, 0) + index
                perform = {"gesture": name, "seed": number, "subject": who}
            plans.append(replace(plan, label=name, perform=perform))
    return plans


def _until_stopped(state: State, project: Project, session: DeviceSession, plan: TakePlan) -> Recording:
    from dataclasses import replace

    from motestudio.studio.take_runs import take_until, watch

    watch(project, session, plan)
    state.output.note("Recording. Ctrl+C ends the take and keeps it.")
    stopped = _Stopped()
    with stopped:
        return take_until(project, session, replace(plan, seconds=0.0), stopped)


def _keep_last(state: State, project: Project, session: DeviceSession, plan: TakePlan, seconds: float) -> Recording:
    from dataclasses import replace

    from motestudio.studio.take_runs import take_until, watch

    watch(project, session, plan)
    state.output.note(f"Watching. Ctrl+C keeps the last {seconds:g} s.")
    with _Stopped() as stopped:
        while not stopped():
            if session.lost is not None:
                raise session.lost
            time.sleep(_LOOK_SECONDS)
        return take_until(project, session, replace(plan, seconds=seconds, back_s=seconds), lambda: False)


class _Stopped:
    """Whether the user pressed Ctrl+C meanwhile; a second time ends the program as usual."""

    def __init__(self) -> None:
        self._asked = False
        self._before: Any = None

    def __enter__(self) -> _Stopped:
        import signal

        def stop(*_: object) -> None:
            self._asked = True
            signal.signal(signal.SIGINT, self._before)

        self._before = signal.signal(signal.SIGINT, stop)
        return self

    def __exit__(self, *_: object) -> None:
        import signal

        signal.signal(signal.SIGINT, self._before)

    def __call__(self) -> bool:
        return self._asked


def _tell(state: State, project: Project, done: Sequence[Recording], decoder: str) -> None:
    """What was recorded, and what is wrong with it."""
    from motestudio.studio.take_runs import warnings_of

    store = project.recordings
    parts = [store.load(name) for recording in done for name in store.parts(recording.take)]
    rows, lines = [], []
    for part in parts:
        found = warnings_of(part)
        health = part.health
        rows.append(
            {
                "name": part.name,
                "take": part.take,
                "samples": part.n_samples,
                "seconds": round(part.seconds, 4),
                "rate_hz": health.rate_hz,
                "lost_samples": health.lost_samples,
                "gaps": health.gaps,
                "drift_ppm": health.drift_ppm,
                "drift_error_ppm": health.drift_error_ppm,
                "warnings": found,
            }
        )
        for words in found:
            state.output.warn(f"{part.name}: {words}.")
    lost = sum(p.health.lost_samples for p in parts)
    away = sum(c.away_us > 0 for r in done for c in r.captures)
    lines.append(f"{len(done)} takes recorded, {lost} samples lost.")
    facts = {
        "recordings": [r.name for r in done],
        "lost_samples": lost,
        "interruptions": away,
        "decoder": decoder,
        "takes": rows,
    }
    state.output.result(facts, lines)

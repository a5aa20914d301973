"""Checks that every kind of stage goes through: parameters, determinism, cancel, memory, writes."""

from __future__ import annotations

import contextlib
import io
import json
import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from motestudio.domain.units import format_bytes
from motestudio.plugins.manifest import StageManifest
from motestudio.studio.conformance.bench import Bench, Outcome, Params
from motestudio.studio.conformance.catalogue import DEAF, MEMORY
from motestudio.studio.conformance.combinations import combinations
from motestudio.studio.conformance.report import CheckFailed, CheckSkipped

Inputs = Mapping[str, Path]
CheckFunction = Callable[[Bench], str]
_MOMENTS_S = (0.15, 1.0)
"""Seconds after a stage's first word at which it is cancelled."""
_TIMES = frozenset({"seconds", "created", "date_saved", "started"})
"""Keys of JSON files that tell when, not what."""


@dataclass(frozen=True, slots=True)
class KindKit:
    """How stages of one kind are tried.

    Attributes:
        inputs: small inputs that the stage must work on with its defaults.
        large: inputs that keep it busy, for the check of cancel; None where `inputs` do.
        verify: raises `CheckFailed` where an outcome that worked is not what it must be.
        first: asks what the stage will give, before it is run; None where its kind does not say.
        announce: asks that of a stage whose announcement is to be trusted: what it accepts must run.
        own: further checks by their ids.
        random: how many random combinations of parameters.
        spare: the defaults, with what only takes time made small.
    """

    inputs: Callable[[Bench], Inputs]
    large: Callable[[Bench], Inputs] | None = None
    verify: Callable[[Bench, Outcome, Params], None] = lambda _bench, _outcome, _params: None
    first: Callable[[Bench, Params], Outcome] | None = None
    announce: Callable[[Bench, Params], Outcome] | None = None
    own: Mapping[str, CheckFunction] = field(default_factory=dict)
    random: int = 8
    spare: Callable[[Bench], Params] = lambda bench: bench.defaults


def protocol(bench: Bench) -> str:
    """Imports and signatures, in a fresh process."""
    bench.restart()
    manifest = bench.entry.manifest
    began = _protocol_of(bench, manifest)
    for older in manifest.older:
        _protocol_of(bench, manifest.at(older.implementation))
    older_text = f", {len(manifest.older)} older implementation(s) too" if manifest.older else ""
    return f"a process with it is up in {began:.2f} s{older_text}"


def _protocol_of(bench: Bench, manifest: StageManifest) -> float:
    outcome = bench.must_work({}, kind=f"{manifest.kind}:protocol", entry=replace(bench.entry, manifest=manifest))
    if outcome.meta["problems"]:
        raise CheckFailed("; ".join(outcome.meta["problems"]))
    if outcome.meta["heavy"]:
        names = ", ".join(outcome.meta["heavy"])
        raise CheckFailed(f"importing it loads {names}: import these inside the functions that need them")
    return outcome.seconds


def params(bench: Bench, kit: KindKit) -> str:
    """Every combination either works or is refused with a reason."""
    counts = {"worked": 0, "refused": 0, "stopped": 0}
    changed = {k: v for k, v in kit.spare(bench).items() if v != bench.defaults[k]}
    tried = combinations(bench.entry.manifest.params, changed, random=kit.random)
    inputs = kit.inputs(bench)
    for one in tried:
        outcome = kit.first(bench, one.params) if kit.first else None
        if outcome is None or outcome.end == "worked":
            outcome = bench.run(inputs, one.params)
        if outcome.end == "broke":
            raise CheckFailed(f"with {one.name}: {outcome.text}")
        if one.name == "defaults" and outcome.end == "refused":
            raise CheckFailed(f"with its defaults: {outcome.text}")
        if outcome.end == "refused" and kit.announce and kit.announce(bench, one.params).end == "worked":
            raise CheckFailed(f"with {one.name}: infer_output accepts what a run refuses: {outcome.text}")
        if outcome.end == "worked":
            with _named(one.name):
                kit.verify(bench, outcome, one.params)
        counts[outcome.end] += 1
    more = f", {counts['stopped']} stopped for time" if counts["stopped"] else ""
    return f"{len(tried)} combinations: {counts['worked']} worked, {counts['refused']} refused with a reason{more}"


@contextlib.contextmanager
def _named(name: str) -> Iterator[None]:
    try:
        yield
    except CheckFailed as failure:
        raise CheckFailed(f"with {name}: {failure}") from failure


def deterministic(bench: Bench, kit: KindKit) -> str:
    """Two fresh processes give the same files; another seed is told of."""
    inputs, chosen = kit.inputs(bench), kit.spare(bench)
    first = contents(bench.must_work(inputs, chosen, seed=11).folder)
    bench.restart()
    second = contents(bench.must_work(inputs, chosen, seed=11).folder)
    if sorted(first) != sorted(second):
        raise CheckFailed(f"two runs wrote other files: {', '.join(sorted(set(first) ^ set(second)))}")
    if different := [name for name in first if first[name] != second[name]]:
        raise CheckFailed(f"two runs with one seed differ in {', '.join(sorted(different))}")
    other = contents(bench.must_work(inputs, chosen, seed=12).folder)
    return f"{len(first)} file(s); another seed gives {'the same' if other == first else 'others'}"


def contents(folder: Path) -> dict[str, bytes]:
    """Files by path; archives and JSON without what only says when they were written."""
    found = {}
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        name, data = path.relative_to(folder).as_posix(), path.read_bytes()
        if path.suffix == ".json":
            found[name] = json.dumps(_timeless(json.loads(data)), sort_keys=True).encode()
        elif data[:4] == b"PK\x03\x04":
            with zipfile.ZipFile(io.BytesIO(data)) as archive:
                for member in archive.namelist():
                    if member != "metadata.json":
                        found[f"{name}:{member}"] = archive.read(member)
        else:
            found[name] = data
    return found


def _timeless(value: object) -> object:
    if isinstance(value, dict):
        return {k: _timeless(v) for k, v in value.items() if k not in _TIMES}
    return [_timeless(v) for v in value] if isinstance(value, list) else value


def cancel(bench: Bench, kit: KindKit) -> str:
    """A cancelled run ends by itself within a second; where a library is at work at one moment, at another."""
    inputs = (kit.large or kit.inputs)(bench)
    slowest = 0.0
    usual = {p.key: kit.spare(bench)[p.key] for p in bench.entry.manifest.params if p.type == "run"}
    for moment in _MOMENTS_S:
        # Libraries that it loads at its first run take longer than a second and hear of nothing.
        bench.run(kit.inputs(bench), kit.spare(bench))
        outcome = bench.run(inputs, {**bench.defaults, **usual}, cancel_after=moment)
        if outcome.end == "worked":
            return f"was done after {outcome.seconds:.2f} s, before it could be cancelled"
        if outcome.end != "stopped":
            raise CheckFailed(outcome.text)
        slowest = outcome.cancelled_after
        # The runner asks; what does not answer for 0.4 s it ends with its process.
        if slowest <= 0.4:
            return f"ended {slowest:.2f} s after the asking"
    if bench.entry.manifest.kind in DEAF and slowest <= 1.0:
        return f"its process was ended {slowest:.2f} s after the asking: the library that works hears nothing"
    raise CheckFailed(
        f"did not react to the cancel for 0.4 s and its process was ended ({slowest:.2f} s): call ctx.progress or "
        "ctx.check_cancelled in every loop"
    )


def memory(bench: Bench) -> str:
    """The most memory of all runs so far."""
    bound = MEMORY[bench.entry.manifest.kind]
    if bench.peak == 0:
        raise CheckSkipped("this system does not say how much memory a process has")
    if bench.peak > bound:
        raise CheckFailed(f"took {format_bytes(bench.peak)}; at most {format_bytes(bound)} is allowed")
    return f"{format_bytes(bench.peak)} at the most, of {format_bytes(bound)}"


def writes(bench: Bench) -> str:
    """Nothing is changed that a run had no business with."""
    if bench.refused_writes:
        raise CheckFailed(bench.refused_writes[0])
    if changed := bench.changed():
        raise CheckFailed(f"changed {', '.join(changed)}")
    return "the plugin's folder and all inputs are as they were"

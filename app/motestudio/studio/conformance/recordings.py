"""Checks of the stages that read or write recordings: segmenters, exporters, importers, decoders."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from motestudio.domain.params import complete
from motestudio.errors import PluginError
from motestudio.sdk.testing import SIGNALS
from motestudio.studio.conformance import material
from motestudio.studio.conformance.bench import Bench, Outcome, Params
from motestudio.studio.conformance.common import KindKit
from motestudio.studio.conformance.report import CheckFailed, CheckSkipped

SAMPLES = Path("tests") / "data"
"""Folder of a plugin with files that its importers and decoders must read; named ``STAGE`` or ``STAGE.*``."""
_GARBAGE_BYTES = 20_000
_UNSURE = 0.3
"""The most that a decoder may say of noise."""


def _request(bench: Bench, signal: str = "motion", seconds: float = 4.0) -> Mapping[str, Path]:
    def make(folder: Path) -> None:
        about = SIGNALS[signal]
        rows = material.recordings(folder, about.group, material.recorded_edges(about, seconds))
        for number, row in enumerate(rows):
            label, count = "wave" if number % 2 else "circle", row["n_samples"]
            row["segments"] = [{"start": 0, "count": count, "label": label}] if count else []
        material.save_request(folder, rows)

    return {"request": bench.material(f"request-{signal}-{seconds:g}", make)}


def _verify_segments(bench: Bench, outcome: Outcome, params: Params) -> None:
    del bench, params
    answer = json.loads((outcome.folder / "segments.json").read_text(encoding="utf-8"))
    lengths = {name: len(samples) for name, samples in material.recorded_edges(SIGNALS["motion"]).items()}
    for name, rows in answer.items():
        end = 0
        for row in rows:
            if row["start"] < end or row["start"] + row["count"] > lengths[name]:
                raise CheckFailed(f"{name}: a segment overlaps another or leaves the recording: {row}")
            if row["origin"] != "proposed":
                raise CheckFailed(f"{name}: a segment's origin is {row['origin']!r}; segmenters propose")
            confidence = row["confidence"]
            if confidence is not None and not 0 <= confidence <= 1:
                raise CheckFailed(f"{name}: a confidence of {confidence}")
            end = row["start"] + row["count"]


def segments(bench: Bench) -> str:
    """Recordings of other signals too."""
    outcome = bench.must_work(_request(bench))
    _verify_segments(bench, outcome, bench.defaults)
    for signal in ("sound", "slow"):
        bench.must_work(_request(bench, signal))
    return f"{outcome.meta['segments']} segments in {outcome.meta['recordings']} recordings"


SEGMENTER = KindKit(
    _request, lambda b: _request(b, "sound", 60.0), _verify_segments, own={"segments": segments}, random=8
)


def files(bench: Bench) -> str:
    """Recordings of every kind of signal, among them empty ones and names that need care."""
    written = 0
    for signal in ("motion", "sound", "slow"):
        outcome = bench.must_work(_request(bench, signal, 2.0))
        found = [p for p in outcome.folder.rglob("*") if p.is_file()]
        if not found:
            raise CheckFailed("wrote no file")
        if links := [p.name for p in outcome.folder.rglob("*") if p.is_symlink()]:
            raise CheckFailed(f"left a link: {links[0]}")
        written += len(found)
    return f"{written} files of 3 signals"


EXPORTER = KindKit(
    lambda b: _request(b, "motion", 2.0), lambda b: _request(b, "sound", 30.0), own={"files": files}, random=6
)


def _sample_files(bench: Bench) -> list[Path]:
    stage = bench.entry.manifest.id.rpartition("/")[2]
    folder = bench.entry.folder / SAMPLES
    return sorted(p for p in folder.glob("*") if p.name.split(".")[0] == stage)


def _source(bench: Bench) -> Mapping[str, Path]:
    """What the plugin brings to be read, or the first file of a usual format that the stage reads.

    Raises:
        CheckSkipped: there is nothing that it reads.
    """
    source = bench.fact("source", lambda: _find_source(bench))
    if source is None:
        raise CheckSkipped(f"the plugin brings no file {(SAMPLES / '<stage>.*').as_posix()} to read")
    return {"source": source}


def _find_source(bench: Bench) -> Path | None:
    usual = bench.material("usual", material.save_files)
    for path in [*_sample_files(bench), *sorted(usual.iterdir())]:
        outcome = bench.run({"source": path}, bench.defaults)
        if outcome.end == "worked" and outcome.meta.get("samples"):
            return path
    return None


def _write_garbage(folder: Path) -> None:
    rng = np.random.default_rng(9)
    noise = rng.integers(0, 256, _GARBAGE_BYTES, dtype=np.uint8).tobytes()
    table = "\n".join(",".join(str(v) for v in row) for row in rng.integers(-999, 999, (200, 3)))
    made = {
        "empty": b"",
        "noise": noise,
        "zeros": bytes(_GARBAGE_BYTES),
        "ones": b"\xff" * _GARBAGE_BYTES,
        "text": table.encode(),
        "head": b"RIFF" + noise[:40],
        "brackets": b'{"a": [' * 400,
        "lines": b"\n" * 2000 + b",,,,;;;\t" * 200 + b"\x00nan,inf,-1e999\n" * 50,
    }
    for name, data in made.items():
        (folder / f"{name}.bin").write_bytes(data)


def garbage(bench: Bench) -> str:
    """Nothing that a file holds may end an import with anything but a reason."""
    folder = bench.material("garbage", _write_garbage)
    own = _sample_files(bench)
    suffixes = {p.suffix for p in own} | {".bin"}
    sources = []
    for suffix in sorted(suffixes):
        for path in sorted(folder.glob("*.bin")):
            copy = bench.folder("source") / path.with_suffix(suffix).name
            copy.write_bytes(path.read_bytes())
            sources.append(copy)
    sources += [cut for path in own if path.is_file() for cut in _cut(bench, path)]
    if bench.entry.manifest.kind == "importer":
        sources += [folder, bench.folder("nothing")]
    for source in sources:
        outcome = bench.run({"source": source}, bench.defaults)
        if outcome.end not in ("worked", "refused"):
            raise CheckFailed(f"{source.name}: {outcome.text}")
    return f"{len(sources)} files and folders of garbage"


def _cut(bench: Bench, path: Path) -> list[Path]:
    """A good file cut short, with a byte turned, and with its beginning gone."""
    data = path.read_bytes()
    half = len(data) // 2
    turned = data[:half] + bytes([data[half] ^ 0xFF]) + data[half + 1 :] if data else b""
    made = []
    for name, body in (("short", data[:half]), ("turned", turned), ("late", data[7:])):
        copy = bench.folder("source") / f"{name}{path.suffix}"
        copy.write_bytes(body)
        made.append(copy)
    return made


def _verify_clips(bench: Bench, outcome: Outcome, params: Params) -> None:
    del bench, params
    _verify_folder(outcome.folder)


def _verify_groups(bench: Bench, outcome: Outcome, params: Params) -> None:
    del bench, params
    for folder in sorted(outcome.folder.glob("group-*")):
        _verify_folder(folder)


def _verify_folder(folder: Path) -> None:
    body = json.loads((folder / "clips.json").read_text(encoding="utf-8"))
    flat = np.load(folder / "clips.npy", mmap_mode="r", allow_pickle=False)
    channels = len(body["group"]["channels"])
    total = sum(c["count"] for c in body["clips"])
    if flat.size != total * channels:
        raise CheckFailed(f"{flat.size} values for {total} samples of {channels} channels")


def read_own(bench: Bench) -> str:
    """The files that the plugin brings as examples give samples."""
    own = _sample_files(bench)
    if not own:
        raise CheckSkipped(f"the plugin brings no file {(SAMPLES / '<stage>.*').as_posix()} to read")
    total = 0
    for path in own:
        outcome = bench.must_work({"source": path})
        if not outcome.meta["samples"]:
            raise CheckFailed(f"{path.name} gave no samples")
        total += outcome.meta["samples"]
    return f"{len(own)} file(s), {total} samples"


IMPORTER = KindKit(_source, verify=_verify_clips, own={"garbage": garbage, "examples": read_own}, random=6)


def chunks(bench: Bench) -> str:
    """The worker cuts the bytes in several ways and compares what the decoder makes of them."""
    outcome = bench.must_work(_source(bench), kind="decoder:pieces")
    sizes = ", ".join(str(size) for size in outcome.meta["sizes"])
    if different := outcome.meta["different"]:
        raise CheckFailed(f"fed {different[0]} byte(s) at a time it gives other samples than at once")
    if outcome.meta["problem"]:
        raise CheckFailed(outcome.meta["problem"])
    return f"{outcome.meta['samples']} samples, fed {sizes} bytes at a time and at once"


def guess(bench: Bench) -> str:
    """Its own examples are known to it; garbage is asked about too, and must not be taken for certain."""
    scores = []
    for path in _sample_files(bench):
        said = bench.must_work({"source": path}, kind="decoder:guess").meta
        if said["score"] <= 0:
            raise CheckFailed(f"does not know its own example {path.name}: {said['reason']}")
        try:
            complete(bench.entry.manifest.params, said["params"])
        except PluginError as error:
            raise CheckFailed(f"guesses parameters that it does not allow: {error}") from error
        scores.append(said["score"])
    folder = bench.material("garbage", _write_garbage)
    for path in sorted(folder.glob("*.bin")):
        said = bench.must_work({"source": path}, kind="decoder:guess").meta
        if path.stem in ("empty", "noise", "zeros", "ones") and said["score"] > _UNSURE:
            raise CheckFailed(f"takes {path.stem} for its own with {said['score']:.2f}: {said['reason']}")
    return f"{len(scores)} example(s) known with {min(scores, default=0):.2f} or more, garbage is not"


DECODER = KindKit(
    _source,
    verify=_verify_groups,
    own={"garbage": garbage, "chunks": chunks, "guess": guess, "examples": read_own},
    random=6,
)

"""Counts the instructions of C twins under callgrind and writes them as JSON into the file named.

Each twin is generated as for a board, compiled for this computer with -O2 and without vector instructions where the
compiler knows how, and pushed one hop at a time. What counts is the steady state: one hop of samples in, and what a
window's end costs.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from material import KEYWORD
from side_ours import front, load

from motestudio.domain.board import BoardFile
from motestudio.firmware.feature_code import FeatureCode, source_files
from motestudio.firmware.generator import generate
from motestudio.firmware.request import FirmwareRequest
from motestudio.sdk import Channel, ChannelGroup, Deployable, FeatureBlock, SignalInfo, dsp
from motestudio.shipped import plugins_dir, resources_dir

HOPS = 8
FLAGS = ["-O2", "-std=c11", "-ffp-contract=off", "-fno-tree-vectorize"]
MAIN = """
#include "mote_features.h"
#include "mote_project.h"

#define HOP @HOP@

static int16_t samples[MOTE_WINDOW_SAMPLES * MOTE_CHANNELS];
static float features[MOTE_FEATURE_COUNT];

void measured_hop(const int16_t *piece);
void measured_emit(mote_sink *sink);
__attribute__((noinline)) void measured_hop(const int16_t *piece) { mote_features_push(piece, HOP); }
__attribute__((noinline)) void measured_emit(mote_sink *sink) { mote_features_emit(sink); }

int main(void) {
  mote_sink sink = {1.0f, 0, NULL, NULL, NULL, 0, 1, 1};
  uint32_t state = 1;
  for (size_t i = 0; i < sizeof samples / sizeof samples[0]; ++i) {
    state = state * 1664525u + 1013904223u;
    samples[i] = (int16_t)(state >> 18);
  }
  sink.f32 = features;
  mote_features_reset();
  mote_features_push(samples, MOTE_WINDOW_SAMPLES);
  for (int hop = 0; hop < @HOPS@; ++hop) {
    measured_hop(samples);
  }
  measured_emit(&sink);
  return 0;
}
"""


def audio_signal(step: int) -> SignalInfo:
    """Windows of one second."""
    return SignalInfo(ChannelGroup("audio", 16_000.0, (Channel("audio"),)), 16_000, step)


def motion_signal(step: int) -> SignalInfo:
    """Windows of 128 samples of six axes."""
    channels = tuple(Channel(name, "g", 1 / 8192) for name in ("ax", "ay", "az", "gx", "gy", "gz"))
    return SignalInfo(ChannelGroup("imu", 100.0, channels), 128, step)


KEYWORD_PARAMS = front(KEYWORD)
CASES: dict[str, tuple[str, dict[str, Any], Any, int, int]] = {
    # name: stage, parameters, signal, transform's length, transforms of one hop
    "mfcc": ("mote-audio/mfcc", KEYWORD_PARAMS | {"coefficients": KEYWORD.coefficients}, audio_signal, 512, 1),
    "mfe": (
        "mote-audio/mfe",
        {k: v for k, v in KEYWORD_PARAMS.items() if k != "normalise"} | {"floor": -80.0},
        audio_signal,
        512,
        1,
    ),
    "log-mel float32": ("mote-audio/logmel", KEYWORD_PARAMS | {"arithmetic": "float32"}, audio_signal, 512, 1),
    "log-mel PCEN": (
        "mote-audio/logmel",
        KEYWORD_PARAMS | {"arithmetic": "float32", "compression": "pcen"},
        audio_signal,
        512,
        1,
    ),
    "log-mel integer": (
        "mote-audio/logmel",
        {k: v for k, v in KEYWORD_PARAMS.items() if k != "preemphasis"},
        audio_signal,
        512,
        1,
    ),
    "spectrogram": ("mote-audio/spectrogram", {"frame_ms": 30.0, "hop_ms": 20.0}, audio_signal, 512, 1),
    "spectral, 6 axes": ("mote-imu/spectral", {"segment": "64"}, motion_signal, 64, 6),
}


def program(folder: Path, stage: str, given: dict[str, Any], make_signal: Any) -> Path:
    """Generate and compile a twin with the loop above."""
    row, code, params = load(stage, given)
    hop = code.infer_output(make_signal(1), params).hop_samples
    signal = make_signal(hop)
    info = code.infer_output(signal, params)
    block = FeatureBlock(stage, "features", row.implementation, dict(params), info.shape, info.axes)
    sources = tuple(plugins_dir() / stage.partition("/")[0] / path for path in row.csrc)
    use = FeatureCode(block, code.c_constants(signal, params), sources, info.hop_samples)
    deployable = Deployable(b"TFL3", ("a", "b"), signal, (block,), info.shape, 0.05, 0, 1 / 256, -128)
    board = BoardFile("host", "Host", "x", "cortex-m4f", 80_000_000, 98_304, 1_048_576, "reference")
    project = generate(folder, FirmwareRequest("bench", board, deployable, ("CONV_2D",), 8192, (use,)))
    main = MAIN.replace("@HOP@", str(hop)).replace("@HOPS@", str(HOPS))
    (project.folder / "measure.c").write_text(main, encoding="utf-8")
    files = ["measure.c", "model/mote_features.c", *source_files((use,))]
    subprocess.run(["cc", *FLAGS, "-Icore", "-Imodel", *files, "-o", "measure"], cwd=project.folder, check=True)
    return project.folder / "measure"


TRANSFORM = """
#include "mote_dsp.h"
#include "table.h"

static float values[N];

void measured_transform(float *x);
__attribute__((noinline)) void measured_transform(float *x) { mote_rfft_power(x, N, table); }

int main(void) {
  for (size_t i = 0; i < N; ++i) {
    values[i] = (float)(i % 37u);
  }
  measured_transform(values);
  return 0;
}
"""


def transform(folder: Path, n: int) -> int:
    """Instructions of a bare power spectrum."""
    table = ", ".join(f"{float(value).hex()}f" for value in dsp.fft_table(n))
    (folder / "table.h").write_text(f"#define N {n}\nstatic const float table[N] = {{{table}}};\n")
    (folder / "transform.c").write_text(TRANSFORM)
    core = resources_dir() / "firmware" / "core"
    subprocess.run(["cc", *FLAGS, f"-I{core}", "transform.c", "-o", "transform"], cwd=folder, check=True)
    return instructions(folder / "transform", "measured_transform")


def instructions(binary: Path, function: str) -> int:
    """Instructions within a function, all calls together."""
    argv = [
        "valgrind",
        "--tool=callgrind",
        "--callgrind-out-file=/dev/null",
        f"--toggle-collect={function}",
        str(binary),
    ]
    done = subprocess.run(argv, capture_output=True, text=True, check=True, cwd=binary.parent)
    found = re.search(r"Collected : (\d+)", done.stderr)
    if found is None:
        raise SystemExit(f"callgrind did not count {function}")
    return int(found[1])


def main() -> int:
    """Count all; 0 where every twin ran."""
    rows = []
    for n in (64, 512):
        with tempfile.TemporaryDirectory(prefix="mote-bench-") as scratch:
            count = transform(Path(scratch), n)
        rows.append({"name": f"power spectrum of {n}", "hop": count, "emit": 0, "n_fft": n, "transforms": 1})
    for name, (stage, given, make_signal, n_fft, transforms) in CASES.items():
        sys.stderr.write(f"{name}\n")
        with tempfile.TemporaryDirectory(prefix="mote-bench-") as scratch:
            binary = program(Path(scratch), stage, given, make_signal)
            hop = instructions(binary, "measured_hop") // HOPS
            emit = instructions(binary, "measured_emit")
        rows.append({"name": name, "hop": hop, "emit": emit, "n_fft": n_fft, "transforms": transforms})
    Path(sys.argv[1]).write_text(json.dumps(rows), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())

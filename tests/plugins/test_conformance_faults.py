"""The conformance kit finds what is wrong: working plugins with one mistake each, and the check that must say so."""

from __future__ import annotations

from pathlib import Path

import pytest

from motestudio.errors import PluginError
from motestudio.studio.conformance import Wanted, check_plugin
from motestudio.studio.home import Studio
from motestudio.studio.plugin_scaffold import new_plugin

pytestmark = pytest.mark.kit
FEATURE, TWIN, MANIFEST = "noisy/band_level.py", "csrc/band_level.c", "plugin.toml"
RETURNED = '        return _octaves(out, _floor(params)) if params["log"] else out\n'
EMIT = "      mote_emit(sink, frame * MOTE_SELECTED + column, level_of(total, peak));\n"


@pytest.fixture(scope="module")
def studio():
    with Studio() as home:
        yield home


def broken(tmp_path: Path, kind: str, file: str, find: str, put: str) -> Path:
    folder = new_plugin("noisy", kind, tmp_path)
    path = folder / file
    text = path.read_text(encoding="utf-8")
    assert find in text, f"the template has no {find!r} any more"
    path.write_text(text.replace(find, put, 1), encoding="utf-8")
    return folder


def fails(studio: Studio, folder: Path, check: str) -> str:
    report = check_plugin(folder, Wanted(checks=[check]), studio)
    failed = [row for row in report.rows if row.check == check and row.state == "failed"]
    assert failed, str(report)
    return failed[0].text


@pytest.mark.parametrize(
    ("check", "file", "find", "put", "says"),
    [
        ("manifest", MANIFEST, "min = 1\nmax = 512\n", "", "frames"),
        ("manifest", MANIFEST, 'kind = "feature"', 'kind = "magic"', "magic"),
        ("protocol", FEATURE, "def c_constants", "def c_konstants", "c_constants"),
        ("protocol", FEATURE, "def transform(self, windows: ", "def transform(self, more, windows: ", "transform"),
        ("protocol", FEATURE, "import numpy as np\n", "import numpy as np\nimport scipy.signal\n", "scipy.signal"),
        ("protocol", FEATURE, "import numpy as np\n", "import nowhere\n", "nowhere"),
        (
            "params",
            FEATURE,
            "    _check(signal, params)\n        return FeatureInfo",
            "    return FeatureInfo",
            "infer_output accepts",
        ),
        (
            "params",
            FEATURE,
            "        _check(signal, params)\n        b0",
            "        1 / (frames - 1)\n        b0",
            "frames = 1",
        ),
        (
            "params",
            FEATURE,
            'raise PluginError("band_level.frames", text, "Choose fewer frames, or a longer window.")',
            'raise PluginError("band_level.frames", text)',
            "no hint",
        ),
        ("signals", FEATURE, "shape=(frames, len(selected))", "shape=(frames + 1, len(selected))", "announced"),
        ("edges", FEATURE, RETURNED, "        return np.log(out - out.max())\n", "finite"),
        ("edges", FEATURE, RETURNED, "        return out.astype(np.float64)\n", "float64"),
        ("alone", FEATURE, RETURNED, "        return out - out.mean()\n", "by itself"),
        ("deterministic", FEATURE, RETURNED, "        return out + np.float32(hash('x') % 1000003)\n", "features.npy"),
        (
            "cancel",
            FEATURE,
            RETURNED,
            "        import time\n        time.sleep(2.5 if len(windows) > 100 else 0)\n        return out\n",
            "did not react",
        ),
        ("memory", FEATURE, RETURNED, "        self.kept = np.ones(1 << 28)\n        return out\n", "is allowed"),
        (
            "writes",
            FEATURE,
            RETURNED,
            (
                "        from pathlib import Path\n"
                "        try:\n"
                "            (Path(__file__).parent / 'cache').write_text('x')\n"
                "        except OSError:\n"
                "            pass\n"
                "        return out\n"
            ),
            "cache",
        ),
        ("compiles", TWIN, EMIT, EMIT + "      int16_t narrow = rest;\n", "conversion"),
        ("symbols", TWIN, EMIT, EMIT + "      s1 += sinf(s1);\n", "sinf"),
        ("symbols", TWIN, EMIT, EMIT + "      free((void *)(uintptr_t)t);\n", "heap"),
        (
            "ram",
            TWIN,
            EMIT,
            EMIT + "      static float kept[300];\n      kept[t % 300] += s1; s1 += kept[0];\n",
            "1200",
        ),
        ("parity", TWIN, EMIT, EMIT.replace("total, peak", "total * 1.001f, peak"), "differ by"),
        ("parity", TWIN, EMIT, EMIT.replace("column, ", "0, "), "differ by"),
        ("sanitised", TWIN, "window[t * MOTE_CHANNELS + channel]", "window[t * MOTE_CHANNELS + channel + 1]", "ERROR"),
        ("sanitised", TWIN, EMIT, EMIT + "      s1 += (float)(window[0] << 20);\n", "shift"),
        (
            "golden",
            FEATURE,
            RETURNED,
            RETURNED.replace("_octaves(out,", "_octaves(out * np.float32(1.01),"),
            "differ by",
        ),
    ],
)
def test_a_mistake_in_a_feature_stage_is_found(studio, tmp_path, check, file, find, put, says):
    folder = broken(tmp_path, "feature", file, find, put)
    if check in ("symbols",):
        twin = folder / TWIN
        twin.write_text("#include <math.h>\n#include <stdlib.h>\n" + twin.read_text())
    if check in ("memory", "writes"):
        report = check_plugin(folder, Wanted(checks=["edges", check]), studio)
        text = next((row.text for row in report.failures if row.check == check), str(report))
    else:
        text = fails(studio, folder, check)
    assert says in text


@pytest.mark.parametrize(
    ("kind", "check", "file", "find", "put", "says"),
    [
        ("augment", "params", "noisy/dropouts.py", "out = windows.copy()", "out = windows.copy()[:, 1:]", "windows of"),
        ("augment", "params", "noisy/dropouts.py", "return out, targets", "return out, targets * 2", "targets"),
        (
            "augment",
            "deterministic",
            "noisy/dropouts.py",
            "context.rng, params",
            "np.random.default_rng(), params",
            "samples.npy",
        ),
        ("augment", "edges", MANIFEST, 'key = "copies"', 'key = "count"', "copies"),
        ("augment", "params", "noisy/dropouts.py", "out = windows.copy()", "out = windows; out[:] = 0", "read-only"),
        (
            "segmenter",
            "segments",
            "noisy/peaks.py",
            "stop = min(len(samples), ",
            "stop = max(len(samples) + 1, ",
            "leaves",
        ),
        ("segmenter", "segments", "noisy/peaks.py", '"proposed", GENERATOR, max(', '"mine", GENERATOR, max(', "origin"),
        (
            "segmenter",
            "segments",
            "noisy/peaks.py",
            "        usual = max",
            "        1 / (len(samples) > 1)\n        usual = max",
            "Error",
        ),
        ("importer", "garbage", "noisy/arrays.py", "except (OSError, ValueError, EOFError)", "except OSError", "Error"),
        ("decoder", "chunks", "noisy/frames.py", "self._rest = data[at:]", "self._rest = b''", "at a time"),
        ("decoder", "examples", "noisy/frames.py", "self._seen or any(", "self._seen and any(", "not announced"),
        ("decoder", "chunks", "noisy/frames.py", "            skipped = 0\n", "", "at a time"),
        ("decoder", "guess", "noisy/frames.py", "count >= 3", "count >= 30_000", "own example"),
        ("decoder", "guess", "noisy/frames.py", '{"channels": channels}, f', '{"channels": 90}, f', "does not allow"),
        (
            "decoder",
            "garbage",
            "noisy/frames.py",
            "at, skipped = 0, 0",
            "at, skipped = 0, 0 * data.index(0xA5)",
            "Error",
        ),
        (
            "exporter",
            "files",
            "noisy/audacity.py",
            "            written += 1\n",
            "            path.symlink_to(__file__)\n",
            "link",
        ),
        (
            "window",
            "params",
            "noisy/inside.py",
            "rows = _rows(data, signal, params, ctx.seed)",
            "rows = _rows(data, signal, params, ctx.seed)[1:]",
            "infer_output",
        ),
        ("target", "laid", "noisy/library.py", '(ctx.workdir / "Makefile")', '(ctx.workdir / "Make:file")', "name"),
        (
            "target",
            "writes",
            "noisy/library.py",
            "        prefix = str(",
            "        (project / 'x').write_text('')\n        prefix = str(",
            "Kept from",
        ),
    ],
)
def test_a_mistake_in_another_stage_is_found(studio, tmp_path, kind, check, file, find, put, says):
    folder = broken(tmp_path, kind, file, find, put)
    if check == "writes":
        report = check_plugin(folder, Wanted(checks=["laid", check]), studio)
        text = next(row.text for row in report.failures if row.check == check)
    else:
        text = fails(studio, folder, check)
    assert says in text


def test_a_class_that_cannot_be_imported_leaves_the_rest_unchecked(studio, tmp_path):
    folder = broken(tmp_path, "feature", FEATURE, "import numpy as np\n", "raise RuntimeError('not today')\n")
    report = check_plugin(folder, studio=studio)
    assert [row.check for row in report.failures] == ["protocol"]
    assert "not today" in report.failures[0].text
    assert {row.state for row in report.rows if row.check not in ("manifest", "protocol")} == {"skipped"}


def test_a_missing_requirement_is_a_reason_and_no_failure(studio, tmp_path):
    folder = broken(tmp_path, "feature", MANIFEST, 'requires = ["numpy"]', 'requires = ["nowhere_at_all"]')
    report = check_plugin(folder, studio=studio)
    assert report.passed
    assert {row.text for row in report.rows if row.state == "skipped"} == {"nowhere_at_all is not installed"}


def test_an_unknown_stage_or_check_is_said(studio, tmp_path):
    folder = new_plugin("noisy", "feature", tmp_path)
    with pytest.raises(PluginError, match="no stage 'other'"):
        check_plugin(folder, Wanted(stages=["other"]), studio)
    with pytest.raises(PluginError, match="no check 'magic'"):
        check_plugin(folder, Wanted(checks=["magic"]), studio)

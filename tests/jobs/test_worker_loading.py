"""A warm worker keeps plugins apart: same package names, edited code, folders that are not the plugin's."""

from __future__ import annotations

import json
import textwrap
from dataclasses import replace

import msgspec
import numpy as np

from motestudio.jobs.messages import Completed, Failed
from motestudio.sdk import Channel, ChannelGroup, FeatureSet, SignalInfo, WindowSet


def write_plugin(folder, body, package="shared_name"):
    (folder / package).mkdir(parents=True, exist_ok=True)
    (folder / package / "__init__.py").write_text("")
    (folder / package / "stage.py").write_text(textwrap.dedent(body))
    return folder


SAYS = """
from shared_name import words

class Stage:
    def run(self, ctx, inputs, params):
        from shared_name import later
        return {"says": words.SAYS + later.SAYS}
"""


def write_pair(folder, word):
    write_plugin(folder, SAYS)
    (folder / "shared_name" / "words.py").write_text(f"SAYS = {word!r}\n")
    (folder / "shared_name" / "later.py").write_text(f"SAYS = {word!r}\n")
    return folder


def test_two_plugins_with_the_same_package_name_do_not_clash(bench, tmp_path):
    one, two = write_pair(tmp_path / "one", "1"), write_pair(tmp_path / "two", "2")
    pids = set()
    for _ in range(2):
        assert bench.run("shared_name.stage:Stage", plugin=one).meta["says"] == "11"
        assert bench.run("shared_name.stage:Stage", plugin=two).meta["says"] == "22"
        pids.add(bench.run("Fine").meta["pid"])
    assert len(pids) == 1


def test_edited_code_is_loaded_anew_by_a_warm_worker(bench, tmp_path):
    plugin = write_pair(tmp_path / "plugin", "a")
    pid = bench.run("Fine").meta["pid"]
    assert bench.run("shared_name.stage:Stage", plugin=plugin).meta["says"] == "aa"
    (plugin / "shared_name" / "words.py").write_text("SAYS = 'b'\n")
    assert bench.run("shared_name.stage:Stage", plugin=plugin).meta["says"] == "ba"
    assert bench.run("Fine").meta["pid"] == pid


def test_code_that_is_mended_after_a_failed_import_runs(bench, tmp_path):
    plugin = write_plugin(tmp_path / "plugin", "import a_module_of_nowhere\n")
    end = bench.run("shared_name.stage:Stage", plugin=plugin)
    assert isinstance(end, Failed)
    assert end.code == "stage.requirement"
    assert "a_module_of_nowhere" in end.text
    write_plugin(plugin, "class Stage:\n    def run(self, ctx, inputs, params):\n        return {'well': True}\n")
    assert bench.run("shared_name.stage:Stage", plugin=plugin).meta == {"well": True}


def test_a_plugin_named_like_an_installed_package_is_told_so(bench, tmp_path):
    plugin = write_plugin(tmp_path / "plugin", "class Stage: ...", package="json")
    end = bench.run("json:Stage", plugin=plugin)
    assert isinstance(end, Failed)
    assert end.code == "stage.entry"
    assert "another module named json" in end.text


def test_a_run_leaves_the_plugin_folder_as_it_was(bench, tmp_path):
    plugin = write_pair(tmp_path / "plugin", "a")
    before = sorted(p.relative_to(plugin) for p in plugin.rglob("*"))
    bench.run("shared_name.stage:Stage", plugin=plugin)
    assert sorted(p.relative_to(plugin) for p in plugin.rglob("*")) == before


USES = """
class Stage:
    def run(self, ctx, inputs, params):
        import sys
        try:
            import only_in_packages
        except ImportError:
            return {"found": False, "numpy": sys.modules["numpy"].__version__}
        return {"found": only_in_packages.HERE, "numpy": sys.modules["numpy"].__version__}
"""


def test_the_users_packages_are_there_for_the_plugins_that_may_use_them_and_replace_none_of_ours(bench, tmp_path):
    packages = tmp_path / "packages"
    for name, line in (("only_in_packages", "HERE = True\n"), ("numpy", "__version__ = 'theirs'\n")):
        (packages / name).mkdir(parents=True)
        (packages / name / "__init__.py").write_text(line)
    plugin = write_plugin(tmp_path / "plugin", USES)

    def meta(paths):
        spec = bench.spec("shared_name.stage:Stage", plugin=plugin)
        return bench.runner.run(replace(spec, message=msgspec.structs.replace(spec.message, paths=paths))).meta

    ours = {"numpy": np.__version__}
    assert meta(()) == ours | {"found": False}
    assert meta((str(packages),)) == ours | {"found": True}
    other = write_plugin(
        tmp_path / "other", USES.replace("import only", "sys.modules.pop('only_in_packages', None); import only")
    )
    spec = bench.spec("shared_name.stage:Stage", plugin=other)
    end = bench.runner.run(spec)
    assert end.meta["found"] is False


FEATURE = """
import numpy as np
from motestudio.sdk import FeatureInfo

class Mean:
    def infer_output(self, signal, params):
        return FeatureInfo((signal.n_channels,), ("channel",), ram_bytes=8)

    def transform(self, windows, signal, params):
        mean = windows.mean(axis=1, dtype=np.float32)
        return {"good": mean, "shape": mean[:1], "type": mean.astype(np.float64), "nan": mean * np.nan}[params["how"]]

    def c_constants(self, signal, params):
        return {"GAIN": 1.5, "COUNT": 3, "TABLE": np.arange(4, dtype=np.int16)}
"""


def windows(folder, n=70_000):
    folder.mkdir()
    signal = SignalInfo(ChannelGroup("imu", 100.0, (Channel("ax", "g", 0.001), Channel("ay", "g", 0.001))), 10, 5)
    samples = np.arange(n * 20, dtype=np.int64).astype(np.int16).reshape(n, 10, 2)
    rows = np.arange(n)
    labels, splits = (rows % 2).astype(np.int16), (rows % 3).astype(np.int8)
    made = WindowSet(samples, labels, splits, rows.astype(np.int32), rows, ("a", "b"), signal)
    made.save(folder)
    return made


def test_a_feature_stage_gets_batches_and_its_file_written(bench, tmp_path):
    plugin = write_plugin(tmp_path / "plugin", FEATURE)
    made = windows(tmp_path / "in")
    spec = bench.spec(
        "shared_name.stage:Mean",
        {"how": "good"},
        plugin=plugin,
        kind="feature",
        inputs={"windows": str(tmp_path / "in")},
    )
    end = bench.runner.run(spec, bench.events.append)
    assert isinstance(end, Completed)
    assert end.meta["info"]["ram_bytes"] == 8
    features = FeatureSet.load(type(tmp_path)(spec.message.workdir))
    assert features.axes == ("channel",)
    assert np.array_equal(features.values, made.samples.mean(axis=1, dtype=np.float32))
    assert np.array_equal(features.labels, made.labels)
    assert len({e.fraction for e in bench.events if hasattr(e, "fraction")}) > 1


def test_a_feature_stage_that_breaks_its_promise_fails_with_the_reason(bench, tmp_path):
    plugin = write_plugin(tmp_path / "plugin", FEATURE)
    windows(tmp_path / "in", 100)
    codes = {}
    for how in ("shape", "type", "nan"):
        inputs = {"windows": str(tmp_path / "in")}
        end = bench.run("shared_name.stage:Mean", {"how": how}, plugin=plugin, kind="feature", inputs=inputs)
        codes[how] = end.code
    assert codes == {"shape": "feature.shape", "type": "feature.type", "nan": "feature.finite"}


def test_constants_of_a_feature_stage_come_as_one_file(bench, tmp_path):
    plugin = write_plugin(tmp_path / "plugin", FEATURE)
    windows(tmp_path / "in", 100)
    spec = bench.spec(
        "shared_name.stage:Mean", plugin=plugin, kind="feature:constants", inputs={"windows": str(tmp_path / "in")}
    )
    end = bench.runner.run(spec)
    assert end.meta["names"] == ["COUNT", "GAIN", "TABLE"]
    with np.load(f"{spec.message.workdir}/constants.npz") as file:
        assert (file["GAIN"].item(), file["COUNT"].item()) == (1.5, 3)
        assert file["TABLE"].dtype == np.int16


IMPORTER = """
import numpy as np
from motestudio.sdk import Channel, ChannelGroup, Clip

GROUP = ChannelGroup("imu", 100.0, (Channel("ax"), Channel("ay")))

class Clips:
    def clips(self, ctx, source, params):
        for i in range(3):
            samples = np.full((i, 2), i, dtype=np.int16)
            yield Clip("same", "wave", GROUP, samples, subject="anna", source=f"{source.name}:{i}")
        yield Clip("other", "wave", ChannelGroup("mic", 8000.0, (Channel("l"),)), np.zeros((5, 1), np.int16))
"""


def test_an_importer_streams_into_one_file_with_unique_names(bench, tmp_path):
    plugin = write_plugin(tmp_path / "plugin", IMPORTER)
    source = tmp_path / "data.csv"
    source.touch()
    spec = bench.spec("shared_name.stage:Clips", plugin=plugin, kind="importer", inputs={"source": str(source)})
    end = bench.runner.run(spec, bench.events.append)
    assert end.meta == {"clips": 2, "samples": 3}
    folder = type(tmp_path)(spec.message.workdir)
    flat = np.load(folder / "clips.npy")
    assert flat.dtype == np.int16
    assert flat.tolist() == [1, 1, 2, 2, 2, 2]
    rows = json.loads((folder / "clips.json").read_text())["clips"]
    assert [(r["name"], r["start"], r["count"]) for r in rows] == [("same", 0, 1), ("same-2", 1, 2)]
    assert {p.name for p in folder.iterdir()} == {"clips.npy", "clips.json"}
    assert any("other channels" in line for line in bench.lines)

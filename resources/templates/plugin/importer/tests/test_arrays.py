"""What is read from arrays; the conformance kit adds garbage of every sort."""

import numpy as np
from my_plugin.arrays import Arrays

from motestudio.sdk.testing import Context

PARAMS = {"rate_hz": 50.0, "channels": "x, y", "unit": "g", "label_from": "folder", "skip": 0, "columns_first": False}


def clips(tmp_path, **changed):
    context = Context(tmp_path)
    return list(Arrays().clips(context, tmp_path / "data", PARAMS | changed)), context


def test_values_and_labels_come_back(tmp_path):
    folder = tmp_path / "data" / "wave"
    folder.mkdir(parents=True)
    values = np.random.default_rng(1).normal(0, 1, (120, 3))
    np.save(folder / "anna_1.npy", values)
    (folder / "broken.npy").write_bytes(b"\x93NUMPY no array")
    (clip,), context = clips(tmp_path)
    assert (clip.label, [c.name for c in clip.group.channels]) == ("wave", ["x", "y", "c2"])
    np.testing.assert_allclose(clip.group.to_physical(clip.samples), values, atol=2e-4)
    assert "broken.npy" in context.lines[0]
    (clip,), _ = clips(tmp_path, label_from="file", skip=20)
    assert (clip.label, len(clip.samples)) == ("anna", 100)

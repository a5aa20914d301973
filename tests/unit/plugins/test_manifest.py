"""The manifest reader: every wrong key or line is named, nothing is imported, nothing crashes it."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from motestudio.domain.params import Param, ShownIf
from motestudio.errors import PluginError
from motestudio.plugins.compatibility import check_api
from motestudio.plugins.manifest import read_manifest

GOOD = """\
id = "my-plugin"
name = "Mine"
version = "1.2.0"
api = "1.0"

[[stage]]
id = "scale"
kind = "feature"
title = "Scale"
entry = "my_plugin.scale:Scale"
implementation = 2
help = "Scales."
requires = ["numpy"]
csrc = ["csrc/scale.c"]

[[stage.param]]
key = "mode"
type = "choice"
default = "auto"
choices = ["auto", "fixed"]

[[stage.param]]
key = "gain"
type = "float"
title = "Gain"
default = 1
min = 0.1
max = 10.0
step = 0.1
unit = "x"
group = "Scale"
help = "How much."
shown_if = { key = "mode", equals = "fixed" }
"""


@pytest.fixture
def plugin(tmp_path):
    folder = tmp_path / "my-plugin"
    (folder / "my_plugin").mkdir(parents=True)
    (folder / "my_plugin" / "scale.py").write_text("raise SystemExit('imported')\n")
    (folder / "csrc").mkdir()
    (folder / "csrc" / "scale.c").write_text("")

    def write(text):
        (folder / "plugin.toml").write_text(text, encoding="utf-8")
        return folder

    return write


def test_a_good_manifest_is_read_whole(plugin):
    manifest = read_manifest(plugin(GOOD))
    assert (manifest.id, manifest.version, manifest.api) == ("my-plugin", "1.2.0", "1.0")
    (stage,) = manifest.stages
    assert (stage.id, stage.kind, stage.entry) == ("my-plugin/scale", "feature", "my_plugin.scale:Scale")
    assert (stage.implementation, stage.requires, stage.csrc) == (2, ("numpy",), ("csrc/scale.c",))
    mode, gain = stage.params
    assert mode.choices == ("auto", "fixed")
    shown_if = ShownIf("mode", "fixed")
    assert gain == Param("gain", "float", 1.0, "Gain", 0.1, 10.0, 0.1, (), "x", "Scale", "How much.", shown_if)
    assert isinstance(gain.default, float)


@pytest.mark.parametrize(
    ("find", "put", "line"),
    [
        ('name = "Mine"', 'name = "Mine', 2),
        ("implementation = 2", "implementation = ", 11),
        ("[[stage.param]]", "[[stage.param]", 16),
        ('title = "Gain"', 'title = "Gain"\ntitle = "Twice"', 26),
        ('help = "Scales."', "help = Scales.", 12),
    ],
)
def test_a_syntax_error_is_said_with_its_line(plugin, find, put, line):
    assert find in GOOD
    with pytest.raises(PluginError) as broken:
        read_manifest(plugin(GOOD.replace(find, put, 1)))
    assert broken.value.code == "plugin.broken"
    assert f"line {line}" in broken.value.text
    assert broken.value.data["line"] == line


@pytest.mark.parametrize(
    ("find", "put", "says"),
    [
        ('id = "my-plugin"', "", "id"),
        ('id = "my-plugin"', 'id = "My Plugin"', "id:"),
        ('version = "1.2.0"', "version = 1.2", "version"),
        ('name = "Mine"', 'name = "Mine"\nnmae = "x"', "nmae"),
        ('id = "scale"', 'id = "../scale"', "stage[0].id"),
        ('kind = "feature"', 'kind = "magic"', "stage[0].kind: 'magic'"),
        ('entry = "my_plugin.scale:Scale"', 'entry = "my_plugin.scale"', "stage[0].entry"),
        ('entry = "my_plugin.scale:Scale"', 'entry = "my_plugin.other:Scale"', "there is no module my_plugin.other"),
        ("implementation = 2", "implementation = 0", "stage[0].implementation"),
        ("implementation = 2", 'implementation = "2"', "stage[0].implementation"),
        ('"csrc/scale.c"', '"csrc/other.c"', "csrc/other.c"),
        ('"csrc/scale.c"', '"../../etc/passwd"', "stage[0].csrc"),
        ('requires = ["numpy"]', 'requires = "numpy"', "stage[0].requires"),
        ('type = "float"', 'type = "number"', "type: 'number'"),
        ('key = "gain"', 'key = "Gain!"', "'Gain!'"),
        ('key = "gain"', 'key = "mode"', "two parameters"),
        ("default = 1", "default = 11.0", "default"),
        ("default = 1", 'default = "one"', "default"),
        ("default = 1\n", "", "default"),
        ('default = "auto"', 'default = "other"', "default"),
        ('choices = ["auto", "fixed"]', "choices = []", "choices"),
        ("min = 0.1", "min = 20.0", "min: it is above max"),
        ("min = 0.1", "minimum = 0.1", "minimum"),
        ('{ key = "mode", equals', '{ key = "nothing", equals', "shown_if"),
    ],
)
def test_a_wrong_value_is_said_with_its_key(plugin, find, put, says):
    assert find in GOOD
    with pytest.raises(PluginError) as broken:
        read_manifest(plugin(GOOD.replace(find, put, 1)))
    assert broken.value.code == "plugin.broken"
    assert says in broken.value.text
    assert broken.value.hint


def test_two_stages_with_one_id_and_no_stage_at_all_are_refused(plugin):
    stage = GOOD[GOOD.index("[[stage]]") :]
    with pytest.raises(PluginError, match="two stages"):
        read_manifest(plugin(GOOD + stage))
    with pytest.raises(PluginError, match="stage"):
        read_manifest(plugin(GOOD.replace(stage, "")))


def test_a_missing_huge_or_binary_manifest_is_broken(plugin, tmp_path):
    for text in (None, "# " + "x" * 1_100_000):
        with pytest.raises(PluginError) as broken:
            read_manifest(plugin(text) if text else tmp_path)
        assert broken.value.code == "plugin.broken"
    folder = plugin("")
    (folder / "plugin.toml").write_bytes(b"\xff\xfe\x00\x01")
    with pytest.raises(PluginError, match="UTF-8"):
        read_manifest(folder)


def test_a_newer_api_is_refused_before_unknown_keys_are(plugin):
    with pytest.raises(PluginError) as refused:
        read_manifest(plugin(GOOD.replace('api = "1.0"', 'api = "1.7"\nsomething_new = 1')))
    assert refused.value.code == "plugin.api"


@pytest.mark.parametrize(
    ("api", "host", "good"),
    [
        ("1.0", "1.0", True),
        ("1.0", "1.4", True),
        ("1.4", "1.4", True),
        ("1.5", "1.4", False),
        ("2.0", "1.4", False),
        ("0.9", "1.4", False),
        ("1.10", "1.9", False),
        ("1.9", "1.10", True),
    ],
)
def test_the_same_major_and_no_newer_minor(api, host, good):
    if good:
        check_api(api, "x", host=host)
    else:
        with pytest.raises(PluginError) as refused:
            check_api(api, "x", host=host)
        assert refused.value.code == "plugin.api"
        assert refused.value.hint


@settings(max_examples=150, deadline=None)
@given(data=st.binary(max_size=200), cut=st.integers(0, len(GOOD)), rest=st.booleans())
def test_no_manifest_crashes_the_reader(tmp_path_factory, data, cut, rest):
    folder = tmp_path_factory.mktemp("fuzz")
    good = GOOD.encode()
    (folder / "plugin.toml").write_bytes(good[:cut] + data + (good[cut:] if rest else b""))
    with pytest.raises(PluginError):  # at the latest: the entry's module is not there
        read_manifest(folder)

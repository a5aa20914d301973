"""What every plugin of this kind must keep, tried by the studio's own kit: the same as `mote plugin test .`"""

from pathlib import Path

from motestudio.studio.conformance import check_plugin


def test_the_plugin_conforms():
    report = check_plugin(Path(__file__).parents[1])
    assert report.passed, str(report)

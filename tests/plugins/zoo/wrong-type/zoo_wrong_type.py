"""Gives words."""

from motestudio.sdk import FeatureInfo


class Stage:
    """A bad one."""

    def infer_output(self, signal, params):
        return FeatureInfo((4,), ("feature",))

    def transform(self, windows, signal, params):
        return [["a", "b", "c", "d"]] * len(windows)

    def c_constants(self, signal, params):
        return {}

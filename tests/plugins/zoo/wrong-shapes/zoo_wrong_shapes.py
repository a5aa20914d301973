"""Announces four features and gives five."""

import numpy as np

from motestudio.sdk import FeatureInfo


class Stage:
    """A bad one."""

    def infer_output(self, signal, params):
        return FeatureInfo((4,), ("feature",))

    def transform(self, windows, signal, params):
        return np.zeros((len(windows), 5), dtype=np.float32)

    def c_constants(self, signal, params):
        return {}

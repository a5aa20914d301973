"""Divides nothing by nothing."""

import numpy as np

from motestudio.sdk import FeatureInfo


class Stage:
    """A bad one."""

    def infer_output(self, signal, params):
        return FeatureInfo((4,), ("feature",))

    def transform(self, windows, signal, params):
        return np.full((len(windows), 4), np.nan, dtype=np.float32)

    def c_constants(self, signal, params):
        return {}

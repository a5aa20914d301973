"""Which weights go; the conformance kit runs the stage on a trained model where TensorFlow is installed."""

import numpy as np
import pytest
from my_plugin.threshold import _masks


def test_the_smallest_go():
    rng = np.random.default_rng(1)
    kernels = {"a": rng.normal(0, 1, (20, 10)), "b": rng.normal(0, 0.01, (20, 10))}
    each = _masks(kernels, 0.5, together=False)
    assert each["a"].mean() == each["b"].mean() == pytest.approx(0.5)
    both = _masks(kernels, 0.5, together=True)
    assert both["a"].mean() > 0.9
    assert both["b"].mean() < 0.1

"""What can be known without training; the conformance kit trains on a small data set where TensorFlow is installed."""

import numpy as np
from my_plugin.perceptron import Perceptron, _weights

PARAMS = {"hidden": 10}


def test_size_follows_from_the_shape():
    info = Perceptron().infer_output((4, 5), ("time", "channel"), 3, PARAMS)
    assert info.parameters == 20 * 10 + 10 + 10 * 3 + 3
    assert info.macs == 20 * 10 + 10 * 3


def test_classes_weigh_the_same():
    labels = np.array([0, 0, 0, 2], np.int16)
    weights = _weights(labels, 3, balance=True)
    assert weights[labels == 0].sum() == weights[labels == 2].sum()
    assert weights.mean() == 1

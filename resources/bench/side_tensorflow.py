"""tf.signal in a tf.function, on batches, with the mel weights and the cosine transform of the others."""

from __future__ import annotations

import os
from collections.abc import Callable

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import material
import numpy as np
import tensorflow as tf

tf.config.threading.set_intra_op_parallelism_threads(1)
tf.config.threading.set_inter_op_parallelism_threads(1)


def log_mel(settings: material.Front) -> Callable[[tf.Tensor], tf.Tensor]:
    """Natural logarithm of mel energies."""
    weights = tf.constant(settings.weights)

    def compute(x: tf.Tensor) -> tf.Tensor:
        found = tf.signal.stft(x, settings.frame, settings.hop, settings.n_fft)
        power = tf.square(tf.math.real(found)) + tf.square(tf.math.imag(found))
        return tf.math.log(tf.maximum(tf.matmul(power, weights), material.FLOOR))

    return compute


def batch(settings: material.Front, clips: int) -> tf.Tensor:
    """Clips as one tensor, shape (clips, samples)."""
    return tf.constant(settings.scaled(material.sound()).reshape(clips, -1))


def mfcc(settings: material.Front, clips: int) -> Callable[[], np.ndarray]:
    """All clips in one call."""
    levels, cosine, x = log_mel(settings), tf.constant(settings.cosine), batch(settings, clips)
    compute = tf.function(lambda x: tf.matmul(levels(x), cosine))
    return lambda: compute(x).numpy()


def logmel() -> Callable[[], np.ndarray]:
    """In log2 units above the floor."""
    levels, x = log_mel(material.KEYWORD), batch(material.KEYWORD, 1)
    scale, base = np.float32(1 / np.log(2)), np.float32(np.log2(material.FLOOR))
    compute = tf.function(lambda x: levels(x) * scale - base)
    return lambda: compute(x).numpy()


def spectral() -> Callable[[], np.ndarray]:
    """Bands, entropy, centroid of all windows."""
    segment, first, last = material.SEGMENT, material.FIRST_BIN, material.LAST_BIN
    window = tf.signal.hann_window(segment)
    one_sided = np.full(segment // 2 + 1, 2.0, np.float32)
    one_sided[[0, -1]] = 1.0
    weights = tf.constant(material.band_weights())
    places = tf.range(first, last + 1, dtype=tf.float32)
    octave = np.float32(1 / np.log(2))

    @tf.function
    def compute(x: tf.Tensor) -> tf.Tensor:
        frames = tf.signal.frame(x, segment, material.OVERLAP)
        frames = (frames - tf.reduce_mean(frames, axis=-1, keepdims=True)) * window
        found = tf.signal.rfft(frames)
        power = tf.reduce_mean(tf.square(tf.math.real(found)) + tf.square(tf.math.imag(found)), axis=2)
        power *= one_sided / (segment * tf.reduce_sum(tf.square(window)))
        bands = 0.25 * octave * tf.math.log(tf.maximum(tf.matmul(power, weights), 2.0**-24)) + 2.0
        part = power[..., first : last + 1]
        total = tf.reduce_sum(part, axis=-1, keepdims=True)
        share = part / total
        entropy = -tf.reduce_sum(share * tf.math.log(share), axis=-1, keepdims=True) * (4 / np.log(last - first + 1))
        centroid = tf.reduce_sum(share * places, axis=-1, keepdims=True) * (8 / segment)
        return tf.concat([bands, entropy, centroid], axis=-1)

    # Batches that stay near the processor are faster than all windows at once.
    parts = [tf.constant(part) for part in np.array_split(material.motion_scaled(), 40)]
    return lambda: np.concatenate([compute(part).numpy() for part in parts])


CASES = {
    "mfcc_minute": lambda: mfcc(material.KEYWORD, 1),
    "logmel_minute": logmel,
    "mfcc_clips": lambda: mfcc(material.KEYWORD, material.SECONDS),
    "mfcc_speech": lambda: mfcc(material.SPEECH, 1),
    "spectral": spectral,
}

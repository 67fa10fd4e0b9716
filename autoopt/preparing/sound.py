"""Sound: how loud each band of the mel scale is over time, in logarithms around 0."""

import math
from typing import Any

import keras
import numpy as np

from autoopt.prepared import Inputs
from autoopt.preparing.layers import Layers, name_of
from autoopt.schema import Raw

BANDS = 64
WINDOW = 0.032
HOP = 0.010
"""Seconds."""

FRAMES = 256
"""At most; longer sounds are looked at in larger hops."""

QUIETEST = 1e-6
BATCH = 64


def sound(raw: Raw, rows: np.ndarray) -> Layers:
    """Return the layers for sound, fitted on some of it."""
    column = raw.schema.columns[0].name
    samples = raw.x[column].shape[1]
    given = keras.Input((samples,), name=name_of(column, {}))
    loud = _loudness(given, raw.schema.rate, samples)
    means, variances = _moments(keras.Model(given, loud), raw.x[column], rows)
    scaled = keras.layers.Normalization(mean=means, variance=variances)(loud)
    made = keras.layers.Reshape((*scaled.shape[1:], 1))(scaled)
    return Layers({column: given}, {"spectrogram": made}, Inputs(shape=tuple(made.shape[1:])))


def _loudness(given: Any, rate: int, samples: int) -> Any:
    """Return frames × bands. Decibels of Keras's own layer depend on the loudest sound of a batch."""
    window = 2 ** round(math.log2(WINDOW * rate))
    hop = max(round(HOP * rate), math.ceil(samples / FRAMES))
    power = keras.layers.MelSpectrogram(
        fft_length=2 * window,  # finer than the window tells, so that no low band is without a frequency
        sequence_length=window,
        sequence_stride=hop,
        sampling_rate=rate,
        num_mel_bins=BANDS,
        power_to_db=False,
    )(given)
    return keras.layers.Permute((2, 1))(keras.ops.log(power + QUIETEST))


def _moments(loudness: keras.Model, x: Any, rows: np.ndarray) -> tuple[list[float], list[float]]:
    """Return mean and variance of each band."""
    total, squares, count = np.zeros(BANDS), np.zeros(BANDS), 0
    for at in range(0, len(rows), BATCH):
        found = keras.ops.convert_to_numpy(loudness(np.asarray(x[rows[at : at + BATCH]]))).astype("float64")
        found = found.reshape(-1, BANDS)
        total, squares, count = total + found.sum(0), squares + (found**2).sum(0), count + len(found)
    means = total / count
    variances = np.maximum(squares / count - means**2, 0)
    return means.tolist(), np.where(variances > QUIETEST, variances, 1.0).tolist()

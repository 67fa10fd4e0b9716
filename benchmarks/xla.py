"""What XLA compiles, and how long an epoch then takes: what the rule of `autoopt/engines/rule.py` rests on."""

import statistics
import time
from collections.abc import Callable

import keras
import numpy as np

from autoopt import AutoHyperModel, Dataset
from autoopt.data import Part
from autoopt.engines import Assignment, CompiledEngine
from autoopt.engines.rule import mode_for
from autoopt.recipe import Recipe

EXAMPLES, BATCH, CLASSES = 1437, 32, 10
MODES = {"tensorflow": ("plain", "epoch", "step"), "jax": ("epoch", "step")}
L = keras.layers

NETS: dict[str, tuple[tuple[int, ...], Callable[[], list]]] = {
    "dense 64-64": ((64,), lambda: [L.Dense(64, "relu"), L.Dense(64, "relu")]),
    "dense 64-64, dropout": (
        (64,),
        lambda: [L.Dense(64, "relu"), L.Dropout(0.2), L.Dense(64, "relu"), L.Dropout(0.2)],
    ),
    "dense 64-64, Keras's generator": (
        (64,),
        lambda: [L.Dense(64, "relu"), L.GaussianDropout(0.2), L.Dense(64, "relu"), L.GaussianDropout(0.2)],
    ),
    "dense 512-512": ((64,), lambda: [L.Dense(512, "relu"), L.Dense(512, "relu")]),
    "conv1d 25 filters": (
        (40, 1),
        lambda: [L.Conv1D(25, 3, 2, activation="relu") for _ in range(3)] + [L.Flatten()],
    ),
    "conv1d 128 filters": (
        (40, 1),
        lambda: [L.Conv1D(128, 3, 2, activation="relu") for _ in range(3)] + [L.Flatten()],
    ),
    "conv2d 32 filters": (
        (8, 8, 1),
        lambda: [L.Conv2D(32, 3, activation="relu") for _ in range(2)] + [L.Flatten()],
    ),
    "conv2d 32 filters, dropout": (
        (8, 8, 1),
        lambda: [
            L.Conv2D(32, 3, activation="relu"),
            L.Dropout(0.2),
            L.Conv2D(32, 3, activation="relu"),
            L.Dropout(0.2),
            L.Flatten(),
        ],
    ),
    "lstm 32": ((8, 8), lambda: [L.LSTM(32)]),
    "attention 2 x 16": ((16, 32), lambda: [Attention(), L.GlobalAveragePooling1D()]),
}


class Attention(L.Layer):
    """Self-attention with a residual connection."""

    def __init__(self):
        super().__init__()
        self.attention = L.MultiHeadAttention(2, 16)

    def call(self, x):
        """Return the sum."""
        return x + self.attention(x, x)


def measured(epochs: int) -> list[dict]:
    """Return a row for each net and mode: seconds to trace and compile, milliseconds an epoch, the rule's choice."""
    return [_row(name, mode, epochs) for name in NETS for mode in MODES[keras.backend.backend()]]


def _row(name: str, mode: str, epochs: int) -> dict:
    compiler, (shape, layers) = _compiler(), NETS[name]
    random = np.random.default_rng(0)
    part = Part(random.random((EXAMPLES, *shape), "float32"), random.integers(0, CLASSES, EXAMPLES))

    def model_fn() -> keras.Model:
        return keras.Sequential([keras.Input(shape), *layers(), L.Dense(CLASSES, "softmax")])

    assignment = Assignment(part, part.take(np.arange(300)), BATCH, epochs, seed=0)
    hypermodel = AutoHyperModel(model_fn, data=Dataset(assignment.train, assignment.validation))
    candidate = hypermodel.candidate(Recipe(), {}, assignment.steps * epochs, seed=0)
    started = time.perf_counter()
    fitting = CompiledEngine(compiler, mode=mode).fitting(candidate, assignment)
    fitting.epoch(0)
    compiled = time.perf_counter()
    seconds = []
    for number in range(1, epochs):
        begun = time.perf_counter()
        fitting.epoch(number)
        seconds.append(time.perf_counter() - begun)
    return {
        "net": name,
        "backend": compiler.name,
        "XLA over": "nothing" if mode == "plain" else f"each {mode}",
        "seconds to first epoch's end": compiled - started,
        "ms an epoch": 1000 * statistics.median(seconds),
        "chosen": "yes" if mode_for(candidate.model, compiler.name, compiler.device, 10**6) == mode else "",
    }


def _compiler():
    if keras.backend.backend() == "jax":
        from autoopt.engines import jax

        return jax.compiler()
    from autoopt.engines import tensorflow

    return tensorflow.compiler()

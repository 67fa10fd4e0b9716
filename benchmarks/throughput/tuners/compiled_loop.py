"""The limit: a loop written by hand for this one net, each epoch one compiled call, one program a batch size.

It computes what the others compute each epoch: training loss and accuracy, validation loss and accuracy, the
best epoch's weights. No line of autoopt's.
"""

import importlib
import itertools
import time
from collections.abc import Mapping, Sequence
from typing import Any

import keras
import numpy as np
from scipy import stats

from benchmarks.throughput.job import Candidate, Job, Measured
from benchmarks.throughput.problems import Problem

WIDTHS = (64, 64, 64, 10)
KEYS = ("loss", "accuracy", "val_loss", "val_accuracy")
TRUNCATED = 0.87962566103423978
"""Standard deviation of a normal distribution cut at two of its own: Keras divides by it."""


def measured(problem: Problem, job: Job) -> Measured:
    """Time the trials one after the other, tracing and compiling included."""
    backend = importlib.import_module(f"{__package__}.compiled_epoch_{keras.backend.backend()}")
    chance, programs, histories = np.random.default_rng(job.seed), {}, []
    started = time.perf_counter()
    for candidate in job.candidates or ():
        size = candidate["batch_size"]
        if size not in programs:
            programs[size] = backend.program(size, problem.train, problem.validation)
        _, history = _trial(programs[size], candidate, job.epochs, len(problem.train[1]), chance)
        histories.append(history)
    return Measured.of(job, time.perf_counter() - started, histories)


def _trial(
    epoch, candidate: Candidate, epochs: int, examples: int, chance: np.random.Generator
) -> tuple[Any, Mapping[str, Sequence[float]]]:
    """Train one candidate; return its best epoch's weights and its history."""
    weights = _weights(candidate["initialization/kernel"], chance)
    zeros = [np.zeros_like(array) for array in weights]
    state = (weights, zeros, zeros, np.float32(0.0))
    rate = np.float32(candidate["optimizer/learning_rate"])
    l2 = np.float32(candidate["regularization/l2"])
    history: dict[str, list[float]] = {key: [] for key in KEYS}
    best = weights
    for _ in range(epochs):
        state, numbers = epoch(state, rate, l2, chance.permutation(examples).astype("int32"))
        for key, value in zip(KEYS, np.asarray(numbers), strict=True):
            history[key].append(float(value))
        if history["val_accuracy"][-1] == max(history["val_accuracy"]):
            best = state[0]
    return best, history


def _weights(kernel: str, chance: np.random.Generator) -> list[np.ndarray]:
    """Return kernel and bias of each layer; the output keeps Glorot's kernel."""
    found = []
    for i, (into, out) in enumerate(itertools.pairwise(WIDTHS)):
        name = kernel if i < len(WIDTHS) - 2 else "glorot_uniform"
        found += [_kernel(name, into, out, chance), np.zeros(out, "float32")]
    return found


def _kernel(name: str, into: int, out: int, chance: np.random.Generator) -> np.ndarray:
    variance = {
        "glorot_uniform": 2 / (into + out),
        "as_written": 2 / (into + out),
        "he_uniform": 2 / into,
        "he_normal": 2 / into,
        "lecun_normal": 1 / into,
    }[name]
    if name.endswith("_normal"):
        drawn = stats.truncnorm.rvs(-2, 2, size=(into, out), random_state=chance)
        return (drawn * np.sqrt(variance) / TRUNCATED).astype("float32")
    bound = np.sqrt(3 * variance)
    return chance.uniform(-bound, bound, (into, out)).astype("float32")

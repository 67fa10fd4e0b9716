"""Rules: which trainings a compiled engine takes, and what XLA compiles of them.

`python -m benchmarks xla` measures what the rule on layers and device rests on.
"""

from typing import Any

import keras
import numpy as np

from autoopt.data import Stream
from autoopt.engines.engine import Assignment
from autoopt.engines.program import Mode

WORTH_COMPILING = 1000
"""Steps of 32 examples in a training from which on XLA, or all of its optimizations, save more than they cost."""

AT_ONCE = 3000
"""Steps from which on that holds for a single training; below, TensorFlow's first on a program goes without XLA."""

LARGE = 200_000
"""Weights from which on a CPU's cores share a step, which they do not inside XLA's loops."""

OWN_START = ("ScheduleFreeAdamW",)
"""Optimizers whose variables start from the weights, which a program does not have when it is made."""

OWN_TRAINING = ("fit", "make_train_function", "make_test_function", "evaluate")


def refused(assignment: Assignment) -> str:
    """Return why a training cannot be compiled whole, whatever the model; empty where it can."""
    streams = [each for each in (assignment.train, assignment.validation) if isinstance(each, Stream)]
    in_blocks = len(streams) == 2 and all(each.ordered for each in streams) and assignment.batch_size
    if streams and not in_blocks:
        return "the data comes batch by batch"
    if assignment.by_batch:
        names = ", ".join(type(callback).__name__ for callback in assignment.by_batch)
        return f"callbacks look at single batches ({names})"
    if isinstance(assignment.train, Stream) or keras.backend.backend() == "tensorflow":
        return ""
    arrays = keras.tree.flatten((assignment.train.x, assignment.train.y))
    return "the data is text" if any(_is_text(array) for array in arrays) else ""


def unfit(model: keras.Model) -> str:
    """Return why a model cannot be compiled whole; empty where it can."""
    if model.run_eagerly:
        return "it is compiled with run_eagerly=True"
    optimizer = getattr(model.optimizer, "inner_optimizer", model.optimizer)
    for kind in type(optimizer).__mro__:
        if kind.__name__ in OWN_START:
            return f"{kind.__name__} starts from the weights"
    for name in OWN_TRAINING:
        if getattr(type(model), name) is not getattr(keras.Model, name):
            return f"{type(model).__name__} overrides {name}"
    return ""


def mode_for(model: keras.Model, backend: str, device: str, steps: float) -> Mode:
    """Return what XLA compiles: on a CPU its loops ruin convolutions and large layers.

    Args:
        model: What is trained.
        backend: `"tensorflow"` or `"jax"`.
        device: `"cpu"` or `"gpu"`.
        steps: Examples of the whole training, in batches of 32: a program serves every batch size.
    """
    if steps < WORTH_COMPILING:
        return "plain" if backend == "tensorflow" else "hasty"
    if device != "cpu":
        return "epoch"
    convolutional = any("conv" in type(layer).__name__.lower() for layer in model._flatten_layers())
    return "step" if convolutional or model.count_params() >= LARGE else "epoch"


def _is_text(array: Any) -> bool:
    return not np.issubdtype(array.dtype, np.number) and array.dtype != bool

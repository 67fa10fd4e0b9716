"""Arrays as `fit` takes them on TensorFlow: in batches that are cut beforehand, by no function that has to be traced."""

import functools
from collections.abc import Mapping
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras.tree import flatten, is_nested, lists_to_tuples, map_structure

from autoopt.data import Part
from autoopt.engines.program import examples


def batched(
    model: keras.Model, part: Part, size: int, class_weight: Mapping[int, float] | None = None
) -> Any:
    """Return the rows of a part, `size` at a time, as a `tf.data.Dataset`; None where Keras has to cut them itself.

    Keras traces three functions for the arrays of each call, which takes longer than a few steps.

    Args:
        model: What is to be trained or evaluated.
        part: Its rows are taken in their order, the last batch is what is left.
        size: Examples a batch.
        class_weight: Class to weight, or None.
    """
    weighs = part.sample_weight is not None or class_weight is not None
    if not (_is_plain(model) and _is_numbers(part)) or (weighs and is_nested(part.y)):
        return None  # one weight for several outputs is Keras's to share out
    arrays, end, pieces = lists_to_tuples(examples(part, class_weight)), part.n // size * size, []
    with tf.device("CPU:0"):
        if end:
            whole = map_structure(lambda each: each[:end].reshape(-1, size, *each.shape[1:]), arrays)
            pieces.append(tf.data.Dataset.from_tensor_slices(whole))
        if end < part.n:
            pieces.append(tf.data.Dataset.from_tensors(map_structure(lambda each: each[end:], arrays)))
        return functools.reduce(tf.data.Dataset.concatenate, pieces).prefetch(1)


def _is_plain(model: keras.Model) -> bool:
    """Whether a model's own `fit` and `evaluate` are Keras's, on one device."""
    kept = all(getattr(type(model), name) is getattr(keras.Model, name) for name in ("fit", "evaluate"))
    return kept and model.distribute_strategy.num_replicas_in_sync == 1


def _is_numbers(part: Part) -> bool:
    """Whether all that a part has are arrays of numbers."""
    leaves = flatten((part.x, part.y))
    return all(isinstance(each, np.ndarray) and each.dtype.kind in "biuf" for each in leaves)

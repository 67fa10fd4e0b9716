"""What the tests of surgery share: a batch for a model, and its outputs on it."""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest


@pytest.fixture(autouse=True)
def seeded() -> None:
    keras.utils.set_random_seed(0)


@pytest.fixture
def outputs() -> Callable[[keras.Model], list[np.ndarray[Any, Any]]]:
    """Run a model on a fixed batch of three."""

    def run(model: keras.Model) -> list[np.ndarray[Any, Any]]:
        random = np.random.default_rng(0)
        batch = [
            random.integers(0, 9, (3, *tensor.shape[1:]))
            if "int" in str(tensor.dtype)
            else random.normal(size=(3, *tensor.shape[1:])).astype("float32")
            for tensor in model.inputs
        ]
        inputs = model.inputs[0] if isinstance(model, keras.Sequential) else model.input
        packed = keras.tree.pack_sequence_as(inputs, batch)
        return [
            keras.ops.convert_to_numpy(part) for part in keras.tree.flatten(model(packed, training=False))
        ]

    return run

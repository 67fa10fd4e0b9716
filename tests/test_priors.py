"""Priors: biases by hand, for each loss that gives an output's bias a meaning."""

import functools
import math
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import pytest

from autoopt.priors import biases
from autoopt.surgery import Ending

losses = keras.losses


def ending(activation: str, units: int, output: str = "out") -> Ending:
    return Ending(output, f"layer of {output}", units, activation)


@dataclass(frozen=True)
class Case:
    """Labels of one output under a loss, and the bias that is expected of them."""

    activation: str
    units: int
    loss: Any
    y: Any
    expected: Any
    weight: Any = None


def logs(*frequencies: float) -> list[float]:
    return [math.log(frequency) for frequency in frequencies]


def odds(*frequencies: float) -> list[float]:
    return [math.log(frequency / (1 - frequency)) for frequency in frequencies]


# Three examples of class 0, one of class 1, none of class 2: (n + 1) / (4 + 3).
LABELS, SEVENTHS = [0, 0, 1, 0], logs(4 / 7, 2 / 7, 1 / 7)
ONE_HOT = np.eye(3)[LABELS]
# Two, one and no examples of four: (n + 1) / (4 + 2).
MANY, SIXTHS = [[1, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 0]], odds(3 / 6, 2 / 6, 1 / 6)
RIGHT = {
    "sparse, softmax": Case("softmax", 3, "sparse_categorical_crossentropy", LABELS, SEVENTHS),
    "sparse, a column of floats": Case(
        "softmax", 3, losses.SparseCategoricalCrossentropy(), np.array(LABELS, "float32")[:, None], SEVENTHS
    ),
    "sparse, logits": Case("linear", 3, losses.SparseCategoricalCrossentropy(True), LABELS, SEVENTHS),
    "sparse, a function of logits": Case(
        "linear", 3, functools.partial(losses.sparse_categorical_crossentropy, from_logits=True), LABELS, SEVENTHS
    ),
    "sparse, pixels": Case("softmax", 3, "sparse_categorical_crossentropy", [[0, 0], [1, 0]], SEVENTHS),
    "sparse, an ignored class": Case(
        "softmax", 3, losses.SparseCategoricalCrossentropy(ignore_class=-1), [*LABELS, -1, -1], SEVENTHS
    ),
    "one-hot": Case("softmax", 3, "categorical_crossentropy", ONE_HOT, SEVENTHS),
    "one-hot, logits": Case("linear", 3, losses.CategoricalCrossentropy(True), ONE_HOT, SEVENTHS),
    "one-hot, focal": Case("softmax", 3, losses.CategoricalFocalCrossentropy(), ONE_HOT, SEVENTHS),
    # Lin et al. 2017: b = -log((1 - π) / π); π = (0 + 1) / (98 + 2)
    "RetinaNet": Case("sigmoid", 1, losses.BinaryFocalCrossentropy(), [0] * 98, [-math.log(0.99 / 0.01)]),
    "binary, several units": Case("sigmoid", 3, "binary_crossentropy", MANY, SIXTHS),
    "binary, logits": Case("linear", 3, losses.BinaryCrossentropy(from_logits=True), MANY, SIXTHS),
    "binary, all of one class": Case("sigmoid", 1, "binary_crossentropy", [1, 1, 1, 1], odds(5 / 6)),
    "regression": Case("linear", 1, "mse", [1.0, 2.0, 6.0], [3.0]),
    "regression, several units": Case("linear", 2, "mean_squared_error", [[1.0, 0.0], [3.0, 8.0]], [2.0, 4.0]),
    # Weights 3 and 1 count as 1.5 and 0.5 examples: 2.5 / 4 and 1.5 / 4.
    "sparse, weights": Case("softmax", 2, "sparse_categorical_crossentropy", [0, 1], logs(2.5 / 4, 1.5 / 4), [3, 1]),
    "one-hot, weights": Case("softmax", 2, "categorical_crossentropy", np.eye(2), logs(2.5 / 4, 1.5 / 4), [3, 1]),
    "binary, weights": Case("sigmoid", 1, "binary_crossentropy", [1, 0], odds(2.5 / 4), [3, 1]),
    "regression, weights": Case("linear", 1, "mse", [0.0, 8.0], [2.0], [3, 1]),
    # Four pixels, weights of two images: 3 and 1 of two pixels each.
    "pixels, weights": Case(
        "softmax", 2, "sparse_categorical_crossentropy", [[0, 0], [1, 0]], logs(4.5 / 6, 1.5 / 6), [3, 1]
    ),
}  # fmt: skip


def bias(case: Case) -> Any:
    weight = None if case.weight is None else np.array(case.weight)
    found = biases([ending(case.activation, case.units)], case.loss, np.array(case.y), weight)
    return found.get("layer of out")


@pytest.mark.parametrize("name", RIGHT)
def test_the_bias_of_an_output_is_what_is_known_of_its_labels(name: str) -> None:
    assert bias(RIGHT[name]) == pytest.approx(RIGHT[name].expected)


WITHOUT = {
    "softmax taken for logits": Case("softmax", 3, losses.SparseCategoricalCrossentropy(True), LABELS, None),
    "logits taken for probabilities": Case("linear", 3, "sparse_categorical_crossentropy", LABELS, None),
    "sigmoid of exclusive classes": Case("sigmoid", 3, "categorical_crossentropy", ONE_HOT, None),
    "an absolute error": Case("linear", 1, "mae", [1.0, 2.0], None),
    "a squared error behind an activation": Case("sigmoid", 1, "mse", [0.0, 1.0], None),
    "a hinge": Case("linear", 3, "categorical_hinge", ONE_HOT, None),
    "a loss of the user's own": Case("linear", 1, lambda y, p: p - y, [1.0], None),
    "labels beyond the classes": Case("softmax", 3, "sparse_categorical_crossentropy", [0, 3], None),
    "labels of -1 and 1": Case("sigmoid", 1, "binary_crossentropy", [-1, 1, -1], None),
    "class numbers where columns are meant": Case("softmax", 3, "categorical_crossentropy", [0, 1, 2], None),
    "weights of 0": Case("linear", 1, "mse", [1.0, 2.0], None, [0, 0]),
    "weights that do not fit": Case("linear", 1, "mse", [1.0, 2.0, 3.0], None, [1, 1]),
}


@pytest.mark.parametrize("name", WITHOUT)
def test_where_loss_and_activation_give_it_no_meaning_there_is_no_bias(name: str) -> None:
    assert bias(WITHOUT[name]) is None


TWO = [ending("linear", 1, "number"), None, ending("sigmoid", 1, "side")]


@pytest.mark.parametrize("keyed", [True, False])
def test_each_output_has_the_bias_of_its_own_labels_loss_and_weights(keyed: bool) -> None:
    names = ("number", "other", "side")

    def given(*parts: Any) -> Any:
        return dict(zip(names, parts, strict=True)) if keyed else list(parts)

    y = given(np.array([0.0, 8.0]), np.array([1, 2]), np.array([1, 0]))
    found = biases(TWO, given("mse", "mse", "binary_crossentropy"), y, given(np.array([3, 1]), None, None))

    assert {layer: list(bias) for layer, bias in found.items()} == {
        "layer of number": pytest.approx([2.0]),
        "layer of side": pytest.approx([0.0]),
    }


def test_an_output_without_a_loss_or_labels_keeps_its_bias() -> None:
    assert biases(TWO, {"number": "mse"}, {"side": np.array([1, 0])}) == {}
    assert biases(TWO, "mse", None) == {}

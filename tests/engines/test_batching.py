"""Batches that are cut beforehand are those that Keras would cut, and what is not plain is left to it."""

from typing import Any

import keras
import numpy as np
import pytest

from autoopt.data import Part
from tests import toys
from tests.engines import zoo
from tests.engines.laboratory import BACKEND

if BACKEND != "tensorflow":
    pytest.skip("other backends cut arrays without tracing", allow_module_level=True)

from autoopt.engines.batching import batched


@pytest.mark.parametrize("size", [8, 43, 64], ids=["with a rest", "all at once", "larger than the data"])
def test_batches_are_the_rows_in_their_order_and_what_is_left(size: int) -> None:
    part = zoo.weighted()
    found = list(batched(toys.eager(), part, size))

    assert len(found) == part.steps(size)
    for batch, expected in zip(found, part.batches(size), strict=True):
        for one, other in zip(batch, (expected.x, expected.y, expected.sample_weight), strict=True):
            np.testing.assert_array_equal(one, other)


def test_inputs_and_outputs_keep_their_names_and_real_numbers_are_of_keras_s_type() -> None:
    part = zoo.pairs()
    ((x, y),) = batched(
        zoo.two_headed(), Part({name: each.astype(float) for name, each in part.x.items()}, part.y), 43
    )

    assert set(x) == {"left", "right"} and set(y) == {"number", "side"}
    assert {each.dtype.name for each in x.values()} == {"float32"}


def test_classes_weigh_as_in_fit() -> None:
    part = zoo.images()
    ((_, y, weight),) = batched(toys.eager(), part, 43, class_weight={3: 2.5})

    np.testing.assert_array_equal(weight, np.where(y == 3, 2.5, 1.0))


class OwnFit(keras.Model):  # type: ignore[misc]
    """Sees what `fit` is given."""

    def fit(self, *args: Any, **options: Any) -> Any:
        return super().fit(*args, **options)


def own() -> keras.Model:
    inputs = keras.Input((64,))
    return OwnFit(inputs, keras.layers.Dense(10)(inputs))


LEFT: dict[str, tuple[Any, Part]] = {
    "a fit of the user's own": (own, zoo.images()),
    "words": (toys.eager, Part(np.array(["a", "b"], object), np.arange(2))),
    "one weight for two outputs": (zoo.two_headed, Part(zoo.pairs().x, zoo.pairs().y, np.ones(43))),
}  # fmt: skip


@pytest.mark.parametrize("what", LEFT)
def test_what_is_not_plain_is_left_to_keras(what: str) -> None:
    make, part = LEFT[what]

    assert batched(make(), part, 8) is None

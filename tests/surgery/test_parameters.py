"""The closed form agrees with `count_params()`, and says so where it does not know."""

import functools
from typing import Any

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from keras import layers
from keras.src.backend.common import global_state

from autoopt.surgery import Edits, count_params, edited, read, rebuild
from autoopt.surgery.parameters import of_dense_chain
from autoopt.surgery.weightless import UNINITIALIZED


def made(kind: Any, **options: Any) -> st.SearchStrategy[Any]:
    """Draw a function that makes a layer: layers themselves draw random seeds, which strategies may not."""
    return st.builds(functools.partial, st.just(kind), **options)


flags = st.booleans()
dense = made(layers.Dense, units=st.integers(1, 9), use_bias=flags, trainable=flags)
others = (
    made(layers.BatchNormalization, scale=flags, center=flags)
    | made(layers.LayerNormalization, scale=flags, center=flags)
    | made(layers.Dropout, rate=st.just(0.1))
    | made(layers.Activation, activation=st.just("tanh"))
    | made(layers.Flatten)
)


def net(*hidden: Any) -> keras.Model:
    return keras.Sequential([keras.Input((4,)), *hidden, layers.Dense(3)])


@settings(max_examples=25, deadline=None)
@given(st.lists(dense | others, max_size=5), st.sampled_from([(5,), (3, 2)]), st.data())
def test_any_dense_chain_has_as_many_as_keras_counts(hidden: Any, shape: Any, data: Any) -> None:
    model = keras.Sequential([keras.Input(shape), *(make() for make in hidden), layers.Dense(2)])
    template = read(model)
    edits = Edits(
        depth={each.name: data.draw(st.integers(each.min_depth, each.max_depth)) for each in template.stages},
        width={
            each.name: data.draw(st.sampled_from([0.3, 2.0])) for each in template.stages if each.open_width
        },
        dropout=data.draw(st.sampled_from([None, 0.2])) if template.dropout is not None else None,
    )

    assert of_dense_chain(template.config or {}) == model.count_params()
    assert of_dense_chain(edited(template, edits)) == rebuild(template, edits).count_params()


def test_widths_4_5_3_make_25_and_18() -> None:
    assert of_dense_chain(read(net(layers.Dense(5))).config or {}) == (4 + 1) * 5 + (5 + 1) * 3


def branched() -> keras.Model:
    x = keras.Input((4,))
    return keras.Model(x, layers.Add()([layers.Dense(3)(x), layers.Dense(3)(x)]))


def called_twice() -> keras.Model:
    x, shared = keras.Input((4,)), layers.Dense(4)
    return keras.Model(x, shared(shared(x)))


def cut_short() -> keras.Model:
    x = keras.Input((4,))
    hidden = layers.Dense(3)(x)
    return keras.Model(x, [hidden, layers.Dense(2)(hidden)])


UNKNOWN = {
    "two branches": branched,
    "a shared layer": called_twice,
    "an output on the way": cut_short,
    "a convolution": lambda: keras.Sequential([keras.Input((9, 1)), layers.Conv1D(2, 3), layers.Flatten()]),
    "a layer as activation": lambda: net(layers.Dense(5, activation=layers.PReLU())),
    "PReLU": lambda: net(layers.PReLU()),
    "no length": lambda: keras.Sequential([keras.Input((None, 4)), layers.Dense(3)]),
    "renormalization": lambda: net(layers.BatchNormalization(renorm=True)),
    "quantized kernels": lambda: net(layers.Dense(5, dtype="int8_from_float32")),
}


@pytest.mark.parametrize("case", UNKNOWN)
def test_what_is_no_plain_dense_chain_is_built_and_counted(case: str) -> None:
    model = UNKNOWN[case]()
    template = read(model)

    assert template.config is not None
    assert of_dense_chain(template.config) is None
    assert count_params(template, Edits()) == model.count_params()


def test_counting_leaves_nothing_for_keras_to_initialize() -> None:
    template = read(UNKNOWN["a convolution"]())
    waiting = list(global_state.get_global_attribute(UNINITIALIZED) or [])
    count_params(template, Edits())

    assert list(global_state.get_global_attribute(UNINITIALIZED) or []) == waiting
    assert keras.Sequential([keras.Input((2,)), layers.Dense(1)]).get_weights()[0].shape == (2, 1)


@keras.saving.register_keras_serializable("test_parameters")
class Given(layers.Layer):  # type: ignore[misc]
    """Has weights that begin as an array, not with an initializer."""

    def build(self, shape: Any) -> None:
        self.scale = keras.Variable(np.ones(shape[-1], "float32"))

    def call(self, x: Any) -> Any:
        return x * self.scale


def test_a_layer_whose_weights_are_given_as_arrays_is_counted_too() -> None:
    assert count_params(read(net(Given())), Edits()) == 4 + (4 + 1) * 3

"""Pretrained parts: which nested models are taken for one, where they are cut, and which layers train."""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest
from keras import layers

from autoopt.surgery import loaded, train
from autoopt.surgery.pretrained import blocks
from tests import pretrained


def names(found: Any) -> list[list[str]]:
    """Return the layers with a kernel in each block."""
    kernels = (layers.Conv2D, layers.Dense, layers.DepthwiseConv2D)
    return [[layer.name for layer in block if isinstance(layer, kernels)] for block in found]


def trained(part: keras.Model) -> set[str]:
    return {layer.name for layer in part._flatten_layers() if not layer._layers and layer.trainable_weights}


def wide() -> keras.Model:
    """Return two nested models of which one stands in the other."""
    inner = pretrained.residual()
    return keras.Sequential([keras.Input(pretrained.IMAGE), inner, layers.Dense(3, name="last")], name="part")


def masked() -> keras.Model:
    """Return a part whose second input is read by every block."""
    inputs, mask = keras.Input((4,)), keras.Input((4,))
    x = inputs
    for name in "abc":
        x = layers.Dense(4, name=name)(layers.Multiply()([x, mask]))
    return keras.Model([inputs, mask], x)


CUTS: dict[str, tuple[Callable[[], keras.Model], list[list[str]]]] = {
    "residual": (pretrained.residual, [["stem"], ["block1"], ["block2"], ["end"]]),
    "nested twice": (wide, [["stem"], ["block1"], ["block2"], ["end"], ["last"]]),
    "masked": (masked, [["a"], ["b"], ["c"]]),
}


@pytest.mark.parametrize("kind", CUTS)
def test_a_part_is_cut_where_one_tensor_carries_everything(kind: str) -> None:
    make, expected = CUTS[kind]

    assert [block for block in names(blocks(make())) if block] == expected


def test_a_part_of_a_class_of_its_own_is_cut_likewise() -> None:
    class Own(keras.Model):  # type: ignore[misc]
        def __init__(self) -> None:
            x = inputs = keras.Input((4,))
            for name in "abc":
                x = layers.Dense(4, name=name)(x)
            super().__init__(inputs, x)

        def get_config(self) -> Any:
            return {}

    assert names(blocks(Own())) == [["a"], ["b"], ["c"]]


def test_a_mobilenet_is_cut_between_its_blocks() -> None:
    net = keras.applications.MobileNetV2(weights=None, include_top=False, input_shape=(32, 32, 3))
    found = names(blocks(net))

    assert ["block_4_expand", "block_4_depthwise", "block_4_project"] in found  # a residual block stays whole
    assert sum(len(block) for block in found) == 52
    train(net, "last_blocks")
    assert net.get_layer("Conv_1").trainable and not net.get_layer("block_1_expand").trainable
    weighted = [layer for layer in net.layers if isinstance(layer, layers.Conv2D | layers.DepthwiseConv2D)]
    assert 0.3 < np.mean([layer.trainable for layer in weighted]) < 0.4


def test_a_frozen_part_trains_nothing() -> None:
    part = pretrained.residual()
    train(part, "frozen")

    assert not part.trainable and not trained(part)


def test_the_last_blocks_are_a_third_of_what_has_weights() -> None:
    part = pretrained.residual()  # seven layers with weights, three of them normalizations
    train(part, "last_blocks")

    assert trained(part) == {"block2", "end"}


@pytest.mark.parametrize("frozen", [False, True])
def test_all_is_all_but_batch_normalization_whatever_was_frozen_before(frozen: bool) -> None:
    part = pretrained.residual()
    part.trainable = not frozen
    train(part, "all")

    assert trained(part) == {"stem", "block1", "block2", "end"}


def fresh() -> keras.Model:
    return pretrained.on_top_of(pretrained.residual())


def preprocessing() -> keras.Model:
    return keras.Sequential([keras.Input(pretrained.IMAGE), pretrained.adapted(), layers.Flatten()])


def test_a_nested_model_of_fresh_weights_is_not_pretrained() -> None:
    assert loaded(fresh(), fresh) == ()


def test_nor_is_one_whose_weights_are_drawn_from_the_users_own_seed() -> None:
    def model_fn() -> keras.Model:
        keras.utils.set_random_seed(3)
        return fresh()

    assert loaded(model_fn(), model_fn) == ()


def test_nor_is_preprocessing_that_has_adapted() -> None:
    def model_fn() -> keras.Model:
        return keras.Sequential([keras.Input(pretrained.IMAGE), preprocessing(), layers.Dense(10)])

    assert loaded(model_fn(), model_fn) == ()


@pytest.mark.parametrize("make", [pretrained.residual, pretrained.chain])
def test_one_that_is_read_from_a_file_is(make: Any) -> None:
    model_fn = pretrained.function(make)

    assert loaded(model_fn(), model_fn) == ("part",)

"""Models to operate on, by name: each with the stages that are expected of it."""

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import keras
from keras import layers

from autoopt.surgery import Template, read
from tests.counts import FULL


@dataclass(frozen=True)
class Specimen:
    """A model function and its expected stages: name to (depth, min_depth, max_depth, open_width)."""

    make: Callable[[], keras.Model]
    stages: dict[str, tuple[int, int, int, bool]]
    input_shape: Any = None


def dense_chain() -> keras.Model:
    return keras.Sequential(
        [keras.Input((12,)), layers.Dense(8, "relu"), layers.Dense(6, "relu"), layers.Dense(3, "softmax")]
    )


def pooled_cnn() -> keras.Model:
    return keras.Sequential(
        [
            keras.Input((8, 8, 1)),
            layers.Conv2D(4, 3, use_bias=False),
            layers.BatchNormalization(),
            layers.ReLU(),
            layers.MaxPooling2D(),
            layers.Conv2D(6, 3, padding="same", activation="relu"),
            layers.MaxPooling2D(),
            layers.Flatten(),
            layers.Dense(5, "relu"),
            layers.Dropout(0.25),
            layers.Dense(3),
            layers.Activation("softmax"),
        ]
    )


def signal_cnn() -> keras.Model:
    convolutions = [layers.Conv1D(25, 5, strides=2, padding="same", activation="relu") for _ in range(3)]
    return keras.Sequential([keras.Input((40, 1)), *convolutions, layers.Flatten(), layers.Dense(10)])


def separable_cnn() -> keras.Model:
    inputs = keras.Input((8, 8, 2))
    x = layers.SeparableConv2D(4, 3, activation="relu")(inputs)
    x = layers.DepthwiseConv2D(3, strides=2, depth_multiplier=2)(x)
    x = layers.Conv2D(8, 1, groups=2)(x)
    x = layers.GroupNormalization(groups=4)(x)
    x = layers.GlobalAveragePooling2D()(x)
    return keras.Model(inputs, layers.Dense(2)(x))


def residual_cnn() -> keras.Model:
    inputs = keras.Input((8, 8, 1))
    x = stem = layers.Conv2D(4, 3, padding="same", activation="relu")(inputs)
    x = layers.Conv2D(4, 3, padding="same")(x)
    x = layers.BatchNormalization()(x)
    x = layers.Add()([x, stem])
    x = layers.ReLU()(x)
    x = layers.GlobalAveragePooling2D()(x)
    x = layers.Dense(7, "relu")(x)
    return keras.Model(inputs, layers.Dense(3)(x))


def two_towers() -> keras.Model:
    one, two = keras.Input((6,), name="one"), keras.Input((4,), name="two")
    x = layers.Concatenate()([layers.Dense(5, "relu")(one), layers.Dense(3, "relu")(two)])
    x = layers.Dense(8, "relu")(x)
    x = layers.Dense(8, "relu")(x)
    return keras.Model(
        {"one": one, "two": two}, {"a": layers.Dense(1, name="a")(x), "b": layers.Dense(2, name="b")(x)}
    )


def unet() -> keras.Model:
    inputs = keras.Input((8, 8, 1))
    x = layers.Conv2D(4, 3, padding="same", activation="relu")(inputs)
    skip = x = layers.Conv2D(4, 3, padding="same", activation="relu")(x)
    x = layers.MaxPooling2D()(x)
    x = layers.Conv2D(6, 3, padding="same", activation="relu")(x)
    x = layers.UpSampling2D()(x)
    x = layers.Concatenate()([x, skip])
    x = layers.Conv2D(4, 3, padding="same", activation="relu")(x)
    return keras.Model(inputs, layers.Conv2D(2, 1)(x))


def autoencoder() -> keras.Model:
    return keras.Sequential(
        [
            keras.Input((8, 8, 1)),
            layers.Conv2D(4, 3, padding="same", activation="relu"),
            layers.Conv2D(4, 3, strides=2, padding="same", activation="relu"),
            layers.Conv2DTranspose(4, 3, strides=2, padding="same", activation="relu"),
            layers.Conv2D(1, 3, padding="same"),
        ]
    )


def shared_layer() -> keras.Model:
    inputs = keras.Input((6,))
    x = layers.Dense(6, "relu")(inputs)
    shared = layers.Dense(6, "relu")
    x = shared(shared(x))
    x = layers.Dense(4, "relu")(x)
    return keras.Model(inputs, layers.Dense(2)(x))


def nested() -> keras.Model:
    encoder = keras.Sequential([keras.Input((6,)), layers.Dense(5, "relu", name="inner")], name="encoder")
    inputs = keras.Input((6,))
    core = keras.Input((5,))
    block = keras.Model(core, layers.Dense(5, name="inner")(core), name="block")
    x = layers.Dense(4, "relu")(block(encoder(inputs)))
    return keras.Model(inputs, layers.Dense(2)(x))


class OriginalModel(keras.Model):
    """A subclassed model, as the source chapter writes them."""

    def __init__(self) -> None:
        super().__init__()
        self.layer1 = layers.Dense(8, activation="relu")
        self.layer2 = layers.Dense(8, activation="relu")
        self.out = layers.Dense(3, activation="softmax")

    def call(self, inputs: Any) -> Any:
        return self.out(self.layer2(self.layer1(inputs)))


class DeeperModel(OriginalModel):
    """A subclass of a subclass."""

    def __init__(self) -> None:
        super().__init__()
        self.layer3 = layers.Dense(8, activation="relu")
        self.dropout = layers.Dropout(0.1)

    def call(self, inputs: Any, training: Any = None) -> Any:
        x = self.dropout(self.layer2(self.layer1(inputs)), training=training)
        return self.out(keras.ops.relu(self.layer3(x)) + x)


def recurrent() -> keras.Model:
    return keras.Sequential(
        [
            keras.Input((12,), dtype="int32"),
            layers.Embedding(20, 4),
            layers.Conv1D(6, 3, padding="causal", activation="relu"),
            layers.Bidirectional(layers.LSTM(5)),
            layers.Dense(4, "relu"),
            layers.Dense(1, "sigmoid"),
        ]
    )


def attention() -> keras.Model:
    inputs = keras.Input((6, 4))
    x = layers.Dense(4)(inputs)
    x = layers.LayerNormalization()(x + layers.MultiHeadAttention(2, 2)(x, x))
    x = x * 0.5 + keras.ops.ones((4,))
    x = layers.Dense(8, "gelu")(layers.Flatten()(x))
    return keras.Model(inputs, layers.Dense(2)(x))


def lstm_stack() -> keras.Model:
    stack = [layers.LSTM(4, return_sequences=True), layers.LSTM(4, return_sequences=True), layers.LSTM(6)]
    return keras.Sequential([keras.Input((7, 3)), *stack, layers.Dense(2)])


def gru_stack() -> keras.Model:
    both = layers.Bidirectional(layers.GRU(3, return_sequences=True))
    return keras.Sequential(
        [
            keras.Input((7,), dtype="int32"),
            layers.Embedding(20, 4, mask_zero=True),
            layers.GRU(5, return_sequences=True),
            layers.Dropout(0.1),
            both,
            layers.TimeDistributed(layers.Dense(4, "relu")),
            layers.GlobalAveragePooling1D(),
            layers.Dense(2),
        ]
    )


def encoder_block(x: Any) -> Any:
    x = layers.LayerNormalization()(x + layers.MultiHeadAttention(2, 3)(x, x))
    inner = layers.Dense(8)(layers.Dense(12, "gelu")(x))
    return layers.LayerNormalization()(x + layers.Dropout(0.1)(inner))


def transformer(blocks: int = 3) -> keras.Model:
    inputs = keras.Input((6,), dtype="int32")
    x = layers.Embedding(11, 8)(inputs)
    for _ in range(blocks):
        x = encoder_block(x)
    return keras.Model(inputs, layers.Dense(2)(layers.GlobalAveragePooling1D()(x)))


def residual_block(x: Any, filters: int, strides: int = 1) -> Any:
    y = layers.Conv2D(filters, 3, strides=strides, padding="same", use_bias=False)(x)
    y = layers.Activation("relu")(layers.BatchNormalization()(y))
    y = layers.BatchNormalization()(layers.Conv2D(filters, 3, padding="same", use_bias=False)(y))
    if strides > 1 or x.shape[-1] != filters:
        x = layers.Conv2D(filters, 1, strides=strides)(x)
    return layers.Activation("relu")(layers.Add()([x, y]))


def resnet() -> keras.Model:
    inputs = keras.Input((16, 16, 3))
    x = layers.Conv2D(4, 3, padding="same", activation="relu")(inputs)
    for filters, strides in ((4, 1), (4, 1), (6, 2), (6, 1), (6, 1)):
        x = residual_block(x, filters, strides)
    return keras.Model(inputs, layers.Dense(3)(layers.GlobalAveragePooling2D()(x)))


def squeeze_and_excite() -> keras.Model:
    inputs = keras.Input((8, 8, 3))
    x = layers.Conv2D(8, 3, padding="same", activation="relu")(inputs)
    weights = layers.Reshape((1, 1, 8))(layers.GlobalAveragePooling2D()(x))
    weights = layers.Conv2D(2, 1, activation="relu")(weights)
    x = layers.Multiply()([x, layers.Conv2D(8, 1, activation="sigmoid")(weights)])
    return keras.Model(inputs, layers.Dense(2)(layers.Flatten()(x)))


def double(x: Any, filters: int) -> Any:
    for _ in range(2):
        x = layers.Conv2D(filters, 3, padding="same", activation="relu")(x)
    return x


def deep_unet() -> keras.Model:
    inputs = keras.Input((16, 16, 1))
    one = double(inputs, 4)
    two = double(layers.MaxPooling2D()(one), 6)
    x = double(layers.MaxPooling2D()(two), 8)
    x = double(layers.Concatenate()([layers.Conv2DTranspose(6, 2, strides=2)(x), two]), 6)
    x = double(layers.Concatenate()([layers.Conv2DTranspose(4, 2, strides=2)(x), one]), 4)
    return keras.Model(inputs, layers.Conv2D(2, 1)(x))


def densely_connected() -> keras.Model:
    inputs = keras.Input((8, 8, 3))
    x = layers.Conv2D(4, 3, padding="same")(inputs)
    for _ in range(3):
        y = layers.Activation("relu")(layers.BatchNormalization()(x))
        x = layers.Concatenate()([x, layers.Conv2D(3, 3, padding="same")(y)])
    return keras.Model(inputs, layers.Dense(2)(layers.GlobalAveragePooling2D()(x)))


def siamese() -> keras.Model:
    one, two = keras.Input((6,), name="one"), keras.Input((6,), name="two")
    first, second = layers.Dense(5, "relu"), layers.Dense(5, "relu")
    x = layers.Subtract()([second(first(one)), second(first(two))])
    return keras.Model([one, two], layers.Dense(1)(layers.Dense(4, "relu")(x)))


def masked_stack() -> keras.Model:
    inputs = keras.Input((6,), dtype="int32")
    x = layers.Embedding(11, 4, mask_zero=True)(inputs)
    x = layers.LSTM(5)(layers.LSTM(5, return_sequences=True)(x))
    return keras.Model(inputs, layers.Dense(2)(x))


def shrinking_branches() -> keras.Model:
    inputs = keras.Input((16, 16, 1)), keras.Input((16, 16, 1))
    ends = []
    for x in inputs:
        for _ in range(2):
            x = layers.MaxPooling2D()(layers.Conv2D(4, 3, padding="same", activation="relu")(x))
        ends.append(x)
    x = layers.GlobalAveragePooling2D()(layers.Concatenate()(ends))
    return keras.Model(inputs, layers.Dense(2)(x))


def frames() -> keras.Model:
    inputs = keras.Input((3, 6, 6, 2))
    x = layers.TimeDistributed(layers.DepthwiseConv2D(3))(inputs)
    x = layers.LSTM(5)(layers.TimeDistributed(layers.Flatten())(x))
    return keras.Model(inputs, layers.Dense(2)(x))


def grouped_queries() -> keras.Model:
    inputs = keras.Input((6, 4))
    x = layers.Dense(8, "relu")(inputs)
    x = layers.GroupQueryAttention(4, 4, 2)(x, x)
    return keras.Model(inputs, layers.Dense(2)(layers.Flatten()(x)))


ZOO = {
    "dense chain": Specimen(dense_chain, {"dense": (2, 1, 4, True)}),
    "pooled cnn": Specimen(pooled_cnn, {"conv": (2, 1, 4, True), "dense": (1, 1, 3, True)}),
    "signal cnn": Specimen(signal_cnn, {"conv": (3, 1, 5, True)}),
    "separable cnn": Specimen(separable_cnn, {"conv": (3, 1, 5, True)}),
    "residual cnn": Specimen(residual_cnn, {"block": (1, 1, 3, True), "dense": (1, 1, 3, True)}),
    "two towers": Specimen(
        two_towers, {"dense_1": (1, 1, 3, True), "dense_2": (1, 1, 3, True), "dense_3": (2, 1, 4, True)}
    ),
    "unet": Specimen(unet, {"conv_1": (2, 1, 4, True), "conv_2": (1, 1, 3, True)}),
    "autoencoder": Specimen(autoencoder, {"conv": (2, 2, 4, True)}),
    "shared layer": Specimen(shared_layer, {"dense_1": (1, 1, 3, True), "dense_2": (1, 1, 3, True)}),
    "nested": Specimen(nested, {"dense": (1, 1, 3, True)}),
    "subclassed": Specimen(OriginalModel, {"dense": (2, 1, 4, True)}, (12,)),
    "subclass of a subclass": Specimen(
        DeeperModel, {"dense": (2, 1, 4, True), "block": (1, 1, 3, False)}, (12,)
    ),
    "recurrent": Specimen(
        recurrent, {"conv": (1, 1, 3, True), "recurrent": (1, 1, 3, True), "dense": (1, 1, 3, True)}
    ),
    "attention": Specimen(
        attention, {"dense_1": (1, 1, 3, False), "attention": (1, 1, 3, True), "dense_2": (1, 1, 3, True)}
    ),
    "lstm stack": Specimen(lstm_stack, {"recurrent": (3, 1, 5, True)}),
    "gru stack": Specimen(gru_stack, {"recurrent": (2, 1, 4, True), "dense": (1, 1, 3, True)}),
    "transformer": Specimen(transformer, {"attention": (3, 1, 5, True)}),
    "one encoder block": Specimen(lambda: transformer(1), {"attention": (1, 1, 3, True)}),
    "resnet": Specimen(resnet, {"block_1": (2, 1, 4, True), "block_2": (2, 1, 4, True)}),
    "squeeze and excite": Specimen(squeeze_and_excite, {"conv": (1, 1, 3, True)}),
    "deep unet": Specimen(deep_unet, {f"conv_{level}": (2, 1, 4, True) for level in range(1, 6)}),
    "densely connected": Specimen(densely_connected, {"block": (3, 1, 5, True)}),
    "masked stack": Specimen(masked_stack, {"recurrent": (2, 1, 4, True)}),
    "shrinking branches": Specimen(
        shrinking_branches, {"conv_1": (2, 2, 4, True), "conv_2": (2, 2, 4, True)}
    ),
    "frames": Specimen(frames, {"conv": (1, 1, 3, False), "recurrent": (1, 1, 3, True)}),
    "grouped queries": Specimen(grouped_queries, {"dense": (1, 1, 3, False)}),
    "siamese": Specimen(siamese, {"dense": (1, 1, 3, True)}),
}

LIKE_OTHERS = (
    "subclass of a subclass",
    "gru stack",
    "one encoder block",
    "resnet",
    "deep unet",
    "shrinking branches",
)
"""Larger nets of which every joint is in another net of the zoo as well."""

TELLING = [name for name in ZOO if FULL or name not in LIKE_OTHERS]
"""For laws that build many models of each."""

ONES, OTHERS, THE_REST = (TELLING,) * 3 if FULL else (TELLING[::3], TELLING[1::3], TELLING[2::3])
"""A third each: laws take turns, so that every net is built by some of them; at full counts by all."""


@functools.cache
def template_of(name: str) -> Template:
    """Return what is read of a net, once for all laws."""
    return read(ZOO[name].make(), ZOO[name].input_shape)

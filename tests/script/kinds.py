"""Kinds of models that a script has to say: each compiled, each with what the others lack."""

from collections.abc import Callable, Mapping
from typing import Any

import keras
import numpy as np
from keras import layers, ops


def numbers(shape: tuple[int, ...]) -> Any:
    """Return random numbers, the same each time."""
    return np.random.default_rng(0).normal(size=shape).astype("float32")


def dense() -> keras.Model:
    """Return a chain with adapted statistics, penalties, bounds and dropout."""
    learnt = layers.Normalization()
    learnt.adapt(numbers((50, 4)))
    hidden = layers.Dense(
        8, "gelu", kernel_initializer="he_normal", kernel_regularizer=keras.regularizers.L1L2(1e-4, 1e-3),
        kernel_constraint=keras.constraints.MaxNorm(3.0),
    )  # fmt: skip
    last = layers.Dense(3, "softmax", bias_initializer=keras.initializers.Constant(0.5))
    return keras.Sequential([keras.Input((4,)), learnt, hidden, layers.Dropout(0.3), last])


def residual() -> keras.Model:
    """Return convolutions with branches that are added."""
    inputs = keras.Input((8, 8, 3))
    x = layers.Conv2D(4, 3, padding="same", name="stem")(inputs)
    for _ in range(2):
        y = layers.Conv2D(4, (3, 1), padding="same", use_bias=False)(x)
        x = layers.ReLU()(layers.Add()([x, layers.BatchNormalization()(y)]))
    return keras.Model(inputs, layers.Dense(3, "softmax")(layers.GlobalAveragePooling2D()(x)))


def recurrent() -> keras.Model:
    """Return an embedding whose masks reach a stack of recurrent layers, one of several outputs."""
    inputs = keras.Input((6,), dtype="int32")
    x = layers.Embedding(9, 4, mask_zero=True)(inputs)
    x = layers.Bidirectional(layers.LSTM(3, return_sequences=True, dropout=0.1), merge_mode="sum")(x)
    sequence, state = layers.GRU(4, return_state=True)(x)
    return keras.Model(inputs, layers.Dense(3, "softmax")(layers.Concatenate()([sequence, state])))


def shared() -> keras.Model:
    """Return a model of two named inputs, one layer for both, and two outputs."""
    one, other = keras.Input((4,), name="one"), keras.Input((4,), name="other")
    tower = layers.Dense(5, "relu")
    x = layers.Dense(4)(layers.Concatenate()([tower(one), tower(other)]))
    outputs = {"kind": layers.Dense(3, "softmax", name="kind")(x), "size": layers.Dense(3, name="size")(x)}
    return keras.Model({"one": one, "other": other}, outputs)


def nested() -> keras.Model:
    """Return a model that calls a frozen one, which has one inside, for two inputs."""
    core = keras.Sequential([keras.Input((5,)), layers.Dense(4, "tanh")], name="core")
    inside = keras.Input((4,))
    tower = keras.Model(inside, core(layers.Dense(5)(inside)), name="tower")
    tower.trainable = False
    one, other = keras.Input((4,)), keras.Input((4,))
    joined = layers.Subtract()([tower(one), tower(other, training=False)])
    return keras.Model([one, other], layers.Dense(3, "softmax")(joined))


def functions() -> keras.Model:
    """Return a model of functions of keras.ops, slices among them."""
    inputs = keras.Input((6, 4))
    x = ops.relu(inputs[:, 0] + 2.0 * inputs[:, -1])
    x = ops.concatenate([x, ops.mean(inputs, axis=1), ops.max(inputs[:, 1:3], axis=1)], axis=-1)
    x = ops.einsum("ab,ac->abc", x, x)
    return keras.Model(inputs, layers.Dense(3, "softmax")(ops.reshape(x, (-1, 144))))


def attention() -> keras.Model:
    """Return a block of attention over places."""
    inputs = keras.Input((5, 4))
    x = layers.LayerNormalization()(inputs + layers.MultiHeadAttention(2, 3)(inputs, inputs))
    x = layers.TimeDistributed(layers.Dense(3, "silu"))(x)
    return keras.Model(inputs, layers.Dense(3, "softmax")(layers.Flatten()(x)))


def named() -> keras.Model:
    """Return a model whose layers have names of Python's, of the script's own functions, and each other's."""
    inputs = keras.Input((4,))

    def tower(mean: float) -> keras.Model:
        norm = layers.Normalization(name="norm")
        norm.adapt(mean + numbers((50, 4)))
        return keras.Sequential([keras.Input((4,)), norm, layers.Dense(4)], name=f"tower_at_{mean:.0f}")

    x = layers.Dense(4, name="round")(inputs)
    one, other = layers.Dense(4, name="build_tower_at_9")(x), layers.Dense(4, name="max")(x)
    joined = [tower(0.0)(inputs), x, one, other, tower(9.0)(inputs)]
    return keras.Model(inputs, layers.Dense(3, "softmax")(layers.Concatenate(name="left")(joined)))


KINDS: Mapping[str, Callable[[], keras.Model]] = {
    each.__name__: each for each in (dense, residual, recurrent, shared, nested, functions, attention, named)
}


def made(kind: str) -> keras.Model:
    """Return one of these, compiled, with weights that are no zeros."""
    model = KINDS[kind]()
    measured = {"kind": ["mae"]} if kind == "shared" else ["mae"]
    model.compile(keras.optimizers.AdamW(3e-3, weight_decay=1e-4), "mse", metrics=measured, run_eagerly=True)
    random = np.random.default_rng(1)
    for weight in model.trainable_variables:
        weight.assign(weight + 0.1 * random.uniform(size=weight.shape))
    return model


def batch(model: keras.Model) -> tuple[Any, Any]:
    """Return inputs and labels that a model takes."""
    random = np.random.default_rng(2)

    def drawn(tensor: Any) -> Any:
        shape = (16, *tensor.shape[1:])
        whole = "int" in str(tensor.dtype)
        return random.integers(0, 9, shape) if whole else random.normal(size=shape).astype("float32")

    sides = (model.inputs[0], model.outputs[0]) if isinstance(model, keras.Sequential) else None
    one, other = sides or (model._inputs_struct, model._outputs_struct)
    return keras.tree.map_structure(drawn, one), keras.tree.map_structure(drawn, other)

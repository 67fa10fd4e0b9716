"""Activation: which layers have one that may be another, and what comes with it."""

from typing import Any

import keras
import numpy as np
import pytest
from keras import layers, ops

from autoopt.surgery import ACTIVATIONS, Edits, read, rebuild
from tests.surgery.zoo import autoencoder, dense_chain, pooled_cnn


def chain(*hidden: Any, shape: tuple[int, ...] = (4,)) -> keras.Model:
    return keras.Sequential([keras.Input(shape), *hidden, layers.Dense(2, "tanh")])


def named(model: keras.Model) -> list[str]:
    return [layer.activation.__name__ for layer in model.layers if hasattr(layer, "activation")]


@pytest.mark.parametrize("value", ["gelu", "silu", "elu", "tanh", "selu"])
def test_hidden_layers_get_it_and_the_output_keeps_its_own(value: str) -> None:
    assert named(rebuild(read(dense_chain()), Edits(activation={"dense": value}))) == [
        value,
        value,
        "softmax",
    ]


def test_a_layer_of_its_own_becomes_an_activation_layer_and_a_linear_one_stays_linear() -> None:
    model = rebuild(read(pooled_cnn()), Edits(activation={"conv": "gelu"}))

    assert named(model) == ["linear", "gelu", "gelu", "relu", "linear", "softmax"]
    assert not [layer for layer in model.layers if isinstance(layer, layers.ReLU)]


def test_copies_of_a_deeper_stage_have_it_too() -> None:
    model = rebuild(read(dense_chain()), Edits(depth={"dense": 4}, activation={"dense": "elu"}))

    assert named(model) == ["elu"] * 4 + ["softmax"]


def test_only_the_stage_that_is_named_changes() -> None:
    assert named(rebuild(read(pooled_cnn()), Edits(activation={"dense": "tanh"})))[:4] == [
        "linear",
        "relu",
        "tanh",
        "linear",
    ]


OPEN = {
    "relu": layers.Dense(3, "relu"),
    "swish": layers.Dense(3, "swish"),
    "Activation": layers.Activation("selu"),
    "ReLU": layers.ReLU(),
    "ELU": layers.ELU(),
}
CLOSED = {
    "sigmoid": layers.Dense(3, "sigmoid"),
    "softmax": layers.Activation("softmax"),
    "ReLU to 6": layers.ReLU(6.0),
    "leaking ReLU": layers.ReLU(negative_slope=0.1),
    "ReLU from 1": layers.ReLU(threshold=1.0),
    "ELU to -2": layers.ELU(2.0),
    "LeakyReLU": layers.LeakyReLU(),
    "PReLU": layers.PReLU(),
    "a layer as activation": layers.Dense(3, layers.LeakyReLU()),
}


@pytest.mark.parametrize("what", [*OPEN, *CLOSED])
def test_plain_activations_are_open_and_those_with_arguments_are_not(what: str) -> None:
    layer = {**OPEN, **CLOSED}[what]
    (stage,) = read(chain(layers.Dense(3), type(layer).from_config(layer.get_config()))).stages

    assert bool(stage.activation) == (what in OPEN)


def test_what_all_places_have_is_not_offered_and_what_some_have_is() -> None:
    same = read(chain(layers.Dense(3, "elu"), layers.Dense(3, "elu"))).stages[0]
    mixed = read(chain(layers.Dense(3, "elu"), layers.Dense(3, "tanh"))).stages[0]

    assert set(same.activation) == set(ACTIVATIONS) - {"elu"}
    assert mixed.activation == ACTIVATIONS


@pytest.mark.parametrize(
    ("operation", "is_open"),
    [
        (ops.relu, True),
        (ops.silu, True),
        (lambda x: ops.gelu(x, approximate=False), True),
        (ops.gelu, False),
        (ops.relu6, False),
        (lambda x: ops.elu(x, alpha=0.5), False),
    ],
)
def test_an_operation_is_exchanged_where_it_is_plain(operation, is_open: bool) -> None:
    inputs = keras.Input((4,))
    template = read(keras.Model(inputs, layers.Dense(1)(operation(layers.Dense(3)(inputs)))))

    assert bool(template.stages[0].activation) == is_open
    if is_open:
        assert named(rebuild(template, Edits(activation={"dense": "tanh"}))) == ["linear", "tanh", "linear"]


def test_selu_takes_kernels_of_lecun_normal_with_it_in_its_stage() -> None:
    model = rebuild(read(pooled_cnn()), Edits(activation={"conv": "selu"}))

    kinds = [type(layer.kernel_initializer).__name__ for layer in model.layers if hasattr(layer, "kernel")]
    assert kinds == ["LecunNormal", "LecunNormal", "GlorotUniform", "GlorotUniform"]


def test_an_initializer_of_the_search_wins_over_that_of_selu() -> None:
    model = rebuild(read(dense_chain()), Edits(activation={"dense": "selu"}, initializer="he_normal"))

    kinds = [type(layer.kernel_initializer).__name__ for layer in model.layers]
    assert kinds == ["HeNormal", "HeNormal", "GlorotUniform"]


def test_the_arms_of_a_product_stay_and_what_feeds_both_does_not() -> None:
    inputs = keras.Input((4,))
    x = layers.Dense(6, "relu", name="trunk")(inputs)
    squeezed = layers.Dense(2, "relu", name="squeeze")(x)
    x = layers.Multiply()([x, layers.Dense(6, "sigmoid", name="gate")(squeezed)])
    x = layers.Dense(6, "relu", name="after")(x)
    template = read(keras.Model(inputs, layers.Dense(1)(x)))
    model = rebuild(template, Edits(activation={stage.name: "gelu" for stage in template.stages}))

    found = {layer.name: layer.activation.__name__ for layer in model.layers if hasattr(layer, "activation")}
    assert found["squeeze"] == "relu" and found["gate"] == "sigmoid"
    assert found["trunk"] == found["after"] == "gelu"


def test_an_activation_behind_the_output_layer_stays() -> None:
    model = keras.Sequential(
        [keras.Input((4,)), layers.Dense(3, "relu"), layers.Dense(2), layers.Activation("tanh")]
    )

    assert named(rebuild(read(model), Edits(activation={"dense": "gelu"}))) == ["gelu", "linear", "tanh"]


def test_a_batch_of_a_selu_net_keeps_its_variance() -> None:
    # Klambauer et al. 2017: zero mean and unit variance is what selu with lecun_normal converges to.
    template = read(chain(*(layers.Dense(256, "relu") for _ in range(8)), shape=(256,)))
    model = rebuild(template, Edits(activation={"dense": "selu"}))
    hidden = keras.Model(model.inputs, model.layers[-2].output)
    values = hidden.predict(np.random.default_rng(0).normal(size=(512, 256)), verbose=0)

    assert abs(values.mean()) < 0.1 and abs(values.var() - 1) < 0.25


def test_an_autoencoder_changes_where_its_stage_is() -> None:
    assert named(rebuild(read(autoencoder()), Edits(activation={"conv": "silu"}))) == [
        "silu",
        "silu",
        "relu",
        "linear",
    ]

"""A wider or deeper child that inherits its parent's weights is the same function when nothing trains."""

from collections.abc import Mapping
from typing import Any

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from keras import layers

from autoopt.surgery import Edits, Net, carried, edited, joining, ranges, read, rebuild
from autoopt.surgery.units import Units, chosen, divided, taken
from tests.counts import FULL
from tests.surgery.drawn import made
from tests.surgery.zoo import ONES, template_of

CLOSE = {"rtol": 1e-4, "atol": 1e-4}


def net(template: Any, edits: Edits, trained: bool, seed: int = 0) -> Net:
    """Return a rebuilt model; one that counts as trained has other weights than those that it starts with."""
    model = rebuild(template, edits)
    arrays = [weight.numpy() for weight in model.weights]
    random = np.random.default_rng(seed)
    if trained:
        arrays = [(array + random.uniform(0.0, 0.3, array.shape)).astype(array.dtype) for array in arrays]
    model.set_weights(arrays)
    return Net(edited(template, edits), model, arrays)


def heir(
    model: keras.Model, child: Mapping[str, Any], parent: Mapping[str, Any] | None = None, seed: int = 0
) -> tuple[Any, keras.Model, keras.Model]:
    """Return what was carried, the parent and the child with it."""
    template = read(model)
    before = net(template, Edits(**(parent or {})), trained=True, seed=seed)
    after = net(template, Edits(**child), trained=False)
    found = carried(before, after, seed)
    after.model.set_weights(found.arrays)
    return found, before.model, after.model


def sequential(shape: tuple[int, ...], *hidden: Any, units: int = 3) -> keras.Model:
    ends = keras.Input(shape, name="inputs"), layers.Dense(units, "softmax", name="head")
    return keras.Sequential([ends[0], *hidden, ends[1]])


def image_net(*followers: Any) -> keras.Model:
    return sequential(
        (8, 8, 2),
        layers.Conv2D(4, 3, padding="same"),
        *followers,
        layers.ReLU(),
        layers.MaxPooling2D(),
        layers.DepthwiseConv2D(3, padding="same", depth_multiplier=2, activation="relu"),
        layers.SeparableConv2D(4, 2, activation="relu"),
        layers.Conv2D(6, 3, padding="same", activation="relu"),
        layers.Flatten(),
        layers.Dense(5, "relu"),
        layers.Dropout(0.3),
    )


def joined_net() -> keras.Model:
    inputs = keras.Input((8, 8, 1))
    left = layers.Conv2D(3, 3, padding="same", activation="relu")(inputs)
    right = layers.Conv2D(4, 3, padding="same", activation="tanh")(inputs)
    x = layers.Concatenate()([left, right])
    x = stem = layers.Conv2D(4, 1, activation="relu")(x)
    x = layers.BatchNormalization()(layers.Conv2D(4, 3, padding="same")(x))
    x = layers.ReLU()(layers.Add()([x, stem]))
    x = layers.Dense(6, "relu")(layers.GlobalAveragePooling2D()(x))
    return keras.Model(inputs, layers.Dense(3)(x))


def recurrent_net() -> keras.Model:
    return sequential((7, 3), layers.Conv1D(4, 3, activation="relu"), layers.LSTM(5), layers.Dense(4, "relu"))


WIDER = {
    "dense": (lambda: sequential((6,), layers.Dense(4, "relu"), layers.Dense(5, "tanh")), {"dense": 2.3}),
    "images": (image_net, {"conv": 1.7, "dense": 3.0}),
    "batch normalization": (lambda: image_net(layers.BatchNormalization()), {"conv": 1.5, "dense": 1.2}),
    "layer normalization": (lambda: image_net(layers.LayerNormalization()), {"conv": 2.0, "dense": 1.5}),
    "joined": (joined_net, {"dense": 2.5}),
    "into a recurrent layer": (recurrent_net, {"conv": 2.5, "dense": 2.0}),
}


def same(outputs: Any, parent: keras.Model, child: keras.Model) -> bool:
    return all(
        np.allclose(mine, theirs, **CLOSE)
        for mine, theirs in zip(outputs(child), outputs(parent), strict=True)
    )


@pytest.mark.parametrize("name", WIDER)
def test_a_wider_child_is_the_function_of_its_parent(name: str, outputs: Any) -> None:
    make, width = WIDER[name]
    found, parent, child = heir(make(), {"width": width})

    assert child.count_params() > parent.count_params()
    assert found.exact
    assert same(outputs, parent, child)


DEEPER = {
    "dense": lambda: sequential((6,), layers.Dense(4, "relu"), layers.Dense(4, "relu")),
    "activation layers": lambda: sequential((6,), layers.Dense(4), layers.LeakyReLU(), layers.ReLU()),
    "batch normalization": lambda: sequential(
        (8, 1), layers.Conv1D(4, 3), layers.BatchNormalization(), layers.ReLU(), layers.Flatten()
    ),
    "causal": lambda: sequential(
        (8, 1), layers.Conv1D(4, 3, padding="causal", activation="relu"), layers.GlobalMaxPooling1D()
    ),
    "even kernels and pooling": lambda: sequential(
        (8, 8, 1), layers.Conv2D(4, (2, 4), activation="relu6"), layers.MaxPooling2D(), layers.Flatten()
    ),
    "separable": lambda: sequential(
        (8, 8, 1), layers.SeparableConv2D(4, 3, activation="relu"), layers.Flatten()
    ),
    "depthwise": lambda: sequential(
        (8, 8, 2), layers.DepthwiseConv2D(3, activation="relu"), layers.Flatten()
    ),
    "groups": lambda: sequential(
        (8, 8, 2),
        layers.Conv2D(4, 3, activation="relu"),
        layers.Conv2D(4, 3, groups=2, activation="relu"),
        layers.Flatten(),
    ),
}


@pytest.mark.parametrize("name", DEEPER)
def test_a_deeper_child_is_the_function_of_its_parent(name: str, outputs: Any) -> None:
    model = DEEPER[name]()
    depth = {stage.name: stage.max_depth for stage in read(model).stages}
    found, parent, child = heir(model, {"depth": depth})

    assert len(child.layers) > len(parent.layers)
    assert found.exact
    assert same(outputs, parent, child)


WIDER_ALONE = {
    "lstm": lambda units: layers.LSTM(units, return_sequences=True, name="made"),
    "gru": lambda units: layers.GRU(units, return_sequences=True, name="made"),
    "simple rnn": lambda units: layers.SimpleRNN(units, return_sequences=True, name="made"),
    "both ways": lambda units: layers.Bidirectional(layers.GRU(units, return_sequences=True), name="made"),
    "both ways, added": lambda units: layers.Bidirectional(
        layers.LSTM(units, return_sequences=True), merge_mode="sum", name="made"
    ),
    "transposed": lambda units: layers.Conv1DTranspose(units, 3, activation="gelu", name="made"),
    "dense with softmax inside": lambda units: layers.Dense(units, "softmax", name="made"),
}


@pytest.mark.parametrize("name", WIDER_ALONE)
def test_a_layer_of_another_width_between_two_others(name: str, outputs: Any) -> None:
    def functional(units: int, trained: bool) -> Net:
        inputs = keras.Input((6, 3), name="inputs")
        x = layers.LSTM(2, return_sequences=True, name="reader")(WIDER_ALONE[name](units)(inputs))
        model = keras.Model(inputs, x)
        arrays = [weight.numpy() + 0.2 * trained for weight in model.weights]
        model.set_weights(arrays)
        return Net(model.get_config(), model, arrays)

    parent, child = functional(4, True), functional(9, False)
    found = carried(parent, child, 0)
    child.model.set_weights(found.arrays)

    assert found.exact == same(outputs, parent.model, child.model) == (name != "dense with softmax inside")


def test_wider_vectors_of_words_are_copied(outputs: Any) -> None:
    def words(width: int) -> Net:
        inputs = keras.Input((6,), dtype="int32", name="inputs")
        x = layers.Embedding(9, width, name="vectors")(inputs)
        model = keras.Model(inputs, layers.Dense(2, name="reader")(x))
        return Net(model.get_config(), model, [weight.numpy() for weight in model.weights])

    parent, child = words(3), words(5)
    found = carried(parent, child, 0)
    child.model.set_weights(found.arrays)

    assert found.exact
    assert same(outputs, parent.model, child.model)


def residual(blocks: int, last: Any) -> Net:
    inputs = x = keras.Input((8, 4), name="inputs")
    for number in range(blocks):
        y = layers.Conv1D(4, 3, padding="same", activation="relu", name=f"first{number}")(x)
        y = last(number, y, x)
        x = layers.ReLU(name=f"relu{number}")(layers.Add(name=f"add{number}")([x, y]))
    model = keras.Model(inputs, layers.Dense(3, name="head")(x))
    return Net(model.get_config(), model, [weight.numpy() + 0.1 for weight in model.weights])


LAST = {
    "convolution": lambda n, y, x: layers.Conv1D(4, 3, padding="same", name=f"last{n}")(y),
    "normalized": lambda n, y, x: layers.BatchNormalization(name=f"last{n}")(
        layers.Dense(4, name=f"d{n}")(y)
    ),
    "activation": lambda n, y, x: layers.Activation("gelu", name=f"last{n}")(
        layers.Dense(4, name=f"d{n}")(y)
    ),
    "attention": lambda n, y, x: layers.MultiHeadAttention(2, 3, name=f"last{n}")(y, x),
    "sigmoid": lambda n, y, x: layers.Dense(4, "sigmoid", name=f"last{n}")(y),
}


@pytest.mark.parametrize("name", LAST)
def test_inserted_residual_branches_add_zeros_where_they_can(name: str, outputs: Any) -> None:
    parent, child = residual(1, LAST[name]), residual(3, LAST[name])
    parent.model.set_weights(parent.arrays)
    found = carried(parent, child, 0)
    child.model.set_weights(found.arrays)

    assert found.exact == same(outputs, parent.model, child.model) == (name != "sigmoid")


def test_behind_tanh_an_inserted_layer_starts_fresh_and_that_is_said() -> None:
    model = sequential((6,), layers.Dense(4, "tanh"))
    found, parent, child = heir(model, {"depth": {"dense": 2}})

    assert not found.exact
    first, last = parent.layers
    np.testing.assert_array_equal(child.layers[0].get_weights()[0], first.get_weights()[0])
    np.testing.assert_array_equal(child.layers[-1].get_weights()[0], last.get_weights()[0])


def test_layer_normalization_of_uneven_copies_is_said_not_to_keep_the_function(outputs: Any) -> None:
    found, parent, child = heir(
        sequential((6,), layers.Dense(4), layers.LayerNormalization(), layers.ReLU()),
        {"width": {"dense": 1.5}},
    )

    assert not found.exact
    assert not same(outputs, parent, child)


def test_another_activation_is_said_not_to_keep_the_function() -> None:
    relu, again, tanh = (
        net(read(sequential((6,), layers.Dense(4, activation, name="one"))), Edits(), trained=False)
        for activation in ("relu", "relu", "tanh")
    )

    assert (carried(relu, again, 0).exact, carried(relu, tanh, 0).exact) == (True, False)


def test_a_narrower_child_keeps_the_first_units(outputs: Any) -> None:
    found, parent, child = heir(sequential((6,), layers.Dense(4, "relu")), {"width": {"dense": 0.5}})

    assert not found.exact
    kernel = parent.layers[0].get_weights()[0]
    np.testing.assert_array_equal(child.layers[0].get_weights()[0], kernel[:, :2])
    np.testing.assert_array_equal(child.layers[1].get_weights()[0], parent.layers[1].get_weights()[0][:2])


def test_a_layer_that_is_gone_leaves_the_others_their_weights() -> None:
    found, parent, child = heir(
        sequential((6,), layers.Dense(4, "relu"), layers.Dense(4, "relu")), {"depth": {"dense": 1}}
    )

    assert not found.exact
    np.testing.assert_array_equal(child.layers[-1].get_weights()[0], parent.layers[-1].get_weights()[0])


def test_a_child_of_an_edited_parent_inherits_likewise(outputs: Any) -> None:
    model = sequential((6,), layers.Dense(4, "relu"), layers.Dense(4, "relu"))
    found, parent, child = heir(
        model,
        {"depth": {"dense": 4}, "width": {"dense": 2.0}, "dropout": 0.2},
        {"depth": {"dense": 3}, "width": {"dense": 0.5}},
    )

    assert found.exact
    assert same(outputs, parent, child)


@pytest.mark.slow
@pytest.mark.parametrize("name", ONES)
def test_what_is_called_exact_is_exact_for_every_model_and_its_largest_child(name: str, outputs: Any) -> None:
    template = template_of(name)
    largest = Edits(
        {stage.name: stage.max_depth for stage in template.stages},
        {stage.name: 1.5 for stage in template.stages if stage.open_width},
    )
    parent, child = net(template, Edits(), trained=True), net(template, largest, trained=False)
    found = carried(parent, child, 1)
    child.model.set_weights(found.arrays)

    assert same(outputs, parent.model, child.model) or not found.exact


activation = st.sampled_from(["relu", "tanh", "linear", "gelu"])
dense = made(layers.Dense, st.integers(1, 7), activation=activation)
convolution = made(
    layers.Conv1D,
    st.integers(1, 5),
    st.integers(1, 3),
    strides=st.integers(1, 2),
    padding=st.sampled_from(["same", "causal"]),
    activation=activation,
)
follower = made(layers.BatchNormalization) | made(layers.ReLU) | made(layers.Dropout, st.just(0.1))
pooling = made(layers.MaxPooling1D, st.just(2), padding=st.just("same"))


@pytest.mark.slow
@settings(max_examples=30 if FULL else 8, deadline=None)
@given(
    st.lists(convolution | follower | pooling, max_size=4),
    st.lists(dense | follower, max_size=4),
    st.sampled_from([layers.Flatten, layers.GlobalAveragePooling1D]),
    st.data(),
)
def test_any_chain_that_only_gets_wider_is_the_same_function(images, vectors, flat, data) -> None:
    model = sequential((16, 2), *(make() for make in (*images, flat, *vectors)))
    width = {stage.name: data.draw(st.sampled_from([1.0, 1.4, 2.0, 3.0])) for stage in read(model).stages}
    found, parent, child = heir(model, {"width": width}, seed=data.draw(st.integers(0, 99)))

    batch = np.random.default_rng(0).normal(size=(3, 16, 2)).astype("float32")
    assert found.exact
    np.testing.assert_allclose(child(batch), parent(batch), **CLOSE)


@pytest.mark.slow
@settings(max_examples=30 if FULL else 8, deadline=None)
@given(st.lists(convolution, max_size=3), st.lists(dense, max_size=3), st.data())
def test_any_chain_that_gets_deeper_is_the_same_function_where_that_is_said(images, vectors, data) -> None:
    model = sequential((16, 2), *(make() for make in (*images, layers.Flatten, *vectors)))
    stages = read(model).stages
    depth = {stage.name: data.draw(st.integers(stage.depth, stage.max_depth)) for stage in stages}
    found, parent, child = heir(model, {"depth": depth})

    written = [layer.activation for layer in model.layers if layer.weights]
    batch = np.random.default_rng(0).normal(size=(3, 16, 2)).astype("float32")
    if not {keras.activations.tanh, keras.activations.gelu} & set(written):
        assert found.exact
    if found.exact:
        np.testing.assert_allclose(child(batch), parent(batch), **CLOSE)


def test_what_is_positive_stays_so_where_tensors_are_added_and_not_where_a_number_is() -> None:
    positive, other = Units(("a", 0), low=0.0), Units(("b", 0))

    assert joining.range_of("Add", [positive, positive]) == ranges.POSITIVE
    assert joining.range_of("ops.Multiply", [positive]) == ranges.EVERYTHING
    assert joining.range_of("Subtract", [positive, positive]) == ranges.EVERYTHING
    assert joining.range_of("Concatenate", [positive, other]) == ranges.EVERYTHING


def test_copies_share_what_their_unit_had_unequally() -> None:
    random = np.random.default_rng(0)
    source = chosen(3, 8, random)
    kernel = random.normal(size=(3, 2))
    shares = divided(kernel, source, 0, random)

    sums = np.zeros((3, 2))
    np.add.at(sums, source, shares)
    np.testing.assert_allclose(sums, kernel)
    assert len(np.unique(shares)) == shares.size
    np.testing.assert_array_equal(taken(kernel, source, 0)[:3], kernel)
    assert sorted(np.bincount(source)) == [2, 3, 3]

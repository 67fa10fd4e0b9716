"""Initializers and penalties of hidden kernels."""

from collections.abc import Callable

import keras
import pytest
from keras import layers

from autoopt.surgery import Edits, SurgeryError, read, rebuild
from tests.surgery.zoo import autoencoder, dense_chain, recurrent, separable_cnn


def test_kernels_are_the_hidden_dense_and_convolutional_layers() -> None:
    model = recurrent()
    names = [layer.name for layer in model.layers]

    assert read(model).kernels == (names[1], names[3])


def test_frozen_layers_are_no_kernels() -> None:
    model = dense_chain()
    model.layers[0].trainable = False

    assert read(model).kernels == (model.layers[1].name,)


def test_the_initializer_of_hidden_kernels_is_set_and_that_of_the_output_kept() -> None:
    model = rebuild(read(dense_chain()), Edits(initializer="he_normal", depth={"dense": 3}))

    found = [type(layer.kernel_initializer).__name__ for layer in model.layers]
    assert found == ["HeNormal", "HeNormal", "HeNormal", "GlorotUniform"]


def test_both_kernels_of_a_separable_convolution_are_penalized() -> None:
    model = rebuild(read(separable_cnn()), Edits(l2=0.1))
    layer = next(layer for layer in model.layers if isinstance(layer, layers.SeparableConv2D))

    assert float(layer.depthwise_regularizer.l2) == pytest.approx(0.1)
    assert float(layer.pointwise_regularizer.l2) == pytest.approx(0.1)


def text() -> keras.Model:
    hidden = [layers.Embedding(20, 4), layers.Conv1D(6, 3), layers.LSTM(5), layers.Dense(4, "relu")]
    return keras.Sequential([keras.Input((12,), dtype="int32"), *hidden, layers.Dense(1, "sigmoid")])


def attentive() -> keras.Model:
    inputs = keras.Input((6, 4))
    x = layers.Dense(4)(inputs)
    x = layers.Dense(8, "gelu")(layers.Flatten()(layers.MultiHeadAttention(2, 2)(x, x)))
    return keras.Model(inputs, layers.Dense(2)(x))


def frozen_and_free() -> keras.Model:
    frozen = layers.Dense(6, "relu", trainable=False)
    return keras.Sequential([keras.Input((4,)), frozen, layers.Dense(5, "relu"), layers.Dense(2)])


GLOROT, SET = "GlorotUniform", "HeNormal"
STARTS: dict[str, tuple[Callable[[], keras.Model], dict[str, list[str]]]] = {
    "text": (
        text,  # of an LSTM the kernel of inputs, then that between steps
        {
            "Embedding": ["RandomUniform"],
            "Conv1D": [SET],
            "LSTM": [GLOROT, "Orthogonal"],
            "Dense": [SET, GLOROT],
        },
    ),
    "attention": (attentive, {"MultiHeadAttention": [GLOROT], "Dense": [SET, SET, GLOROT]}),
    "depthwise": (
        separable_cnn,
        {"SeparableConv2D": [GLOROT, SET], "DepthwiseConv2D": [GLOROT], "Conv2D": [SET], "Dense": [GLOROT]},
    ),
    "frozen": (frozen_and_free, {"Dense": [GLOROT, SET, GLOROT]}),
    "autoencoder": (autoencoder, {"Conv2D": [SET, SET, GLOROT], "Conv2DTranspose": [SET]}),
}
KERNELS = ("embeddings", "kernel", "depthwise", "pointwise", "recurrent")


@pytest.mark.parametrize("kind", STARTS)
def test_hidden_dense_and_convolutional_kernels_alone_start_otherwise(kind: str) -> None:
    make, expected = STARTS[kind]
    found: dict[str, list[str]] = {}
    for layer in rebuild(read(make()), Edits(initializer="he_normal")).layers:
        for part in KERNELS:
            initializer = layer.get_config().get(f"{part}_initializer")
            if initializer and not (part == "kernel" and isinstance(layer, layers.DepthwiseConv2D)):
                found.setdefault(type(layer).__name__, []).append(initializer["class_name"])

    assert found == expected


def test_a_scale_is_the_deviation_of_a_truncated_normal_before_its_cut() -> None:
    edits = Edits(initializer="truncated_normal", initializer_scale=0.2)
    hidden = rebuild(read(dense_chain()), edits).layers[0].kernel_initializer

    assert type(hidden) is keras.initializers.TruncatedNormal
    assert (hidden.mean, hidden.stddev) == (0.0, 0.2)


def test_an_unknown_initializer_names_the_nearest() -> None:
    with pytest.raises(SurgeryError, match=r"'he_normul', which Keras does not know.*mean 'he_normal'"):
        rebuild(read(dense_chain()), Edits(initializer="he_normul"))


def regularized(*penalties: object) -> keras.Model:
    hidden = [layers.Dense(4, kernel_regularizer=penalty) for penalty in penalties]
    return keras.Sequential([keras.Input((4,)), *hidden, layers.Dense(1, kernel_regularizer="l2")])


@pytest.mark.parametrize(
    ("penalties", "l1", "l2"),
    [
        ((None, None), 0.0, 0.0),
        (("l2", keras.regularizers.L2(0.01)), 0.0, 0.01),
        ((keras.regularizers.L1(0.1), keras.regularizers.L1L2(0.1, 0.2)), 0.1, None),
        ((keras.regularizers.OrthogonalRegularizer(), None), None, None),
    ],
    ids=["none", "equal", "one differs", "neither L1 nor L2"],
)
def test_the_factors_that_all_hidden_kernels_share_are_read(penalties, l1, l2) -> None:
    template = read(regularized(*penalties))

    assert (template.l1, template.l2) == (l1, l2)


@pytest.mark.parametrize(
    ("edits", "expected"),
    [
        (Edits(l1=0.1), {"l1": 0.1, "l2": 0.01}),
        (Edits(l2=0.5), {"l2": 0.5}),
        (Edits(l1=0.0, l2=0.0), None),
    ],
    ids=["l1 joins l2", "l2 is replaced", "both are 0"],
)
def test_the_factor_that_is_not_given_stays_as_written(edits, expected) -> None:
    hidden = rebuild(read(regularized("l2")), edits).layers[0].kernel_regularizer

    assert (hidden.get_config() if hidden else None) == expected


@pytest.mark.parametrize("edits", [Edits(l1=-1.0), Edits(l2=float("nan"))], ids=str)
def test_a_negative_factor_is_refused(edits) -> None:
    with pytest.raises(SurgeryError, match="Expected 0 or more"):
        rebuild(read(dense_chain()), edits)


@pytest.mark.parametrize("penalty", [{"l1": 0.1}, {"l2": 0.01}, {"l1": 0.1, "l2": 0.01}], ids=str)
def test_penalties_are_those_of_keras_without_halves(penalty) -> None:
    model = rebuild(read(dense_chain()), Edits(**penalty))
    hidden = [layer.kernel.numpy() for layer in model.layers[:2]]

    # λ₁ Σ|w| + λ₂ Σw²
    expected = [penalty.get("l1", 0.0) * abs(w).sum() + penalty.get("l2", 0.0) * (w**2).sum() for w in hidden]
    assert [float(loss) for loss in model.losses] == pytest.approx(expected, rel=1e-5)


AXES = {
    "Dense": (lambda: layers.Dense(4), (5,), 0),
    "Conv1D": (lambda: layers.Conv1D(4, 3), (9, 2), [0, 1]),
    "Conv2D": (lambda: layers.Conv2D(4, 3), (9, 9, 2), [0, 1, 2]),
    "Conv3D": (lambda: layers.Conv3D(4, 3), (9, 9, 9, 2), [0, 1, 2, 3]),
    "Conv2DTranspose": (lambda: layers.Conv2DTranspose(4, 3), (9, 9, 2), [0, 1, 3]),
    "DepthwiseConv2D": (lambda: layers.DepthwiseConv2D(3, depth_multiplier=3), (9, 9, 2), [0, 1]),
}


@pytest.mark.parametrize("kind", AXES)
def test_a_bound_holds_for_the_weights_into_each_unit(kind) -> None:
    make, shape, axes = AXES[kind]
    template = read(keras.Sequential([keras.Input(shape), make(), layers.Flatten(), layers.Dense(1)]))
    first, last = (rebuild(template, Edits(max_norm=0.5)).layers[at] for at in (0, -1))
    constraint = first.kernel.constraint
    outgoing = tuple(at for at in range(first.kernel.ndim) if at not in (axes if axes else (0,)))

    assert constraint.get_config() == {"max_value": 0.5, "axis": axes}
    bounded = keras.ops.convert_to_numpy(constraint(10 * keras.ops.ones(first.kernel.shape)))
    norms = (bounded**2).sum(axis=tuple(set(range(bounded.ndim)) - set(outgoing))) ** 0.5
    assert norms == pytest.approx(0.5, rel=1e-5)
    assert last.kernel.constraint is None


def test_a_norm_above_the_bound_is_brought_down_to_it_and_one_below_stays() -> None:
    constraint = rebuild(read(dense_chain()), Edits(max_norm=2.0)).layers[0].kernel.constraint
    projected = keras.ops.convert_to_numpy(constraint(keras.ops.array([[3.0, 0.6], [4.0, 0.8]])))

    # columns of norm 5 and 1
    assert projected.tolist() == [pytest.approx([1.2, 0.6]), pytest.approx([1.6, 0.8])]


def test_a_constraint_of_the_users_own_stays() -> None:
    hidden = [layers.Dense(4, kernel_constraint="non_neg"), layers.Dense(4)]
    template = read(keras.Sequential([keras.Input((4,)), *hidden, layers.Dense(1)]))
    found = [layer.kernel_constraint for layer in rebuild(template, Edits(max_norm=1.0)).layers]

    assert template.max_norm == 0.0
    assert [type(each).__name__ for each in found] == ["NonNeg", "MaxNorm", "NoneType"]


def test_a_model_whose_kernels_all_have_constraints_has_no_place_for_another() -> None:
    hidden = layers.Dense(4, kernel_constraint="unit_norm")

    assert read(keras.Sequential([keras.Input((4,)), hidden, layers.Dense(1)])).max_norm is None

"""Depth: what a copied segment is like, and how far segments can be taken out."""

import keras
from keras import layers

from autoopt.surgery import Edits, read, rebuild
from autoopt.surgery.depth import smallest
from autoopt.surgery.graph import Graph
from autoopt.surgery.stages import stages
from tests.surgery.zoo import dense_chain, pooled_cnn, signal_cnn, unet


def kinds(model: keras.Model) -> list[str]:
    return [type(layer).__name__ for layer in model.layers]


def test_a_copied_convolution_keeps_the_shape_and_leaves_the_pooling_out() -> None:
    model = rebuild(read(pooled_cnn()), Edits(depth={"conv": 3}))

    assert kinds(model)[4:7] == ["Conv2D", "MaxPooling2D", "Conv2D"]
    assert model.layers[6].output.shape == model.layers[5].output.shape


def test_a_copied_strided_convolution_has_no_stride() -> None:
    model = rebuild(read(signal_cnn()), Edits(depth={"conv": 5}))

    assert [layer.strides for layer in model.layers[:5]] == [(2,), (2,), (2,), (1,), (1,)]


def test_a_causal_convolution_stays_causal_and_dilated() -> None:
    inputs = keras.Input((20, 2))
    x = layers.Conv1D(4, 3, padding="causal", dilation_rate=2, name="conv")(inputs)
    model = keras.Model(inputs, layers.Dense(1)(layers.GlobalMaxPooling1D()(x)))
    copied = rebuild(read(model), Edits(depth={"conv": 2})).get_layer("conv_copy1")

    assert (copied.padding, copied.dilation_rate) == ("causal", (2,))


def test_a_removed_segment_takes_its_pooling_with_it() -> None:
    model = rebuild(read(pooled_cnn()), Edits(depth={"conv": 1}))

    assert kinds(model)[:6] == ["Conv2D", "BatchNormalization", "ReLU", "MaxPooling2D", "Flatten", "Dense"]


def test_copies_are_named_after_their_originals() -> None:
    names = [layer.name for layer in rebuild(read(dense_chain()), Edits(depth={"dense": 4})).layers]

    assert names[2:4] == [f"{names[1]}_copy1", f"{names[1]}_copy2"]


def test_a_name_that_is_taken_is_not_given_to_a_copy() -> None:
    chain = [keras.Input((4,)), layers.Dense(4, name="a_copy1"), layers.Dense(4, name="a"), layers.Dense(1)]
    model = rebuild(read(keras.Sequential(chain)), Edits(depth={"dense": 3}))

    assert model.layers[2].name == "a_copy1_1"


def test_a_copy_has_seeds_of_its_own() -> None:
    initializer = keras.initializers.HeNormal(seed=3)
    chain = [keras.Input((4,)), layers.Dense(4, kernel_initializer=initializer), layers.Dense(1)]
    model = rebuild(read(keras.Sequential(chain)), Edits(depth={"dense": 3}))
    kernels = [keras.ops.convert_to_numpy(layer.kernel) for layer in model.layers[:3]]

    assert len({kernel.tobytes() for kernel in kernels}) == 3


def test_copies_are_as_wide_as_the_stage_becomes() -> None:
    model = rebuild(read(dense_chain()), Edits(depth={"dense": 3}, width={"dense": 2.0}))

    assert [layer.units for layer in model.layers] == [16, 12, 12, 3]


def test_a_skip_keeps_the_depth_at_which_it_fits() -> None:
    template = read(unet())
    model = rebuild(template, Edits(depth={"conv_1": 1, "conv_2": 3}, width={"conv_1": 2.0}))

    assert model.output_shape == (None, 8, 8, 2)


def test_segments_stay_where_the_flattened_image_would_be_huge() -> None:
    inputs = keras.Input((64, 64, 3))
    x = inputs
    for _ in range(3):
        x = layers.MaxPooling2D(4)(layers.Conv2D(16, 3, padding="same")(x))
    model = keras.Model(inputs, layers.Dense(2)(layers.Dense(64)(layers.Flatten()(x))))
    graph = Graph(model.get_config())
    run = stages(graph)["conv"]

    assert [smallest(graph, run, limit) for limit in (10**3, 10**5, 10**9)] == [3, 2, 1]


def test_normalization_dropout_and_activation_belong_to_the_segment() -> None:
    chain = [
        keras.Input((4,)),
        layers.Dense(4),
        layers.BatchNormalization(),
        layers.ReLU(),
        layers.Dropout(0.1),
    ]
    model = rebuild(read(keras.Sequential([*chain, layers.Dense(1)])), Edits(depth={"dense": 2}))

    assert kinds(model) == 2 * ["Dense", "BatchNormalization", "ReLU", "Dropout"] + ["Dense"]

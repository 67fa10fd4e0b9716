"""Dropout and SpatialDropout: the common rate, and where they are inserted."""

import keras
import pytest
from keras import layers

from autoopt.surgery import Edits, SurgeryError, read, rebuild
from tests.surgery.zoo import (
    autoencoder,
    dense_chain,
    pooled_cnn,
    resnet,
    separable_cnn,
    signal_cnn,
    two_towers,
)


def kinds(model: keras.Model) -> list[str]:
    return [type(layer).__name__ for layer in model.layers]


@pytest.mark.parametrize(
    ("make", "rate"), [(dense_chain, 0.0), (pooled_cnn, 0.25), (signal_cnn, 0.0), (autoencoder, None)]
)
def test_the_rate_that_all_share_is_read(make, rate) -> None:
    assert read(make()).dropout == rate


def test_rates_that_differ_are_none() -> None:
    chain = [layers.Dense(4), layers.Dropout(0.1), layers.Dense(4), layers.Dropout(0.2), layers.Dense(1)]

    assert read(keras.Sequential([keras.Input((4,)), *chain])).dropout is None


@pytest.mark.parametrize("rate", [0.0, 0.5])
def test_the_rate_of_layers_that_exist_is_set_and_none_is_added(rate) -> None:
    model = rebuild(read(pooled_cnn()), Edits(dropout=rate))

    assert [layer.rate for layer in model.layers if isinstance(layer, layers.Dropout)] == [rate]


def test_one_is_put_behind_each_hidden_dense_segment() -> None:
    model = rebuild(read(dense_chain()), Edits(dropout=0.2, depth={"dense": 3}))

    assert kinds(model) == ["Dense", "Dropout", "Dense", "Dropout", "Dense", "Dropout", "Dense"]


def test_without_hidden_dense_layers_it_stands_before_the_output() -> None:
    assert kinds(rebuild(read(signal_cnn()), Edits(dropout=0.2)))[-3:] == ["Flatten", "Dropout", "Dense"]


def test_a_rate_of_0_adds_no_layer() -> None:
    assert "Dropout" not in kinds(rebuild(read(dense_chain()), Edits(dropout=0.0)))


def test_each_output_of_several_reads_the_dropped_tensor() -> None:
    model = rebuild(read(two_towers()), Edits(dropout=0.2))

    assert {model.get_layer(name).input.shape for name in ("a", "b")} == {(None, 8)}
    assert kinds(model).count("Dropout") == 4


@pytest.mark.parametrize("rate", [-0.1, 1.0])
def test_a_rate_that_is_none_is_refused(rate) -> None:
    with pytest.raises(SurgeryError, match="Expected a rate from 0 up to below 1"):
        rebuild(read(dense_chain()), Edits(dropout=rate))


def test_none_is_put_behind_one_that_drops_already() -> None:
    chain = [layers.Dense(4, "selu"), layers.AlphaDropout(0.1), layers.Dense(4, "selu"), layers.Dense(1)]
    model = rebuild(read(keras.Sequential([keras.Input((4,)), *chain])), Edits(dropout=0.2))

    assert kinds(model) == ["Dense", "AlphaDropout", "Dense", "Dropout", "Dense"]


def test_none_is_put_into_a_sum_or_before_a_normalization() -> None:
    inputs = keras.Input((4,))
    x = layers.Dense(4, "relu", name="stem")(inputs)
    inner = layers.Dense(4, "relu", name="inner")(layers.Dense(4, "relu", name="first")(x))
    x = layers.Dense(3, "relu", name="last")(layers.Add()([x, inner]))
    model = rebuild(read(keras.Model(inputs, layers.Dense(1)(x))), Edits(dropout=0.2))

    dropped = {layer.input._keras_history.operation.name for layer in model.layers if "Dropout" in str(layer)}
    assert "last" in dropped and not {"stem", "inner"} & dropped


@pytest.mark.parametrize(
    ("make", "rate"), [(pooled_cnn, 0.0), (signal_cnn, 0.0), (dense_chain, None), (autoencoder, 0.0)]
)
def test_the_rate_of_spatial_dropout_is_read_of_models_with_a_place_for_it(make, rate) -> None:
    assert read(make()).spatial_dropout == rate


def test_spatial_dropout_is_put_behind_the_activation_and_the_pooling_of_each_convolution() -> None:
    found = kinds(rebuild(read(pooled_cnn()), Edits(spatial_dropout=0.2)))

    first = ["Conv2D", "BatchNormalization", "ReLU", "MaxPooling2D", "SpatialDropout2D"]
    assert found[:8] == [*first, "Conv2D", "MaxPooling2D", "SpatialDropout2D"]
    assert found.count("SpatialDropout2D") == 2


def test_spatial_dropout_has_the_rank_of_the_convolution() -> None:
    model = rebuild(read(signal_cnn()), Edits(spatial_dropout=0.2, depth={"conv": 2}))

    assert kinds(model)[:4] == ["Conv1D", "SpatialDropout1D"] * 2


@pytest.mark.parametrize("rate", [0.0, 0.4])
def test_spatial_dropout_that_exists_is_set_and_none_is_added(rate) -> None:
    convolutions = [layers.Conv2D(4, 3), layers.SpatialDropout2D(0.1), layers.Conv2D(4, 3)]
    template = read(
        keras.Sequential([keras.Input((8, 8, 1)), *convolutions, layers.Flatten(), layers.Dense(2)])
    )
    model = rebuild(template, Edits(spatial_dropout=rate))

    assert template.spatial_dropout == 0.1
    assert [layer.rate for layer in model.layers if isinstance(layer, layers.SpatialDropout2D)] == [rate]


@pytest.mark.parametrize("make", [resnet, separable_cnn])
def test_spatial_dropout_stays_out_of_residual_blocks_and_before_no_normalization(make) -> None:
    model = rebuild(read(make()), Edits(spatial_dropout=0.2))

    for layer in model.layers:
        if isinstance(layer, layers.SpatialDropout2D):
            readers = [node.operation for node in layer._outbound_nodes]
            assert not any(isinstance(each, (layers.Add, layers.BatchNormalization)) for each in readers)
            assert not isinstance(readers[0], layers.GroupNormalization)

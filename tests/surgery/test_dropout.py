"""Dropout: its common rate, and where it is inserted."""

import keras
import pytest
from keras import layers

from autoopt.surgery import Edits, SurgeryError, read, rebuild
from tests.surgery.zoo import autoencoder, dense_chain, pooled_cnn, signal_cnn, two_towers


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

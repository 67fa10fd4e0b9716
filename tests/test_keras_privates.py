"""The private names of Keras on which we lean: they are there, and mean what we take them for."""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest
from keras import layers, ops, optimizers


class Untold(keras.Model):  # type: ignore[misc]
    """A model that is not told whether it trains."""

    def call(self, x: Any) -> Any:
        return x


class Unmoved(optimizers.SGD):  # type: ignore[misc]
    """Clips gradients to nothing."""

    def _clip_gradients(self, grads: Any) -> Any:
        return [gradient * 0.0 for gradient in grads]


def compiled(optimizer: Any = "sgd", loss: Any = "mse") -> keras.Model:
    model = keras.Sequential(
        [keras.Input((2,)), layers.Dense(1, name="first"), layers.Dense(3, name="second")]
    )
    model.compile(optimizer, loss, metrics=["mae"])
    return model


def plain(weights: Any) -> Any:
    return [ops.convert_to_numpy(weight).tolist() for weight in weights]


def stepped(optimizer: Any, steps: int = 1) -> Any:
    """Step down a slope of 1, starting at (1, 2) and 3, and return the optimizer and where that led."""
    weights = [keras.Variable([1.0, 2.0]), keras.Variable(3.0)]
    for _ in range(steps):
        optimizer.apply([ops.ones(weight.shape) for weight in weights], weights)
    return optimizer, weights


def loss_that_is_exchanged() -> Any:
    model = compiled()
    losses, y, y_pred = model._compile_loss, np.zeros((1, 3)), ops.full((1, 3), 2.0)
    written, losses._user_loss = losses._user_loss, "mae"
    return written, float(model.compute_loss(y=y, y_pred=y_pred))


def losses_and_metrics_by_example() -> Any:
    model, y, given = compiled(), np.array([[-1.0, 2.0, 2.0]], "float32"), ops.full((1, 3), 2.0)
    model.compute_loss(y=y, y_pred=given)
    model.compute_metrics(None, y, given)
    (flat,), (metric,) = model._compile_loss._flat_losses, model._compile_metrics.metrics
    each = [flat.loss.call(y, given), metric._fn(y, given, **metric._fn_kwargs)]
    return [
        plain(each),
        flat.loss.reduction,
        flat.loss_weights,
        model._compile_metrics._flat_weighted_metrics,
    ]


def names_before_training() -> Any:
    model = compiled()
    model._symbolic_build(data_batch=(np.zeros((1, 2)), np.zeros((1, 3))))
    return list(model.get_metrics_result())


def generator_that_a_leaf_is_given() -> Any:
    model, chance = compiled(), keras.random.SeedGenerator(0)
    model.layers[0]._seed_generators.append(chance)
    return [any(each is chance.state for each in some) for some in (model.variables, model.weights)]


def generators_of_dropout() -> Any:
    layer = layers.Dropout(0.5)
    return layer._seed_generators == [layer.seed_generator]


def averages() -> Any:
    optimizer, weights = stepped(optimizers.SGD(0.5, use_ema=True))
    found = plain(optimizer._model_variables_moving_average)
    return found, found == plain(weights)


def counts(steps: int) -> Any:
    optimizer, _ = stepped(optimizers.SGD(gradient_accumulation_steps=2), steps)
    return int(optimizer._iterations), int(optimizer.iterations)


def rates() -> Any:
    schedule = optimizers.schedules.CosineDecay(0.1, 10)
    constant = optimizers.SGD(0.5)._learning_rate
    return isinstance(constant, keras.Variable), optimizers.SGD(schedule)._learning_rate is schedule


def decay_of_nothing() -> Any:
    optimizer = optimizers.SGD(0.0, weight_decay=0.5)
    optimizer._apply_weight_decay = lambda variables: None
    return plain(stepped(optimizer)[1])


def decayed() -> Any:
    optimizer, weights = optimizers.AdamW(), [keras.Variable([1.0]), keras.Variable([2.0])]
    optimizer.exclude_from_weight_decay([weights[0]])
    optimizer.build(weights)
    places = [optimizer._get_variable_index(each) for each in weights]
    return [optimizer._use_weight_decay(each) for each in weights], places


def written_loss() -> Any:
    loss = keras.losses.MeanSquaredError()
    return compiled(loss=loss)._compile_config.config["loss"] is loss


def structures() -> Any:
    one = keras.Input((2,), name="one")
    model = keras.Model({"one": one}, [layers.Dense(1)(one), layers.Dense(3)(one)])
    return list(model._inputs_struct), [tensor.shape[1] for tensor in model._outputs_struct]


def tensors_of_a_call() -> Any:
    layer = layers.LSTM(3, return_state=True)
    layer(keras.Input((4, 2)))
    return len(layer._inbound_nodes[-1].output_tensors)


MEANINGS: dict[str, tuple[Callable[[], Any], Any]] = {
    "_compile_loss._user_loss": (loss_that_is_exchanged, ("mse", 2.0)),
    "_compile_config": (written_loss, True),
    "_flat_losses, _compile_metrics, _fn": (
        losses_and_metrics_by_example, [[[3.0], [1.0]], "sum_over_batch_size", None, [None]],
    ),
    "_inputs_struct, _outputs_struct": (structures, (["one"], [1, 3])),
    "_inbound_nodes": (tensors_of_a_call, 3),
    "_symbolic_build": (names_before_training, ["loss", "mae"]),
    "_flatten_layers": (lambda: [each.name for each in compiled()._flatten_layers()][-2:], ["first", "second"]),
    "_call_has_training_arg": (lambda: [each._call_has_training_arg for each in (compiled(), Untold())], [True, False]),
    "_get_noise_shape": (lambda: layers.SpatialDropout2D(0.5)._get_noise_shape(np.zeros((2, 4, 5, 3))), (2, 1, 1, 3)),
    "_seed_generators of a dropout": (generators_of_dropout, True),
    "_seed_generators of a leaf are states, and no weights": (generator_that_a_leaf_is_given, [True, False]),
    "_model_variables_moving_average": (averages, ([[0.5, 1.5], 2.5], True)),
    "_clip_gradients": (lambda: [plain(stepped(kind(0.5))[1])[1] for kind in (Unmoved, optimizers.SGD)], [3.0, 2.5]),
    "_learning_rate": (rates, (True, True)),
    "_iterations": (lambda: counts(4), (4, 2)),
    "_apply_weight_decay": (decay_of_nothing, [[1.0, 2.0], 3.0]),
    "_use_weight_decay, _get_variable_index": (decayed, ([False, True], [0, 1])),
}  # fmt: skip


@pytest.mark.parametrize("name", MEANINGS)
def test_a_private_name_of_keras_means_what_we_take_it_for(name: str) -> None:
    found, expected = MEANINGS[name]

    assert found() == expected

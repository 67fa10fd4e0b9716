"""How the user's model is compiled: its loss, metrics and optimizer, read to be used again."""

from collections.abc import Callable
from typing import Any

import keras
import pytest

from autoopt import compiling
from autoopt.recipe import Recipe
from tests import toys


def test_the_optimizer_inside_of_a_loss_scale_is_read() -> None:
    inner = keras.optimizers.Adam(2e-3, beta_1=0.8)
    model = toys.compiled(keras.optimizers.LossScaleOptimizer(inner))
    found = compiling.written(model)

    assert (found.algorithm, found.learning_rate) == ("adam", pytest.approx(2e-3))


class Scaled(keras.metrics.Mean):
    """A metric without `get_config`: made again from its configuration, it would have another factor."""

    def __init__(self, factor: float = 1.0, **rest: Any) -> None:
        super().__init__(**rest)
        self.factor = factor

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        super().update_state(self.factor * keras.ops.cast(y_true, "float32"))


def measured_by(metric: Callable[[], keras.metrics.Metric]) -> Callable[[], keras.Model]:
    """Return a model function whose model is compiled with what `metric` returns."""

    def model_fn() -> keras.Model:
        model = toys.dense()
        model.compile("adam", "sparse_categorical_crossentropy", metrics=[metric()], run_eagerly=True)
        return model

    return model_fn


def test_a_metric_object_that_the_user_holds_is_not_shared_between_trials() -> None:
    metric = keras.metrics.SparseTopKCategoricalAccuracy(k=2, name="top")
    model = toys.hypermodel(measured_by(lambda: metric)).assemble(Recipe(), {}, seed=0)

    logs = model.train_on_batch(*toys.digits(20), return_dict=True)
    assert logs["top"] > 0
    assert float(metric.total) == 0.0


def test_a_metric_that_each_model_makes_anew_is_used_as_it_is() -> None:
    model = toys.hypermodel(measured_by(lambda: Scaled(2.0, name="scaled"))).assemble(Recipe(), {}, seed=0)

    x, y = toys.digits(20)
    assert model.test_on_batch(x, y, return_dict=True)["scaled"] == pytest.approx(2.0 * y.mean())


def compiled_key(loss: Any) -> Any:
    model = toys.dense()
    model.compile("sgd", loss)
    return compiling.compilation(model).key


def weighted(factor: float) -> Callable[[Any, Any], Any]:
    def loss(y_true: Any, y_pred: Any) -> Any:
        return factor * keras.losses.mean_squared_error(y_true, y_pred)

    return loss


def test_a_loss_function_that_is_made_anew_is_the_same_where_it_computes_the_same() -> None:
    assert compiled_key(weighted(0.5)) == compiled_key(weighted(0.5))
    assert hash(compiled_key(weighted(0.5))) == hash(compiled_key(weighted(0.5)))
    assert compiled_key(weighted(0.5)) != compiled_key(weighted(2.0))


class Own(keras.losses.Loss):
    """A loss that does not tell what it is."""

    def call(self, y_true: Any, y_pred: Any) -> Any:
        return keras.ops.mean(y_pred)


def test_an_object_of_the_users_own_is_equal_to_itself_alone_and_lives_as_long_as_its_key() -> None:
    own = Own()

    assert compiled_key(own) == compiled_key(own)
    keys = [compiled_key(Own()) for _ in range(50)]  # freed, if no key kept them
    assert len(set(keys)) == 50


def test_unnamed_metrics_of_a_model_function_have_the_same_names_each_time() -> None:
    hypermodel = toys.hypermodel(measured_by(keras.metrics.Accuracy))
    x, y = toys.digits(20)
    y = keras.ops.one_hot(y, 10)
    names = []
    for _ in range(2):
        model = hypermodel.assemble(Recipe(), {}, seed=0)
        model.compile(loss="categorical_crossentropy", metrics=model._compile_metrics._user_metrics)
        names.append(set(model.test_on_batch(x, y, return_dict=True)))

    assert names[0] == names[1] == {"loss", "accuracy"}


def test_a_metric_that_cannot_be_made_again_serves_one_trial_after_the_other() -> None:
    class Needy(Scaled):
        def __init__(self, factor: float, **rest: Any) -> None:
            super().__init__(factor, **rest)

    metric = Needy(3.0, name="needy")
    hypermodel = toys.hypermodel(measured_by(lambda: metric))
    x, y = toys.digits(20)
    for _ in range(2):
        logs = hypermodel.assemble(Recipe(), {}, seed=0).evaluate(x, y, return_dict=True, verbose=0)
        assert logs["needy"] == pytest.approx(3.0 * y.mean())


def test_a_model_that_was_not_compiled_has_no_compilation() -> None:
    assert compiling.compilation(toys.dense()) is None


def test_the_arguments_of_compile_are_kept() -> None:
    def model_fn() -> keras.Model:
        model = toys.dense()
        model.compile(
            "adam", keras.losses.SparseCategoricalCrossentropy(), weighted_metrics=["accuracy"], jit_compile=False
        )  # fmt: skip
        return model

    built = toys.hypermodel(model_fn).assemble(Recipe().plus(l2=1e-3), {}, seed=0)
    assert isinstance(built.loss, keras.losses.SparseCategoricalCrossentropy)
    assert built.jit_compile is False
    x, y = toys.digits(20)
    assert "weighted_accuracy" in built.test_on_batch(x, y, return_dict=True)

"""Which engine trains what: `fit` only where nothing else can, and it says why."""

import logging
from collections.abc import Callable
from typing import Any

import keras
import pytest

from autoopt.data import Part, Stream
from autoopt.engines import Training, candidate_of, engine_named
from tests import toys
from tests.counts import FULL
from tests.engines import zoo
from tests.engines.laboratory import (
    BACKEND,
    EPOCHS,
    MODES,
    assert_meant,
    assigned,
    compiled,
    made,
    ran,
    trained,
)
from tests.engines.test_loop import Batches

pytestmark = pytest.mark.skipif(not MODES, reason=f"the {BACKEND} backend compiles no epochs")


class ByBatch(keras.callbacks.Callback):  # type: ignore[misc]
    """Looks at single batches."""

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        pass


class OwnFit(keras.Sequential):  # type: ignore[misc]
    """Trains in its own way."""

    def fit(self, *args: Any, **kwargs: Any) -> Any:
        return super().fit(*args, **kwargs)


def own_fit() -> keras.Model:
    model = OwnFit([keras.Input((64,)), keras.layers.Dense(10, "softmax")])
    model.compile("sgd", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


class OnlyInFit(zoo.OwnStep):
    """Its step needs what `fit` alone has made before."""

    def train_step(self, *given: Any) -> Any:
        if self.train_function is None:
            raise RuntimeError("outside of fit\nthere is no train_function")
        return super().train_step(*given)


class OnlyEvaluatedInFit(zoo.OwnStep):
    """The same of its evaluation."""

    def test_step(self, *given: Any) -> Any:
        if self.test_function is None:
            raise RuntimeError("outside of fit\nthere is no test_function")
        return super().test_step(*given)


def only_in_fit(kind: type[keras.Model]) -> Callable[[], keras.Model]:
    def make() -> keras.Model:
        x = keras.Input((64,))
        model = kind(x, keras.layers.Dense(10, "softmax")(x))
        model.compile("sgd", "sparse_categorical_crossentropy", metrics=["accuracy"])
        return model

    return make


FALLING_BACK: dict[str, tuple[Callable[[], keras.Model], dict[str, Any], str]] = {
    "a stream": (toys.eager, {"part": Stream(Batches(), 30), "size": None}, "the data comes batch by batch"),
    "batch callbacks": (
        toys.eager, {"callbacks": [ByBatch()]}, "callbacks look at single batches (ByBatch)",
    ),
    "run_eagerly": (toys.eager, {}, "it is compiled with run_eagerly=True"),
    "its own fit": (own_fit, {}, "OwnFit overrides fit"),
    "a step that cannot be traced": (
        only_in_fit(OnlyInFit), {}, "it cannot be compiled whole (outside of fit)",
    ),
    "an evaluation that cannot be traced": (
        only_in_fit(OnlyEvaluatedInFit), {}, "it cannot be compiled whole (outside of fit)",
    ),
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("name", FALLING_BACK if FULL else list(FALLING_BACK)[::4])
def test_what_cannot_be_compiled_is_trained_by_fit_and_says_why(name: str) -> None:
    make, given, reason = FALLING_BACK[name]
    runs: list[Training] = []
    for engine in ("keras", "automatic"):
        assignment = assigned(**{"part": zoo.images(), **given})
        reached, fitting = ran(
            engine_named(engine.replace("automatic", "auto")), candidate_of(made(make)), assignment
        )
        runs.append(reached)

    assert fitting.engine == f"keras, {reason}"
    assert len(runs[1].history["loss"]) == EPOCHS
    for key, values in runs[0].history.items():
        assert runs[1].history[key] == pytest.approx(values, abs=1e-6), key


def test_the_log_says_once_why_a_model_is_not_compiled(caplog: pytest.LogCaptureFixture) -> None:
    engine, model = engine_named("auto"), made(toys.eager)
    with caplog.at_level(logging.INFO, "autoopt"):
        for _ in range(2):
            engine.fitting(candidate_of(model), assigned(zoo.images()))

    said = [record.message for record in caplog.records if "run_eagerly" in record.message]
    assert said == ["trained by Keras's own fit: it is compiled with run_eagerly=True"]


def test_text_is_compiled_without_xla_on_tensorflow_and_trained_by_fit_elsewhere() -> None:
    if BACKEND != "tensorflow":
        pytest.skip("text is data of TensorFlow alone")
    import numpy as np

    vector = keras.layers.StringLookup(vocabulary=["a", "b"], output_mode="one_hot")
    x = keras.Input((1,), dtype="string")
    model = keras.Model(x, keras.layers.Dense(1)(vector(x)))
    model.compile("sgd", "mse")
    words = Part(np.array([["a"], ["b"]] * 20, object), np.array([0.0, 1.0] * 20, "float32"))
    reached, fitting = ran(engine_named("auto"), candidate_of(model), assigned(words))

    assert "without XLA" in fitting.engine
    assert reached.history["loss"][-1] < reached.history["loss"][0]


def test_where_xla_refuses_an_epoch_the_next_mode_takes_it() -> None:
    if BACKEND != "tensorflow":
        pytest.skip("XLA compiles every program of JAX")
    import tensorflow as tf

    class Printing(keras.layers.Layer):  # type: ignore[misc]
        """Calls Python, which XLA cannot."""

        def call(self, x: Any) -> Any:
            return tf.ensure_shape(tf.numpy_function(lambda a: a, [x], tf.float32), x.shape) + 0 * x

    def make() -> keras.Model:
        return zoo.classifier(Printing())

    reached, fitting = ran(compiled("epoch"), candidate_of(made(make)), assigned(zoo.images()))

    assert_meant("plain", fitting)
    expected = trained("keras", made(make), zoo.images())
    assert reached.history["loss"] == pytest.approx(expected.history["loss"], abs=1e-5)


def test_one_engine_can_be_asked_for() -> None:
    assert (
        engine_named("keras").fitting(candidate_of(made(zoo.dense)), assigned(zoo.images())).engine == "keras"
    )

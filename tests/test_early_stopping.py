"""Patience where a tuner of KerasTuner trains: what is watched, and that the training ends."""

from typing import Any

import keras
import keras_tuner
import numpy as np
import pytest
from keras_tuner.src.engine.tuner_utils import SaveBestEpoch

from autoopt import Space, axes
from autoopt.early_stopping import with_patience
from autoopt.hypermodel import AutoHyperModel
from tests import toys


def kept(*objectives: Any) -> Any:
    from keras_tuner.src.engine.objective import create_objective

    return SaveBestEpoch(create_objective(objectives[0] if len(objectives) == 1 else list(objectives)), "w")


WATCHED: dict[str, tuple[dict[str, Any], tuple[str, str]]] = {
    "the objective": ({"callbacks": [kept("val_accuracy")], "validation_split": 0.5}, ("val_accuracy", "max")),
    "of no objective": ({"callbacks": [kept(None)], "validation_data": ()}, ("val_loss", "min")),
    "of several": ({"callbacks": [kept("val_loss", "val_accuracy")], "validation_split": 0.5}, ("val_loss", "min")),
    "without callbacks": ({"callbacks": None, "validation_split": 0.5}, ("val_loss", "min")),
    "without validation": ({"validation_split": 0.0}, ("loss", "min")),
}  # fmt: skip


@pytest.mark.parametrize("kind", WATCHED)
def test_what_the_tuner_compares_is_watched_else_the_loss(kind: str) -> None:
    options, watched = WATCHED[kind]
    stop = with_patience(options, 3)["callbacks"][-1]

    assert (stop.monitor, stop.mode, stop.patience, stop.restore_best_weights) == (*watched, 3, True)


@pytest.mark.parametrize("own", [False, True])
def test_patience_ends_a_training_by_a_tuner_and_leaves_the_given_callbacks_alone(own: bool) -> None:
    class Own(keras_tuner.HyperModel):  # type: ignore[misc]
        def build(self, hp: Any) -> keras.Model:
            model = toys.compiled(keras.optimizers.SGD(0.0), run_eagerly=True)
            model.set_weights([np.zeros_like(each) for each in model.get_weights()])  # no two ways to round
            return model

        def fit(self, hp: Any, model: keras.Model, x: Any, y: Any, callbacks: Any, epochs: int) -> Any:
            return model.fit(
                x, y, validation_data=(x, y), callbacks=callbacks, epochs=epochs, verbose=0, batch_size=40
            )

    space = Space(regularization=axes.Regularization(patience=2), optimizer=False)
    hypermodel, hp = AutoHyperModel(Own() if own else Own().build, space), keras_tuner.HyperParameters()
    given, (x, y) = [keras.callbacks.History()], toys.digits(40)
    options = {"epochs": 9, "callbacks": given}
    options |= {} if own else {"validation_data": (x, y), "verbose": 0}
    history = hypermodel.fit(hp, hypermodel.build(hp), x, y, **options)

    assert len(history.epoch) == 3
    assert len(given) == 1
    assert np.ptp(history.history["val_loss"]) == 0.0

"""Early stopping where a tuner of KerasTuner trains: patience as one of Keras's callbacks."""

from collections.abc import Mapping
from typing import Any

import keras
import keras_tuner


def with_patience(options: Mapping[str, Any], patience: int | None) -> dict[str, Any]:
    """Return what `fit` is given, with a callback that ends a training which becomes no better.

    It watches what the tuner compares where that is known of one of the callbacks, else the loss.

    Args:
        options: Keyword arguments of `keras.Model.fit`.
        patience: Epochs without a better value after which it ends, with the best epoch's weights; None never does.
    """
    if patience is None:
        return dict(options)
    callbacks = list(options.get("callbacks") or ())
    validates = options.get("validation_data") is not None or bool(options.get("validation_split"))
    watched, mode = "val_loss" if validates else "loss", "min"
    for callback in callbacks:
        compared: Any = getattr(callback, "objective", None)  # KerasTuner's keeper of the best epoch has one
        if (
            type(compared) is keras_tuner.Objective
        ):  # several at once, or what fit returns, are in no epoch's logs
            watched, mode = compared.name, compared.direction
    stop = keras.callbacks.EarlyStopping(watched, patience=patience, mode=mode, restore_best_weights=True)
    return {**options, "callbacks": [*callbacks, stop]}

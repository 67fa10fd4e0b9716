"""Smoothing: a model trained with smoothed labels, and evaluated and saved with its own loss."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import keras
from keras import ops

from autoopt import task
from autoopt.engines.candidate import Candidate


@dataclass
class Phase:
    """What a model's loss is asked for at the moment.

    Attributes:
        training: Whether that is to train; else it is to evaluate.
    """

    training: bool = False


class SmoothedLoss(keras.losses.Loss):  # type: ignore[misc]
    """A crossentropy of labels y (1 − ε) + ε u, u being uniform over the classes (Szegedy et al. 2016, 7).

    Of two classes that is what Keras's own losses do under `label_smoothing`; class numbers are smoothed likewise.

    Args:
        loss: As `task.smoothable` returns it.
        amount: Returns ε from 0 to 1; where a step is traced, the symbol that stands for it.
        phase: Labels are smoothed in training alone.
    """

    def __init__(self, loss: keras.losses.Loss, amount: Callable[[], Any], phase: Phase) -> None:
        super().__init__(name=loss.name, reduction=loss.reduction, dtype=loss.dtype)
        self._loss, self._amount, self._phase = loss, amount, phase
        self._sparse = isinstance(loss, keras.losses.SparseCategoricalCrossentropy)
        self._binary = isinstance(loss, keras.losses.BinaryCrossentropy)
        # Of shares of classes instead of one class: the same loss.
        from_logits = loss.get_config()["from_logits"]
        self._of_shares = keras.losses.CategoricalCrossentropy(from_logits) if self._sparse else loss

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """Return the loss of each example."""
        if not self._phase.training:
            return self._loss.call(y_true, y_pred)
        labels = _shares(y_true, y_pred) if self._sparse else y_true
        amount = ops.cast(self._amount(), y_pred.dtype)
        uniform = 0.5 if self._binary else 1.0 / y_pred.shape[-1]
        return self._of_shares.call(labels * (1.0 - amount) + amount * uniform, y_pred)


def _shares(y_true: Any, y_pred: Any) -> Any:
    """Return class numbers, with or without a last axis of their own, as one-hot labels."""
    if len(y_true.shape) == len(y_pred.shape):
        y_true = ops.squeeze(y_true, axis=-1)
    return ops.one_hot(ops.cast(y_true, "int32"), y_pred.shape[-1], dtype=y_pred.dtype)


def smooth(model: keras.Model, amount: Callable[[], Any]) -> keras.Model:
    """Have a compiled model, not trained yet, smooth the labels of its crossentropies in training; return it.

    What `save` writes of it, and what it evaluates, is under the loss that it is compiled with.

    Args:
        model: Is changed.
        amount: As in `SmoothedLoss`.
    """
    phase, own_loss = Phase(), model.compute_loss

    def smoothed(loss: Any) -> Any:
        own = task.smoothable(loss)
        return loss if own is None else SmoothedLoss(own, amount, phase)

    def compute_loss(
        x: Any = None, y: Any = None, y_pred: Any = None, sample_weight: Any = None, training: bool = True
    ) -> Any:
        phase.training = training
        return own_loss(x, y, y_pred, sample_weight, training=training)

    losses = model._compile_loss
    losses._user_loss = keras.tree.map_structure(smoothed, losses._user_loss)
    model.compute_loss = compute_loss
    return model


def smoothed(candidate: Candidate, amount: float) -> Candidate:
    """Return a candidate that is trained with smoothed labels, how much being an input of its program."""
    plain, twin = candidate.plain, candidate.twin
    return replace(
        candidate,
        plain=(lambda: smooth(plain(), lambda: amount)) if amount else plain,
        twin=lambda knobs: smooth(twin(knobs), lambda: knobs.label_smoothing),
        knobs={**candidate.knobs, "label_smoothing": amount},
    )

"""The epoch loop, the same for every engine: callbacks, the best epoch's weights, and when to end."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import keras

from autoopt.engines.engine import Program
from autoopt.records import Logs, Objective, Status

Verdict = Literal["continue", "prune", "stop"]
Report = Callable[[int, Logs], Verdict]
"""Told (epoch, logs) after each epoch; answers whether the trial goes on."""

BATCH_HOOKS = (
    "on_train_batch_begin", "on_train_batch_end", "on_test_begin", "on_test_batch_begin",
    "on_test_batch_end", "on_test_end", "on_batch_begin", "on_batch_end",
)  # fmt: skip


@dataclass
class Training:
    """What a training has reached so far; the loop alone changes it.

    Attributes:
        status: As in `Trial`.
        note: Why it ended early, empty otherwise.
        history: Keras's keys to one value an epoch.
        best_epoch: Epoch of the best score, from 0.
        score: The objective at that epoch.
        weights: The model's weights after that epoch, in Keras's order.
    """

    status: Status = "completed"
    note: str = ""
    history: dict[str, list[float]] = field(default_factory=dict)
    best_epoch: int | None = None
    score: float | None = None
    weights: list[Any] | None = None


def train(
    program: Program,
    epochs: int,
    objective: Objective,
    callbacks: Sequence[keras.callbacks.Callback],
    report: Report,
) -> Training:
    """Train for some epochs and keep the weights of the best one.

    A NaN or infinite loss ends the training as failed; what earlier epochs reached stays in the history. So
    does an objective that is no number in any epoch.

    Args:
        program: What runs an epoch.
        epochs: Most epochs, at least 1.
        objective: Which epoch is best.
        callbacks: The user's, called as `keras.Model.fit` calls them.
        report: Told after each epoch.
    """
    reached, model = Training(), program.model
    hooks = keras.callbacks.CallbackList(list(callbacks), model=model)
    hooks.set_params({"verbose": 0, "epochs": epochs, "steps": program.steps})
    by_batch = [callback for callback in callbacks if _has_batch_hooks(callback)]
    model.stop_training = False
    hooks.on_train_begin()
    logs: dict[str, float] = {}
    for number in range(epochs):
        hooks.on_epoch_begin(number)
        stopped = model.stop_training  # an engine may reset it
        logs = dict(program.epoch(number, by_batch))
        hooks.on_epoch_end(number, logs)
        # After the hooks: keras.callbacks.SwapEMAWeights puts the scored weights back in on_epoch_end.
        _note_epoch(reached, number, logs, objective, model)
        verdict = report(number, logs)
        if _ended(reached, number, epochs, logs, verdict):
            break
        if stopped or model.stop_training:
            reached.note = f"A callback stopped it after epoch {number + 1} of {epochs}."
            break
    hooks.on_train_end(logs)
    if reached.score is None and reached.status != "failed":
        reached.status, reached.note = "failed", f"{objective.name} was no number in any epoch."
    return reached


def _note_epoch(reached: Training, number: int, logs: Logs, objective: Objective, model: keras.Model) -> None:
    for name, value in logs.items():
        reached.history.setdefault(name, []).append(float(value))
    score = logs.get(objective.name, math.nan)
    if math.isfinite(score) and objective.better(score, reached.score):
        reached.best_epoch, reached.score = number, score
        reached.weights = model.get_weights()


def _ended(reached: Training, number: int, epochs: int, logs: Logs, verdict: Verdict) -> bool:
    """Note why a training ends now, where it does."""
    place = f"epoch {number + 1} of {epochs}"
    loss = logs.get("loss", 0.0)
    if not math.isfinite(loss):
        reached.status, reached.note = "failed", f"The loss became {loss} in {place}."
    elif verdict == "prune":
        reached.status, reached.note = "pruned", f"Pruned after {place}."
    elif verdict == "stop" and number + 1 < epochs:
        reached.status, reached.note = "pruned", f"Cut after {place}, when the search ended."
    return bool(reached.note)


def _has_batch_hooks(callback: keras.callbacks.Callback) -> bool:
    base = keras.callbacks.Callback
    return any(
        getattr(type(callback), hook) is not getattr(base, hook) or hook in vars(callback)
        for hook in BATCH_HOOKS
    )

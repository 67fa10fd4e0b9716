"""The epoch loop, the same for every engine: callbacks, the best epoch's weights, and when to end."""

import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import keras

from autoopt.engines.engine import Assignment, Fitting
from autoopt.records import Logs, Objective, Status

Verdict = Literal["continue", "prune", "stop"]
Report = Callable[[int, Logs], Verdict]
"""Told (epoch, logs) after each epoch; answers whether the trial goes on."""

LOSS = "val_loss"
"""Key of the validation loss, in a history."""


@dataclass
class Training:
    """What a training has reached so far; the loop alone changes it.

    Attributes:
        status: As in `Trial`.
        note: Why it ended early, empty otherwise.
        history: Keras's keys to one value an epoch.
        best_epoch: Epoch of the best score, from 0; among equal ones that of the lowest validation loss.
        improved: Epoch that was better than all before it, from 0.
        score: The objective at that epoch.
        weights: The model's weights after that epoch, in Keras's order.
        epochs: How many have ended.
        logs: Those of the last one.
        first: Where it went on, 0 where it began.
    """

    status: Status = "completed"
    note: str = ""
    history: dict[str, list[float]] = field(default_factory=dict)
    best_epoch: int | None = None
    improved: int | None = None
    score: float | None = None
    weights: list[Any] | None = None
    epochs: int = 0
    logs: Logs = field(default_factory=dict)
    first: int = 0

    def continued(self) -> "Training":
        """Return one that goes on from here, and leaves this one as it is."""
        return replace(
            self, first=self.epochs, history={name: [*values] for name, values in self.history.items()}
        )


def train(fitting: Fitting, assignment: Assignment, objective: Objective, report: Report) -> Training:
    """Train to the end of an assignment, and keep the weights of the best epoch.

    A NaN or infinite loss ends the training as failed; what earlier epochs reached stays in the history. So
    does an objective that is no number in any epoch.

    Args:
        fitting: What runs an epoch.
        assignment: How many there are, and the user's callbacks, called as `keras.Model.fit` calls them.
        objective: Which epoch is best.
        report: Told after each epoch.
    """
    reached, hooks = Training(), begun(fitting, assignment)
    go_on(reached, hooks, fitting, assignment, objective, report)
    hooks.on_train_end(reached.logs)
    return reached


def begun(fitting: Fitting, assignment: Assignment) -> keras.callbacks.CallbackList:
    """Return the user's callbacks as one, after their `on_train_begin`."""
    hooks = keras.callbacks.CallbackList(list(assignment.callbacks))
    attach(hooks, fitting, assignment)
    hooks.on_train_begin()
    return hooks


def attach(hooks: keras.callbacks.CallbackList, fitting: Fitting, assignment: Assignment) -> None:
    """Have callbacks see the model that is trained; without any there is no model to be built for them."""
    hooks.set_params({"verbose": 0, "epochs": assignment.epochs, "steps": assignment.steps})
    if assignment.callbacks:
        hooks.set_model(fitting.model)
        fitting.model.stop_training = False


def go_on(
    reached: Training, hooks: keras.callbacks.CallbackList, fitting: Fitting, assignment: Assignment,
    objective: Objective, report: Report,
) -> None:  # fmt: skip
    """Train the epochs that are left of an assignment; one that has ended by itself stays as it is.

    Args:
        reached: What the epochs before have reached; is added to.
        hooks: The callbacks, which have begun.
        fitting: What runs an epoch.
        assignment: How many there are in all.
        objective: Which epoch is best.
        report: Told after each epoch.
    """
    epochs = assignment.epochs
    while not reached.note and reached.epochs < epochs:
        number = reached.epochs
        if _in_vain(reached) >= (assignment.patience or epochs):
            reached.note = (
                f"{objective.name} had not become better for {assignment.patience} epochs: "
                f"ended after epoch {number} of {epochs}."
            )
            break
        hooks.on_epoch_begin(number)
        stopped = _stopped(fitting, assignment)  # an engine may reset it
        logs = dict(fitting.epoch(number))
        hooks.on_epoch_end(number, logs)
        # After the hooks: keras.callbacks.SwapEMAWeights puts the scored weights back in on_epoch_end.
        note_epoch(reached, number, logs, objective, fitting.weights)
        verdict = report(number, logs)
        if not ended(reached, number, epochs, logs, verdict) and (stopped or _stopped(fitting, assignment)):
            reached.note = f"A callback stopped it after epoch {number + 1} of {epochs}."
    if reached.score is None and reached.status != "failed":
        reached.status, reached.note = "failed", f"{objective.name} was no number in any epoch."


def note_epoch(
    reached: Training, number: int, logs: Logs, objective: Objective, weights: Callable[[], list[Any]]
) -> None:
    """Add an epoch to what was reached; where it is the best so far, its weights are copied."""
    reached.epochs, reached.logs = number + 1, logs
    for name, value in logs.items():
        reached.history.setdefault(name, []).append(float(value))
    score = logs.get(objective.name, math.nan)
    if not math.isfinite(score):
        return
    better = objective.better(score, reached.score)
    if better:
        reached.improved = number
    if better or (score == reached.score and _surer(reached)):
        reached.best_epoch, reached.score = number, score
        reached.weights = weights()


def _surer(reached: Training) -> bool:
    """Whether the last epoch has a lower validation loss than the best: few examples tell few scores apart."""
    losses = reached.history.get(LOSS, [])
    if reached.best_epoch is None or len(losses) != reached.epochs:
        return False
    return losses[-1] < losses[reached.best_epoch]


def _in_vain(reached: Training) -> int:
    """Return the epochs since one was better than those before it."""
    return reached.epochs if reached.improved is None else reached.epochs - 1 - reached.improved


def ended(reached: Training, number: int, epochs: int, logs: Logs, verdict: Verdict) -> bool:
    """Note why a training ends now, where it does, and say whether it does."""
    place = f"epoch {number + 1} of {epochs}"
    loss = logs.get("loss", 0.0)
    if not math.isfinite(loss):
        reached.status, reached.note = "failed", f"The loss became {loss} in {place}."
    elif verdict == "prune":
        reached.status, reached.note = "pruned", f"Pruned after {place}."
    elif verdict == "stop" and number + 1 < epochs:
        reached.status, reached.note = "pruned", f"Cut after {place}, when the search ended."
    return bool(reached.note)


def _stopped(fitting: Fitting, assignment: Assignment) -> bool:
    return bool(assignment.callbacks) and bool(fitting.model.stop_training)

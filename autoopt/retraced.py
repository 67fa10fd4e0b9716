"""Retraced: how a winner was trained, gathered from who trained it, before that is forgotten."""

from collections.abc import Sequence

import keras

from autoopt import optimizers
from autoopt.course import Course
from autoopt.data import Part
from autoopt.hyperparameters import AskingHyperParameters
from autoopt.records import Trial
from autoopt.worker import Worker

USUAL_SHARE = 0.2


def course_of(worker: Worker, trial: Trial, model: keras.Model, epochs: int) -> Course:
    """Return how a trial was trained.

    Args:
        worker: That has trained it.
        trial: Which one.
        model: Its model, as the worker has built it.
        epochs: Most epochs a trial, where schedules end.
    """
    hypermodel, dataset = worker.hypermodel, worker.dataset
    hp = AskingHyperParameters.of(trial.hyperparameters)
    recipe = hypermodel.draw(hp)
    origin, size = hypermodel.reading(hp).origin, hypermodel.batch_size(recipe)
    steps = dataset.train.steps(size)
    known = dataset.train.n, dataset.validation.n
    split = dataset.split
    return Course(
        recipe=recipe,
        batch_size=size or (None if known[0] is None else -(-known[0] // steps)),
        epochs=trial.epochs if trial.inherited is not None else (trial.best_epoch or 0) + 1,
        horizon=epochs,
        validation_share=_share(*known),
        schedule=optimizers.plan(recipe, origin.optimizer, steps * epochs).schedule,
        class_weight=worker.class_weight,
        biases=hypermodel.biases(recipe, hp.values, model),
        pretrained=tuple(origin.pretrained),
        time_order=split is not None and split.rules.time_order,
        asides=_asides(worker, trial),
    )


def _share(train: int | None, validation: int | None) -> float:
    return USUAL_SHARE if train is None or validation is None else round(validation / (train + validation), 4)


def _asides(worker: Worker, trial: Trial) -> Sequence[str]:
    """Return what no script of a trial repeats, one sentence each."""
    dataset, found = worker.dataset, list[str]()
    if worker.hypermodel.own_fit is not None:
        found.append("The search trained by the fit of your own HyperModel; this is Keras's.")
    if worker.callbacks:
        found.append("The search also ran your callbacks.")
    if not isinstance(dataset.train, Part):
        found.append("The search read its data in batches; here it is arrays.")
    elif dataset.train.sample_weight is not None:
        found.append("The search weighed its examples: pass fit their sample_weight.")
    if dataset.split is None:
        found.append("The search was given the examples that validate; here they are a share of all.")
    elif dataset.split.rules.groups is not None:
        found.append("The search kept rows of one group together; here each row is drawn by itself.")
    if trial.inherited is not None:
        found.append(f"It started from the weights of trial {trial.inherited}; here it starts afresh.")
    return found

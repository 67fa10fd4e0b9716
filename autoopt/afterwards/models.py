"""Models of a run's trials: built again, with the weights that were trained."""

from collections.abc import Sequence
from typing import Any

import keras

from autoopt.afterwards.again import Again
from autoopt.engines import evaluate
from autoopt.records import Trial
from autoopt.worker import Worker


def model_of(again: Again, worker: Worker, trial: Trial, weights: Sequence[Any]) -> keras.Model:
    """Return a trial's compiled model with some weights.

    Args:
        again: What trained the run.
        worker: Whose data its schedule is as long as.
        trial: Which one.
        weights: In Keras's order.
    """
    job = again.job(trial.number, trial.hyperparameters, again.epochs, repeat=0)
    model = worker.assembled(job.recipe, job.values, again.epochs, seed=0)
    if not model.built:  # a subclassed model has no weights before it has seen an example
        evaluate(model, worker.dataset.validation)
    model.set_weights(weights)
    model.optimizer.build(model.trainable_variables)
    return model

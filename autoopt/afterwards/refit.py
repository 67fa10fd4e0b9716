"""Refit: the winner's hyperparameters trained once more, on the training and the validation part together."""

import logging
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import keras

from autoopt import compiling, seeding
from autoopt.afterwards.again import Again, Ended
from autoopt.afterwards.models import model_of
from autoopt.afterwards.written import read_model
from autoopt.arguments import whole
from autoopt.data import Dataset, Part, Stream, joined
from autoopt.engines import Verdict, compilations_kept, evaluate, train
from autoopt.errors import RunError, SearchError, UsageError
from autoopt.records import Logs, Objective, Trial
from autoopt.reports import Console, score_text
from autoopt.unloaded import tensorflow_unloaded
from autoopt.worker import Worker

logger = logging.getLogger(__name__)

REPEAT = 2_000
"""A seed that neither a trial, nor a confirmation run, nor an ablation had."""


@seeding.preserved()
@tensorflow_unloaded()
def refit(ended: Ended, epochs: int | None, test: bool, verbose: Any) -> keras.Model:
    """Return the trained model; arguments and errors as of `Result.refit`."""
    epochs = None if epochs is None else whole("epochs", epochs, 1, ", or None")
    if not isinstance(test, bool):
        raise UsageError(f"test was given {test!r}. Expected True or False.")
    wanted, kept = _epochs(ended.best) if epochs is None else epochs, ended.folder.read("refit")
    as_wanted = (kept.get("best"), kept.get("epochs")) == (ended.best.number, wanted)
    if ended.again is None and not test and as_wanted:
        return read_model(ended.folder.refit, ended.custom_objects)
    again, console = ended.trainer("A refit"), Console(verbose)
    tested = again.worker.dataset.test if test else None
    if test and tested is None:
        raise UsageError(
            "test was given True, and this run has no test part. Leave it out, or pass test_data."
        )
    worker = _worker(again, ended)
    count = worker.dataset.train.n
    sentence = (
        f"Refit: the hyperparameters of trial {ended.best.number} for {wanted} epoch{'' if wanted == 1 else 's'} on {count:,} examples, train and "
        "validation together. Nothing is left to validate on, so this model has no score but that of a test part."
    )
    logger.info(sentence)  # it is said somewhere even where nothing is to be printed
    console.say(sentence)
    with compilations_kept(again.duties.compilation_cache):
        weights = _trained(again, worker, ended, wanted)
    model = model_of(again, worker, ended.best, weights)
    ended.folder.save_model(ended.folder.refit, model)
    metrics = None if tested is None else _tested(model, worker, tested, console)
    content = {"best": ended.best.number, "epochs": wanted, "examples": count, "test_metrics": metrics}
    ended.folder.write("refit", content)
    return model


def _tested(model: keras.Model, worker: Worker, part: Part | Stream, console: Console) -> Logs:
    """Return what the model scores on the test part, and say so."""
    with compiling.measuring(model, worker.score):
        metrics = evaluate(model, part)
    told = ", ".join(f"{name} {score_text(value)}" for name, value in metrics.items())
    console.say(
        f"On the test part: {told}. This is the second look at it: whoever keeps the better of both models has chosen "
        "on it."
    )
    return metrics


def _worker(again: Again, ended: Ended) -> Worker:
    """Return a worker that learns from both parts.

    Raises:
        RunError: The data comes in batches, or the user's own `fit` trains.
    """
    train, validation = again.unweighted.dataset.train, again.unweighted.dataset.validation
    if again.worker.hypermodel.own_fit is not None:
        raise RunError(
            f"The run {ended.folder.path} was trained by your own fit, which decides what it learns from. Expected "
            "Keras's. Call your fit with all of the data."
        )
    whole = joined(train, validation)
    if whole is None:
        raise RunError(
            f"The data of the run {ended.folder.path} comes in batches, and autoopt joins arrays alone. Expected (x, y). "
            "Chain both parts yourself, and train result.best_hyperparameters on them."
        )
    both = replace(again.unweighted, dataset=Dataset(whole, validation))
    dataset, weights = both.weighted()
    return replace(again.duties, dataset=dataset, class_weight=weights).worker()


def _trained(again: Again, worker: Worker, ended: Ended, epochs: int) -> Sequence[Any]:
    """Train to the end and return the last epoch's weights: there is nothing to choose a better one by.

    Raises:
        SearchError: The loss became no number.
    """
    job = again.job(ended.best.number, ended.best.hyperparameters, epochs, REPEAT)
    prepared = worker.prepare(job)
    last: list[Sequence[Any]] = []

    def report(epoch: int, logs: Logs) -> Verdict:
        last[:] = [prepared.fitting.weights()]
        return "continue"

    reached = train(prepared.fitting, prepared.assignment, Objective("loss", "min"), report)
    if reached.status == "failed" or not last:
        raise SearchError(f"The refit failed: {reached.note} Pass fewer epochs.")
    return last[0]


def _epochs(best: Trial) -> int:
    """Return the epochs that the winner took to its best one; all of them where it did not start fresh."""
    return best.epochs if best.inherited is not None else (best.best_epoch or 0) + 1

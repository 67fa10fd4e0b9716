"""KerasTuner's three tuners over the joint space, each until its time is up: it knows no budget itself."""

import contextlib
from collections.abc import Callable

import keras
import keras_tuner

from benchmarks.quality.job import Job, Measured
from benchmarks.quality.tasks import Task
from benchmarks.quality.watching import SCORE, TimeIsUp, Watch, early_stopping

NO_LIMIT = 10**6
OBJECTIVE = keras_tuner.Objective(SCORE, "max")


def random(task: Task, job: Job) -> Measured:
    """Run RandomSearch."""
    return _measured(task, job, _endless(keras_tuner.RandomSearch, job))


def bayesian(task: Task, job: Job) -> Measured:
    """Run BayesianOptimization."""
    return _measured(task, job, _endless(keras_tuner.BayesianOptimization, job))


def hyperband(task: Task, job: Job) -> Measured:
    """Run Hyperband, one bracket set after the other."""

    def make(hypermodel: keras_tuner.HyperModel) -> keras_tuner.Tuner:
        return keras_tuner.Hyperband(
            hypermodel, OBJECTIVE, max_epochs=task.epochs, hyperband_iterations=NO_LIMIT, seed=job.seed + 1,
            directory=job.folder,
        )  # fmt: skip

    return _measured(task, job, make)


def _endless(kind: type, job: Job) -> Callable[[keras_tuner.HyperModel], keras_tuner.Tuner]:
    # KerasTuner takes 0 for no seed.
    return lambda hypermodel: kind(
        hypermodel, OBJECTIVE, max_trials=NO_LIMIT, seed=job.seed + 1, directory=job.folder
    )


def _measured(task: Task, job: Job, make: Callable[[keras_tuner.HyperModel], keras_tuner.Tuner]) -> Measured:
    keras.utils.set_random_seed(job.seed)
    tuner = make(task.peers)
    watch = Watch(job.budget)
    with contextlib.suppress(TimeIsUp):
        tuner.search(
            *task.train,
            validation_data=task.validation,
            epochs=task.epochs,
            callbacks=[watch, early_stopping(task)],
            verbose=0,
        )
    return watch.measured(task, watch.seconds)

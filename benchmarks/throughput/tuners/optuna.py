"""Optuna with `model.fit`, as its Keras examples have it: a study, candidates enqueued, the session cleared."""

import time

import keras
import keras_tuner
import optuna

from benchmarks.throughput.job import Job, Measured
from benchmarks.throughput.problems import Problem


def measured(problem: Problem, job: Job) -> Measured:
    """Time the study; what it suggests is the candidate's number, since all values are given."""
    candidates = job.candidates or ()
    histories = []

    def objective(trial: optuna.Trial) -> float:
        keras.backend.clear_session()
        hp = keras_tuner.HyperParameters()
        hp.values = dict(candidates[trial.suggest_int("candidate", 0, len(candidates) - 1)])
        model = problem.peers.build(hp)
        found = problem.peers.fit(
            hp, model, *problem.train, validation_data=problem.validation, epochs=job.epochs, verbose=0
        )
        histories.append(found.history)
        return max(found.history["val_accuracy"])

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    started = time.perf_counter()
    study = optuna.create_study(direction="maximize")
    for number in range(len(candidates)):
        study.enqueue_trial({"candidate": number})
    study.optimize(objective, n_trials=len(candidates))
    return Measured.of(job, time.perf_counter() - started, histories)

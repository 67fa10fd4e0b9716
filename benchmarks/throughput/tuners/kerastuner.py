"""KerasTuner's RandomSearch and BayesianOptimization: its own build and fit loop, the search alone timed."""

import time
from collections.abc import Mapping, Sequence
from typing import Any

import keras_tuner

from autoopt.search import seconds as budget_seconds
from benchmarks.throughput.job import Candidate, Job, Measured
from benchmarks.throughput.problems import Problem

NO_LIMIT = 10**6
OBJECTIVE = keras_tuner.Objective("val_accuracy", "max")
STOPPED: Mapping[str, Any] = {"status": "STOPPED", "values": None}


class Listed(keras_tuner.oracles.RandomSearchOracle):
    """Proposes given candidates in their order."""

    def __init__(self, candidates: Sequence[Candidate]) -> None:
        super().__init__(OBJECTIVE, max_trials=len(candidates))
        self.candidates = candidates

    def populate_space(self, trial_id: str) -> Mapping[str, Any]:
        """Return the values of the next candidate."""
        return {"status": "RUNNING", "values": dict(self.candidates[int(trial_id)])}


class Timed:
    """Proposes nothing more once its seconds are used up; they count from its first proposal."""

    seconds = float("inf")
    deadline: float | None = None

    def populate_space(self, trial_id: str) -> Mapping[str, Any]:
        """Return what the oracle proposes, up to the deadline."""
        if self.deadline is None:
            self.deadline = time.perf_counter() + self.seconds
        over = time.perf_counter() >= self.deadline
        return STOPPED if over else super().populate_space(trial_id)


class TimedRandom(Timed, keras_tuner.oracles.RandomSearchOracle):
    """KerasTuner's random search, up to a deadline."""


class TimedBayesian(Timed, keras_tuner.oracles.BayesianOptimizationOracle):
    """KerasTuner's Bayesian optimization, up to a deadline."""


class RecordingTuner(keras_tuner.Tuner):
    """KerasTuner's tuner, unchanged; it keeps every trial's history."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.histories: list[Mapping[str, Sequence[float]]] = []
        super().__init__(*args, **kwargs)

    def run_trial(self, trial: Any, *args: Any, **kwargs: Any) -> Any:
        """Run a trial as KerasTuner does."""
        found = super().run_trial(trial, *args, **kwargs)
        self.histories.append(found[0].history)
        return found


def random(problem: Problem, job: Job) -> Measured:
    """Time the search of random candidates: those given, or its own until the budget is used up."""
    given = job.candidates
    return _measured(problem, job, _own(TimedRandom, job) if given is None else Listed(given))


def bayesian(problem: Problem, job: Job) -> Measured:
    """Time a search of its own proposals, as many as there are candidates, from the same ranges."""
    return _measured(problem, job, _own(TimedBayesian, job))


def _own(oracle: Any, job: Job) -> keras_tuner.Oracle:
    made = oracle(OBJECTIVE, max_trials=job.trials or NO_LIMIT, seed=job.seed + 1)  # it takes 0 for none
    made.seconds = budget_seconds(job.budget) or made.seconds
    return made


def _measured(problem: Problem, job: Job, oracle: keras_tuner.Oracle) -> Measured:
    tuner = RecordingTuner(oracle=oracle, hypermodel=problem.peers, directory=job.folder)
    started = time.perf_counter()
    tuner.search(*problem.train, validation_data=problem.validation, epochs=job.epochs, verbose=0)
    return Measured.of(job, time.perf_counter() - started, tuner.histories)

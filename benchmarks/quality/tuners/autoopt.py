"""autoopt.tune, as its user calls it: the plain model, the data, the seconds of the whole call."""

import time
from collections.abc import Sequence
from pathlib import Path

import autoopt
from autoopt.records import Trial
from benchmarks.quality.job import Curve, Job, Measured
from benchmarks.quality.tasks import Task
from benchmarks.quality.watching import SCORE, scored


def measured(task: Task, job: Job) -> Measured:
    """Run the search, its own confirmation included.

    It gets the validation part that its peers get. A callback would tell when epochs end, but keep it from
    compiling ahead: the curve is read off the trials.
    """
    tune, folder = autoopt.tune, Path(job.folder)  # loads the package, as importing loads the peers
    started, clock = time.time(), time.perf_counter()
    result = tune(
        task.model_fn,
        task.train,
        validation_data=task.validation,
        epochs=task.epochs,
        budget=job.budget,
        seed=job.seed,
        directory=folder / "runs",
        logdir=folder / "logs",
        verbose=0,
    )
    seconds = time.perf_counter() - clock
    model = result.best_model
    return scored(task, model, seconds, len(result.trials), curve(result.trials, started), result.best_score)


def curve(trials: Sequence[Trial], started: float) -> Curve:
    """Return the best score so far; a trial's epochs are taken to be equally long, the last ending with the trial.

    Args:
        trials: Finished ones.
        started: UTC seconds at which the search was called.
    """
    ends = []
    for trial in trials:
        scores = trial.history.get(SCORE, ())
        each = sum(trial.costs.get(kind, 0.0) for kind in ("train", "evaluate")) / max(1, len(scores))
        for place, score in enumerate(reversed(scores)):
            ends.append(((trial.finished or started) - place * each - started, score))
    found: list[tuple[float, float]] = []
    for second, score in sorted(ends):
        if not found or score > found[-1][1]:
            found.append((round(second, 3), score))
    return found

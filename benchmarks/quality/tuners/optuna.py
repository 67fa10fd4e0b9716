"""Optuna over the same joint space: TPE over all dimensions at once, Hyperband pruning, `model.fit`."""

import contextlib
import warnings
from collections.abc import Sequence
from typing import Any

import keras
import optuna

from benchmarks.quality.job import Job, Measured
from benchmarks.quality.tasks import Task
from benchmarks.quality.watching import SCORE, TimeIsUp, Watch, early_stopping


class Asking:
    """A trial of Optuna's, asked in KerasTuner's words.

    Args:
        trial: The trial.
    """

    def __init__(self, trial: optuna.Trial) -> None:
        self._trial = trial

    def Int(self, name: str, low: int, high: int) -> int:
        """Return a whole number."""
        return self._trial.suggest_int(name, low, high)

    def Float(
        self, name: str, low: float, high: float, step: float | None = None, sampling: str = "linear"
    ) -> float:
        """Return a number."""
        return self._trial.suggest_float(name, low, high, step=step, log=sampling == "log")

    def Choice(self, name: str, values: Sequence[Any]) -> Any:
        """Return one of some values."""
        return self._trial.suggest_categorical(name, values)

    def Boolean(self, name: str) -> bool:
        """Return yes or no."""
        return self._trial.suggest_categorical(name, [False, True])


class Pruning(keras.callbacks.Callback):
    """Reports each epoch, and ends a trial that the pruner gives up.

    Args:
        trial: The trial.
    """

    def __init__(self, trial: optuna.Trial) -> None:
        super().__init__()
        self._trial = trial

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Report it.

        Raises:
            optuna.TrialPruned: The trial is hopeless.
        """
        self._trial.report(logs[SCORE], epoch)
        if self._trial.should_prune():
            raise optuna.TrialPruned


def measured(task: Task, job: Job) -> Measured:
    """Run a study until its time is up."""
    keras.utils.set_random_seed(job.seed)
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    watch = Watch(job.budget)

    def objective(trial: optuna.Trial) -> float:
        keras.backend.clear_session()
        hp = Asking(trial)
        model = task.peers.build(hp)
        found = task.peers.fit(
            hp,
            model,
            *task.train,
            validation_data=task.validation,
            epochs=task.epochs,
            callbacks=[watch, Pruning(trial), early_stopping(task)],
            verbose=0,
        )
        return max(found.history[SCORE])

    study = _study(task, job)
    with contextlib.suppress(TimeIsUp):
        study.optimize(objective)
    return watch.measured(task, watch.seconds)


def _study(task: Task, job: Job) -> optuna.Study:
    with warnings.catch_warnings():
        warnings.simplefilter(
            "ignore", optuna.exceptions.ExperimentalWarning
        )  # widths depend on depth: groups
        sampler = optuna.samplers.TPESampler(multivariate=True, group=True, seed=job.seed)
    pruner = optuna.pruners.HyperbandPruner(min_resource=1, max_resource=task.epochs, reduction_factor=3)
    return optuna.create_study(direction="maximize", sampler=sampler, pruner=pruner)

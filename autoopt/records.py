"""Records that every room shares: an objective, an epoch, a trial, and the events sinks are told.

All are frozen; whoever changes one makes a new one.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

Status = Literal["completed", "pruned", "failed", "running"]
Logs = Mapping[str, float]

CLOCKS = ("latency", "seconds_per_epoch")
"""Costs that are measured: milliseconds a prediction, seconds an epoch."""

COSTS = ("parameters", *CLOCKS)
"""What may be an objective beside metrics: weights of a model, and what is measured."""


YOUR_MODEL = "your model"
"""What trial 0 is called in a sentence, where it is of a model of the user's own."""


def own_model(starter: Any) -> str:
    """Return what trial 0 is called in a sentence.

    Args:
        starter: Name of the starter that is tuned; nothing for a model of the user's own.
    """
    return "the starter" if starter else YOUR_MODEL


@dataclass(frozen=True)
class Objective:
    """A metric and the direction in which it is better, for example `val_accuracy`, `"max"`."""

    name: str
    direction: Literal["min", "max"]

    @property
    def is_cost(self) -> bool:
        """Whether it is what a model costs, not a metric that its trial reports."""
        return self.name in COSTS

    def better(self, one: float, other: float | None) -> bool:
        """Say whether `one` is strictly better than `other`; None and NaN are beaten by any number."""
        if math.isnan(one):
            return False
        if other is None or math.isnan(other):
            return True
        return one > other if self.direction == "max" else one < other

    def gain(self, score: float, baseline: float) -> float:
        """Return how much better `score` is than `baseline`, positive when it is better."""
        return score - baseline if self.direction == "max" else baseline - score

    def rank(self, trial: "Trial") -> tuple[bool, float, int]:
        """Return what trials that have a score are sorted by, best first; the earlier comes first among equals.

        One that lacks executions comes after all that do not: a single lucky seed is not compared with means.
        """
        sign = -1.0 if self.direction == "max" else 1.0
        return trial.missing > 0, sign * (trial.score or 0.0), trial.number


@dataclass(frozen=True)
class Trial:
    """One set of hyperparameters and what became of it.

    Attributes:
        number: Position in the search, from 0; trial 0 is the user's own model.
        status: `"completed"`, `"pruned"` (ended early), `"failed"` or `"running"`.
        score: The objective at its best epoch; None when no epoch ended.
        hyperparameters: The active ones: name to value.
        history: Keras's keys to one value per epoch.
        best_epoch: Index of the epoch that gave `score`, from 0.
        started: UTC seconds.
        finished: UTC seconds, None while it runs.
        error: Why it failed, with its traceback; None otherwise.
        note: Why it ended before its last epoch, and of which trainings its score is the mean; empty otherwise.
        engine: Which engine trained it and how, or why it was not a faster one.
        program: Number of the compiled program that it ran on, None where there is none.
        costs: Seconds by kind: `"compile"`, `"train"`, `"evaluate"`.
        price: What an epoch costs by a fixed model, in multiplications; None where that is not known.
        excess: Which of the constraints it is over, and by how much: then it cannot win; empty otherwise.
        inherited: Number of the trial whose weights it started from, None where it started fresh.
        origin: Number of the trial that it was made from, None where it was made from none.
        repeats: Number of the trial whose very values it has: it is another seed of that one; None for new values.
        executions: Trainings that `score` is the mean of.
        missing: Trainings that it lacks of those that were asked for: the trial was pruned or cut before.
        scores: Each objective's name to its value, where several are compared; empty for one.
        fold_scores: The score of each fold of a cross-validation, of which `score` is the mean; empty without one.
        best_fold: Which fold the weights that are kept were trained on; None without a cross-validation.
        continues: Number of the trial whose training it went on with, None where it began one. Its history has
            all epochs, its `seconds` are those of the epochs from `first_epoch` on.
        first_epoch: The first epoch that it trained itself, from 0.
        parts: Batches into which each of its steps was cut, so that it fits into memory; their gradients are averaged.
        halved: Whether memory had run out with half as many of them.
    """

    number: int
    status: Status
    score: float | None
    hyperparameters: Mapping[str, Any]
    history: Mapping[str, Sequence[float]]
    best_epoch: int | None
    started: float
    finished: float | None
    error: str | None = None
    note: str = ""
    engine: str = ""
    program: int | None = None
    costs: Mapping[str, float] = field(default_factory=dict)
    price: float | None = None
    excess: str = ""
    inherited: int | None = None
    executions: int = 1
    missing: int = 0
    origin: int | None = None
    repeats: int | None = None
    scores: Mapping[str, float] = field(default_factory=dict)
    fold_scores: Sequence[float] = ()
    best_fold: int | None = None
    continues: int | None = None
    first_epoch: int = 0
    parts: int = 1
    halved: bool = False

    @property
    def seconds(self) -> float | None:
        """Seconds from start to finish, None while it runs."""
        return None if self.finished is None else self.finished - self.started

    @property
    def epochs(self) -> int:
        """How many epochs ended."""
        return max((len(values) for values in self.history.values()), default=0)

    def reached(self, metric: str) -> float | None:
        """Return a metric at the best epoch, None where it was not reported there."""
        values = self.history.get(metric, ())
        known = self.best_epoch is not None and self.best_epoch < len(values)
        return values[self.best_epoch or 0] if known else None

    @property
    def own_epochs(self) -> int:
        """How many of them it trained itself, in its `seconds`: the others are of the trial that it continues."""
        return max(0, self.epochs - self.first_epoch)


@dataclass(frozen=True)
class SearchStarted:
    """The search is about to run its first trial.

    Attributes:
        project: The run's name.
        objective: What is compared, and decides which epoch of a trial is its best.
        space: The full space, a `keras_tuner.HyperParameters`.
        metrics: Keras's history keys that the trials will report, `val_` ones included.
        epochs: Most epochs a trial may train.
        max_trials: Most trials, or None.
        deadline: UTC seconds at which the whole call is to end, or None.
        notes: What was decided for the user, one sentence each.
        others: What is compared beside the objective.
        plan: What is going to be done, likewise.
        earlier: Trials that finished in earlier sessions of the run.
        through: Whether nothing is left to search.
        run_dir: The run's folder, None where there is none.
        seed: Where all chance of the search comes from.
        trainings: How many a trial consists of: executions, or those on each fold.
        nodes: The user's model as `surgery.diagram` has it; empty where that is not known.
        columns: Of raw rows what each column and the target hold, as text by heading.
        starter: The starter that is tuned, empty for a model of the user's own.
        workers: How many trials run at once.
    """

    project: str
    objective: Objective
    space: Any
    metrics: Sequence[str]
    epochs: int
    max_trials: int | None
    deadline: float | None
    notes: Sequence[str] = ()
    others: Sequence[Objective] = ()
    plan: Sequence[str] = ()
    earlier: Sequence[Trial] = ()
    through: bool = False
    run_dir: Path | None = None
    seed: int | None = None
    trainings: int = 1
    nodes: Sequence[Any] = ()
    columns: Sequence[Mapping[str, str]] = ()
    starter: str = ""
    workers: int = 1


@dataclass(frozen=True)
class TrialStarted:
    """A trial is about to train.

    Attributes:
        number: The trial's.
        hyperparameters: The active ones: name to value.
        repeat: 0, or 1, 2, … when it is run again with a new seed.
        repeats: How often it is to be run again, 0 where that is not known.
        run: Which of all runs of the confirmation this is, from 1; 0 in the search.
        runs: How many there are to be.
    """

    number: int
    hyperparameters: Mapping[str, Any]
    repeat: int = 0
    repeats: int = 0
    run: int = 0
    runs: int = 0


@dataclass(frozen=True)
class EpochEnded:
    """One epoch of a running trial ended; `epoch` counts from 0, `logs` has Keras's keys."""

    number: int
    epoch: int
    logs: Logs
    repeat: int = 0


@dataclass(frozen=True)
class ExecutionAdvanced:
    """An epoch ended of a further training of a trial: of the second `execution` is 1. `EpochEnded` tells of the first."""

    number: int
    execution: int
    epoch: int
    repeat: int = 0


@dataclass(frozen=True)
class TrialEnded:
    """A trial ended, whatever its status.

    Attributes:
        trial: What became of it.
        repeat: As in `TrialStarted`.
        trainings: What its score is the mean of, where it was trained several times.
    """

    trial: Trial
    repeat: int = 0
    trainings: Sequence[Trial] = ()


@dataclass(frozen=True)
class SearchEnded:
    """Nothing more will be trained.

    Attributes:
        best: The winner, None when no trial has a score.
        reason: Why the search ended, in one sentence.
        confirmed: The winner's scores with fresh seeds.
        test_metrics: What it scored on the test part, None without one.
        standing: What is known of how it compares, by name: `confirmed_mean`, `confirmed_error`,
            `your_model_confirmed_mean`, `gain_over_your_model`, `gain_over_your_model_at_least`, `test_error`,
            `gap_to_test`.
        beats_baseline: Whether it is better than the user's model beyond noise; None where nothing is claimed.
        nodes: The winner as `surgery.diagram` has it; empty where that is not known.
    """

    best: Trial | None
    reason: str
    confirmed: Sequence[float] = ()
    test_metrics: Logs | None = None
    standing: Logs = field(default_factory=dict)
    beats_baseline: bool | None = None
    nodes: Sequence[Any] = ()


@dataclass(frozen=True)
class Foreseen:
    """How far the search will come, judged by its first trials.

    Attributes:
        trials: How many there will be, about.
        seconds: What they will take, about.
        by_time: Whether the budget ends the search; else the number of trials does.
    """

    trials: int
    seconds: float
    by_time: bool


@dataclass(frozen=True)
class Weighed:
    """How much each hyperparameter has had to do with the scores so far: names to shares of 1, the most important first."""

    shares: Mapping[str, float]


Event = (
    SearchStarted
    | TrialStarted
    | EpochEnded
    | ExecutionAdvanced
    | TrialEnded
    | Foreseen
    | Weighed
    | SearchEnded
)
Sink = Callable[[Event], None]

"""Worker: one trial, from a recipe to a finished Trial and its best weights.

Whatever goes wrong in a trial ends here, as a failed Trial; only an interrupt passes.
"""

import copy
import logging
import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import keras

from autoopt import seeding, task
from autoopt.class_weights import weighed
from autoopt.data import Cut, Dataset, Part, Stream
from autoopt.engines import (
    Assignment,
    Engine,
    Fitting,
    Paused,
    PausedTrainings,
    Report,
    Training,
    Verdict,
    engine_named,
)
from autoopt.failure import OUT_OF_MEMORY, failed, out_of_memory, release
from autoopt.heritage import Heritage
from autoopt.hypermodel import AutoHyperModel
from autoopt.hyperparameters import PinnedHyperParameters
from autoopt.own_fit import OwnFit
from autoopt.own_training import OwnTraining
from autoopt.pricing import epoch_price
from autoopt.recipe import Recipe
from autoopt.records import Logs, Objective, Trial

logger = logging.getLogger(__name__)

Callbacks = Sequence[keras.callbacks.Callback] | Callable[[Trial], Sequence[keras.callbacks.Callback]]


@dataclass(frozen=True)
class Continuation:
    """Which training a job goes on with.

    Attributes:
        trial: Number of the trial that it is promoted from.
        origin: Number of the trial that began the training: its seeds are that one's.
        epoch: How many epochs have been trained.
    """

    trial: int
    origin: int
    epoch: int


@dataclass(frozen=True)
class Job:
    """One training to be done.

    Attributes:
        number: The trial's.
        recipe: What to build.
        values: The active hyperparameters, name to value.
        epochs: Epochs to train.
        horizon: Epochs after which a schedule ends; at least `epochs`.
        seed: The search's.
        repeat: 0, or 1, 2, … for the same recipe with fresh seeds.
        heritage: The trained parent that it starts from; None starts fresh.
        execution: 0, or 1, 2, … for one more training that the trial's score is the mean of.
        cut: Which rows of the data's pool it trains and is scored on; None leaves the parts as they are.
        continues: The training that it goes on with; None begins one.
        pauses: Whether its training may go on later, as that of another trial.
        over: Numbers of trials whose training will not go on any more.
        parts: Batches into which each step is cut at least.
        halved: Whether memory ran out with half as many as there are now.
    """

    number: int
    recipe: Recipe
    values: Mapping[str, Any]
    epochs: int
    horizon: int
    seed: int
    repeat: int = 0
    heritage: Heritage | None = None
    execution: int = 0
    cut: Cut | None = None
    continues: Continuation | None = None
    pauses: bool = False
    over: Sequence[int] = ()
    parts: int = 1
    halved: bool = False

    @property
    def place(self) -> tuple[int, ...]:
        """Where its seeds come from in the tree of seeds."""
        number = self.number if self.continues is None else self.continues.origin
        place = (self.seed, number, self.repeat)
        return (*place, self.execution) if self.execution else place

    def begun(self) -> Trial:
        """The trial as it starts."""
        inherited = None if self.heritage is None else self.heritage.trial
        continues = None if self.continues is None else self.continues.trial
        return Trial(
            self.number, "running", None, dict(self.values), {}, None, time.time(), None,
            inherited=inherited, continues=continues,
        )  # fmt: skip


@dataclass(frozen=True)
class Outcome:
    """A finished trial.

    Attributes:
        trial: What became of it.
        weights: Those of its best epoch in Keras's order, of its last one where it is a repeat; None without one.
        asked: Definitions of the hyperparameters that the user's own `fit` was the first to ask for.
        trainings: What its score is the mean of, where it was trained several times.
        repeat: Of its job: runs of one trial may be under way at once.
    """

    trial: Trial
    weights: Sequence[Any] | None = None
    asked: Sequence[Any] = ()
    trainings: Sequence[Trial] = ()
    repeat: int = 0


@dataclass(frozen=True)
class Prepared:
    """A job that is ready to train, its steps cut into `parts`; `paused` is what it goes on with, None where it begins."""

    assignment: Assignment
    fitting: Fitting
    parts: int
    paused: Paused | None = None


class _Untold:
    """A report that is told each epoch once: a training that has to begin again comes to the same ones."""

    def __init__(self, report: Report) -> None:
        self._report, self._next = report, 0

    def __call__(self, epoch: int, logs: Logs) -> Verdict:
        if epoch < self._next:
            return "continue"
        self._next = epoch + 1
        return self._report(epoch, logs)


@dataclass(frozen=True)
class Worker:
    """Everything that is the same for all trials of a search.

    Attributes:
        hypermodel: Builds the models.
        dataset: What they learn from; the test part is not touched.
        engine: Trains them.
        objective: Which epoch of a trial is its best.
        callbacks: The user's: callbacks, or a function of the trial that returns them.
        class_weight: Class to weight, or None.
        score: What is measured beside the user's metrics, or None.
        assumed: Whether the user did not name the objective.
        paused: Trainings that may go on.
    """

    hypermodel: AutoHyperModel
    dataset: Dataset
    engine: Engine
    objective: Objective
    callbacks: Callbacks = ()
    class_weight: Mapping[int, float] | None = None
    score: task.Score | None = None
    assumed: bool = False
    paused: PausedTrainings = field(default_factory=PausedTrainings)

    @property
    def prepares(self) -> bool:
        """Whether a job can be prepared in one thread while another one trains."""
        # A user's callbacks may count on nothing else going on.
        return self.engine.prepares and not self.callbacks and self.hypermodel.own_fit is None

    def prepare(self, job: Job) -> Prepared:
        """Build and compile what a job needs, before it is run."""
        size = self.hypermodel.batch_size(job.recipe)
        place, paused = job.place, self._taken(job)
        train, validation = self.dataset.parts(job.cut)
        cut = parts = self._parts(job, size)
        batch_size = size if parts == 1 else _part(train, size or 1, parts)
        if parts > 1 and job.recipe.settings.full_batch:  # a step is all batches of an epoch
            parts = train.steps(batch_size)
        steps = train.steps(batch_size)
        candidate = self.hypermodel.candidate(
            job.recipe, job.values, steps * job.horizon, seeding.derive(*place, seeding.INITIAL), job.heritage, parts,
            self.score,
        )  # fmt: skip
        if parts > 1:
            logger.info("trial %d: a step of %s examples is cut into %d batches", job.number, size, parts)
        pool = self.dataset.pool if self.dataset.pooled or job.cut is not None else None
        assignment = Assignment(
            train, validation, batch_size, job.epochs, seeding.derive(*place, seeding.ORDER), self.class_weight,
            self._callbacks(job.begun()) if paused is None else paused.hooks.callbacks, self._patience(job), pool,
            job.cut,
        )  # fmt: skip
        fitting = self.engine.fitting(candidate, assignment)
        logger.info("trial %d: %s", job.number, fitting.engine)
        return Prepared(assignment, fitting, cut, paused)

    def run(self, job: Job, report: Report, prepared: Callable[[], Prepared] | None = None) -> Outcome:
        """Train one job to its end; a failure is part of the outcome, never raised.

        Args:
            job: What to do.
            report: Told after each epoch; says whether to go on.
            prepared: Waits for what `prepare` returns and returns it; None prepares now.
        """
        trial, started = job.begun(), time.perf_counter()
        report = report if self.hypermodel.own_fit is not None else _Untold(report)
        self.paused.forget(job.over)
        while True:
            try:
                return self._trained(job, trial, report, prepared, started)
            except Exception as error:
                logger.debug("trial %d failed", job.number, exc_info=True)
                ended, short = failed(trial, error), out_of_memory(error)
                if short:
                    self.engine.release()
                    release(error)
            if not short or not self._can_halve(job):
                also = ended.note.replace(OUT_OF_MEMORY, f"{OUT_OF_MEMORY}, also with half of each batch", 1)
                ended = replace(ended, note=also) if short and job.halved else ended
                return Outcome(ended, repeat=job.repeat)
            logger.info("trial %d: memory ran out, its batches are halved", job.number)
            job, prepared, started = replace(job, halved=True), None, time.perf_counter()

    def _trained(
        self, job: Job, trial: Trial, report: Report, prepared: Callable[[], Prepared] | None, started: float
    ) -> Outcome:
        """Train one job to its end; whatever goes wrong is raised.

        Args:
            job: As of `run`, and so are `report` and `prepared`.
            trial: As it has begun.
            report: Told after each epoch.
            prepared: Waits for what `prepare` returns.
            started: When the job was, by the performance counter.
        """
        if self.hypermodel.own_fit is not None:
            return self._trained_by_itself(job, self.hypermodel.own_fit, report)
        ready = prepared() if prepared else self.prepare(job)
        waited = time.perf_counter() - started
        kept_as = (job.number, job.execution) if job.pauses else None
        reached = self.paused.train(
            ready.fitting, ready.assignment, self.objective, report, ready.paused, kept_as
        )
        # A repeat is scored at its last epoch.
        weights = ready.fitting.weights() if job.repeat and reached.weights else reached.weights
        ended = replace(_finished(trial, reached, ready, waited), halved=job.halved)
        return Outcome(ended, weights, repeat=job.repeat)

    def _parts(self, job: Job, size: int | None) -> int:
        """Return into how many batches each step of so many examples is cut."""
        parts = max(job.parts, self.hypermodel.parts(job.recipe, job.values))
        return min(2 * parts, size or 1) if job.halved else parts

    def _can_halve(self, job: Job) -> bool:
        """Whether a job's batches can be halved, which they are once."""
        size = None if self.hypermodel.own_fit is not None else self.hypermodel.batch_size(job.recipe)
        return not job.halved and size is not None and size > 1

    def _taken(self, job: Job) -> Paused | None:
        """Return the training that a job goes on with, None where it has to begin."""
        if job.continues is None:
            return None
        paused = self.paused.take((job.continues.trial, job.execution))
        if paused is None:
            logger.info("trial %d: its training is repeated from its beginning", job.number)
        return paused

    def _trained_by_itself(self, job: Job, fit: OwnFit, report: Report) -> Outcome:
        """Train one job by the user's own `fit`."""
        trial, place = job.begun(), job.place
        seed = seeding.derive(*place, seeding.INITIAL)
        candidate = self.hypermodel.candidate(job.recipe, job.values, None, seed, job.heritage)
        hp = self.hypermodel.asking(job.values)
        known, model = len(hp.space), candidate.model
        built = time.time()
        # It may count its epochs for schedules of its own: a run that is to end early is stopped instead.
        epochs, most = (job.horizon, job.epochs) if job.repeat else (job.epochs, None)
        pinned = PinnedHyperParameters(hp, self.hypermodel.space.fix)
        train, validation = self.dataset.parts(job.cut)
        dataset = replace(self.dataset, train=train, validation=validation, whole=None)
        own = OwnTraining(
            fit, pinned, model, dataset, epochs, most, self.class_weight, self._callbacks(trial),
            self._patience(job),
        )  # fmt: skip
        with seeding.seeded(seeding.derive(*place, seeding.ORDER)):
            reached = own.run(self.objective, report, self.assumed)
        now = time.time()
        costs = {"compile": built - trial.started, "train": now - built, "evaluate": 0.0}
        done = replace(
            _reached(replace(trial, hyperparameters=dict(hp.values)), reached), engine="your own fit",
            costs={kind: round(seconds, 6) for kind, seconds in costs.items()},
        )  # fmt: skip
        return Outcome(done, reached.weights, tuple(hp.space[known:]), repeat=job.repeat)

    def assembled(self, recipe: Recipe, values: Mapping[str, Any], horizon: int, seed: int) -> keras.Model:
        """Return a recipe's compiled model, its schedule as long as `horizon` epochs of this data."""
        steps = self.dataset.train.steps(self.hypermodel.batch_size(recipe))
        return self.hypermodel.assemble(recipe, values, steps * horizon, seed)

    def _patience(self, job: Job) -> int | None:
        return None if job.repeat else self.hypermodel.patience  # a repeat ends where the search chose

    def _callbacks(self, trial: Trial) -> Sequence[keras.callbacks.Callback]:
        if callable(self.callbacks):
            return list(self.callbacks(trial))
        return [_copied(callback) for callback in self.callbacks]


@dataclass(frozen=True)
class Duties:
    """A worker as it is told: nothing but what was given, so that another process can be told the same.

    Attributes:
        model_fn: As `AutoHyperModel` takes it.
        space: Likewise.
        dataset: As in `Worker`, and so are `objective`, `callbacks` and `class_weight`.
        engine: Name of the engine.
        objective: Which epoch of a trial is its best.
        callbacks: The user's.
        class_weight: Class to weight, or None.
        dtype_policy: As `AutoHyperModel` takes it.
        compilation_cache: Whether compiled programs are kept for later runs.
        room: As `AutoHyperModel` takes it.
        score: What is measured beside the user's metrics, or None.
        assumed: As in `Worker`.
    """

    model_fn: Any
    space: Any
    dataset: Dataset
    engine: str
    objective: Objective
    callbacks: Callbacks = ()
    class_weight: Mapping[int, float] | None = None
    dtype_policy: str | None = None
    compilation_cache: bool = False
    room: int | None = None
    score: task.Score | None = None
    assumed: bool = False

    def worker(self, hypermodel: AutoHyperModel | None = None) -> Worker:
        """Return the worker; with `hypermodel`, one that has been made of the same function and space."""
        made = hypermodel or AutoHyperModel(
            self.model_fn,
            self.space,
            weighed(self.dataset, self.class_weight),
            self.dtype_policy,
            self.room,
        )
        engine = engine_named(self.engine)
        return Worker(
            made,
            self.dataset,
            engine,
            self.objective,
            self.callbacks,
            self.class_weight,
            self.score,
            self.assumed,
        )


def _part(train: Part | Stream, size: int, parts: int) -> int:
    """Return the batch size with which an epoch has as many parts as its steps have together, or nearly so."""
    n = train.n or size
    return math.ceil(n / (math.ceil(n / size) * parts))


def _copied(callback: keras.callbacks.Callback) -> keras.callbacks.Callback:
    """Return a copy, or the callback itself where it cannot be copied (trials run one after the other)."""
    try:
        return copy.deepcopy(callback)
    except Exception:
        logger.info("%s cannot be copied: the same object serves every trial", type(callback).__name__)
        return callback


def _finished(trial: Trial, reached: Training, ready: Prepared, waited: float) -> Trial:
    fitting = ready.fitting
    costs = {**fitting.costs, "compile": waited + fitting.costs["compile"]}
    return replace(
        _reached(trial, reached),
        engine=fitting.engine,
        program=fitting.program,
        costs={kind: round(seconds, 6) for kind, seconds in costs.items()},
        price=epoch_price(ready.assignment.steps, ready.assignment.train.n, fitting.products),
        parts=ready.parts,
    )


def _reached(trial: Trial, reached: Training) -> Trial:
    """Return a trial that ends now with what its training reached."""
    return replace(
        trial,
        status=reached.status,
        score=reached.score,
        history=reached.history,
        best_epoch=reached.best_epoch,
        finished=time.time(),
        error=reached.note if reached.status == "failed" else None,
        note=reached.note,
        first_epoch=reached.first,
    )

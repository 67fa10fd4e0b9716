"""Again: what trained a run, at hand after `tune`, or made once more of what its user passes to `load`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import keras_tuner

from autoopt import class_weights, seeding, starters, storage
from autoopt.afterwards.spans import space_of
from autoopt.checks import check_rows
from autoopt.data import Dataset
from autoopt.engines import dtype_policy
from autoopt.errors import RunError
from autoopt.executors import Executor, executor_of
from autoopt.hypermodel import AutoHyperModel
from autoopt.hyperparameters import AskingHyperParameters
from autoopt.records import Objective, Trial
from autoopt.rehearsal import rehearse
from autoopt.resources import Resources
from autoopt.storage import RunFolder
from autoopt.worker import Duties, Job, Worker


@dataclass(frozen=True)
class Source:
    """What a run was made of, for `autoopt.load`: model function, data, and what else `tune` was given of these.

    Args:
        model_fn: As `autoopt.tune` was given it, and so is all that follows.
        data: Likewise.
        validation_data: Likewise.
        validation_split: Likewise.
        test_data: Likewise.
        callbacks: Likewise.
        class_weight: Likewise.
        resources: Likewise.
        target: Likewise.
        task: Likewise.
        types: Likewise.
        drop: Likewise.

    Example:
        >>> import autoopt, numpy as np
        >>> data = np.zeros((64, 2)), np.ones(64)
        >>> autoopt.Source(lambda: None, data).validation_split
        0.2
    """

    model_fn: Any
    data: Any
    validation_data: Any = None
    validation_split: float = 0.2
    test_data: Any = None
    callbacks: Any = ()
    class_weight: Any = None
    resources: Resources = field(default_factory=Resources)
    target: Any = None
    task: Any = None
    types: Any = None
    drop: Any = ()


@dataclass(frozen=True)
class Unweighted:
    """The data before classes weigh, and how they do.

    Attributes:
        dataset: As it was cut.
        class_weight: As `tune` was given it.
        width: Values of the model's output, None where that is not known.
    """

    dataset: Dataset
    class_weight: Any
    width: int | None

    def weighted(self) -> tuple[Dataset, Mapping[int, float] | None]:
        """Return the data with the classes' weights in it, and those that `fit` is told."""
        found = class_weights.applied(self.class_weight, self.dataset)
        return found.dataset, found.of_outputs(self.width)


@dataclass(frozen=True)
class Again:
    """What trained a run and can train more of it.

    Attributes:
        worker: Trains in this process.
        duties: The same, as another process is told.
        unweighted: The data before classes weigh.
        memory_limit: As `executor_of` takes it.
        epochs: Most epochs a trial, where schedules end.
        seed: The run's.
        isolated: Whether all runs in a worker process.
    """

    worker: Worker
    duties: Duties
    unweighted: Unweighted
    memory_limit: int | None
    epochs: int
    seed: int
    isolated: bool = False

    def executor(self) -> Executor:
        """Return where jobs run; whoever asks closes it."""
        return executor_of(self.worker, self.duties, self.memory_limit, self.isolated)

    def job(self, number: int, values: Mapping[str, Any], epochs: int, repeat: int) -> Job:
        """Return one training of some values, with seeds that come from (the run's, number, repeat)."""
        hp = AskingHyperParameters.of(values)
        recipe = self.worker.hypermodel.draw(hp)
        return Job(number, recipe, dict(hp.values), epochs, max(self.epochs, epochs), self.seed, repeat)


@dataclass(frozen=True)
class Ended:
    """A run that has ended, as the steps that may follow need it.

    Attributes:
        folder: Where it is kept.
        objective: What was compared.
        best: The winner.
        trials: All that have ended.
        defaults: Values of the user's own model.
        again: What trained it, None where that is not at hand.
        custom_objects: Classes and functions of the user's own that its models need, name to object.
    """

    folder: RunFolder
    objective: Objective
    best: Trial
    trials: Sequence[Trial]
    defaults: Mapping[str, Any]
    again: Again | None
    custom_objects: Mapping[str, Any] | None = None

    def trainer(self, step: str) -> Again:
        """Return what trained the run.

        Args:
            step: What it is needed for, as a sentence begins.

        Raises:
            RunError: Says what to pass.
        """
        if self.again is None:
            path = str(self.folder.path)
            raise RunError(
                f"{step} takes the model function and the data, and the run {path} was read without them. Expected "
                f"both, and what else tune was given of them: autoopt.load({path!r}, "
                "source=autoopt.Source(model_fn, data))."
            )
        return self.again

    def check_one_cut(self, step: str) -> None:
        """Check that the run has one part that validates, on which no model was trained.

        Args:
            step: What needs that, and why, as a sentence begins.

        Raises:
            RunError: It is a cross-validation.
        """
        if self.best.fold_scores:
            raise RunError(
                f"{step}, and the run {self.folder.path} is a cross-validation of {len(self.best.fold_scores)} folds. "
                "Expected a run with one part that validates. Search without cv, and call this on its result."
            )


def again_of(source: Source, folder: RunFolder) -> Again:
    """Return what trained a run, made of what its user passes.

    Args:
        source: As `tune` was given it.
        folder: Of the run, which says the rest.

    Raises:
        RunError: The parts have other sizes than those of the run.
        UsageError: As of `tune`.
    """
    asked = folder.read("run", needs=("objective", "seed", "rows", "epochs"))
    resources = source.resources
    starters.check(source.model_fn)
    dataset = Dataset.of(
        source.data, target=source.target, task=source.task, types=starters.types_for(source.model_fn, source.data, source.types), drop=source.drop, validation_data=source.validation_data, validation_split=source.validation_split,
        test_data=source.test_data, seed=seeding.derive(asked["seed"], seeding.SPLITTING),
        memory=resources.memory_limit,
    )  # fmt: skip
    rows = [dataset.train.n, dataset.validation.n]
    if rows != asked["rows"]:
        raise RunError(
            f"The data that was passed has {_parts(rows)}, but the run {folder.path} was made of {_parts(asked['rows'])}: "
            "its scores could not be compared. Expected the same data. Pass what tune was given, its "
            "validation_data and validation_split included."
        )
    check_rows(folder, dataset.rows)
    model_fn = starters.for_data(source.model_fn, dataset)
    policy, space = dtype_policy(resources.dtype_policy), space_of(folder)
    weighted = class_weights.applied(source.class_weight, dataset)
    counted = class_weights.weighed(weighted.dataset, weighted.weights)
    hypermodel = AutoHyperModel(model_fn, space, counted, policy, resources.room())
    if hypermodel.own_fit is not None and "asked_in_fit" in asked:
        hypermodel.own_fit.learn(storage.definitions(folder, "asked_in_fit").space)
    objective = Objective(**asked["objective"])
    wanted = keras_tuner.Objective(objective.name, objective.direction)
    facts = rehearse(hypermodel, weighted.dataset, wanted)
    duties = Duties(
        model_fn, space, replace(weighted.dataset, rows=None), resources.engine, objective, source.callbacks,
        weighted.of_outputs(facts.width), policy, resources.compilation_cache, resources.room(), facts.score,
    )  # fmt: skip
    unweighted = Unweighted(dataset, source.class_weight, facts.width)
    return Again(
        duties.worker(hypermodel),
        duties,
        unweighted,
        resources.memory_limit,
        asked["epochs"],
        asked["seed"],
        resources.isolate,
    )


def _parts(rows: Sequence[int | None]) -> str:
    return f"{rows[0]} examples that train and {rows[1]} that validate"

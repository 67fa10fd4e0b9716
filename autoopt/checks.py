"""What is checked before the first trial: arguments, the model against the data, limits."""

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import keras
import keras_tuner
import numpy as np
from keras_tuner.engine.hyperparameters import Fixed

from autoopt import compiling, objectives, storage, task
from autoopt.axes.regularization import SMOOTHING_NAME, Regularization
from autoopt.constraints import Constraints
from autoopt.data import Dataset, Part, Stream
from autoopt.errors import DataError, RunError, SpaceError, UsageError, nearest
from autoopt.hypermodel import AutoHyperModel
from autoopt.hyperparameters import AskingHyperParameters
from autoopt.recipe import Recipe
from autoopt.records import Objective
from autoopt.resources import Resources
from autoopt.search import SHAPELESS, Ceiling, Search
from autoopt.space import Space

REHEARSAL_SEED = 0
REHEARSAL_ROWS = 8
"""Examples on which the user's model is tried out."""


@dataclass(frozen=True)
class Facts:
    """What trying out the user's model told.

    Attributes:
        names: Keys that a trial's history will have.
        objective: What is compared.
        notes: What was decided for the user, one sentence each.
        closed: Axes that the user's own code or data closes, to the reason.
        absent: Hyperparameters that there might have been, name to why there are none.
        score: What is measured for the objective beside the user's metrics, or None.
        width: Values of the model's output, None where there are several outputs or it is not known.
    """

    names: Sequence[str]
    objective: Objective
    notes: Sequence[str]
    closed: Mapping[str, str]
    absent: Mapping[str, str] = field(default_factory=dict)
    score: task.Score | None = None
    width: int | None = None


def arguments(
    *, epochs: Any, max_trials: Any, workers: Any, callbacks: Any, resume: Any, verbose: Any, logdir: Any,
    search: Any, resources: Any, constraints: Any,
) -> None:  # fmt: skip
    """Check the arguments of `tune` that need neither model nor data.

    Raises:
        UsageError: The first that is wrong: what was given, what was expected, what to do.
    """
    _whole("epochs", epochs)
    if max_trials is not None:
        _whole("max_trials", max_trials)
    if workers != "auto" and not (_is_whole(workers) and workers == 1):
        if _is_whole(workers) and workers > 1:
            raise UsageError(
                f"workers was given {workers}. This version runs one trial at a time: pass workers=1."
            )
        raise UsageError(f'workers was given {workers!r}. Expected a whole number from 1, or "auto".')
    _check_callbacks(callbacks)
    if not isinstance(resume, bool) and resume != "overwrite":
        raise UsageError(f'resume was given {resume!r}. Expected True, False or "overwrite".')
    if verbose not in (0, 1, 2, "auto"):
        raise UsageError(f'verbose was given {verbose!r}. Expected 0, 1, 2 or "auto".')
    storage.check_directory("logdir", logdir)
    for name, given, kind in (
        ("search", search, Search),
        ("resources", resources, Resources),
        ("constraints", constraints, Constraints),
    ):
        if given is not None and not isinstance(given, kind):
            raise UsageError(f"{name} was given {given!r}. Expected an autoopt.{kind.__name__}.")


def rehearse(hypermodel: AutoHyperModel, dataset: Dataset, objective: Any = "auto") -> Facts:
    """Try the user's model out on a few examples: labels, inputs, loss, metric names and the objective.

    Args:
        hypermodel: Builds the model.
        dataset: What it is to learn from.
        objective: As `tune` was given it.

    Raises:
        UsageError: The objective is none that trials report or that can be measured beside.
        ModelError: The model function raises or returns no model.
        DataError: The data does not fit the model, or the loss does not fit either.
    """
    hp = keras_tuner.HyperParameters()
    reading = hypermodel.reading(hp)  # leaves the user's own values in hp, pinned ones included
    loss = reading.compilation.arguments["loss"]
    model = hypermodel.assemble(Recipe(), hp.values, seed=REHEARSAL_SEED)
    few = _few(dataset.train)
    for name, part in (("train", dataset.train), ("validation", dataset.validation), ("test", dataset.test)):
        if part is not None:
            _check_fit(name, part, model, loss)
    try:
        logs = _logged(model, few)
    except Exception as error:
        raise DataError(
            f"The model cannot be evaluated on the data: {error}\n"
            f"Outputs: {keras.tree.map_structure(lambda t: t.shape, model.outputs) if model.built else '?'}, "
            f"labels: {keras.tree.map_structure(np.shape, few.y)}. Expected a loss that fits both."
        ) from error
    names = [*logs, *(f"val_{name}" for name in logs)]
    default = task.default_objective(loss)
    if default.name not in names:
        default = Objective("val_loss", "min")
    closed = reading.origin.closed or {}
    given = objective.name if isinstance(objective, keras_tuner.Objective) else objective
    known = {} if given in ("auto", *names) else _scores(given, names, model, dataset, loss)
    target = objectives.resolve(objective, default, [*names, *known])
    score = known.get(target.name)
    told = "" if score is None else _measured(score, model, dataset, few)
    added = [] if score is None else [score.name, target.name]
    kept = [f"{axis} stays as written: {reason}" for axis, reason in closed.items()]
    unsmoothed = reading.origin.unsmoothed
    notes = [reading.compilation.note, told, *kept, _unsmoothed(hypermodel, unsmoothed, loss)]
    absent = {SMOOTHING_NAME: unsmoothed} if unsmoothed else {}
    return Facts(
        [*names, *added], target, [note for note in notes if note], closed, absent, score,
        task.width(model, few.x),
    )  # fmt: skip


def _unsmoothed(hypermodel: AutoHyperModel, reason: str, loss: Any) -> str:
    """Return what is to be said of labels that a classifier's search cannot smooth, empty for nothing."""
    regularized = any(isinstance(axis, Regularization) for axis in hypermodel.space.axes)
    classifies = task.default_objective(loss).name == "val_accuracy"
    return f"Labels are not smoothed: {reason}." if reason and regularized and classifies else ""


def _scores(
    given: Any, names: Sequence[str], model: keras.Model, dataset: Dataset, loss: Any
) -> Mapping[str, task.Score]:
    """Return what can be measured beside the user's metrics, by the name of the objective."""
    try:
        seen = dataset.train if isinstance(dataset.train, Part) else _few(dataset.train)
        weighted = _few(dataset.validation).sample_weight is not None
        found = task.scores(task.classes(model, seen.y, loss, seen.x), weighted)
    except DataError as error:
        if isinstance(given, str) and given.removeprefix("val_") in task.NAMES:
            raise UsageError(
                f"objective was given {given!r}, which needs one output that tells classes apart, and {error}. "
                f"Expected an objective that trials report.{nearest(given, names)}"
            ) from error
        return {}
    return {f"val_{name}": score for name, score in found.items()}


def _measured(score: task.Score, model: keras.Model, dataset: Dataset, few: Part) -> str:
    """Return what is to be said of a score that is measured beside the user's metrics.

    Raises:
        UsageError: The model does not report it, or the validation part cannot tell.
    """
    if score.name not in _logged(compiling.measure(model, score), few):
        raise UsageError(
            f"objective was given 'val_{score.name}', and the model's own test_step or compute_metrics leaves out what it is "
            "compiled with. Expected one that reports self.compute_metrics(…). Report the score there, or pass "
            "another objective."
        )
    part = dataset.validation
    seen = part.first() if isinstance(part, Stream) else part
    y = keras.tree.flatten(seen.y)[0]
    if isinstance(part, Part) and not score.classes.differ(y):
        raise DataError(
            f"objective was given 'val_{score.name}', and the {part.n:,} examples that validate are of one class. "
            "Expected two or more. Pass validation_data with examples of each class, or more data."
        )
    whole = "of class 1" if score.classes.two else "the mean over classes"
    unweighted = seen.sample_weight is not None and not score.weighted
    hint = (
        f"; sample weights do not count in it, as they do in 'val_weighted_{score.kind}'"
        if unweighted
        else ""
    )
    return f"val_{score.name} is measured beside the model's metrics: {whole}{hint}."


def _logged(model: keras.Model, few: Part) -> Sequence[str]:
    """Return the names of what evaluating a model logs; whatever is wrong with the data raises here."""
    own = any(
        getattr(type(model), name) is not getattr(keras.Model, name)
        for name in ("test_step", "compute_metrics")
    )
    if not own and not model.run_eagerly:
        with contextlib.suppress(Exception):  # then it is evaluated, and raises what a user of Keras knows
            # Shapes alone say it: nothing is compiled.
            weight = () if few.sample_weight is None else (few.sample_weight,)
            model._symbolic_build(data_batch=(few.x, few.y, *weight))
            return list(model.get_metrics_result())
    return list(model.test_on_batch(few.x, few.y, sample_weight=few.sample_weight, return_dict=True))


def scheduled(space: Space, callbacks: Any) -> tuple[Space, tuple[str, ...]]:
    """Return the space that leaves the learning rate to the user's callbacks, and what is to be said of it.

    Keras refuses to set the rate of an optimizer that has a schedule: such trials would all fail.
    """
    kinds = (keras.callbacks.LearningRateScheduler, keras.callbacks.ReduceLROnPlateau)
    found = () if callable(callbacks) else [c for c in callbacks if isinstance(c, kinds)]
    if not found or space.unscheduled == space:
        return space, ()
    name = type(found[0]).__name__
    return space.unscheduled, (f"No schedule is searched: your callback {name} sets the learning rate.",)


def goes_on(
    earlier: storage.RunFolder, resume: Any, seed: int, objective: Objective, dataset: Dataset, epochs: int,
    constraints: Constraints,
) -> None:  # fmt: skip
    """Check that a run that is resumed compares what it compared before.

    Raises:
        RunError: Seed, objective, epochs, constraints or the number of rows is another.
    """
    asked = earlier.read("run") if resume is True else {}
    constrained = Constraints(**asked["constraints"]) if "constraints" in asked else None
    for name, given, before in (
        ("seed", seed, asked.get("seed")),
        ("objective", objective.name, asked.get("objective", {}).get("name")),
        ("objective", objective.direction, asked.get("objective", {}).get("direction")),
        ("epochs", epochs, asked.get("epochs")),
        ("constraints", constraints, constrained),
        ("rows to train and validate on", [dataset.train.n, dataset.validation.n], asked.get("rows")),
    ):
        if before not in (None, given):
            raise RunError(
                f"{name} was given {given!r}, but the run {earlier.path} that is to go on was begun with "
                f"{before!r}: its scores could not be compared. Pass {before!r}, or another project_name."
            )


def within(
    ceiling: Ceiling, hypermodel: AutoHyperModel, points: Sequence[Mapping[str, Any]], space: Any
) -> Sequence[str]:
    """Return what is to be said of the user's model and starting points that are over a limit.

    Raises:
        SpaceError: The user's model is, and nothing in the search can make it cost less.
    """

    def excess(point: Mapping[str, Any]) -> str:
        hp = AskingHyperParameters(lambda known: point.get(known.name, known.default))
        found = ceiling.excess(hypermodel.draw(hp), hp.values)
        return "" if found is None else found.text

    notes, own = [], excess({})
    shaping = [hp for hp in space.space if not hp.name.startswith(SHAPELESS) and not isinstance(hp, Fixed)]
    if own and not shaping:
        raise SpaceError(
            f"Your own model {own}. Expected a limit above that, or a search that can change layers, which this "
            "one cannot. Raise the limit, or leave structure open."
        )
    if own:
        notes.append(f"Your own model {own}: it is trained as the reference, and cannot win.")
    for number, point in enumerate(points, start=1):
        if text := excess(point):
            notes.append(f"Starting point {number} {text}: its structure is drawn again.")
    return notes


def _whole(name: str, value: Any) -> None:
    if not _is_whole(value) or value < 1:
        raise UsageError(f"{name} was given {value!r}. Expected a whole number from 1.")


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _check_callbacks(callbacks: Any) -> None:
    if isinstance(callbacks, type):
        raise UsageError(
            f"callbacks was given the class {callbacks.__name__}. Expected a list of objects: "
            f"write [{callbacks.__name__}()]."
        )
    if callable(callbacks):
        return
    if not isinstance(callbacks, list | tuple):
        raise UsageError(
            f"callbacks was given {callbacks!r}. Expected a list of Keras callbacks, in brackets even for one, "
            "or a function of the trial."
        )
    for callback in callbacks:
        if isinstance(callback, type):
            raise UsageError(
                f"callbacks holds the class {callback.__name__}. Expected an object: write {callback.__name__}()."
            )
        if not isinstance(callback, keras.callbacks.Callback):
            raise UsageError(f"callbacks holds {callback!r}. Expected keras.callbacks.Callback objects.")


def _check_fit(name: str, part: Part | Stream, model: keras.Model, loss: Any) -> None:
    """Raise where a part of the data does not fit the model; of a stream the first batch is looked at."""
    seen = part.first() if isinstance(part, Stream) else part
    try:
        task.check_input(model, seen.x)
        task.check(model, seen.y, loss)
    except DataError as error:
        if name == "train":
            raise
        raise DataError(f"In the {name} part, {error}") from error


def _few(train: Part | Stream) -> Part:
    if isinstance(train, Stream):
        return train.first()
    return train.take(np.arange(min(train.n, REHEARSAL_ROWS)))

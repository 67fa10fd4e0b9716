"""What is checked before the first trial: arguments, the model against the data, starting points."""

import contextlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import keras
import keras_tuner
import numpy as np
from keras_tuner.engine.hyperparameters import Fixed

from autoopt import storage, task
from autoopt.constraints import Constraints
from autoopt.data import Dataset, Part, Stream
from autoopt.errors import DataError, RunError, SpaceError, UsageError, nearest
from autoopt.hypermodel import AutoHyperModel
from autoopt.hyperparameters import AskingHyperParameters, check_value
from autoopt.recipe import Recipe
from autoopt.records import Objective
from autoopt.resources import Resources
from autoopt.search import SHAPELESS, Ceiling, Search
from autoopt.space import Space

REHEARSAL_SEED = 0
REHEARSAL_ROWS = 8
"""Examples on which the user's model is tried out."""

OWN_FIT = (
    "Each trial is trained by your own fit; a hyperparameter that it asks for is searched from the trial after "
    "the one that first does."
)


@dataclass(frozen=True)
class Facts:
    """What trying out the user's model told.

    Attributes:
        names: Keys that a trial's history will have; empty where a `fit` of the user's own decides.
        objective: What `objective="auto"` stands for.
        notes: What was decided for the user, one sentence each.
    """

    names: Sequence[str]
    objective: Objective
    notes: Sequence[str]


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


def rehearse(hypermodel: AutoHyperModel, dataset: Dataset) -> Facts:
    """Try the user's model out on a few examples: labels, inputs, loss and metric names.

    Raises:
        ModelError: The model function raises or returns no model.
        DataError: The data does not fit the model, or the loss does not fit either.
    """
    hp = keras_tuner.HyperParameters()
    reading = hypermodel.reading(hp)  # leaves the user's own values in hp, pinned ones included
    loss = reading.compilation.arguments["loss"]
    closed = [f"{axis} stays as written: {reason}" for axis, reason in (reading.origin.closed or {}).items()]
    notes = [note for note in (reading.compilation.note, *closed) if note]
    if hypermodel.own_fit is not None:  # it may change the data before the model sees it
        return Facts((), task.default_objective(loss), [*notes, OWN_FIT])
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
    return Facts(names, default, notes)


def _logged(model: keras.Model, few: Part) -> Sequence[str]:
    """Return the names of what evaluating a model logs; whatever is wrong with the data raises here."""
    if type(model).test_step is keras.Model.test_step and not model.run_eagerly:
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


def start_points(points: Sequence[Mapping[str, Any]], space: Any) -> None:
    """Check that starting points lie in the space.

    Raises:
        SpaceError: A name or a value that the search does not have.
    """
    known = {hp.name: hp for hp in space.space}
    for point in points:
        for name, value in point.items():
            if name not in known:
                raise SpaceError(
                    f"start names {name!r}, which this search does not have.{nearest(name, known)}"
                )
            definitions = [hp for hp in space.space if hp.name == name]
            errors = [error for error in (_outside(hp, value) for hp in definitions) if error is not None]
            if len(errors) == len(definitions):
                raise errors[0]


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


def class_weights(given: Any, dataset: Dataset) -> Mapping[int, float] | None:
    """Return the weight of each class.

    Args:
        given: None, a mapping of class to weight, or `"balanced"`: n / (classes × count), as scikit-learn.
        dataset: Whose training labels are counted.

    Raises:
        UsageError: It is none of these, the labels cannot be counted, or the data is weighted already.
    """
    if given is None:
        return None
    seen = _few(dataset.train)
    if seen.sample_weight is not None:
        raise UsageError(
            "class_weight was given along with data that has a sample_weight. Expected one of them: Keras "
            "takes no two. Multiply each example's sample_weight by its class's weight."
        )
    if len(keras.tree.flatten(seen.y)) > 1:
        raise UsageError(
            "class_weight was given for labels of several outputs. Expected one output: pass sample_weight."
        )
    if isinstance(given, Mapping):
        return _weights(given)
    y = dataset.train.y if isinstance(dataset.train, Part) else None
    if given != "balanced" or not isinstance(y, np.ndarray):
        raise UsageError(
            f'class_weight was given {given!r}. Expected a mapping of class to weight, or "balanced" with '
            "one array of labels."
        )
    labels = y.argmax(-1) if y.ndim == 2 and y.shape[1] > 1 else y.reshape(-1)
    classes, counts = np.unique(labels.astype(int), return_counts=True)
    return {int(c): len(labels) / (len(classes) * int(n)) for c, n in zip(classes, counts, strict=True)}


def _weights(given: Mapping[Any, Any]) -> Mapping[int, float]:
    try:
        found = {int(label): float(weight) for label, weight in given.items()}
    except (TypeError, ValueError):
        found = {}
    if (
        not found
        or list(found) != list(given)
        or not all(0 <= weight < math.inf for weight in found.values())
    ):
        raise UsageError(
            f"class_weight was given {given!r}. Expected class numbers to weights of 0 or more, "
            "for example {0: 1.0, 1: 3.5}."
        )
    return found


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


def _outside(hp: Any, value: Any) -> SpaceError | None:
    try:
        check_value(hp, value)
    except SpaceError as error:
        return error
    return None

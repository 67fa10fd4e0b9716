"""What is checked before the first trial beside the model itself: callbacks, a run that goes on, limits."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import keras
import keras_tuner
import numpy as np
from keras_tuner.engine.hyperparameters import Fixed

from autoopt import memory, storage
from autoopt.constraints import Constraints
from autoopt.data import Dataset
from autoopt.data.marks import lasting
from autoopt.data.rows import Rows
from autoopt.errors import RunError, SpaceError, UsageError
from autoopt.hypermodel import AutoHyperModel
from autoopt.hyperparameters import AskingHyperParameters
from autoopt.records import CLOCKS, Objective
from autoopt.resources import Resources
from autoopt.search import SHAPELESS, Ceiling
from autoopt.search_options import Search
from autoopt.space import Space
from autoopt.spelling import named, spelled
from autoopt.untrusted import shown

NOT_ROWS = ("is", "groups")
"""What is kept with the rows of a split, and decides nothing once they are cut."""

FLAGS = ("seed", "objective", "epochs", "fix")
"""What a run that goes on is compared by, and a shell has a flag for."""


def memory_suffices(resources: Resources) -> None:
    """Check that this process, which holds little but the frameworks, has not taken more already than trials may have.

    Args:
        resources: With the `memory` that a user has given.

    Raises:
        UsageError: It has: a fresh process would begin with as much.
    """
    limit, taken = resources.memory_limit, memory.resident()
    if limit is None or taken is None or limit > taken:
        return
    raise UsageError(
        f"{named('memory')} was given {resources.memory!r}, and this process takes {memory.spoken(taken)} before anything is "
        f"trained, most of it for Keras and its backend. Expected more than that. Pass {spelled('memory', _larger(taken))}, or "
        f"leave {named('memory')} out for half of what the machine has."
    )


def _larger(taken: int) -> str:
    """Return a size, as it is written, that is twice as much in whole gigabytes."""
    return f"{-(-2 * taken // 10**9)}GB"


def callbacks_fit(callbacks: Any) -> None:
    """Check that callbacks are some.

    Raises:
        UsageError: They are none that Keras takes.
    """
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
    earlier: storage.RunFolder, resume: Any, seed: int, objectives: Sequence[Objective], epochs: int,
    constraints: Constraints, pins: Mapping[str, Any],
) -> None:  # fmt: skip
    """Check that a run that is resumed compares what it compared before.

    Raises:
        RunError: Seed, objectives, epochs, constraints or pins are others.
    """
    asked = earlier.read("run") if resume is True else {}
    objective = objectives[0]
    begun = [each for each in (asked.get("objective"), *asked.get("others", ())) if each]
    constrained = Constraints(**asked["constraints"]) if "constraints" in asked else None
    wanted = (
        ("seed", seed, asked.get("seed")),
        ("objective", objective.name, asked.get("objective", {}).get("name")),
        ("objective", objective.direction, asked.get("objective", {}).get("direction")),
        ("objective", _directed(map(vars, objectives)), _directed(begun) or None),
        ("epochs", epochs, asked.get("epochs")),
        ("constraints", constraints, constrained),
        ("fix", dict(pins), asked.get("fix")),
    )
    for each in wanted:
        _check_alike(earlier, *each)


def trains_likewise(earlier: storage.RunFolder, resume: Any, dataset: Dataset, search: Search) -> None:
    """Check that a trial of a run that is resumed consists of the trainings that it consisted of before.

    What an older version did not write down is not compared.

    Raises:
        RunError: Rows, folds or executions are others.
    """
    asked = earlier.read("run") if resume is True else {}
    for name, given, before in (
        ("rows to train and validate on", [dataset.train.n, dataset.validation.n], asked.get("rows")),
        ("folds", 0 if dataset.split is None else len(dataset.split.folds), asked.get("folds")),
        ("executions_per_trial", search.executions_per_trial, asked.get("executions_per_trial")),
    ):
        _check_alike(earlier, name, given, before)
    kept, cut = earlier.load_split() if asked else None, dataset.split
    if kept is None or cut is None:
        return
    rows = cut.arrays()
    for name in dict.fromkeys([*rows, *kept]):
        if name in NOT_ROWS or np.array_equal(rows.get(name, ()), kept.get(name, ())):
            continue
        raise RunError(
            f"The data was given with other rows in its part {name} than in the run {earlier.path} that is to go on: "
            "its scores could not be compared. Expected the rows of the run. Pass the data in the same order with the "
            f"same groups, {named('test_data')}, {named('validation_split')} and cv, or another {named('project_name')}."
        )


def check_rows(earlier: storage.RunFolder, rows: Rows | None) -> None:
    """Check that raw rows are those that a run was begun with: they decide what its models are given.

    Args:
        earlier: The run's folder; nothing is checked where nothing is written down of rows.
        rows: Those of now, None of arrays.

    Raises:
        RunError: They are others.
    """
    before = earlier.read("schema")
    if not before:
        return
    if rows is None:
        raise RunError(
            f"Arrays were given, and the run {earlier.path} was made of raw rows. Expected those. Pass what it was made of, or "
            f"another {named('project_name')}."
        )
    now = json.loads(json.dumps(rows.schema.told()))
    old, new = ({each["name"]: lasting(each["kind"]) for each in told["columns"]} for told in (before, now))
    changed = [
        name for name in (*old, *(name for name in new if name not in old)) if old.get(name) != new.get(name)
    ]
    different = next(
        (name for name in ("modality", "task", "target", "classes") if before[name] != now[name]), ""
    )
    if changed:
        told = ", ".join(
            f"{shown(name)} ({old.get(name, 'not there')} → {new.get(name, 'not there')})"
            for name in changed[:5]
        )
        what = f"other columns: {told}"
    elif different:
        what = f"another {different}: {shown(before[different])} → {shown(now[different])}"
    elif before.get("mark") != rows.mark:
        what = "other values, or in another order"
    else:
        return
    raise RunError(
        f"The rows are others than those that the run {earlier.path} was made of: {what}. Expected the same, which its models "
        f"were prepared with. Pass those, or another {named('project_name')}."
    )


def _check_alike(earlier: storage.RunFolder, name: str, given: Any, before: Any) -> None:
    if before not in (None, given):
        raise RunError(
            f"{named(name) if name in FLAGS else name} was given {given!r}, but the run {earlier.path} that is to go on was begun "
            f"with {before!r}: its scores could not be compared. Pass {before!r}, or another {named('project_name')}."
        )


def _directed(objectives: Iterable[Mapping[str, Any]]) -> Sequence[tuple[str, str]]:
    """Return objectives as a user passes them."""
    return [(each["name"], each["direction"]) for each in objectives]


def pinned(
    hypermodel: AutoHyperModel,
    space: keras_tuner.HyperParameters,
    closed: Mapping[str, str],
    absent: Mapping[str, str],
    unpinned: Callable[[], keras_tuner.HyperParameters],
) -> Sequence[str]:
    """Return what is to be said of the pins.

    Args:
        hypermodel: Whose space has them.
        space: The whole space, with the values of the user's model.
        closed: As `Space.check_pins` takes it, and so are the others.
        absent: Likewise.
        unpinned: Likewise.

    Raises:
        SpaceError: There is nothing of a pin's name, or it does not become that value.
    """
    pins, known = hypermodel.space.fix, [hp.name for hp in space.space]
    if hypermodel.own_fit is not None:  # it may ask for what is pinned when it runs; our names have a slash
        known += [name for name in pins if "/" not in name]
    hypermodel.space.check_pins(known, closed, absent, unpinned)
    return [
        f"Pinned, {'for your own model too' if name in space.values else 'where it is asked for'}: {name} = {value}."
        for name, value in pins.items()
    ]


def within(
    ceiling: Ceiling, hypermodel: AutoHyperModel, points: Sequence[Mapping[str, Any]], space: Any
) -> Sequence[str]:
    """Return what is to be said of the user's model and starting points that are over a limit.

    Raises:
        SpaceError: The user's model is, and nothing in the search can make it cost less.
    """

    def excess(point: Mapping[str, Any]) -> str:
        hp = AskingHyperParameters.of(point)
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


def timed(slots: int, objectives: Sequence[Objective], constraints: Constraints) -> Sequence[str]:
    """Return what is to be said of clocks that are compared while several trials run.

    Args:
        slots: How many run at once.
        objectives: What is compared.
        constraints: The limits.
    """
    limits = (constraints.max_latency_ms, constraints.max_seconds_per_epoch)
    if slots == 1 or not (any(each.name in CLOCKS for each in objectives) or any(limits)):
        return ()
    return [
        f"Milliseconds and seconds are measured while {slots} trials run: with {spelled('workers', 1)} they are those of a quiet machine."
    ]

"""Starting points: what a user passes as `Search(start=…)`, held against the space.

A mapping has to fit. What KerasTuner wrote may be of a search with other names: what does not fit is left out, and
that is said.
"""

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

import keras_tuner

from autoopt.arguments import plain
from autoopt.errors import SpaceError, nearest
from autoopt.hyperparameters import check_value
from autoopt.search import tuner_files
from autoopt.search.foreign import own_values
from autoopt.search.portfolio import Point, takes, wanted
from autoopt.spelling import typed


def starting_points(given: Any, space: keras_tuner.HyperParameters) -> tuple[Sequence[Point], Sequence[str]]:
    """Return the points that a search begins with, and what is to be said of them.

    Args:
        given: `Search.start`.
        space: The whole space.

    Raises:
        SpaceError: A name or a value of a mapping that the search does not have, a file that cannot be read, or
            one of which nothing fits.
    """
    found: list[Point] = []
    notes: list[str] = []
    for each in given if isinstance(given, list | tuple) else (given,):
        if isinstance(each, Mapping):
            point: Point = {name: plain(value) for name, value in each.items()}
            _check(point, space)
            said = _repeats(point, found, space)
            notes += said
            found += [] if said else [point]
            continue
        if isinstance(each, keras_tuner.HyperParameters):
            fitting, said = _adapted("the HyperParameters", [each.values], space)
        else:
            fitting, said = _adapted(str(each), tuner_files.points(Path(each)), space)
        notes += said
        for point in fitting:
            if point not in found:
                found.append(point)
    return tuple(found), notes


def _repeats(point: Point, before: Sequence[Point], space: keras_tuner.HyperParameters) -> Sequence[str]:
    """Return what is to be said of a point that has what another has, or the user's model; empty for a new one."""

    def whole(some: Point) -> Sequence[Any]:
        return [(hp.name, wanted(some, hp)) for hp in space.space]

    if whole(point) == whole({}):
        return [f"The starting point {dict(point)!r} is your own model, and is left out."]
    if any(whole(point) == whole(other) for other in before):
        return [f"The starting point {dict(point)!r} is left out: it is there already."]
    return []


def _check(point: Point, space: keras_tuner.HyperParameters) -> None:
    known = {hp.name for hp in space.space}
    for name, value in point.items():
        if not isinstance(name, str):
            raise SpaceError(
                f"start names {name!r}. Expected the names of hyperparameters, as texts: pass "
                '{"optimizer/learning_rate": 0.003}.'
            )
        if name not in known:
            raise SpaceError(f"start names {name!r}, which this search does not have.{nearest(name, known)}")
        errors = [_outside(hp, value) for hp in space.space if hp.name == name]
        if errors[0] is not None and None not in errors:
            raise errors[0]


def _outside(hp: Any, value: Any) -> SpaceError | None:
    try:
        check_value(hp, value)
    except SpaceError as error:
        return error
    if takes(hp, value):
        return None
    listed = ", ".join(repr(each) for each in hp.values)
    return SpaceError(
        f"start names {hp.name} = {value!r}, which is none of the values that are searched. Expected one of {listed}. Change it, or "
        f"open it {typed(python='with', shell='in Python, with')} an axis of autoopt.axes."
    )


def _adapted(
    source: str, points: Sequence[Point], space: keras_tuner.HyperParameters
) -> tuple[Sequence[Point], Sequence[str]]:
    """Return what of KerasTuner's points fits, and what is to be said of the rest.

    Raises:
        SpaceError: Nothing fits.
    """
    users = [{n: v for n, v in point.items() if n not in own_values(point)} for point in points]
    fitted = [{n: v for n, v in values.items() if _fits(n, v, space)} for values in users]
    said = _left_out(users, fitted, {hp.name for hp in space.space})
    if not any(fitted):
        names = [name for point in points for name in point]
        closest = nearest(names[0], {hp.name for hp in space.space}) if names else ""
        raise SpaceError(
            f"start names {source!r}, of which nothing fits: it has {' and '.join(said) or 'no values'}.{closest}"
        )
    note = f"Of {source} as starting points this is left out: {'; '.join(said)}."
    return [kept for kept in fitted if kept], [note] if said else []


def _fits(name: str, value: Any, space: keras_tuner.HyperParameters) -> bool:
    return any(takes(hp, value) for hp in space.space if hp.name == name)


def _left_out(users: Sequence[Point], fitted: Sequence[Point], known: Collection[str]) -> Sequence[str]:
    """Return which names and values do not fit, and why, as a sentence goes on."""
    left = [
        (name, value)
        for values, kept in zip(users, fitted, strict=True)
        for name, value in values.items()
        if name not in kept
    ]
    unknown = dict.fromkeys(repr(name) for name, _ in left if name not in known)
    outside = dict.fromkeys(f"{name} = {value!r}" for name, value in left if name in known)
    reasons = ((unknown, "which this search does not have"), (outside, "which is outside of its range"))
    return [f"{', '.join(names)}, {reason}" for names, reason in reasons if names]

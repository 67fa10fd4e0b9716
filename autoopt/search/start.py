"""Starting points: what a user passes as `Search(start=…)`, held against the space.

A mapping has to fit. What KerasTuner wrote may be of a search with other names: what does not fit is left out, and
that is said.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import keras_tuner

from autoopt.errors import SpaceError, nearest
from autoopt.hyperparameters import check_value
from autoopt.search import tuner_files
from autoopt.search.foreign import own_values
from autoopt.search.portfolio import Point, takes


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
            _check(each, space)
            found.append(each)
        elif isinstance(each, keras_tuner.HyperParameters):
            _adapt("the HyperParameters", [each.values], space, found, notes)
        else:
            _adapt(str(each), tuner_files.points(Path(each)), space, found, notes)
    return tuple(found), notes


def _check(point: Point, space: keras_tuner.HyperParameters) -> None:
    known = {hp.name for hp in space.space}
    for name, value in point.items():
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
    return None


def _adapt(
    source: str,
    points: Sequence[Point],
    space: keras_tuner.HyperParameters,
    found: list[Point],
    notes: list[str],
) -> None:
    """Add to `found` what of KerasTuner's points fits, to `notes` what does not.

    Raises:
        SpaceError: Nothing fits.
    """
    known = {hp.name for hp in space.space}
    unknown: dict[str, None] = {}
    outside: dict[str, None] = {}
    fitted = []
    for point in points:
        users = {name: value for name, value in point.items() if name not in own_values(point)}
        kept = {n: v for n, v in users.items() if any(takes(hp, v) for hp in space.space if hp.name == n)}
        unknown |= dict.fromkeys(repr(name) for name in users if name not in known)
        outside |= dict.fromkeys(f"{n} = {v!r}" for n, v in users.items() if n in known and n not in kept)
        fitted.append(kept)
    said = [f"{', '.join(unknown)}, which this search does not have"] if unknown else []
    said += [f"{', '.join(outside)}, which is outside of its range"] if outside else []
    if not any(fitted):
        names = [name for point in points for name in point]
        closest = nearest(names[0], known) if names else ""
        raise SpaceError(
            f"start names {source!r}, of which nothing fits: it has {' and '.join(said) or 'no values'}.{closest}"
        )
    if said:
        notes.append(f"Of {source} as starting points this is left out: {'; '.join(said)}.")
    for kept in fitted:
        if kept and kept not in found:
            found.append(kept)

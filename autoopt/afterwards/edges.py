"""Edges: where the best values lie at the end of their range, and what wider range the axes would take."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from autoopt import axes
from autoopt.afterwards.spans import STRETCHES, Asked, Side, Span
from autoopt.axes.learning_rate import RATE
from autoopt.axes.optimizer import ALGORITHMS
from autoopt.errors import SpaceError
from autoopt.records import Trial
from autoopt.space import AXES, Space

NEAR = 0.02
"""Share of a range, on a logarithmic scale where it has one, that counts as its edge."""

FEWEST = 5
"""Trials with a score, below which one on an edge says nothing."""

BEST_FEW = 5
"""At least half of so many best trials, and of the better half of all, have to lie at the winner's edge."""

DEPTH = re.compile(r"structure/.+/depth")

MOST_EXTRA_DEPTH = 2


@dataclass(frozen=True)
class Edge:
    """A value of the winner that lies at the edge of its range.

    Attributes:
        name: Of the hyperparameter.
        value: The winner's.
        low: Least value of the range.
        high: Largest value of the range.
        side: Which edge, `"lower"` or `"upper"`.
        wider: The space to try, as the call that makes it; empty where no argument of an axis widens the range.
        advice: What to do, as a sentence ends.
    """

    name: str
    value: float
    low: float
    high: float
    side: Side
    wider: str
    advice: str

    def __str__(self) -> str:
        return (
            f"{self.name} = {self.value:.3g} lies at the {self.side} edge of its range ({self.low:g} to "
            f"{self.high:g}): {self.advice}."
        )


def edges(asked: Asked, best: Trial, ranked: Sequence[Trial]) -> list[Edge]:
    """Return where the winner, and at least half of the best few trials, lie at the edge of a range.

    Ends beyond which there is nothing (no dropout, one layer), or nothing that the axis would take, are no edges.

    Args:
        asked: What was searched.
        best: The winner.
        ranked: The trials that might have won, best first.
    """
    if len(ranked) < FEWEST:
        return []
    few, found = ranked[: min(BEST_FEW, len(ranked) // 2)], []
    for name in best.hyperparameters:
        side = _side(name, asked, best)
        shared = [_side(name, asked, trial) for trial in few if name in trial.hyperparameters]
        if side is not None and 2 * shared.count(side) >= len(shared):
            found.append(_edge(name, side, asked, best))
    return [edge for edge in found if edge is not None]


def _side(name: str, asked: Asked, trial: Trial) -> Side | None:
    """Return at which edge of its range a trial's value lies."""
    known = asked.span(name, trial.hyperparameters)
    place = None if known is None else known.place(trial.hyperparameters[name])
    if place is None:
        return None
    return "lower" if place <= NEAR else "upper" if place >= 1 - NEAR else None


def _edge(name: str, side: Side, asked: Asked, best: Trial) -> Edge | None:
    known = asked.span(name, best.hyperparameters)
    if known is None:
        return None
    whole = (name, best.hyperparameters[name], known.low, known.high, side)
    if name.partition("/")[0] not in AXES:
        direction = "lower" if side == "lower" else "higher"
        return Edge(*whole, "", f"have the model function ask for {direction} values too")
    if DEPTH.fullmatch(name) and side == "upper" and _gained(name, known, asked) == MOST_EXTRA_DEPTH:
        return Edge(
            *whole, "", "a search adds two at most, so write the model that deep and search from there"
        )
    space = _wider(name, side, known, asked, best)
    return None if space is None else Edge(*whole, _spelled(space), f"try {_spelled(space)}")


def _wider(name: str, side: Side, known: Span, asked: Asked, best: Trial) -> Space | None:
    """Return the space with a wider range of one hyperparameter, None where its axis takes none."""
    where = name.partition("/")[0]
    given = getattr(asked.space, where)
    axis: Any = given if isinstance(given, axes.Axis) else AXES[where]()
    changes: Mapping[str, Any]
    if DEPTH.fullmatch(name):
        changes = _deeper(name, side, known, asked, axis)
    elif name == "batch_size":
        changes = _sizes(side, known, asked)
    else:
        changes = _numbers(name, side, known, axis)
    if name == RATE and axis.learning_rate is None and changes:
        changes = {**changes, **_for_one_algorithm(axis, best)}
    try:
        return replace(asked.space, **{where: replace(axis, **changes)}) if changes else None
    except SpaceError:
        return None


def _deeper(name: str, side: Side, known: Span, asked: Asked, axis: axes.Structure) -> Mapping[str, Any]:
    """Return how stages may gain more; nothing where this one's own limit is what ended its range."""
    stops_sooner = _gained(name, known, asked) < axis.extra_depth
    return {} if side == "lower" or stops_sooner else {"extra_depth": MOST_EXTRA_DEPTH}


def _sizes(side: Side, known: Span, asked: Asked) -> Mapping[str, Any]:
    """Return batch sizes with one more, of half or twice the examples; never more than there are."""
    size = int(known.low // 2) if side == "lower" else int(known.high * 2)
    most = known.high if asked.examples is None else asked.examples
    return {"values": tuple(sorted({*map(int, known.choices), size}))} if 1 <= size <= most else {}


def _numbers(name: str, side: Side, known: Span, axis: axes.Axis) -> Mapping[str, Any]:
    """Return a range or a list of numbers that goes further on one side, nothing where there is none."""
    argument = name.rpartition("/")[2]
    end = known.low if side == "lower" else known.high
    beyond = STRETCHES[argument].beyond(end, side) if argument in STRETCHES else None
    if beyond is None:
        return {}
    further = float(f"{beyond:.3g}")
    if known.choices:
        none = {0.0} & set(getattr(axis, argument) or ())
        return {argument: tuple(sorted({*none, *map(float, known.choices), further}))}
    low, high = (float(f"{each:.6g}") for each in (known.low, known.high))
    return {argument: (further, high) if side == "lower" else (low, further)}


def _for_one_algorithm(axis: axes.Optimizer, best: Trial) -> Mapping[str, Any]:
    """Return the winner's algorithm alone: a range that is given holds for all, and this one is right for that one."""
    algorithm = best.hyperparameters.get("optimizer/name")
    return {"names": (algorithm,)} if len(axis.names) > 1 and algorithm in ALGORITHMS else {}


def _gained(name: str, known: Span, asked: Asked) -> float:
    """Return by how much a stage could become deeper than it is written."""
    return known.high - asked.defaults.get(name, known.high)


def _spelled(space: Space) -> str:
    """Return a space as the call that makes it, where `axes` is imported from autoopt."""
    kinds = "|".join(kind.__name__ for kind in AXES.values())
    return re.sub(rf"=({kinds})\(", r"=axes.\1(", repr(space))

"""What KerasTuner keeps of a search: the values in its JSON files, and the best trials of a project's folder."""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypedDict

import numpy as np

from autoopt.errors import SpaceError, nearest
from autoopt.search.portfolio import Point
from autoopt.untrusted import Unbounded, Unreadable, fit, is_inside, read_json

MOST_TRIALS = 5
"""How many trials of a project are read, best first."""

TRIALS = "trial_*/trial.json"
"""Where a project keeps its trials."""

PLAIN = bool | int | float | str | None
"""What a hyperparameter may be."""


class Observation(TypedDict):
    """A metric at one step: its value in each execution."""

    value: list[Unbounded]


class Metric(TypedDict):
    """How a metric went."""

    direction: str | None
    observations: list[Observation]


class Metrics(TypedDict, total=False):
    """All metrics of a trial, by name."""

    metrics: dict[str, Metric]


class Trial(TypedDict, total=False):
    """What is read of a `trial.json`."""

    status: str
    score: Unbounded | None
    metrics: Metrics | None


EXPECTED = (
    "Expected a JSON that KerasTuner wrote (trial.json, oracle.json, or HyperParameters.get_config()), "
    "or the folder of a KerasTuner project."
)


def points(path: Path) -> Sequence[Point]:
    """Return the values in a file, or those of a project's best completed trials, best first.

    Args:
        path: A JSON that KerasTuner wrote, or a project's folder.

    Raises:
        SpaceError: There is no such thing, or nothing of KerasTuner's in it.
    """
    if path.is_dir():
        return _project(path)
    if not path.is_file():
        beside = [other.name for other in path.parent.glob("*")] if path.parent.is_dir() else []
        raise SpaceError(
            f"start names {str(path)!r}, which is not there.{nearest(path.name, beside)} {EXPECTED}"
        )
    return [_values(path, _json(path))]


def _project(folder: Path) -> Sequence[Point]:
    own = [path for path in sorted(folder.glob(TRIALS)) if is_inside(path, folder)]
    completed = [(path, trial) for path in own if _is_completed(trial := _json(path))]
    if not completed:
        projects = sorted(path.parent.name for path in folder.glob("*/oracle.json"))
        inside = f" Projects in it: {', '.join(projects)}." if projects else ""
        raise SpaceError(f"start names {str(folder)!r}, which has no completed {TRIALS}.{inside} {EXPECTED}")
    largest_first = _is_maximized([trial for _, trial in completed])
    completed.sort(key=lambda each: each[1]["score"], reverse=largest_first)
    return [_values(path, trial) for path, trial in completed[:MOST_TRIALS]]


def _is_completed(trial: Any) -> bool:
    score = trial.get("score") if isinstance(trial, Mapping) else None
    return isinstance(score, int | float) and math.isfinite(score) and trial.get("status") == "COMPLETED"


def _is_maximized(trials: Sequence[Mapping[str, Any]]) -> bool:
    """Say whether larger scores are better.

    KerasTuner does not write down its objective, only a direction for each metric: the objective is the one that
    has each trial's score among its values.
    """
    for name, metric in _metrics(trials[0]).items():
        if all(trial["score"] in _means(_metrics(trial).get(name, {})) for trial in trials):
            return bool(metric["direction"] == "max")
    return False


def _metrics(trial: Mapping[str, Any]) -> Mapping[str, Any]:
    found: Mapping[str, Any] = (trial.get("metrics") or {}).get("metrics", {})
    return found


def _means(metric: Mapping[str, Any]) -> Sequence[float]:
    """Return a metric's value at each step, the mean of its executions."""
    observations = [observed["value"] for observed in metric.get("observations", ())]
    return [float(np.mean(values)) for values in observations if values]


def _json(path: Path) -> Any:
    try:
        found = read_json(path, Any)
        if isinstance(found, Mapping) and "status" in found:
            fit(found, Trial)
        return found
    except Unreadable as error:
        raise SpaceError(f"start names {str(path)!r}, which cannot be read. {error} {EXPECTED}") from error


def _values(path: Path, read: Any) -> Point:
    """Return the values in what KerasTuner writes of hyperparameters, or of what holds them."""
    config = read.get("hyperparameters", read) if isinstance(read, Mapping) else None
    values = config.get("values") if isinstance(config, Mapping) else None
    if not isinstance(values, Mapping) or not all(isinstance(each, PLAIN) for each in values.values()):
        raise SpaceError(f"start names {str(path)!r}, which holds no hyperparameters. {EXPECTED}")
    return values

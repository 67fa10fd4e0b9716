"""What KerasTuner keeps of a search: the values in its JSON files, and the best trials of a project's folder."""

import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from autoopt.errors import SpaceError, nearest
from autoopt.search.portfolio import Point

MOST_TRIALS = 5
"""How many trials of a project are read, best first."""

TRIALS = "trial_*/trial.json"
"""Where a project keeps its trials."""

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
    completed = [(path, trial) for path in sorted(folder.glob(TRIALS)) if _is_completed(trial := _json(path))]
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
    return [float(np.mean(observed["value"])) for observed in metric.get("observations", ())]


def _json(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf8"))
    except (OSError, ValueError) as error:
        raise SpaceError(f"start names {str(path)!r}, which is no JSON: {error}. {EXPECTED}") from error


def _values(path: Path, read: Any) -> Point:
    """Return the values in what KerasTuner writes of hyperparameters, or of what holds them."""
    config = read.get("hyperparameters", read) if isinstance(read, Mapping) else None
    values = config.get("values") if isinstance(config, Mapping) else None
    if not isinstance(values, Mapping):
        raise SpaceError(f"start names {str(path)!r}, which holds no hyperparameters. {EXPECTED}")
    return values

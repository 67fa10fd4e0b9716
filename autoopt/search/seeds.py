"""Seeds of one point: trials with the very same values are that point trained again, and judged together."""

import statistics
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from autoopt.points import point_of
from autoopt.records import Trial


def over_seeds(trials: Iterable[Trial]) -> Mapping[int, float]:
    """Return the number of each trial that has a score, and the mean score of all trials with its values.

    A lucky seed of a point is so no better than the point. Trials that failed have no part in it.
    """
    scores: dict[int, list[float]] = defaultdict(list)
    points: dict[int, int] = {}
    for trial in trials:
        if trial.score is None or trial.status == "failed":
            continue
        points[trial.number] = point = trial.number if trial.repeats is None else trial.repeats
        scores[point].append(trial.score)
    return {number: statistics.fmean(scores[point]) for number, point in points.items()}


def points(ranked: Iterable[Trial], trials: Iterable[Trial]) -> Sequence[Trial]:
    """Return the first trial of each point, in their order.

    Args:
        ranked: Some of the trials.
        trials: All of the run, which say what belongs together.
    """
    of, found = point_of(trials), dict[int, Trial]()
    for trial in ranked:
        found.setdefault(of[trial.number], trial)
    return list(found.values())

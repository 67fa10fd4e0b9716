"""Which trials may win, and which of them does: by one objective, or as the knee of a front."""

from collections.abc import Mapping, Sequence

from autoopt.front import front, nearest_first
from autoopt.records import Objective, Trial
from autoopt.search.confirmed import Confirmed, best_first, winner


def contenders(trials: Sequence[Trial], objectives: Sequence[Objective]) -> list[Trial]:
    """Return the trials that may win, best first: of several objectives the front, its knee first.

    Args:
        trials: Finished ones.
        objectives: What is compared; one alone ranks all trials that have a score.
    """
    if len(objectives) == 1:
        return best_first(trials, objectives[0])
    return nearest_first(front(trials, objectives), objectives)


def ranked(trials: Sequence[Trial], objectives: Sequence[Objective]) -> list[Trial]:
    """Return all trials that have a score and are within the constraints: contenders, then the rest.

    Args:
        trials: Finished ones.
        objectives: What is compared; the first one orders the rest.
    """
    leading = contenders(trials, objectives)
    numbers = {trial.number for trial in leading}
    return [*leading, *(t for t in best_first(trials, objectives[0]) if t.number not in numbers)]


def chosen(
    candidates: Sequence[Trial], confirmed: Mapping[int, Confirmed], objectives: Sequence[Objective]
) -> Trial | None:
    """Return the winner among contenders: the best confirmed mean, or the knee with confirmed means in its scores.

    Args:
        candidates: Contenders, best first.
        confirmed: Number of each that ran again to what it reached; empty where none did.
        objectives: What is compared.
    """
    if len(objectives) == 1:
        return winner(candidates, confirmed, objectives[0])
    means = {number: found.mean for number, found in confirmed.items()}
    return next(iter(nearest_first(candidates, objectives, means or None)), None)

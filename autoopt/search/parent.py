"""Parent: the trial whose values later proposals start from, the best one unless a cheaper one is as good."""

import math
from collections.abc import Iterable

from autoopt.records import Objective, Trial


def parent(trials: Iterable[Trial], objective: Objective, examples: int | None = None) -> Trial | None:
    """Return the cheapest of the trials that the validation examples cannot tell from the best.

    That is the rule of one standard error (Breiman, Friedman, Olshen & Stone 1984, section 3.4.3): what is as
    good and takes less time leaves time for more trials.

    Args:
        trials: Finished ones, failed ones among them; those without a price count as cheapest. One that lacks
            executions is taken only where all do: its score may be that of a lucky seed.
        objective: What is compared.
        examples: How many examples validate, None where that is not known.

    Returns:
        None where no trial has a score.
    """
    sign = -1.0 if objective.direction == "max" else 1.0
    scored = [
        (sign * trial.score, trial)
        for trial in trials
        if trial.score is not None and trial.status != "failed"
    ]
    if not scored:
        return None
    scored = [each for each in scored if not each[1].missing] or scored
    lowest = min(loss for loss, _ in scored)
    within = lowest + standard_error(abs(lowest), objective, examples)
    as_good = ((trial.price or 0.0, loss, trial.number, trial) for loss, trial in scored if loss <= within)
    return min(as_good, key=lambda each: each[:3])[3]


def standard_error(score: float, objective: Objective, examples: int | None) -> float:
    """Return that of a share of the examples, such as an accuracy; 0 for any other score."""
    if not examples or "accuracy" not in objective.name or not objective.name.startswith("val_"):
        return 0.0
    return math.sqrt(max(score * (1.0 - score), 0.0) / examples)

"""Trials as tables and plain data: the best of them, those of a front, and what several trainings of one came to."""

from collections.abc import Sequence
from typing import Any

import pandas as pd

from autoopt.afterwards.frame import framed
from autoopt.records import Objective, Trial
from autoopt.search import Confirmed, ranked


def leaderboard(
    trials: Sequence[Trial], objectives: Sequence[Objective], front: Sequence[Trial], n: int
) -> pd.DataFrame:
    """Return the best trials, best first; columns as of `Result.leaderboard`.

    Args:
        trials: All of the run.
        objectives: What was compared.
        front: Those that no other beats; looked at where several objectives were compared.
        n: How many.
    """
    several, on_front = len(objectives) > 1, {trial.number for trial in front}
    rows = [
        {
            "trial": trial.number,
            **({"front": trial.number in on_front} if several else {}),
            "status": trial.status,
            "score": trial.score,
            **{each.name: trial.scores.get(each.name) for each in objectives[1:]},
            "epochs": trial.epochs,
            "seconds": None if trial.seconds is None else round(trial.seconds, 2),
            **trial.hyperparameters,
        }
        for trial in ranked(trials, objectives)[:n]
    ]
    return framed(rows, None if rows else ["trial", "status", "score", "epochs", "seconds"])


def pareto(front: Sequence[Trial], objectives: Sequence[Objective]) -> pd.DataFrame:
    """Return a front; columns as of `Result.pareto`.

    Args:
        front: The winner first.
        objectives: What was compared.
    """
    first, *others = objectives
    rows = [
        {
            "trial": trial.number,
            first.name: trial.score,
            **{each.name: trial.scores[each.name] for each in others},
            **trial.hyperparameters,
        }
        for trial in front
    ]
    return framed(rows)


def executions(best: Trial | None) -> dict[str, Any] | None:
    """Return the mean of a winner's executions; None where there was one, which its score tells of."""
    if best is None or best.executions == 1 or best.fold_scores:
        return None
    return {"mean": best.score, "n": best.executions}


def folds(best: Trial | None) -> dict[str, Any] | None:
    """Return mean and deviation (n − 1) over a winner's folds; None without a cross-validation."""
    if best is None or not best.fold_scores:
        return None
    return {"mean": best.score, "std": Confirmed(best.fold_scores).std, "n": len(best.fold_scores)}

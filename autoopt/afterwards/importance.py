"""Importance as a table, or why a run cannot tell."""

import pandas as pd

from autoopt import storage
from autoopt.afterwards.frame import framed
from autoopt.arguments import whole
from autoopt.errors import RunError, UsageError, nearest
from autoopt.records import Objective
from autoopt.spelling import named
from autoopt.storage import Journal, RunFolder
from autoopt.untrusted import brief


def importance(folder: RunFolder, objective: Objective, evaluator: str, seed: int) -> pd.DataFrame:
    """Return how much each hyperparameter mattered; arguments, columns and errors as of `Result.importance`."""
    seed = whole("seed", seed, 0)
    if not isinstance(evaluator, str) or evaluator not in storage.EVALUATORS:
        raise UsageError(
            f"{named('evaluator')} was given {evaluator!r}.{nearest(str(evaluator), storage.EVALUATORS)}"
        )
    journal = Journal(folder.journal, objective, read_only=True)
    try:
        found = storage.importances(journal, objective, evaluator, seed)
    except (ArithmeticError, AssertionError, LookupError, TypeError, ValueError) as error:
        raise RunError(
            f"{folder.journal.path} cannot be evaluated: {brief(error)}. Expected values within the ranges that it names. Restore it, or "
            "remove the run folder."
        ) from error
    if not found:
        count = sum(trial.score is not None and trial.status != "failed" for trial in journal.trials())
        same = ", all of them the same" if count >= storage.FEWEST else ""
        scored = "one trial" if count == 1 else f"{count} trials"
        raise RunError(
            f"The run {folder.path} has {scored} with a score{same}: not enough to tell which hyperparameters matter. Expected "
            f"at least {storage.FEWEST} whose scores differ. Search on with more: autoopt resume RUN --max-trials N, or resume=True."
        )
    rows = [(each.name, each.share, each.trials) for each in found]
    return framed(rows, ["hyperparameter", "importance", "trials"])

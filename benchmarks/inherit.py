"""Searches whose wider and deeper proposals start from their parent's weights, beside searches that start fresh."""

import statistics
import tempfile
from pathlib import Path

import autoopt
from autoopt import model_file

EXAMPLES = Path(__file__).parent.parent / "examples"
WAYS = {"fresh": False, "inherited": True}


def measured(
    names: list[str], seeds: list[int], trials: int | None, budget: str | None, epochs: int
) -> list[dict]:
    """Return one row a problem, seed and way, and the means of each way.

    Args:
        names: Of examples that define `model_fn`, `data` and `test_data` or none.
        seeds: One search of each way, one after the other.
        trials: Of each search, None where `budget` ends it.
        budget: Of each search, None where `trials` ends it.
        epochs: Most epochs a trial.
    """
    limits = {"max_trials": trials, "budget": budget, "epochs": epochs}
    rows = []
    for name in names:
        found = [_row(name, seed, way, limits) for seed in seeds for way in WAYS]
        rows += found + [_mean([row for row in found if row["weights"] == way]) for way in WAYS]
    return rows


def _mean(rows: list[dict]) -> dict:
    """Return the means of the rows of one problem and way."""
    numbers = {
        name: None if None in values else statistics.fmean(values)
        for name, values in ((name, [row[name] for row in rows]) for name in rows[0])
        if name not in ("problem", "weights", "seed")
    }
    return {**rows[0], **numbers, "seed": "mean"}


def _row(name: str, seed: int, way: str, limits: dict) -> dict:
    defined = model_file.read(str(EXAMPLES / f"{name}.py"))
    search = autoopt.Search(confirm=1, confirm_repeats=3, inherit=WAYS[way])
    with tempfile.TemporaryDirectory() as folder:
        result = autoopt.tune(
            defined.model_fn,
            defined.data(),
            test_data=getattr(defined.module, "test_data", None),
            search=search,
            seed=seed,
            directory=Path(folder, "runs"),
            logdir=Path(folder, "logs"),
            verbose=0,
            **limits,
        )
        return {
            "problem": name,
            "weights": way,
            "seed": seed,
            "best": result.best_score,
            "test": result.test_metrics["accuracy"],
            "confirmed": result.confirmed.mean if result.confirmed else None,
            "trials": len(result.trials),
            "heirs": sum(trial.inherited is not None for trial in result.trials),
            "seconds": round(sum(trial.seconds for trial in result.trials), 1),
        }

"""MNIST-1D from the paper's plain convolutional net: what a search of a few minutes gains."""

import statistics
import tempfile
from pathlib import Path

import autoopt
from autoopt import model_file

EXAMPLE = Path(__file__).parent.parent / "examples" / "mnist1d.py"


def measured(seeds: list[int], budget: str, epochs: int) -> list[dict]:
    """Return one row a seed: baseline, best, gain, confirmed mean, test accuracy, trials.

    Args:
        seeds: One search each, one after the other.
        budget: Of each search.
        epochs: Most epochs a trial.
    """
    return [_row(seed, budget, epochs) for seed in seeds]


def median(rows: list[dict]) -> dict:
    """Return the medians of the rows."""
    numbers = {
        name: statistics.median(value) if None not in value else None
        for name, value in ((name, [row[name] for row in rows]) for name in rows[0])
    }
    return {**numbers, "seed": "median"}


def _row(seed: int, budget: str, epochs: int) -> dict:
    defined = model_file.read(str(EXAMPLE))
    with tempfile.TemporaryDirectory() as folder:
        result = autoopt.tune(
            defined.model_fn,
            defined.data(),
            test_data=defined.module.test_data,
            epochs=epochs,
            budget=budget,
            seed=seed,
            directory=Path(folder, "runs"),
            logdir=Path(folder, "logs"),
            verbose=0,
        )
        return {
            "seed": seed,
            "baseline": result.baseline_score,
            "best": result.best_score,
            "gain": result.best_score - result.baseline_score,
            "confirmed": None if result.confirmed is None else result.confirmed.mean,
            "test": result.test_metrics["accuracy"],
            "trials": len(result.trials),
        }

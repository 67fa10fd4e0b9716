"""Does a budget hold for the whole call: search, confirmation, test and export?"""

import time

import autoopt
from autoopt.search import seconds
from benchmarks.runs import example, traceless


def measured(budget: str, seed: int) -> dict:
    """Return the seconds that one search on the digits takes beyond its budget, and what was confirmed in it.

    Args:
        budget: As `tune` takes it.
        seed: Of the search.
    """
    digits = example("digits")
    with traceless() as quiet:
        started = time.perf_counter()
        result = autoopt.tune(digits.model_fn, digits.data(), budget=budget, seed=seed, **quiet)
        wall = time.perf_counter() - started
        trials, confirmed = len(result.trials), result.confirmed  # the run's folder goes with the block
    return {
        "budget": budget,
        "seed": seed,
        "wall seconds": round(wall, 1),
        "beyond the budget": round(wall - (seconds(budget) or 0.0), 1),
        "trials": trials,
        "repeats": 0 if confirmed is None else confirmed.n,
        "confirmed": None if confirmed is None else confirmed.mean,
        "error": None if confirmed is None else confirmed.error,
        "test": None if result.test_metrics is None else result.test_metrics["accuracy"],
    }

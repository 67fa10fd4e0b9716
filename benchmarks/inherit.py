"""Searches whose wider and deeper proposals start from their parent's weights, beside searches that start fresh."""

import autoopt
from benchmarks.runs import example, mean, summary, traceless

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
        rows += found + [summary([row for row in found if row["weights"] == way], mean) for way in WAYS]
    return rows


def _row(name: str, seed: int, way: str, limits: dict) -> dict:
    defined = example(name)
    search = autoopt.Search(confirm=1, confirm_repeats=3, inherit=WAYS[way])
    with traceless() as nowhere:
        result = autoopt.tune(
            defined.model_fn,
            defined.data(),
            test_data=getattr(defined.module, "test_data", None),
            search=search,
            seed=seed,
            **limits,
            **nowhere,
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

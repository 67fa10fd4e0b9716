"""MNIST-1D from the paper's plain convolutional net: what a search of a few minutes gains."""

import autoopt
from benchmarks.runs import example, traceless


def measured(seeds: list[int], budget: str, epochs: int) -> list[dict]:
    """Return one row a seed: baseline, best, gain, confirmed mean, test accuracy, trials.

    Args:
        seeds: One search each, one after the other.
        budget: Of each search.
        epochs: Most epochs a trial.
    """
    return [_row(seed, budget, epochs) for seed in seeds]


def _row(seed: int, budget: str, epochs: int) -> dict:
    defined = example("mnist1d")
    with traceless() as nowhere:
        result = autoopt.tune(
            defined.model_fn,
            defined.data(),
            test_data=defined.module.test_data,
            epochs=epochs,
            budget=budget,
            seed=seed,
            **nowhere,
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

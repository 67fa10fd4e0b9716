"""The recipes of `autoopt/search/portfolio.py`, each trained on MNIST-1D and digits beside the plain net."""

import statistics

import autoopt
from autoopt.search.portfolio import PORTFOLIO
from benchmarks.runs import example, traceless


def measured(seeds: list[int], epochs: int) -> list[dict]:
    """Return one row a recipe: mean validation accuracy on each example over the seeds.

    Args:
        seeds: Trainings of each recipe.
        epochs: Epochs of each training; nothing is pruned.
    """
    scores = {name: [_scores(name, seed, epochs) for seed in seeds] for name in ("mnist1d", "digits")}
    titles = ["plain net", *(f"recipe {i}" for i in range(1, len(PORTFOLIO) + 1))]
    return [
        {"recipe": title, **{name: statistics.fmean(s[i] for s in found) for name, found in scores.items()}}
        for i, title in enumerate(titles)
    ]


def _scores(name: str, seed: int, epochs: int) -> list[float]:
    """Return the score of the plain net and of each recipe: the first trials of a search, none pruned."""
    import optuna

    defined = example(name)
    search = autoopt.Search(confirm=0, pruner=optuna.pruners.NopPruner())
    with traceless() as nowhere:
        result = autoopt.tune(
            defined.model_fn,
            defined.data(),
            epochs=epochs,
            max_trials=1 + len(PORTFOLIO),
            search=search,
            seed=seed,
            **nowhere,
        )
        return [trial.score or 0.0 for trial in result.trials]

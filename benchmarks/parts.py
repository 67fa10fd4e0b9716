"""Activation, normalization and pooling head: what each value is worth alone, and what searching them costs."""

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import autoopt
from autoopt.search.portfolio import PORTFOLIO
from autoopt.surgery import ACTIVATIONS, NORMALIZATIONS, POOLINGS
from benchmarks.runs import example, mean, traceless

OPEN = autoopt.axes.Structure(activation=True, normalization=True, pooling=True)
STAGES = {"mnist1d": "conv", "digits": "dense"}
"""The one stage of each example."""

VALUES: Mapping[str, Sequence[str]] = {
    "structure/*/activation": ACTIVATIONS[1:],
    "structure/*/normalization": NORMALIZATIONS[1:],
    "structure/pooling": POOLINGS[1:],
}
CLOSED = {"activation": False, "normalization": False, "pooling": False}
SEARCHES: Mapping[str, autoopt.axes.Structure] = {
    "no part": autoopt.axes.Structure(**CLOSED),
    "by default": autoopt.axes.Structure(),
    "every value": OPEN,
}


def values(names: list[str], seeds: list[int], epochs: int) -> list[dict]:
    """Return one row a value, set in every stage of a recipe of the portfolio: mean validation accuracy.

    Args:
        names: Of the examples that are trained.
        seeds: Trainings of each value.
        epochs: Epochs of each training; nothing is pruned.
    """
    points = [{}, *({name: value} for name, known in VALUES.items() for value in known)]
    scores = {name: [_scores(name, points, seed, epochs) for seed in seeds] for name in names}
    return [
        {
            "value": " ".join(point.values()) or "as written",
            **{name: mean([found[at] for found in scores[name]]) for name in names},
        }
        for at, point in enumerate(points)
    ]


def searches(names: list[str], seeds: list[int], trials: int, epochs: int) -> list[dict]:
    """Return one row an example, seed and choice of the parts that are open: best score, confirmed, seconds.

    Args:
        names: Of the examples that are searched.
        seeds: One search each.
        trials: Of each search.
        epochs: Most epochs of each trial.
    """
    return [
        {"example": name, "seed": seed, "searched": what, **_searched(name, axis, seed, trials, epochs)}
        for seed in seeds
        for name in names
        for what, axis in SEARCHES.items()
    ]


def _scores(name: str, points: Sequence[Mapping[str, str]], seed: int, epochs: int) -> list[float | None]:
    """Return the score of each point, None where the example has no such place."""
    import optuna

    start = [_in_stage(name, {**PORTFOLIO[1], **point}) for point in points]
    fits = ["structure/pooling" not in point or name == "mnist1d" for point in points]
    tried = [point for point, fit in zip(start, fits, strict=True) if fit]
    search = autoopt.Search(confirm=0, pruner=optuna.pruners.NopPruner(), start=tried)
    with _tuned(name, OPEN, search, seed, 1 + len(tried), epochs) as result:
        trials = iter(result.trials[1:])
        return [next(trials).score if fit else None for fit in fits]


def _in_stage(name: str, point: Mapping[str, Any]) -> Mapping[str, Any]:
    return {key.replace("*", STAGES[name]): value for key, value in point.items()}


def _searched(name: str, axis: autoopt.axes.Structure, seed: int, trials: int, epochs: int) -> dict:
    with _tuned(name, axis, autoopt.Search(), seed, trials, epochs) as result:
        return {
            "best": result.best_score,
            "confirmed": result.confirmed.mean,
            "seconds": sum(trial.seconds for trial in result.trials),
            "structures": len({_structure(trial.hyperparameters) for trial in result.trials}),
        }


def _structure(values: Mapping[str, Any]) -> tuple[tuple[str, Any], ...]:
    return tuple(sorted((name, value) for name, value in values.items() if name.startswith("structure/")))


@contextlib.contextmanager
def _tuned(
    name: str, axis: autoopt.axes.Structure, search: autoopt.Search, seed: int, trials: int, epochs: int
) -> Iterator[autoopt.Result]:
    defined = example(name)
    with traceless() as nowhere:
        yield autoopt.tune(
            defined.model_fn,
            defined.data(),
            space=autoopt.Space(structure=axis),
            search=search,
            epochs=epochs,
            max_trials=trials,
            seed=seed,
            **nowhere,
        )

"""Whether two runs with one seed give the same leaderboard, on each backend; every run is a process of its own."""

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import autoopt
from benchmarks import fresh
from benchmarks.runs import example, traceless

BACKENDS = ("tensorflow", "jax", "torch")

Board = list[dict[str, Any]]
"""Trial, score, epochs, hyperparameters, best first; the winner and its confirmation, the last row. No seconds."""


def measured(backends: Sequence[str], asked: dict[str, Any]) -> list[dict]:
    """Return a row a backend: whether two runs are identical, and where they first differ.

    Args:
        backends: Of Keras.
        asked: Example, trials, epochs and seed, as `board` takes them.
    """
    rows = []
    for backend in backends:
        label = f"{asked['name']} on {backend}, seed {asked['seed']}"
        first, second = (
            json.loads(
                fresh.answer("benchmarks.repeatable", lambda folder: json.dumps(asked), backend, label)
            )
            for _ in range(2)
        )
        difference = differing(first, second)
        rows.append(
            {
                "example": asked["name"], "backend": backend, "trials": len(first) - 1,
                "identical": "no" if difference else "yes", "first difference": difference,
            }
        )  # fmt: skip
    return rows


def differing(first: Board, second: Board) -> str:
    """Return where two leaderboards first differ, empty where they do not."""
    if len(first) != len(second):
        return f"{len(first)} rows, {len(second)} rows"
    for place, (one, two) in enumerate(zip(first, second, strict=True)):
        for name in dict.fromkeys((*one, *two)):
            if repr(one.get(name)) != repr(two.get(name)):  # NaN differs from itself
                return f"row {place}, {name}: {one.get(name)}, {two.get(name)}"
    return ""


def board(name: str, trials: int, epochs: int, seed: int) -> Board:
    """Run a search and return its leaderboard, to the last bit.

    Args:
        name: Of a file of `examples`.
        trials: How many.
        epochs: Of each.
        seed: Of the search.
    """
    defined = example(name)
    with traceless() as nowhere:
        result = autoopt.tune(
            defined.model_fn, defined.data(), max_trials=trials, epochs=epochs, seed=seed, **nowhere
        )
        found = [
            {
                "trial": trial.number, "status": trial.status, "score": trial.score, "epochs": trial.epochs,
                "hyperparameters": dict(trial.hyperparameters), "history": dict(trial.history),
            }
            for trial in sorted(result.trials, key=lambda trial: (-(trial.score or 0.0), trial.number))
        ]  # fmt: skip
        confirmed = None if result.confirmed is None else list(result.confirmed.scores)
        return [
            *found, {"best": result.best_score, "confirmed": confirmed, "test": result.test_metrics},
        ]  # fmt: skip


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(json.dumps(board(**json.loads(sys.stdin.read()))))

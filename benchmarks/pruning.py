"""Rules of pruning, replayed on whole trainings of searches: how many epochs each leaves, and what it loses."""

import json
import math
import random
import statistics
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import optuna

import autoopt
from autoopt.records import Objective
from autoopt.schedules import SHAPES
from autoopt.search import HalvingPruner
from autoopt.search.parent import standard_error
from benchmarks.runs import example, traceless


@dataclass(frozen=True)
class Curves:
    """The whole trainings of one search, the user's own model first.

    Attributes:
        problem: Name of the example.
        epochs: Of each training.
        examples: How many of them validate.
        scores: Validation accuracy after each epoch, one list a trial.
        hyperparameters: Of each trial.
    """

    problem: str
    epochs: int
    examples: int
    scores: Sequence[Sequence[float]]
    hyperparameters: Sequence[Mapping[str, Any]]


def recorded(problem: str, trials: int, epochs: int, seed: int) -> Curves:
    """Search with nothing pruned, and return what every trial reached."""
    defined = example(problem)
    search = autoopt.Search(confirm=0, pruner=optuna.pruners.NopPruner())
    with traceless() as nowhere:
        result = autoopt.tune(
            defined.model_fn, defined.data(), epochs=epochs, max_trials=trials, search=search, seed=seed, **nowhere
        )  # fmt: skip
        run = json.loads(Path(result.run_dir, "run.json").read_text(encoding="utf8"))
        whole = [trial for trial in result.trials if trial.status == "completed"]
    return Curves(
        problem, epochs, run["rows"][1], [trial.history["val_accuracy"] for trial in whole],
        [dict(trial.hyperparameters) for trial in whole],
    )  # fmt: skip


def write(found: Sequence[Curves], path: Path) -> None:
    """Keep what was recorded."""
    path.write_text(json.dumps([asdict(curves) for curves in found]) + "\n", encoding="utf8")


def read(path: Path) -> list[Curves]:
    """Return what `write` kept."""
    return [Curves(**curves) for curves in json.loads(path.read_text(encoding="utf8"))]


def _always(values: Mapping[str, Any]) -> float:
    """Return the share of a training in which it is not compared: none, whatever its rate does."""
    return 0.0


def _errors(curves: Curves, errors: float) -> Callable[[float], float]:
    compared = Objective("val_accuracy", "max")
    return lambda score: errors * standard_error(score, compared, curves.examples)


RULES: Mapping[str, Callable[[Curves], optuna.pruners.BasePruner]] = {  # a new one is one line
    "none": lambda curves: optuna.pruners.NopPruner(),
    "autoopt: a sixth and a half, not while the rate rises": lambda curves: HalvingPruner(curves.epochs),
    "a sixth and a half": lambda curves: HalvingPruner(curves.epochs, rising=_always),
    "and one standard error": lambda curves: HalvingPruner(curves.epochs, error=_errors(curves, 1.0)),
    "a ninth and a third": lambda curves: HalvingPruner(curves.epochs, (9, 3), rising=_always),
    "a ninth and a third, and one standard error": lambda curves: HalvingPruner(
        curves.epochs, (9, 3), _errors(curves, 1.0)
    ),
    "Optuna's median": lambda curves: optuna.pruners.MedianPruner(5, math.ceil(curves.epochs / 9)),
    "Optuna's Hyperband": lambda curves: optuna.pruners.HyperbandPruner(1, curves.epochs, 3),
}

SHARES = (0.15, 0.3, 1.0)
"""Of the epochs that nothing pruned takes: what is found within these is compared."""


def replayed(curves: Curves, pruner: optuna.pruners.BasePruner, order: Sequence[int]) -> list[float]:
    """Return the best score so far after each epoch that is trained under a rule.

    Args:
        curves: Whole trainings; the user's own, the first, is never ended.
        pruner: The rule.
        order: In which order they come.
    """
    study = optuna.create_study(direction="maximize", pruner=pruner, sampler=optuna.samplers.RandomSampler(0))
    best: list[float] = []
    for place in order:
        study.enqueue_trial(
            {name: curves.hyperparameters[place].get(name, usual) for name, usual, _ in RISING}
        )
        trial = study.ask({name: distribution for name, _, distribution in RISING})
        for epoch, score in enumerate(curves.scores[place]):
            best.append(max(score, best[-1] if best else 0.0))
            trial.report(score, epoch)
            if trial.should_prune() and place:
                break
        study.tell(trial, score)
    return best


RISING = (
    ("optimizer/schedule", "constant", optuna.distributions.CategoricalDistribution(list(SHAPES))),
    ("optimizer/warmup", 0.0, optuna.distributions.FloatDistribution(0.0, 1.0)),
)
"""Names of what `rising_share` looks at, with what they mean where they are not searched."""


def row(rule: str, curves: Curves, orders: int) -> dict[str, Any]:
    """Return what a rule saves and loses, on average over random orders of the trials.

    `epochs left` is a share of all; `regret at 0.3` is how much worse the best found within that share of all epochs
    is than the best of all.
    """
    found = []
    for seed in range(orders):
        order = list(range(1, len(curves.scores)))
        if seed:  # the first order is the one in which they were searched
            random.Random(seed).shuffle(order)
        found.append(replayed(curves, RULES[rule](curves), [0, *order]))
    total, top = sum(map(len, curves.scores)), max(map(max, curves.scores))
    regrets = {
        f"regret at {share}": statistics.fmean(
            top - best[min(math.ceil(share * total), len(best)) - 1] for best in found
        )
        for share in SHARES
    }
    left = statistics.fmean(len(best) for best in found) / total
    return {"problem": curves.problem, "rule": rule, "epochs left": left, **regrets}


def compared(found: Sequence[Curves], orders: int) -> list[dict[str, Any]]:
    """Return one row for each problem and rule."""
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        return [row(rule, curves, orders) for curves in found for rule in RULES]

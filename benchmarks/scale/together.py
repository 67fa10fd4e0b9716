"""What it costs that trials run together: the best of so many trials, of which many were proposed before others had ended."""

import random
import statistics
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import click
import keras_tuner

from autoopt import AutoHyperModel
from autoopt.data import Dataset
from autoopt.records import Objective, Trial
from autoopt.search import Driver, Limits, OptunaOracle, explore, fitting
from autoopt.stopwatch import Stopwatch
from autoopt.storage import Journal
from autoopt.worker import Job
from benchmarks.output import seeds, show
from benchmarks.runs import example
from benchmarks.scale.courses import Course
from benchmarks.scale.ground import Ground
from benchmarks.scale.timers import TimerExecutor

OBJECTIVE = Objective("val_accuracy", "max")


@click.command()
@click.option("--workers", default="1,8,64", show_default=True)
@click.option("--counts", default="100,200,400", show_default=True, help="Trials, rising.")
@click.option("--seeds", "seeds_", default="0,1,2,3,4,5,6,7,8,9", show_default=True)
@click.option("--out", type=click.Path(path_type=Path))
def together(workers: str, counts: str, seeds_: str, out: Path | None) -> None:
    """How good the best of so many trials is that run on so many workers, over made-up scores."""
    rows, numbers = list[dict](), seeds(counts)
    for count in seeds(workers):
        plain = [reached(seed, count, 1, numbers) for seed in seeds(seeds_)]
        rows.append(row(count, "no", numbers, plain, plain))
        if count > 1:
            told = [reached(seed, count, count, numbers) for seed in seeds(seeds_)]
            rows.append(row(count, "yes", numbers, told, plain))
    show("Made-up scores, space of examples/digits.py: what the best lacks, without noise", rows, out)


def row(
    workers: int,
    counts_running: str,
    counts: Sequence[int],
    found: Sequence[Sequence[float]],
    plain: Sequence[Sequence[float]],
) -> dict:
    """Return the mean over seeds after each number of trials, and how much less it lacks than where none counts.

    Args:
        workers: How many run at once.
        counts_running: Whether what runs counts to the sampler.
        counts: Numbers of trials.
        found: By seed and number of trials.
        plain: The same where what runs does not count.
    """
    cells: dict[str, object] = {"workers": workers, "what runs counts": counts_running}
    for place, count in enumerate(counts):
        gains = [before[place] - after[place] for before, after in zip(plain, found, strict=True)]
        error = statistics.stdev(gains) / len(gains) ** 0.5 if len(gains) > 1 else 0.0
        cells[f"after {count}"] = statistics.fmean(each[place] for each in found)
        cells[f"less after {count}"] = f"{statistics.fmean(gains):+.4f} ± {error:.4f}" if any(gains) else "-"
    return cells


def reached(seed: int, workers: int, told: int, counts: Sequence[int]) -> Sequence[float]:
    """Search, and return what the best of the first trials lacks, for each number of them.

    Args:
        seed: Of the search, and of the scores.
        workers: How many run at once.
        told: How many the oracle is told of.
        counts: Numbers of trials, rising.
    """
    defined = example("digits")
    dataset = Dataset.of(defined.data(), seed=0)
    hypermodel = AutoHyperModel(defined.model_fn, data=dataset)
    space = explore(hypermodel)
    ground, clock = Ground(space, seed), lambda: 0.0
    executor = TimerExecutor(workers, partial(_course, ground), Stopwatch(clock), clock)
    journal = Journal(None, OBJECTIVE)
    oracle = OptunaOracle(
        keras_tuner.Objective(OBJECTIVE.name, OBJECTIVE.direction), seed=seed, journal=journal,
        usual=fitting(space), examples=dataset.validation.n, space=space, workers=told,
    )  # fmt: skip
    ended: list[Trial] = []
    Driver(
        oracle, hypermodel, executor, journal, Limits(counts[-1], None, time.time(), 0), OBJECTIVE, 1, seed,
        lambda event: None, lambda outcome: None,
    ).run(ended)  # fmt: skip
    best = (max(ended[:count], key=lambda trial: trial.score or 0.0) for count in counts)
    return [1.0 - ground.score(trial.hyperparameters) for trial in best]


def _course(ground: Ground, job: Job) -> Course:
    """Return a training of one epoch that takes 20 to 40 s."""
    chance = random.Random(f"{job.seed} {job.number}")
    return Course(0.0, chance.uniform(20.0, 40.0), ground.noisy(job.values, job.number), slack=0.0)

"""Ablation: the path from the user's model to the winner, one change at a time, each step really trained."""

import math
import statistics
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from autoopt import seeding
from autoopt.afterwards.again import Again, Ended
from autoopt.afterwards.frame import framed
from autoopt.afterwards.path import Change, Path
from autoopt.arguments import whole
from autoopt.engines import Verdict, compilations_kept
from autoopt.errors import RunError, SearchError, UsageError
from autoopt.executors import Executor
from autoopt.records import YOUR_MODEL, Logs, Objective, Trial, own_model
from autoopt.reports import Console, duration, told
from autoopt.search import Confirmed, Interrupts, Limits, pace, seconds
from autoopt.storage import RunFolder
from autoopt.unloaded import tensorflow_unloaded
from autoopt.worker import Job

REPEATS = 1_000
"""Where the numbers of repeats begin: seeds that neither a trial nor a confirmation run had."""

COLUMNS = ("step", "change", "before", "after", "mean", "std", "gain")


@dataclass(frozen=True)
class Step:
    """One point of the path.

    Attributes:
        change: What was changed on the way here, empty for the user's model.
        values: All active hyperparameters here.
        scores: One for each seed, NaN where a training failed.
    """

    change: Sequence[str]
    values: Mapping[str, Any]
    scores: Sequence[float] = ()


@seeding.preserved()
@tensorflow_unloaded()
def ablation(ended: Ended, repeats: int, budget: Any, verbose: Any) -> pd.DataFrame:
    """Return the table of the path; arguments, columns and errors as of `Result.ablation`."""
    repeats = whole("repeats", repeats, 1)
    time_given = seconds(budget)
    ended.check_one_cut("An ablation trains and scores each step on one cut of the data")
    model = _called(ended.folder)
    if saved := _saved(ended, repeats):
        return _table(saved, ended.objective, model)
    again = ended.trainer("An ablation")
    path = Path(again.worker.hypermodel.draw, ended.defaults, ended.best.hyperparameters)
    if not path.changed:
        raise RunError(
            f"The winner of {ended.folder.path} is {model}: there is no path to it. Expected one with changes. "
            "Search on with more trials: autoopt resume RUN --max-trials N, or resume=True."
        )
    steps = _steps(path, path.ordered(ended.trials, ended.objective, again.seed))
    console, limits = Console(verbose), Limits(None, time_given, time.time(), 0)
    console.say(_plan(ended, again, len(steps), repeats, time_given, model))
    executor = again.executor()
    try:
        with Interrupts(limits, console.say), compilations_kept(again.duties.compilation_cache):
            trained = _trained(steps, repeats, again, executor, ended.best.number, limits)
    finally:
        executor.close()
    found = [{"change": list(s.change), "values": s.values, "scores": s.scores} for s in trained]
    ended.folder.write("ablation", {"best": ended.best.number, "steps": found})
    return _table(trained, ended.objective, model)


def trained_ablation(folder: RunFolder, best: int, objective: Objective) -> pd.DataFrame:
    """Return the table of an ablation that was trained earlier, empty where there was none; nothing is trained.

    Args:
        folder: Of the run.
        best: Number of the winner.
        objective: What was compared.
    """
    return _table(_kept(folder, best), objective, _called(folder))


def _called(folder: RunFolder) -> str:
    """Return what the user's model is called in a run."""
    return own_model(folder.read("run").get("starter"))


def _steps(path: Path, order: Sequence[Change]) -> list[Step]:
    """Return the points of the path, the user's model first."""
    applied = [frozenset[str]().union(*order[:count]) for count in range(len(order) + 1)]
    points = [path.point(names).values for names in applied]
    return [
        Step(sorted(change), values) for change, values in zip((frozenset(), *order), points, strict=True)
    ]


def _plan(
    ended: Ended, again: Again, steps: int, repeats: int, budget: float | None, model: str = YOUR_MODEL
) -> str:
    """Return what is about to be trained, and how long that takes; `model` is what the user's is called.

    Raises:
        UsageError: The budget is not enough for one training of each step.
    """
    own = next((trial for trial in ended.trials if trial.number == 0), ended.best)
    ends = (own, ended.best)
    compiling = steps * statistics.fmean(trial.costs.get("compile", 0.0) for trial in ends)
    training = steps * again.epochs * statistics.fmean(pace(trial, ended.trials) for trial in ends)
    once, every = compiling + training, compiling + training * repeats
    if budget is not None and once > budget:
        raise UsageError(
            f"budget was given {budget:g} seconds. Expected enough for one training of each of {steps} steps, about "
            f"{once:.0f} seconds. Give it more."
        )
    whole = f"{steps - 1} change{' leads' if steps == 2 else 's lead'} from {model} to the winner"
    trainings = f"{steps} steps with {repeats} seed{'' if repeats == 1 else 's'} each"
    about = f"{steps * repeats} trainings of {again.epochs} epochs, about {duration(every)}"
    cut = "" if budget is None else f", at most {duration(budget)}: then with fewer seeds"
    return f"{whole}. {trainings} are {about}{cut}."


def _trained(
    steps: Sequence[Step], repeats: int, again: Again, executor: Executor, number: int, limits: Limits
) -> list[Step]:
    """Train every step with one seed after the other, as far as time allows: all steps have the same seeds.

    Raises:
        SearchError: Not every step was trained once.
    """

    def report(job: Job, epoch: int, logs: Logs) -> Verdict:
        return "stop" if limits.over() else "continue"

    rounds: list[list[float]] = []
    for repeat in range(repeats):
        scores = []
        for step in steps:
            executor.submit(again.job(number, step.values, again.epochs, REPEATS + repeat))
            ended = executor.wait(report).trial
            if ended.status == "pruned" or limits.over():
                break
            scores.append(_score(ended))
        if len(scores) < len(steps):
            break
        rounds.append(scores)
    if not rounds and limits.interrupted:
        raise KeyboardInterrupt
    if not rounds:
        raise SearchError(
            f"The ablation ended before each of its {len(steps)} steps had been trained once. Give it more time."
        )
    by_step = zip(*rounds, strict=True)
    return [Step(step.change, step.values, scores) for step, scores in zip(steps, by_step, strict=True)]


def _score(ended: Trial) -> float:
    return math.nan if ended.score is None or ended.status == "failed" else ended.score


def _saved(ended: Ended, repeats: int) -> list[Step]:
    """Return what was trained earlier, as far as that will do: as many seeds, or nothing to train more with."""
    steps = _kept(ended.folder, ended.best.number)
    enough = bool(steps) and len(steps[0].scores) >= repeats
    return steps if ended.again is None or enough else []


def _kept(folder: RunFolder, best: int) -> list[Step]:
    """Return what was trained for the winner, nothing where that was another trial."""
    kept = folder.read("ablation")
    return [Step(**each) for each in kept["steps"]] if kept.get("best") == best else []


def _table(steps: Sequence[Step], objective: Objective, model: str) -> pd.DataFrame:
    reached = [Confirmed(step.scores) for step in steps]
    means = [each.mean for each in reached]
    rows: list[tuple[Any, ...]] = []
    for place, step in enumerate(steps):
        earlier = steps[max(place - 1, 0)]
        before, after = (
            ", ".join(told(each.values.get(name)) for name in step.change) for each in (earlier, step)
        )
        change = ", ".join(step.change) or model
        std = reached[place].std
        gain = objective.gain(means[place], means[max(place - 1, 0)])
        rows.append((place, change, before, after, means[place], std, gain))
    return framed(rows, COLUMNS)

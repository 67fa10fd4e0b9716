"""Confirmation: the best few trials run again with fresh seeds, and the winner is named on those runs."""

import math
import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from autoopt.engines import Verdict
from autoopt.executors import Executor
from autoopt.hypermodel import AutoHyperModel
from autoopt.hyperparameters import AskingHyperParameters
from autoopt.records import EpochEnded, Event, Logs, Objective, Trial, TrialEnded, TrialStarted
from autoopt.search.limits import Limits
from autoopt.search.search import Search
from autoopt.search.seeds import over_seeds
from autoopt.worker import Job


@dataclass(frozen=True)
class Confirmed:
    """Scores of one set of hyperparameters with fresh seeds, at the epoch that the search chose."""

    scores: Sequence[float]

    @property
    def n(self) -> int:
        """How many runs."""
        return len(self.scores)

    @property
    def mean(self) -> float:
        """Mean of the scores."""
        return statistics.fmean(self.scores)

    @property
    def std(self) -> float:
        """Standard deviation between seeds (n − 1), 0 for a single run, infinite where one failed."""
        if not all(map(math.isfinite, self.scores)):
            return math.inf
        return statistics.stdev(self.scores) if self.n > 1 else 0.0


@dataclass(frozen=True)
class Confirmation:
    """What the runs after a search consist of.

    Attributes:
        hypermodel: Turns values into recipes.
        executor: Runs jobs.
        limits: When nothing more may be trained.
        objective: What is compared.
        epochs: Epochs that the trials were asked for, where their schedules end.
        seed: The search's.
        emit: Tells the sinks.
    """

    hypermodel: AutoHyperModel
    executor: Executor
    limits: Limits
    objective: Objective
    epochs: int
    seed: int
    emit: Callable[[Event], None]

    def run(self, candidates: Sequence[Trial], repeats: int) -> Mapping[int, Confirmed]:
        """Run the candidates again, one round of all after the other, as far as time allows.

        Each run ends at the epoch that gave the candidate's score, and is scored there: its own best
        epoch would be a second selection on the same data. All runs start fresh, so a candidate that inherited
        its weights gets all epochs that it was trained for.

        Returns:
            Trial number to its scores; the same number of scores for each candidate.
        """
        scores: dict[int, list[float]] = {trial.number: [] for trial in candidates}
        for repeat in range(1, repeats + 1):
            for trial in candidates:
                score = None if self.limits.over() else self._score(trial, repeat)
                if score is None:
                    return self._even(scores, repeat - 1)
                scores[trial.number].append(score)
        return self._even(scores, repeats)

    def _score(self, trial: Trial, repeat: int) -> float | None:
        """Return one run's score, None where it was cut; a failure counts as the worst score."""
        epochs = _epochs(trial)
        hp = AskingHyperParameters(lambda known: trial.hyperparameters.get(known.name, known.default))
        recipe = self.hypermodel.draw(hp)
        job = Job(trial.number, recipe, dict(hp.values), epochs, max(self.epochs, epochs), self.seed, repeat)
        self.emit(TrialStarted(trial.number, dict(hp.values), repeat))
        self.executor.submit(job)
        ended = self.executor.wait(self._report).trial
        self.emit(TrialEnded(ended, repeat))
        if ended.status == "pruned":
            return None
        # A callback of the user's may have stopped it earlier: then that is where it is scored.
        reached = ended.history.get(self.objective.name, ())
        if ended.status == "completed" and reached and math.isfinite(reached[-1]):
            return float(reached[-1])
        return -math.inf if self.objective.direction == "max" else math.inf

    def _report(self, job: Job, epoch: int, logs: Logs) -> Verdict:
        self.emit(EpochEnded(job.number, epoch, logs, job.repeat))
        return "stop" if self.limits.over() else "continue"

    def _even(self, scores: Mapping[int, Sequence[float]], rounds: int) -> Mapping[int, Confirmed]:
        return {number: Confirmed(tuple(found[:rounds])) for number, found in scores.items() if rounds}


def affordable(ranked: Sequence[Trial], search: Search, limits: Limits) -> tuple[Sequence[Trial], int]:
    """Return the candidates and how often each is run again, shrunk to fit the time that is left.

    Args:
        ranked: The trials that may win, best first.
        search: How many of them, and how often, were asked for.
        limits: Knows how much time is left.
    """
    candidates, left = list(ranked[: search.confirm]), limits.left()
    if left is None or not candidates:
        return candidates, search.confirm_repeats
    longest = max((trial.seconds or 0.0) * _share(trial) for trial in candidates)
    runs = math.floor(left / max(longest, 1e-3))
    if runs < 1:
        return [], 0
    candidates = candidates[: max(1, math.isqrt(runs))]
    return candidates, min(search.confirm_repeats, runs // len(candidates))


def _share(trial: Trial) -> float:
    """Return the share of a trial's epochs that its confirmation trains."""
    return _epochs(trial) / max(trial.epochs, 1)


def _epochs(trial: Trial) -> int:
    """Return the epochs of a trial's confirmation: up to its best, which says little where it did not start fresh."""
    return trial.epochs if trial.inherited is not None else (trial.best_epoch or 0) + 1


def best_first(trials: Sequence[Trial], objective: Objective) -> list[Trial]:
    """Return the trials that may win, in the objective's order, best first.

    They have a score, did not fail, and are within the constraints. Trials of one point are ranked by their mean.
    """
    scored = [t for t in trials if t.score is not None and t.status != "failed" and not t.excess]
    means, sign = over_seeds(scored), -1.0 if objective.direction == "max" else 1.0
    return sorted(scored, key=lambda t: (t.missing > 0, sign * means[t.number], *objective.rank(t)))


def winner(trials: Sequence[Trial], confirmed: Mapping[int, Confirmed], objective: Objective) -> Trial | None:
    """Return the trial with the best confirmed mean, or with the best score where none was confirmed."""
    ranked = best_first(trials, objective)
    if not confirmed:
        return ranked[0] if ranked else None
    sign = -1.0 if objective.direction == "max" else 1.0
    candidates = [trial for trial in ranked if trial.number in confirmed]
    return min(candidates, key=lambda trial: sign * confirmed[trial.number].mean)

"""What confirmation found: the scores of each candidate with their error, who wins, and by how much."""

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from autoopt.records import Objective, Trial
from autoopt.search.chance import Runs, of_seeds_alone, scores
from autoopt.search.intervals import Difference, difference, error
from autoopt.search.seeds import mean, over_seeds


@dataclass(frozen=True)
class Confirmed:
    """Scores of one set of hyperparameters with fresh seeds, at the epoch that the search chose.

    Example:
        >>> Confirmed((0.5, 0.75)).mean
        0.625

    Attributes:
        scores: One for each run.
        error: Half-width of the 95 % interval of their mean: of seeds, and of the examples that validate. A single run
            tells of its examples alone. None where it is not known, infinite where a run failed.
        of_seeds_alone: Whether the error lacks the part of the examples, as what each says of the score is not known.
    """

    scores: Sequence[float]
    error: float | None = None
    of_seeds_alone: bool = False

    @property
    def n(self) -> int:
        """How many runs."""
        return len(self.scores)

    @property
    def mean(self) -> float:
        """Mean of the scores."""
        return mean(self.scores)

    @property
    def std(self) -> float:
        """Standard deviation between seeds (n − 1), 0 for a single run, infinite where one failed."""
        if not all(map(math.isfinite, self.scores)):
            return math.inf
        try:
            return statistics.stdev(self.scores) if self.n > 1 else 0.0
        except OverflowError:
            return math.inf


@dataclass(frozen=True, eq=False)
class Confirmations:
    """The runs of all candidates, the user's own model among them.

    Attributes:
        runs: Trial number to its runs; as many for each.
        fresh_cuts: Whether each repeat had a cut of the data of its own.
        trials: How many trials the candidates were chosen from.
        lacking: Why nothing was confirmed that was to be, in a few words; empty otherwise.
    """

    runs: Mapping[int, Runs]
    fresh_cuts: bool = False
    trials: int = 1
    lacking: str = ""

    def of(self, number: int) -> Confirmed | None:
        """Return a candidate's scores, with the error that holds although the best one is looked at."""
        runs = self.runs.get(number)
        if runs is None:
            return None
        around = error(runs, list(self.runs.values()), self._chosen_from(len(self.runs)))
        return Confirmed(tuple(map(float, scores(runs))), around, of_seeds_alone(runs))

    def everyone(self) -> Mapping[int, Confirmed]:
        """Return all candidates' scores."""
        return {number: found for number in self.runs if (found := self.of(number)) is not None}

    def gain(self, best: Trial, objective: Objective, seed: int) -> Difference | None:
        """Return how much better the winner is than the user's model; None where the runs do not tell, or are the same."""
        if best.number == 0 or not {0, best.number} <= set(self.runs):
            return None
        return difference(
            self.runs[best.number], self.runs[0], list(self.runs.values()), objective.direction,
            self._chosen_from(len(self.runs) - 1), seed,
        )  # fmt: skip

    def _chosen_from(self, candidates: int) -> int:
        """Return of how many the best one is the best.

        The rows on which all trials were compared flatter those that did well on them: then all trials count.
        """
        return candidates if self.fresh_cuts else max(candidates, self.trials)


def best_first(trials: Sequence[Trial], objective: Objective) -> list[Trial]:
    """Return the trials that may win, in the objective's order, best first.

    They have a score, did not fail, and are within the constraints. Trials of one point are ranked by their mean.
    """
    scored = [t for t in trials if t.score is not None and t.status != "failed" and not t.excess]
    means, sign = over_seeds(scored), -1.0 if objective.direction == "max" else 1.0
    return sorted(scored, key=lambda t: (t.missing > 0, sign * means[t.number], *objective.rank(t)))


def winner(
    candidates: Sequence[Trial], confirmed: Mapping[int, Confirmed], objective: Objective
) -> Trial | None:
    """Return the candidate with the best confirmed mean, or the first where none was confirmed.

    Among equals it is the cheaper one, and then the earlier one.

    Args:
        candidates: The trials that may win, best first.
        confirmed: Number of each that ran again to what it reached.
        objective: What is compared.
    """
    if not confirmed:
        return candidates[0] if candidates else None
    sign = -1.0 if objective.direction == "max" else 1.0

    def rank(trial: Trial) -> tuple[float, float, int]:
        price = math.inf if trial.price is None else trial.price
        return sign * confirmed[trial.number].mean, price, trial.number

    return min((trial for trial in candidates if trial.number in confirmed), key=rank)

"""Densities: where good values lie and where all others do, as Optuna's TPE estimates them (Bergstra et al. 2011).

The same to the last bit, for one objective. But Optuna sorts all trials, and turns their values into numbers, for each group of
each proposal: here each trial is sorted in once. And trials that run may count as others.
"""

import bisect
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import optuna
from optuna.distributions import BaseDistribution
from optuna.samplers._tpe.parzen_estimator import _ParzenEstimator, _ParzenEstimatorParameters
from optuna.samplers._tpe.sampler import default_gamma, default_weights
from optuna.trial import FrozenTrial, TrialState

CANDIDATES = 24
"""Drawn where good values lie; that one is proposed where others are least likely: TPE's own number."""

PARAMETERS = _ParzenEstimatorParameters(
    prior_weight=1.0, consider_magic_clip=True, consider_endpoints=False, weights=default_weights, multivariate=True
)  # fmt: skip

Space = Mapping[str, BaseDistribution]


@dataclass
class _Beside:
    """The values of some dimensions in trials that run: once asked for, they do not change.

    Attributes:
        values: A row for each trial in which the dimensions are active.
        of: The numbers of these.
        lacking: Those of the others.
    """

    values: np.ndarray
    of: list[int] = field(default_factory=list)
    lacking: set[int] = field(default_factory=set)

    def follow(self, running: Mapping[int, Mapping[str, Any]], space: Space) -> np.ndarray:
        """Forget the trials that do not run any more, take those that do, and return their rows."""
        stay = [number in running for number in self.of]
        self.values, self.of = (
            self.values[np.array(stay, bool)],
            [number for number in self.of if number in running],
        )
        self.lacking &= running.keys()
        known = self.lacking.union(self.of)
        for number in [number for number in running if number not in known]:
            if space.keys() <= running[number].keys():
                self.values = np.concatenate([self.values, [_numbers(running[number], space)]])
                self.of.append(number)
            else:
                self.lacking.add(number)
        return self.values


@dataclass
class _Rows:
    """The values of some dimensions in all trials in which they are active, as numbers.

    Attributes:
        values: A row for each of these trials.
        of: Which trial each row is of, by its place among all.
        beside: Those that run.
        seen: How many trials were looked at.
    """

    values: np.ndarray
    of: np.ndarray
    beside: _Beside
    seen: int = 0


class Densities:
    """What trials tell of good values. Called from one thread.

    Args:
        direction: In which the objective is better.
    """

    def __init__(self, direction: str) -> None:
        self._sign = -1.0 if direction == "max" else 1.0
        self._trials: list[FrozenTrial] = []
        self._order: list[tuple[int, float, float, int]] = []
        self._rows: dict[tuple[str, ...], _Rows] = {}

    def learn(self, trials: Sequence[FrozenTrial]) -> int:
        """Take what is new among trials, of which those that are known come first, and return how many there are."""
        for trial in trials[len(self._trials) :]:
            bisect.insort(self._order, (*self._rank(trial), len(self._trials)))
            self._trials.append(trial)
        return len(self._trials)

    def draw(
        self, space: Space, beside: Mapping[int, Mapping[str, Any]], chance: np.random.RandomState
    ) -> dict[str, Any]:
        """Return values of some dimensions that are active together.

        Args:
            space: The dimensions.
            beside: Number and values of trials that count as others, whatever they come to.
            chance: What is drawn from.
        """
        rows, count = self._of(space), len(self._trials)
        good = np.zeros(count, bool)
        good[[place for *_, place in self._order[: default_gamma(count)]]] = True
        is_good = good[rows.of]
        others = np.concatenate([rows.values[~is_good], rows.beside.follow(beside, space)])
        low, high = _density(space, rows.values[is_good]), _density(space, others)
        drawn = low.sample(chance, CANDIDATES)
        best = np.argmax(low.log_pdf(drawn) - high.log_pdf(drawn))
        return {name: space[name].to_external_repr(values[best].item()) for name, values in drawn.items()}

    def _of(self, space: Space) -> _Rows:
        """Return the rows of some dimensions."""
        rows = self._rows.get(tuple(space))
        if rows is None:
            none = np.empty((0, len(space)))
            rows = self._rows[tuple(space)] = _Rows(none, np.empty(0, int), _Beside(none))
        fresh = [
            place
            for place, trial in enumerate(self._trials[rows.seen :], rows.seen)
            if space.keys() <= trial.params.keys()
        ]
        if fresh:
            values = [_numbers(self._trials[place].params, space) for place in fresh]
            rows.values, rows.of = np.concatenate([rows.values, values]), np.concatenate([rows.of, fresh])
        rows.seen = len(self._trials)
        return rows

    def _rank(self, trial: FrozenTrial) -> tuple[int, float, float]:
        """Return what trials are sorted by: whole ones first, then those that came farthest, then those that failed."""
        if violated := sum(each for each in trial.constraints.values() if each > 0):
            return 2, violated, 0.0
        if trial.state is TrialState.COMPLETE:
            return 0, self._sign * (trial.value or 0.0), 0.0
        if not trial.intermediate_values:
            return 1, 1.0, 0.0
        step, value = max(trial.intermediate_values.items())
        return 1, -step, math.inf if math.isnan(value) else self._sign * value


class DensitySampler(optuna.samplers.BaseSampler):
    """Proposes values of high density among good trials, and of low density among others.

    Args:
        densities: Are taught by the study that is asked about.
        seed: Where chance comes from.
        startup: Trials before which it proposes at random.
        beside: Returns number and values of trials that count as others.
    """

    def __init__(
        self,
        densities: Densities,
        seed: int,
        startup: int,
        beside: Callable[[], Mapping[int, Mapping[str, Any]]],
    ) -> None:
        self._densities, self._startup, self._beside = densities, startup, beside
        self._chance = np.random.RandomState(seed)
        self._random = optuna.samplers.RandomSampler(seed=seed)

    def infer_relative_search_space(self, study: Any, trial: Any) -> dict[str, BaseDistribution]:
        """Return nothing: who asks knows which dimensions belong together."""
        return {}

    def sample_relative(self, study: Any, trial: Any, search_space: dict[str, Any]) -> dict[str, Any]:
        """Return values of dimensions that are active together; none where too few trials have ended."""
        if self._densities.learn(study.get_trials(deepcopy=False)) < self._startup:
            return {}
        return self._densities.draw(search_space, self._beside(), self._chance)

    def sample_independent(self, study: Any, trial: Any, param_name: str, param_distribution: Any) -> Any:
        """Return a value of one dimension."""
        alone = self.sample_relative(study, trial, {param_name: param_distribution})
        if alone:
            return alone[param_name]
        return self._random.sample_independent(study, trial, param_name, param_distribution)


def _density(space: Space, values: np.ndarray) -> _ParzenEstimator:
    columns = {name: values[:, place] for place, name in enumerate(space)}
    return _ParzenEstimator(columns, dict(space), PARAMETERS)


def _numbers(values: Mapping[str, Any], space: Space) -> Sequence[float]:
    """Return values as Optuna counts them."""
    return [found.to_internal_repr(values[name]) for name, found in space.items()]

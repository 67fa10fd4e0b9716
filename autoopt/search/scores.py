"""What a finished trial reached in each objective, where several are compared."""

import logging
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from autoopt.errors import UsageError, nearest
from autoopt.failure import failed
from autoopt.hyperparameters import AskingHyperParameters
from autoopt.records import Objective, Trial
from autoopt.search.ceiling import Ceiling, epoch_seconds
from autoopt.spelling import named

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Scores:
    """Fills in a trial's scores: metrics of its best epoch, and what its model costs.

    Attributes:
        objectives: What is compared; the first one is a trial's `score`.
        ceiling: Counts parameters and measures latency, both once a structure.
    """

    objectives: Sequence[Objective]
    ceiling: Ceiling

    def measured(self, trial: Trial) -> Trial:
        """Return a finished trial with its scores; one that lacks a value has failed, and says why."""
        if trial.score is None or trial.status == "failed":
            return trial
        try:
            return replace(trial, scores={each.name: self._value(each, trial) for each in self.objectives})
        except Exception as error:  # as anything else that goes wrong in a trial
            logger.debug("trial %d failed", trial.number, exc_info=True)
            return replace(failed(trial, error), finished=trial.finished, score=None)

    def _value(self, objective: Objective, trial: Trial) -> float:
        if objective == self.objectives[0]:
            return float(trial.score or 0.0)
        value = (
            self._cost(objective.name, trial) if objective.is_cost else self._metric(objective.name, trial)
        )
        if value is None or not math.isfinite(value):
            told = f"It reports {', '.join(map(repr, trial.history))}."
            near = "" if objective.is_cost else nearest(objective.name, trial.history)
            raise UsageError(
                f"{named('objective')} was given {objective.name!r}, and at its best epoch the trial has no finite value of it. "
                f"Expected one in every trial. {near or told}"
            )
        return value

    def _metric(self, name: str, trial: Trial) -> float | None:
        return trial.scores[name] if name in trial.scores else trial.reached(name)

    def _cost(self, name: str, trial: Trial) -> float | None:
        if name == "seconds_per_epoch":
            return epoch_seconds(trial)
        hp = AskingHyperParameters.of(trial.hyperparameters)
        recipe = self.ceiling.hypermodel.draw(hp)
        if name == "latency":
            return self.ceiling.latency(recipe, hp.values)
        return float(self.ceiling.parameters(recipe, hp.values))

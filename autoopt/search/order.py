"""Order: whether the next proposal changes settings or structure, by what either is expected to gain for its price.

What a kind of change gained before is what it is expected to gain again, and a gain that would just be noticed counts
as one that has been seen: so neither is ever given up, and the dearer is tried as much less often as it costs more.
Both come from finished trials and a fixed cost model, never from a clock.
"""

import itertools
import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from autoopt.records import Objective, Trial
from autoopt.search.parent import standard_error

RECENT = 32
"""So many changes are remembered: a better parent is harder to improve on, and what was dull may be tried again."""

NOTABLE = 0.01
"""Share of a score that is noticed, where its standard error is not known."""


@dataclass(frozen=True)
class Change:
    """What one finished trial changed of the trial that it was made from.

    Attributes:
        structure: Whether what is compiled was changed, and not settings alone.
        gain: How much better its score was, 0 where it was not.
        price: What it cost, compiling included.
    """

    structure: bool
    gain: float
    price: float


@dataclass(frozen=True)
class Order:
    """How the two kinds of change are weighed.

    Attributes:
        objective: What is compared.
        examples: How many examples validate, None where that is not known.
        program: What it costs to make a program, in the unit of `Trial.price`.
        structural: Says whether the name of a hyperparameter decides on what is compiled.
    """

    objective: Objective
    examples: int | None
    program: float
    structural: Callable[[str], bool]

    def wants_structure(self, trials: Sequence[Trial], parent: Trial) -> bool:
        """Say whether a new structure is expected to gain more for its price than other settings are.

        Args:
            trials: The finished ones, by number.
            parent: What the next proposal is made from.
        """
        made = self.changes(trials, RECENT)
        usual = (parent.price or 0.0) * max(1, parent.epochs)
        notable = standard_error(abs(parent.score or 0.0), self.objective, self.examples)
        notable = notable or NOTABLE * abs(parent.score or 1.0)
        settings = _worth([each for each in made if not each.structure], notable, usual)
        return settings < _worth([each for each in made if each.structure], notable, usual + self.program)

    def changes(self, trials: Sequence[Trial], most: int) -> Sequence[Change]:
        """Return what the last trials that were made from another changed of it, the last one first.

        Args:
            trials: The finished ones, by number.
            most: How many changes.
        """
        known = {trial.number: trial for trial in trials}
        made = ((trial, known[trial.origin]) for trial in reversed(trials) if trial.origin in known)
        scored = ((trial, origin) for trial, origin in made if origin.score is not None)
        return [self._change(trial, origin) for trial, origin in itertools.islice(scored, most)]

    def _change(self, trial: Trial, origin: Trial) -> Change:
        structure = self._compiled(trial.hyperparameters) != self._compiled(origin.hyperparameters)
        scored = trial.score is not None and trial.status != "failed"
        gain = self.objective.gain(trial.score or 0.0, origin.score or 0.0) if scored else 0.0
        trained = (trial.price or origin.price or 0.0) * max(1, trial.epochs)
        return Change(structure, max(0.0, gain), trained + self.program * structure)

    def _compiled(self, values: Mapping[str, Any]) -> Mapping[str, Any]:
        return {name: value for name, value in values.items() if self.structural(name)}


def _worth(made: Sequence[Change], notable: float, price: float) -> float:
    """Return the gain that is expected of another change of a kind, over what it is expected to cost."""
    gain = (notable + sum(each.gain for each in made)) / (1 + len(made))
    return gain / max(1.0, statistics.fmean([price, *(each.price for each in made)]))

"""Standing: what the winner was found to be worth, beside the user's model and on the test part; as `result.json` has it."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from autoopt.records import Logs, Objective, Trial
from autoopt.search.chance import Values
from autoopt.search.confirmed import Confirmations, Confirmed
from autoopt.search.intervals import Difference, error_of_one


@dataclass(frozen=True)
class Standing:
    """What can be said of the winner.

    Attributes:
        confirmed: Its scores with fresh seeds, None where there was no confirmation.
        baseline: Those of the user's own model.
        difference: How much better it is than the user's model; None where it is that model, or the runs do not tell.
        fresh_cuts: Whether each repeat had a cut of the data of its own.
        test_error: Half-width of the 95 % interval of the objective on the test part; None where it is not known.
        gap: From the test part to validation: the confirmed mean, or else the winner's score, less the test score. Of
            several executions or folds that is their mean, since the best of them is flattered.
    """

    confirmed: Confirmed | None = None
    baseline: Confirmed | None = None
    difference: Difference | None = None
    fresh_cuts: bool = False
    test_error: float | None = None
    gap: float | None = None

    @property
    def beats_baseline(self) -> bool | None:
        """Whether the winner is better than the user's model beyond noise; None where nothing is claimed."""
        return None if self.difference is None else self.difference.least > 0.0

    def written(self) -> dict[str, Any]:
        """Return what `read` reads."""
        confirmed, baseline, gain = self.confirmed, self.baseline, self.difference
        return {
            "confirmed": [] if confirmed is None else list(confirmed.scores),
            "confirmed_error": None if confirmed is None else confirmed.error,
            "confirmed_of_seeds_alone": confirmed is not None and confirmed.of_seeds_alone,
            "baseline_confirmed": None if baseline is None else vars(baseline),
            "gain": None if gain is None else vars(gain),
            "fresh_cuts": self.fresh_cuts,
            "test_error": self.test_error,
            "gap": self.gap,
        }

    @classmethod
    def read(cls, found: Mapping[str, Any]) -> "Standing":
        """Return what `result.json` has, that of earlier versions too, which wrote scores alone."""
        scores, baseline, gain = found.get("confirmed"), found.get("baseline_confirmed"), found.get("gain")
        return cls(
            Confirmed(
                tuple(scores), found.get("confirmed_error"), found.get("confirmed_of_seeds_alone", False)
            )
            if scores
            else None,
            Confirmed(**{**baseline, "scores": tuple(baseline["scores"])}) if baseline else None,
            Difference(**gain) if gain else None,
            bool(found.get("fresh_cuts", False)),
            found.get("test_error"),
            found.get("gap"),
        )

    def told(self) -> dict[str, Any]:
        """Return what the summary of a run says of it."""
        return {
            "confirmed": _spoken(self.confirmed),
            "baseline_confirmed": _spoken(self.baseline),
            "beats_baseline": self.beats_baseline,
            "gain": None if self.difference is None else dict(vars(self.difference)),
            "fresh_cuts": self.fresh_cuts,
            "test_error": self.test_error,
            "gap": self.gap,
        }

    def scalars(self) -> dict[str, float]:
        """Return the numbers of it that are known, by name."""
        found = {
            "confirmed_mean": None if self.confirmed is None else self.confirmed.mean,
            "confirmed_error": None if self.confirmed is None else self.confirmed.error,
            "your_model_confirmed_mean": None if self.baseline is None else self.baseline.mean,
            "gain_over_your_model": None if self.difference is None else self.difference.mean,
            "gain_over_your_model_at_least": None if self.difference is None else self.difference.least,
            "test_error": self.test_error,
            "gap_to_test": self.gap,
        }
        return {name: value for name, value in found.items() if value is not None and math.isfinite(value)}


@dataclass(frozen=True)
class Unseen:
    """The winner on the test part.

    Attributes:
        metrics: What it scored there; None without such a part.
        values: What each example there says of the objective, None where that is not known.
    """

    metrics: Logs | None = None
    values: Values | None = None


def standing(
    best: Trial, best_score: float, found: Confirmations, tested: Unseen, objective: Objective, seed: int
) -> Standing:
    """Return what can be said of the winner.

    Args:
        best: The winner.
        best_score: The objective of its model.
        found: The runs with fresh seeds; there may be none.
        tested: How it did on the test part.
        objective: What is compared.
        seed: Of the bootstrap.
    """
    confirmed = found.of(best.number)
    name = objective.name.removeprefix("val_")
    score = (tested.metrics or {}).get(name) if name != objective.name else None
    around = gap = None
    if score is not None:
        around = error_of_one(tested.values, found.runs.get(best.number, ()), list(found.runs.values()))
        searched = best_score if best.executions == 1 or best.score is None else best.score
        gap = (searched if confirmed is None else confirmed.mean) - score
    gain = found.gain(best, objective, seed)
    return Standing(confirmed, found.of(0), gain, found.fresh_cuts, around, gap)


def _spoken(confirmed: Confirmed | None) -> dict[str, Any] | None:
    if confirmed is None:
        return None
    return {
        "mean": confirmed.mean, "std": confirmed.std, "n": confirmed.n, "error": confirmed.error,
        "of_seeds_alone": confirmed.of_seeds_alone,
    }  # fmt: skip

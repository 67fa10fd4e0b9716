"""The headline of a run: the scores from the user's model to the test part, each with its error."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from autoopt.records import own_model
from autoopt.reports import interval


@dataclass(frozen=True)
class Score:
    """One score of the headline.

    Attributes:
        what: Whose it is.
        value: None where there is none.
        note: How it came about, in a few words.
        error: Half-width of its 95 % interval; None where that is not known, or infinite.
        metric: What was measured.
    """

    what: str
    value: float | None
    note: str = ""
    error: float | None = None
    metric: str = ""

    @property
    def around(self) -> str:
        """What stands behind it for its interval."""
        return interval.around(self.metric, self.value, self.error)

    @property
    def ends(self) -> tuple[float, float] | None:
        """Both ends of the interval."""
        return None if self.value is None else interval.ends(self.metric, self.value, self.error)


def scores(summary: Mapping[str, Any]) -> Iterator[Score]:
    """Yield the scores that are known, from the user's model to the test part.

    Args:
        summary: What `Result.summary()` returns.
    """
    over = f", which {summary['baseline_excess']}" if summary.get("baseline_excess") else ""
    model = own_model(summary.get("starter")).capitalize()
    metric = summary["objective"]["name"].removeprefix("val_")
    yield Score(model, summary["baseline_score"], f"trial 0{over}")
    number = summary["best_trial"]
    # The winner is the best of those that ran again: another trial may have scored more in the search.
    what, which = ("Best so far", "") if number is None else ("Winner, in the search", f"trial {number}")
    kind = next((kind for kind in ("folds", "executions") if summary.get(kind)), None)
    mean = f", mean of its {kind}" if kind else ""
    yield Score(what, compared_score(summary), f"{which}{mean}")
    if number != 0:
        yield from _confirmed(f"{model}, confirmed", summary.get("baseline_confirmed"), metric)
    yield from _confirmed("Winner, confirmed", summary.get("confirmed"), metric)
    if summary.get("unconfirmed"):
        yield Score("Winner, confirmed", None, f"not: {summary['unconfirmed']}")
    tested = summary.get("test_metrics") or {}
    if metric in tested:
        error = _finite(summary.get("test_error"))
        yield Score("Winner, test part", tested[metric], "looked at once", error, metric)


def compared_score(summary: Mapping[str, Any]) -> float | None:
    """Return the winner's score as it is compared with the user's model: a mean where trials have one."""
    several = summary.get("folds") or summary.get("executions")
    return several["mean"] if several else summary["best_score"]


def _confirmed(what: str, found: Mapping[str, Any] | None, metric: str) -> Iterator[Score]:
    if found:
        seeds = f"{found['n']} fresh seed{'' if found['n'] == 1 else 's'}"
        alone = ", error of seeds alone" if found.get("of_seeds_alone") else ""
        yield Score(what, found["mean"], f"{seeds}{alone}", _finite(found.get("error")), metric)


def _finite(error: float | None) -> float | None:
    return error if error is not None and math.isfinite(error) else None

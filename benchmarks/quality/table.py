"""Table: runs become rows, medians over the seeds. Plain arithmetic; no clock, no framework."""

import math
import statistics
from collections.abc import Iterable, Mapping, Sequence

from benchmarks.quality.job import Curve, Measured, Run

OURS = "autoopt"
NO_SEARCH = "plain"
"""Shown, but not ranked."""

NEVER = "never"

Row = dict[str, float | int | str | None]
Group = Mapping[int, Measured]
"""Seed to what was measured."""

Place = tuple[float, str]
"""Budget and task."""


def rows(runs: Sequence[Run]) -> list[Row]:
    """Return a row for each budget, task and tuner.

    "autoopt there at" is the share of this tuner's budget at which autoopt's best validation score so far was at
    least this tuner's final one, the median over the seeds.
    """
    places = _places(runs)
    return [
        {
            "budget": f"{budget:g} s",
            "task": task,
            "tuner": tuner,
            "validation": _median(each.validation for each in group.values()),
            "test": _median(each.test for each in group.values()),
            "noise": _noise(group),
            "rank": _ranks(tuners).get(tuner),
            "best or within noise": None if tuner == NO_SEARCH else _is_as_good(tuner, tuners),
            "autoopt there at": _shown(_overtaken(tuner, tuners, budget)),
            "trials": round(_median(each.trials for each in group.values())),
            "seconds": _median(each.seconds for each in group.values()),
        }
        for (budget, task), tuners in places.items()
        for tuner, group in tuners.items()
    ]


def summary(runs: Sequence[Run]) -> list[Row]:
    """Return a row for each budget and tuner, over its tasks."""
    places = _places(runs)
    found: list[Row] = []
    for budget in dict.fromkeys(budget for budget, _ in places):
        tasks = [tuners for (asked, _), tuners in places.items() if asked == budget]
        for tuner in dict.fromkeys(name for tuners in tasks for name in tuners if name != NO_SEARCH):
            met = [tuners for tuners in tasks if tuner in tuners]
            shares = [share for each in met if (share := _overtaken(tuner, each, budget)) is not None]
            found.append(
                {
                    "budget": f"{budget:g} s",
                    "tuner": tuner,
                    "mean rank": statistics.fmean(_ranks(tuners)[tuner] for tuners in met),
                    "best or within noise": f"{sum(_is_as_good(tuner, each) == 'yes' for each in met)} of {len(met)}",
                    "autoopt there at": _shown(statistics.median(shares) if shares else None),
                }
            )
    return found


def reached_at(curve: Curve, score: float) -> float:
    """Return the second at which a curve was at a score or above it, infinity where it never was."""
    return next((second for second, best in curve if best >= score), math.inf)


def standard_error(share: float, examples: int) -> float:
    """Return how far a share of right answers among so many examples is from the true one."""
    return math.sqrt(share * (1.0 - share) / examples)


def _places(runs: Iterable[Run]) -> dict[Place, dict[str, dict[int, Measured]]]:
    """Return the runs by budget and task, then by tuner, autoopt's first, then by seed."""
    found: dict[Place, dict[str, dict[int, Measured]]] = {}
    for run in sorted(runs, key=lambda run: (run.job.budget, run.job.task, run.job.tuner != OURS)):
        task = run.job.task if run.job.epochs is None else f"{run.job.task}, {run.job.epochs} epochs"
        tuners = found.setdefault((run.job.budget, task), {})
        tuners.setdefault(run.job.tuner, {})[run.job.seed] = run.measured
    return found


def _ranks(tuners: Mapping[str, Group]) -> dict[str, int]:
    """Return 1 for the best median on the test part; equals share a rank."""
    tests = {name: _test(group) for name, group in tuners.items() if name != NO_SEARCH}
    return {name: 1 + sum(other > mine for other in tests.values()) for name, mine in tests.items()}


def _is_as_good(tuner: str, tuners: Mapping[str, Group]) -> str:
    """Say whether a tuner is at most a standard error of the test part behind the best."""
    searches = {name: group for name, group in tuners.items() if name != NO_SEARCH}
    best = max(searches, key=lambda name: _test(searches[name]))
    behind = _test(searches[best]) - _test(searches[tuner])
    return "yes" if behind <= _noise(searches[best]) else "no"


def _overtaken(tuner: str, tuners: Mapping[str, Group], budget: float) -> float | None:
    """Return the share of a peer's budget after which autoopt was where the peer ended, None where nobody knows."""
    ours = tuners.get(OURS, {})
    if tuner in (OURS, NO_SEARCH) or not ours:
        return None
    asked = seconds(tuner, budget)
    both = [(ours[seed], theirs) for seed, theirs in tuners[tuner].items() if seed in ours]
    shares = [reached_at(mine.curve, theirs.validation) / asked for mine, theirs in both]
    return statistics.median(shares) if shares else None


def seconds(tuner: str, budget: float) -> float:
    """Return what a tuner is given where the others are given a budget."""
    return 2 * budget if tuner == "random-twice" else budget


def _test(group: Group) -> float:
    return _median(each.test for each in group.values())


def _noise(group: Group) -> float:
    return standard_error(_test(group), next(iter(group.values())).tested)


def _median(values: Iterable[float]) -> float:
    return statistics.median(values)


def _shown(share: float | None) -> float | str | None:
    return NEVER if share == math.inf else share

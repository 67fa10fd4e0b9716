"""Table: measurements become rows, medians over the seeds; ratios are taken seed by seed first."""

import statistics
from collections.abc import Callable, Mapping, Sequence

from benchmarks.throughput.job import Job, Measured
from benchmarks.throughput.runner import Measurement

FIRST = 20
"""From this trial on memory is to be flat: the frameworks have been loaded, the first programs compiled."""

Key = tuple[str, str, str]
"""Problem, tuner, backend."""

Group = Mapping[int, Measured]
"""Seed to what was measured."""

Row = dict[str, float | int | str | None]


def rows(task: str, found: Sequence[Measurement]) -> list[Row]:
    """Return a row for each problem, tuner and backend.

    Args:
        task: A name of `tasks.TASKS`.
        found: What was measured.
    """
    groups: dict[Key, dict[int, Measured]] = {}
    for each in found:
        groups.setdefault(_key(each.job), {})[each.job.seed] = each.measured
    columns = {"minutes": _rates, "overhead": _overheads, "memory": _memories}.get(task, _times)
    ordered = sorted(groups, key=lambda key: (key[0], key[2] != "tensorflow", key[1] != "autoopt", key[1]))
    return [
        {"problem": key[0], "backend": key[2], "tuner": key[1], **columns(key, groups)} for key in ordered
    ]


def _key(job: Job) -> Key:
    return job.problem, job.tuner, job.backend


def _times(key: Key, groups: Mapping[Key, Group]) -> Row:
    """Seconds a trial, and how many times autoopt's that is."""
    problem, _, backend = key
    return {
        "seconds a trial": _median(groups[key], _seconds_a_trial),
        "÷ autoopt": _ratio(groups[key], groups.get((problem, "autoopt", backend)), _seconds_a_trial),
        "÷ autoopt on jax": _ratio(groups[key], groups.get((problem, "autoopt", "jax")), _seconds_a_trial),
        **_work(groups[key]),
    }


def _rates(key: Key, groups: Mapping[Key, Group]) -> Row:
    """Finished trials a minute, and how many times its rate autoopt has."""
    ours = groups.get((key[0], "autoopt", key[2]))
    return {
        "trials a minute": _median(groups[key], lambda each: 60 * each.trials / each.seconds),
        "autoopt ÷ this": _ratio(groups[key], ours, _seconds_a_trial),
        **_work(groups[key]),
    }


def _overheads(key: Key, groups: Mapping[Key, Group]) -> Row:
    """Everything but compiling, training and evaluating."""
    group = groups[key]
    parts = ("total", "compile", "train", "evaluate", "suggest", "log", "checkpoint", "programs", "trials")
    return {
        "share": _median(group, lambda each: _overhead(each) / each.profile["total"]),
        "ms a trial": _median(group, lambda each: 1000 * _overhead(each) / each.profile["trials"]),
        **{name: _median(group, lambda each, name=name: each.profile[name]) for name in parts},
        "seconds of tune()": _median(group, lambda each: each.seconds),
    }


def _memories(key: Key, groups: Mapping[Key, Group]) -> Row:
    """Resident megabytes from an early trial to the last."""
    group = groups[key]
    trials = min(len(each.memory) for each in group.values())
    early = FIRST if trials > 2 * FIRST else 1
    return {
        "trials": f"{early} to {trials - 1}",
        "MB at first": _median(group, lambda each: each.memory[early]),
        "MB at last": _median(group, lambda each: each.memory[trials - 1]),
        "MB grown": _median(group, lambda each: each.memory[trials - 1] - each.memory[early]),
    }


def _work(group: Group) -> Row:
    """What shows that all did the same work: trials with every epoch, and how good they got."""
    return {
        "finished trials": round(statistics.median(each.trials for each in group.values())),
        "mean best val_accuracy": _median(group, lambda each: each.score),
    }


def _seconds_a_trial(measured: Measured) -> float | None:
    return measured.seconds / measured.trials if measured.trials else None


def _overhead(measured: Measured) -> float:
    profile = measured.profile
    return profile["total"] - profile["compile"] - profile["train"] - profile["evaluate"]


def _median(group: Group, figure: Callable[[Measured], float | None]) -> float | None:
    figures = [found for each in group.values() if (found := figure(each)) is not None]
    return statistics.median(figures) if figures else None


def _ratio(group: Group, other: Group | None, figure: Callable[[Measured], float | None]) -> float | None:
    """Return the median over the seeds of one group's figure through the other's."""
    pairs = [(figure(group[seed]), figure(other[seed])) for seed in group if other and seed in other]
    ratios = [one / two for one, two in pairs if one is not None and two]
    return statistics.median(ratios) if ratios else None

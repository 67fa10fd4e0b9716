"""Sections on trainings: curves of the best, the path from one model to the other, time, and what failed."""

from collections.abc import Sequence
from typing import Any

from autoopt.failure import cause
from autoopt.records import Trial
from autoopt.reports.console import duration, first_line, score_text
from autoopt.reports.page.figures import bars, curves_of, intervals
from autoopt.reports.page.findings import Findings, Plot, Section
from autoopt.reports.page.markup import Cell, Row, element, folded, table

BEST_FEW = 10
"""Trials whose curves are drawn."""

SPENT = {
    "train": "training", "compile": "compiling", "evaluate": "evaluating", "suggest": "suggesting", "log": "logging",
    "checkpoint": "checkpointing", "other": "other",
}  # fmt: skip
"""Kinds of seconds as they are called on the page."""

MOST_CHARACTERS = 20_000
"""Of a traceback: its end, which says most."""


def ablation(found: Findings) -> Section:
    """Return the path from the user's model to the winner, one change at a time."""
    title, rows = "Ablation", found.ablation
    if not rows:
        none = (
            "None was trained. It says what each change gained: call result.ablation(), and write the report again. For a "
            "run that was read from disk: autoopt.load(RUN, source=autoopt.Source(model_fn, data)).ablation()."
        )
        return Section("ablation", title, [element("p", none)])
    names = [f"{row['step']} {row['change']}" for row in rows]
    means, deviations = ([row[name] for row in rows] for name in ("mean", "std"))
    ends = [(mean - each, mean + each) for mean, each in zip(means, deviations, strict=True)]
    figure = intervals(names, means, ends, found.objective.name, joined=True)
    most = max(rows[1:], key=lambda row: row["gain"], default=rows[0])
    said = (
        f"{found.objective.name} from {found.baseline}, on top, to the winner, one change at a time, each trained with the same "
        f"seeds; bars are their deviation. {most['change']} gained most: {most['gain']:+.4f}."
    )
    listed = [
        (
            str(row["step"]), row["change"], row["before"], row["after"], Cell(score_text(row["mean"]), row["mean"]),
            Cell(f"{row['std']:.4f}", row["std"]), Cell(f"{row['gain']:+.4f}", row["gain"]),
        )
        for row in rows
    ]  # fmt: skip
    columns = ("step", "change", "before", "after", "mean", "deviation", "gain")
    plot = Plot("ablation", figure, said, height=100 + 36 * len(rows))
    return Section("ablation", title, [plot, table("What each change gained", columns, listed)])


def curves(found: Findings) -> Section:
    """Return the curves of the best ten trials."""
    name = found.objective.name
    best = [trial for trial in found.ranked if trial.history.get(name)][:BEST_FEW]
    if not best:
        return Section("curves", "Curves", [element("p", f"No trial has told of {name} epoch by epoch.")])
    told = f"the best {len(best)} trials" if len(best) > 1 else "the only trial"
    said = (
        f"{name} over the epochs of {told}; the thick line is trial {best[0].number}, whose best epoch is "
        f"{(best[0].best_epoch or 0) + 1} of {best[0].epochs}. The dashed line is {found.baseline}, where it is none of them."
    )
    return Section(
        "curves",
        "Curves",
        [Plot("curves", curves_of(best, found.own, found.objective, found.baseline), said, 420)],
    )


def time(found: Findings) -> Section:
    """Return where the time of the search went."""
    profile = found.summary["profile"]
    spent = {word: profile[kind] for kind, word in SPENT.items() if profile.get(kind)}
    if not spent:
        return Section("time", "Time", [element("p", "No trial has told where its time went.")])
    spent = dict(sorted(spent.items(), key=lambda each: -each[1]))
    whole = sum(spent.values())
    first = next(iter(spent))
    end = "" if profile.get("total") else " What is not spent in trials is known when the search has ended."
    said = (
        f"{duration(whole)} of the search, its ending left out: {first} took {spent[first] / whole:.0%}. {profile['trials']} "
        f"trials ran on {profile['programs']} compiled programs.{end}"
    )
    rows = [
        (word, Cell(duration(value), value), Cell(f"{value / whole:.0%}", value))
        for word, value in spent.items()
    ]
    listed = folded("As a table", table("Seconds of the search", ("kind", "time", "share"), rows))
    plot = Plot("time", bars(list(spent), list(spent.values()), "seconds"), said, height=90 + 30 * len(spent))
    return Section("time", "Time", [plot, listed])


def failures(found: Findings) -> Section:
    """Return the trials that failed, those of one cause together."""
    groups: dict[str, list[Trial]] = {}
    for trial in found.trials:
        if trial.status == "failed":
            groups.setdefault(cause(_reason(trial)), []).append(trial)
    if not groups:
        none = f"None of {len(found.trials)} trials failed."
        return Section("failures", "Failures", [element("p", none)])
    by_count = sorted(groups.values(), key=len, reverse=True)
    rows: list[Row] = [
        (_reason(trials[0]), Cell(str(len(trials)), len(trials)), _numbers(trials)) for trials in by_count
    ]
    failed = sum(map(len, by_count))
    title = (
        f"{failed} of {len(found.trials)} trials failed, of {len(rows)} cause{'' if len(rows) == 1 else 's'}"
    )
    listed = table(title, ("cause", "trials", "which"), rows)
    return Section(
        "failures", "Failures", [listed, *(_traceback(trials[0]) for trials in by_count if trials[0].error)]
    )


def _reason(trial: Trial) -> str:
    return first_line(trial.note or trial.error or "")


def _numbers(trials: Sequence[Trial]) -> str:
    more = len(trials) - BEST_FEW
    return ", ".join(str(trial.number) for trial in trials[:BEST_FEW]) + (
        f" and {more} more" if more > 0 else ""
    )


def _traceback(trial: Trial) -> Any:
    text = (trial.error or "")[-MOST_CHARACTERS:]
    code = element("pre", element("code", text))
    return folded(f"In full: trial {trial.number}", code)

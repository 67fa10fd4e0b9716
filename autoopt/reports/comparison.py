"""Several runs beside each other: what each reached in every objective, and in which hyperparameters their winners differ."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from autoopt.reports.console import duration, score_text
from autoopt.reports.grid import Grid
from autoopt.reports.headline import compared_score
from autoopt.reports.interval import around
from autoopt.reports.outcome import in_full
from autoopt.reports.table import told


def comparison(summaries: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return runs beside each other as plain data.

    Args:
        summaries: What `Result.summary()` returns of each.

    Returns:
        `runs`: of each its `run`, `objective`, `baseline`, `best`, `confirmed` with `confirmed_error`, `test` with
        `test_error`, `winner` (a trial's number), `trials` and `seconds`, None for what is not known; `objectives` has `name`,
        `direction`, `baseline` and `best` of every one, and `front` says how many trials are on it. `comparable`: whether all
        have the same objectives; `shared`: the names of those that all have. `differences`: `hyperparameter` and the
        winners' `values`, a run's after the other, None for an inactive one, or where there is no winner.
    """
    goals = [{(each["name"], each["direction"]): None for each in _goals(summary)} for summary in summaries]
    shared = [goal for goal in goals[0] if all(goal in others for others in goals)]
    winners = [each["hyperparameters"] for each in summaries]
    there = [each["hyperparameters"] for each in summaries if each["best_trial"] is not None]
    names = dict.fromkeys(name for winner in winners for name in winner)
    return {
        "runs": [_told(each) for each in summaries],
        "comparable": all(len(each) == len(shared) for each in goals),
        "shared": [name for name, _ in shared],
        "differences": [
            {"hyperparameter": name, "values": [winner.get(name) for winner in winners]}
            for name in names
            if any(winner.get(name) != there[0].get(name) for winner in there)
        ],
    }


def compared(found: Mapping[str, Any]) -> list[str | Grid]:
    """Return a comparison as sentences and tables."""
    runs = found["runs"]
    names = _names([each["run"] for each in runs])
    rows = [row for name, each in zip(names, runs, strict=True) for row in _rows(name, each)]
    columns = ("run", "objective", "baseline", "best", "confirmed", "test", "trials", "time")
    return [Grid("", columns, rows), *_reservations(found), *_winners(found, names)]


def _reservations(found: Mapping[str, Any]) -> list[str]:
    """Return what cannot be compared, as a sentence, none where all can."""
    if found["comparable"]:
        return []
    if not found["shared"]:
        return ["Their objectives differ: their scores cannot be compared."]
    return [f"Their objectives differ: only {' and '.join(found['shared'])} can be compared."]


def _winners(found: Mapping[str, Any], names: Sequence[str]) -> list[str | Grid]:
    """Return in which hyperparameters the winners differ, and which runs have none."""
    has_winner = [each["winner"] is not None for each in found["runs"]]
    lacking = [name for name, has in zip(names, has_winner, strict=True) if not has]
    said: list[str | Grid] = [f"Without a winner so far: {', '.join(lacking)}."] if lacking else []
    if sum(has_winner) < 2:
        return said
    differing = [
        (
            each["hyperparameter"],
            *(told(value) if has else "-" for value, has in zip(each["values"], has_winner, strict=True)),
        )
        for each in found["differences"]
    ]
    if not differing:
        return [*said, "Their winners have the same hyperparameters."]
    return [*said, Grid("Where their winners differ", ("hyperparameter", *names), differing)]


def _goals(summary: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    return (summary["objective"], *summary["others"])


def _told(summary: Mapping[str, Any]) -> dict[str, Any]:
    again, name = summary["confirmed"] or {}, summary["objective"]["name"]
    return {
        "run": summary["run"],
        "objective": name,
        "direction": summary["objective"]["direction"],
        "baseline": summary["baseline_score"],
        "best": compared_score(summary),
        "objectives": _objectives(summary),
        "front": len(summary["front"]),
        "confirmed": again.get("mean"),
        "confirmed_error": again.get("error"),
        "test": (summary["test_metrics"] or {}).get(name.removeprefix("val_")),
        "test_error": summary["test_error"],
        "winner": summary["best_trial"],
        "trials": sum(summary["trials"].values()),
        "seconds": summary["seconds"],
    }


def _objectives(summary: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return each objective with what the user's model and the winner, the knee of a front, reached."""
    first, *others = _goals(summary)
    knee = summary["front"][0] if summary["front"] else {}
    own = summary["baseline_scores"]
    told_of = [{**first, "baseline": summary["baseline_score"], "best": compared_score(summary)}]
    return told_of + [
        {**each, "baseline": own.get(each["name"]), "best": knee.get(each["name"])} for each in others
    ]


def _rows(name: str, told_of: Mapping[str, Any]) -> list[Sequence[str]]:
    """Return a run's row, and one more for each further objective."""
    seconds, (first, *others) = told_of["seconds"], told_of["objectives"]
    own = (
        name, first["name"], _reached(first, "baseline"), _reached(first, "best"),
        _within(first["name"], told_of["confirmed"], told_of["confirmed_error"]),
        _within(first["name"], told_of["test"], told_of["test_error"]),
        str(told_of["trials"]), "-" if seconds is None else duration(seconds),
    )  # fmt: skip
    return [
        own,
        *(
            ("", each["name"], _reached(each, "baseline"), _reached(each, "best"), "", "", "", "")
            for each in others
        ),
    ]


def _reached(objective: Mapping[str, Any], whose: str) -> str:
    value = objective[whose]
    return "-" if value is None else in_full(objective["name"], value)


def _within(metric: str, score: float | None, error: float | None) -> str:
    return score_text(score) + around(metric, score, error)


def _names(runs: Sequence[str]) -> Sequence[str]:
    """Return the names of runs, or their folders where two have one name."""
    names = [Path(run).name for run in runs]
    return names if len(set(names)) == len(names) else runs

"""Several runs beside each other: what each reached, and in which hyperparameters their winners differ."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from autoopt.reports.console import duration, score_text
from autoopt.reports.grid import Grid
from autoopt.reports.headline import compared_score
from autoopt.reports.table import told


def comparison(summaries: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return runs beside each other as plain data.

    Args:
        summaries: What `Result.summary()` returns of each.

    Returns:
        `runs`: of each its `run`, `objective`, `baseline`, `best`, `confirmed` with `confirmed_error`, `test` with
        `test_error`, `trials` and `seconds`, None for what is not known. `comparable`: whether all have one objective.
        `differences`: `hyperparameter` and the winners' `values`, a run's after the other, None for an inactive one.
    """
    objectives = {(each["objective"]["name"], each["objective"]["direction"]) for each in summaries}
    winners = [each["hyperparameters"] for each in summaries]
    names = dict.fromkeys(name for winner in winners for name in winner)
    values = {name: [winner.get(name) for winner in winners] for name in names}
    return {
        "runs": [_told(each) for each in summaries],
        "comparable": len(objectives) == 1,
        "differences": [
            {"hyperparameter": name, "values": found}
            for name, found in values.items()
            if any(value != found[0] for value in found)
        ],
    }


def compared(found: Mapping[str, Any]) -> list[str | Grid]:
    """Return a comparison as sentences and tables."""
    names = _names([each["run"] for each in found["runs"]])
    rows = [(name, *_cells(each)) for name, each in zip(names, found["runs"], strict=True)]
    columns = ("run", "objective", "baseline", "best", "confirmed", "test", "trials", "time")
    pieces: list[str | Grid] = [Grid("", columns, rows)]
    if not found["comparable"]:
        pieces.append("Their objectives differ: their scores cannot be compared.")
    differing = [(each["hyperparameter"], *map(told, each["values"])) for each in found["differences"]]
    if differing:
        pieces.append(Grid("Where their winners differ", ("hyperparameter", *names), differing))
    else:
        pieces.append("Their winners have the same hyperparameters.")
    return pieces


def _told(summary: Mapping[str, Any]) -> dict[str, Any]:
    again, name = summary["confirmed"] or {}, summary["objective"]["name"]
    return {
        "run": summary["run"],
        "objective": name,
        "direction": summary["objective"]["direction"],
        "baseline": summary["baseline_score"],
        "best": compared_score(summary),
        "confirmed": again.get("mean"),
        "confirmed_error": again.get("error"),
        "test": (summary["test_metrics"] or {}).get(name.removeprefix("val_")),
        "test_error": summary["test_error"],
        "trials": sum(summary["trials"].values()),
        "seconds": summary["seconds"],
    }


def _cells(told_of: Mapping[str, Any]) -> Sequence[str]:
    seconds = told_of["seconds"]
    return (
        told_of["objective"], score_text(told_of["baseline"]), score_text(told_of["best"]),
        _within(told_of["confirmed"], told_of["confirmed_error"]), _within(told_of["test"], told_of["test_error"]),
        str(told_of["trials"]), "-" if seconds is None else duration(seconds),
    )  # fmt: skip


def _within(score: float | None, error: float | None) -> str:
    return score_text(score) + ("" if error is None else f" ± {error:.4f}")


def _names(runs: Sequence[str]) -> Sequence[str]:
    """Return the names of runs, or their folders where two have one name."""
    names = [Path(run).name for run in runs]
    return names if len(set(names)) == len(names) else runs

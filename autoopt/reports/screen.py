"""What a run found as tables, for a terminal: headline, what changed, trials, importance."""

from collections.abc import Mapping, Sequence
from typing import Any

from autoopt.records import own_model
from autoopt.reports.console import score_text
from autoopt.reports.grid import Grid
from autoopt.reports.headline import scores
from autoopt.reports.outcome import disk_line, ended, front_lines, time_line
from autoopt.reports.table import told
from autoopt.reports.verdict import exported, unchanged, verdict
from autoopt.untrusted import printable


def screen(summary: Mapping[str, Any], board: Grid, shares: Grid | None, failed: str) -> list[str | Grid]:
    """Return sentences and tables on a run, in the order in which they are shown.

    Args:
        summary: What `Result.summary()` returns.
        board: The best trials.
        shares: Importances, None where trials do not tell.
        failed: A sentence on trials that failed, empty where none did.
    """
    falling = summary["objective"]["direction"] == "max"
    return [
        summary["run"],
        ended(summary),
        *time_line(summary.get("profile") or {}),
        *disk_line(summary),
        _headline(summary),
        *(f"Compared with {own_model(summary.get('starter'))}: {sentence}." for sentence in verdict(summary)),
        *exported(summary),
        *front_lines(summary.get("front") or [], falling),
        *_changed(summary),
        *(printable(edge["text"], kept="") for edge in summary.get("edges", ())),
        *([board] if board.rows else []),
        *([failed] if failed else []),
        *([] if shares is None else [shares]),
    ]


def importance_grid(shares: Sequence[tuple[str, float, int]]) -> Grid | None:
    """Return hyperparameters with their importance, None where there are none."""
    rows = [(name, f"{share:.3f}", str(trials)) for name, share, trials in shares]
    return Grid("Importance", ("hyperparameter", "importance", "trials"), rows) if rows else None


def _headline(summary: Mapping[str, Any]) -> Grid:
    rows = [(each.what, score_text(each.value), each.around.strip(), each.note) for each in scores(summary)]
    return Grid("Outcome", ("", summary["objective"]["name"], "95 %", ""), rows)


def _changed(summary: Mapping[str, Any]) -> list[str | Grid]:
    if summary["best_trial"] is None:
        return []
    model = own_model(summary.get("starter"))
    if not summary["changes"]:
        return [unchanged(summary)]
    rows = [(each["name"], told(each["before"]), told(each["after"])) for each in summary["changes"]]
    return [Grid(f"Changed from {model}", ("hyperparameter", model, "the winner"), rows)]

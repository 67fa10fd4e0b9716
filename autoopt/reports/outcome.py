"""The outcome of a run as text: what was reached, what was changed, and the table of its best trials."""

import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from autoopt.records import Trial
from autoopt.reports.console import duration, first_line, score_text
from autoopt.reports.table import UNCUT, table, told


def outcome(summary: Mapping[str, Any]) -> list[str]:
    """Return the lines on baseline, best, confirmation, test, changes and edges.

    Args:
        summary: What `Result.summary()` returns.
    """
    name, counts = summary["objective"]["name"], summary["trials"]
    total = sum(counts.values())
    listed = ", ".join(f"{count} {status}" for status, count in counts.items() if count)
    took = "" if summary["seconds"] is None else f" in {duration(summary['seconds'])}"
    ended = f"ended: {summary['reason']}" if summary["reason"] else "it has not ended"
    lines = [f"{total} trial{'' if total == 1 else 's'}{took}{f' ({listed})' if listed else ''}; {ended}."]
    lines += _time(summary.get("profile") or {})
    over = f", which {summary['baseline_excess']}" if summary.get("baseline_excess") else ""
    lines.append(f"  baseline   {name} {score_text(summary['baseline_score'])}  (your model{over})")
    if summary["best_trial"] is None:
        so_far = f"  best       {name} {score_text(summary['best_score'])}  (so far)"
        return lines if summary["best_score"] is None else [*lines, so_far]
    which = f"trial {summary['best_trial']}"
    if summary.get("executions"):
        mean, n = summary["executions"]["mean"], summary["executions"]["n"]
        which += f", the best of its {n} executions; their mean is {score_text(mean)}"
    lines.append(f"  best       {name} {score_text(summary['best_score'])}  ({which})")
    if summary["confirmed"]:
        mean, std, n = (summary["confirmed"][key] for key in ("mean", "std", "n"))
        seeds = f"{n} fresh seed{'' if n == 1 else 's'}"
        lines.append(f"  confirmed  {name} {score_text(mean)} ± {std:.4f}  ({seeds})")
    if summary["test_metrics"]:
        tested = ", ".join(f"{key} {score_text(value)}" for key, value in summary["test_metrics"].items())
        lines.append(f"  test       {tested}")
    return lines + _changes(summary["changes"]) + [edge["text"] for edge in summary.get("edges", ())]


def where_to_look(run: Path, logdir: Path) -> list[str]:
    """Return the lines that say where the winner lies and which commands show more."""
    board = ["autoopt", "board"] + ([] if logdir == Path("tensorboard_logs") else ["--logdir", str(logdir)])
    return [
        f"Model: {run / 'best.keras'}",
        f"Look:  {shlex.join(['autoopt', 'show', str(run)])}",
        f"       {shlex.join(board)}",
    ]


def trials_table(
    best: Sequence[Trial], every: Sequence[Trial], objective: str, width: int = UNCUT
) -> list[str]:
    """Return lines on the best trials, each with what it changed of the user's model, and on the failed.

    Args:
        best: Those to list, best first.
        every: All of them, by number.
        objective: The name of what was compared.
        width: Characters in a line.
    """
    written = next((trial.hyperparameters for trial in every if trial.number == 0), {})
    rows = [
        (
            str(trial.number), score_text(trial.score), str(trial.epochs), duration(trial.seconds or 0.0),
            trial.status, _differences(written, trial),
        )
        for trial in best
    ]  # fmt: skip
    columns = ("trial", objective, "epochs", "time", "status", "changed from your model")
    lines = table(columns, rows, width) if rows else []
    failed = [trial for trial in every if trial.status == "failed"]
    if failed:
        count = f"{len(failed)} trials failed, the first of them" if len(failed) > 1 else "One trial failed,"
        why = first_line(failed[0].note or failed[0].error or "")
        lines += ["", f"{count} trial {failed[0].number}: {why}"]
    return lines


def _time(profile: Mapping[str, Any]) -> list[str]:
    """Return the line on where the time of the search went."""
    if not profile.get("total"):
        return []
    spoken = {
        "train": "training", "compile": "compiling", "evaluate": "evaluating", "suggest": "suggesting",
        "log": "logging", "checkpoint": "checkpointing", "other": "other",
    }  # fmt: skip
    seconds = ", ".join(f"{duration(profile[kind] or 0.0)} {word}" for kind, word in spoken.items())
    programs = profile["programs"]
    compiled = f"; {programs} compiled program{'' if programs == 1 else 's'}" if programs else ""
    return [f"  time       {seconds}{compiled}"]


def _changes(changes: Sequence[Mapping[str, Any]]) -> list[str]:
    if not changes:
        return ["Nothing was changed: no trial beat your model."]
    width = max(len(change["name"]) for change in changes) + 2
    return [
        "Changed from your model:",
        *(
            f"  {change['name']:<{width}} {told(change['before'])} -> {told(change['after'])}"
            for change in changes
        ),
    ]


def _differences(written: Mapping[str, Any], trial: Trial) -> str:
    """Return the values in which a trial differs from the user's model; inactive ones are left out."""
    if trial.number == 0:
        return "nothing: it is your model"
    changed = (f"{name}={told(v)}" for name, v in trial.hyperparameters.items() if written.get(name) != v)
    return ", ".join(changed) or "nothing"

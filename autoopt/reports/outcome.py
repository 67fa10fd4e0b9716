"""The outcome of a run as text: what was reached, what was changed, and the table of its best trials."""

import math
import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from autoopt import memory
from autoopt.records import COSTS, YOUR_MODEL, Trial, own_model
from autoopt.reports.console import duration, first_line, score_text
from autoopt.reports.grid import Grid
from autoopt.reports.interval import around
from autoopt.reports.table import UNCUT, table, told
from autoopt.reports.verdict import exported, unchanged, verdict
from autoopt.untrusted import printable

FRONT_SHOWN = 8
"""Trials of a front that are listed; `Result.pareto()` has them all."""


def outcome(summary: Mapping[str, Any]) -> list[str]:
    """Return the lines on baseline, best, confirmation, test, changes and edges.

    Args:
        summary: What `Result.summary()` returns.
    """
    name = summary["objective"]["name"]
    lines = [ended(summary)]
    lines += time_line(summary.get("profile") or {}) + disk_line(summary)
    over = f", which {summary['baseline_excess']}" if summary.get("baseline_excess") else ""
    mean = "".join(f", the mean of its {kind}" for kind, _ in _several(summary))
    lines.append(
        f"  baseline   {name} {score_text(summary['baseline_score'])}  ({own_model(summary.get('starter'))}{mean}{over})"
    )
    if summary["best_trial"] is None:
        so_far = f"  best       {name} {score_text(summary['best_score'])}  (so far)"
        return lines if summary["best_score"] is None else [*lines, so_far]
    which = f"trial {summary['best_trial']}{', the knee of the front' if summary.get('front') else ''}"
    for kind, found in _several(summary):
        deviation = f" ± {found['std']:.4f}" if math.isfinite(found.get("std", math.inf)) else ""
        which += (
            f", the best of its {found['n']} {kind}; their mean is {score_text(found['mean'])}{deviation}"
        )
    lines.append(f"  best       {name} {score_text(summary['best_score'])}  ({which})")
    lines += _confirmed(summary) + _tested(summary) + exported(summary)
    falling = summary["objective"]["direction"] == "max"
    lines += front_lines(summary.get("front") or [], falling) + _changes(summary)
    return lines + [printable(edge["text"], kept="") for edge in summary.get("edges", ())]


def _several(summary: Mapping[str, Any]) -> list[tuple[str, Mapping[str, Any]]]:
    """Return what the winner's score is the mean of, if it is one: the kind of trainings, and what is known of them."""
    return [(kind, found) for kind in ("executions", "folds") if (found := summary.get(kind))]


def front_lines(front: Sequence[Mapping[str, Any]], falling: bool) -> list[str]:
    """Return the lines on the trials of a front, by their first objective, and which of them is the knee."""
    if not front:
        return []
    names = [name for name in front[0] if name != "trial"]
    shown = sorted(front[:FRONT_SHOWN], key=lambda each: each[names[0]], reverse=falling)
    rows = [
        (
            str(each["trial"]), *(in_full(name, each[name]) for name in names),
            "the knee" if each["trial"] == front[0]["trial"] else "",
        )
        for each in shown
    ]  # fmt: skip
    cut = f", the {FRONT_SHOWN} nearest to the knee" if len(front) > FRONT_SHOWN else ""
    title = f"Front: {len(front)} trial{'' if len(front) == 1 else 's'}{cut}"
    return [title, *(f"  {line}" for line in table(("trial", *names, ""), rows))]


def ended(summary: Mapping[str, Any]) -> str:
    """Return how many trials there were, how long they took and why there are no more, as a sentence."""
    counts = summary["trials"]
    total = sum(counts.values())
    listed = ", ".join(f"{count} {status}" for status, count in counts.items() if count)
    took = "" if summary["seconds"] is None else f" in {duration(summary['seconds'])}"
    unended = "it has not ended" if summary["running"] else f"it was {interrupted(summary['run'])}"
    why = f"ended: {summary['reason']}" if summary["reason"] else unended
    return f"{total} trial{'' if total == 1 else 's'}{took}{f' ({listed})' if listed else ''}; {why}."


def interrupted(run: str) -> str:
    """Return what is to be said of a run whose process has written down no end and is gone."""
    return f"interrupted: {shlex.join(['autoopt', 'resume', run])} goes on"


def in_full(name: str, value: float) -> str:
    """Return the value of one of several objectives: costs are no scores."""
    return f"{value:,.0f}" if name == "parameters" else f"{value:.4g}" if name in COSTS else score_text(value)


def where_to_look(run: Path, logdir: Path, takes_rows: bool = False) -> list[str]:
    """Return the lines that say where the winner lies and which commands show more.

    Args:
        run: Its folder.
        logdir: TensorBoard's.
        takes_rows: Whether it learnt from raw rows: the file in its folder takes what these are prepared to.
    """
    board = ["autoopt", "board"] + ([] if logdir == Path("tensorboard_logs") else ["--logdir", str(logdir)])
    model = str(run / "best.keras")
    if takes_rows:
        model = f"{shlex.join(['autoopt', 'export', str(run), 'best.keras'])} writes it, for raw rows"
    predicts = [f"Use:   {shlex.join(['autoopt', 'predict', str(run), 'FILE'])}"] if takes_rows else []
    return [
        f"Model: {model}",
        *predicts,
        f"Look:  {shlex.join(['autoopt', 'show', str(run)])}",
        f"       {shlex.join(board)}",
    ]


def trials_table(
    best: Sequence[Trial],
    every: Sequence[Trial],
    objective: str,
    width: int = UNCUT,
    others: Sequence[str] = (),
    model: str = YOUR_MODEL,
) -> list[str]:
    """Return lines on the best trials, each with what it changed of the user's model, and on the failed.

    Args:
        best: Those to list, best first.
        every: All of them, by number.
        objective: The name of what was compared.
        width: Characters in a line.
        others: The names of what was compared beside it.
        model: What the user's model is called.
    """
    found, failed = trials_grid(best, every, objective, others, model), failed_line(every)
    lines = table(found.columns, found.rows, width) if found.rows else []
    return [*lines, *([""] if lines else []), failed] if failed else lines


def trials_grid(
    best: Sequence[Trial],
    every: Sequence[Trial],
    objective: str,
    others: Sequence[str] = (),
    model: str = YOUR_MODEL,
) -> Grid:
    """Return the best trials, each with what it changed of the user's model; arguments as of `trials_table`."""
    written = next((trial.hyperparameters for trial in every if trial.number == 0), {})
    rows = [
        (
            str(trial.number), score_text(trial.score),
            *(in_full(name, trial.scores[name]) if name in trial.scores else "-" for name in others),
            str(trial.epochs), duration(trial.seconds or 0.0),
            trial.status, differences(written, trial, model),
        )
        for trial in best
    ]  # fmt: skip
    columns = ("trial", objective, *others, "epochs", "time", "status", f"changed from {model}")
    return Grid("Trials", columns, rows)


def failed_line(every: Sequence[Trial]) -> str:
    """Return a sentence on the trials that failed, empty where none did."""
    failed = [trial for trial in every if trial.status == "failed"]
    if not failed:
        return ""
    count = f"{len(failed)} trials failed, the first of them" if len(failed) > 1 else "One trial failed,"
    return f"{count} trial {failed[0].number}: {first_line(failed[0].note or failed[0].error or '')}"


def _confirmed(summary: Mapping[str, Any]) -> list[str]:
    """Return the lines on the confirmation, and on what it says of the user's model."""
    found, own = summary["confirmed"], summary.get("baseline_confirmed")
    if not found:
        why = summary.get("unconfirmed")
        return [f"  confirmed  not: {why}"] if why else []
    name, n = summary["objective"]["name"], found["n"]
    error = around(name, found["mean"], found.get("error"))
    seeds = f"{n} fresh seed{'' if n == 1 else 's'}"
    seeds += (" and cut" if n == 1 else " and cuts") if summary.get("fresh_cuts") else ""
    alone = "of seeds alone: " if found.get("of_seeds_alone") else ""
    chance = f"95 %, {alone}" if error else ""
    deviation = f"; deviation {found['std']:.4f}" if n > 1 else ""
    is_own = summary["best_trial"] == 0
    beside = f"; {own_model(summary.get('starter'))} {_within(name, own)}" if own and not is_own else ""
    lines = [f"  confirmed  {name} {_within(name, found)}  ({chance}{seeds}{deviation}){beside}"]
    return lines + [f"{'':13}{told}" for told in verdict(summary)]


def _within(name: str, found: Mapping[str, Any]) -> str:
    """Return a mean with its error."""
    return score_text(found["mean"]) + around(name, found["mean"], found.get("error"))


def _tested(summary: Mapping[str, Any]) -> list[str]:
    """Return the line on the test part."""
    if not summary["test_metrics"]:
        return []
    objective, gap = summary["objective"]["name"].removeprefix("val_"), summary.get("gap")
    error = summary.get("test_error")
    shown = [
        f"{key} {score_text(value)}{around(key, value, error) if key == objective else ''}"
        for key, value in summary["test_metrics"].items()
    ]
    mean = next((f"the mean of its {kind}" for kind, _ in _several(summary)), "best")
    than = "confirmed" if summary["confirmed"] else mean
    apart = "" if gap is None else f"; {abs(gap):.4f} {'below' if gap >= 0 else 'above'} {than}"
    return [f"  test       {', '.join(shown)}{apart}"]


def time_line(profile: Mapping[str, Any]) -> list[str]:
    """Return the line on where the time of the search went."""
    if not profile.get("total"):
        return []
    spoken = {
        "begin": "before the first trial", "train": "training", "compile": "compiling", "evaluate": "evaluating", "suggest": "suggesting",
        "log": "logging", "checkpoint": "checkpointing", "other": "other", "end": "confirming and ending",
    }  # fmt: skip
    # What was around the search, runs of earlier versions do not say.
    seconds = ", ".join(
        f"{duration(profile[kind] or 0.0)} {word}"
        for kind, word in spoken.items()
        if kind not in ("begin", "end") or profile.get(kind) is not None
    )
    slots = round((profile.get("workers") or 0.0) / profile["total"])
    together = f", of {slots} workers together" if slots > 1 else ""
    programs = profile["programs"]
    compiled = f"; {programs} compiled program{'' if programs == 1 else 's'}" if programs else ""
    return [f"  time       {seconds}{together}{compiled}"]


def disk_line(summary: Mapping[str, Any]) -> list[str]:
    """Return the line on what the run folder takes, and on what is not in it."""
    absent = summary.get("in_memory") or ()
    alone = f"; in memory alone: {', '.join(absent)}" if absent else ""
    return [f"  disk       {memory.spoken(summary['disk'])}{alone}"] if "disk" in summary else []


def _changes(summary: Mapping[str, Any]) -> list[str]:
    changes, model = summary["changes"], own_model(summary.get("starter"))
    if not changes:
        return [unchanged(summary)]
    names = [printable(change["name"], kept="") for change in changes]  # what a user calls them: in one line
    width = max(map(len, names)) + 2
    return [
        f"Changed from {model}:",
        *(
            f"  {name:<{width}} {told(change['before'])} -> {told(change['after'])}"
            for name, change in zip(names, changes, strict=True)
        ),
    ]


def differences(written: Mapping[str, Any], trial: Trial, model: str = YOUR_MODEL) -> str:
    """Return the values in which a trial differs from the user's model; inactive ones are left out."""
    if trial.number == 0:
        return f"nothing: it is {model}"
    changed = (f"{name}={told(v)}" for name, v in trial.hyperparameters.items() if written.get(name) != v)
    return ", ".join(changed) or "nothing"

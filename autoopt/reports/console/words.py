"""Words of the console: how seconds, scores and trials are told."""

import math

from autoopt.records import Foreseen, SearchStarted, TrialEnded, own_model

KINDS = {"compile": "compiling", "train": "training", "evaluate": "evaluating"}
"""Costs of a trial, and what they are called."""


def line_of(event: TrialEnded, search: SearchStarted) -> str:
    """Return one line about a finished trial."""
    trial, title = event.trial, title_of(event.trial.number, event.repeat)
    if trial.status == "failed":
        return f"{title} failed: {first_line(trial.note or trial.error or '')}"
    own = f", {own_model(search.starter)}" if trial.number == 0 and not event.repeat else ""
    ended = "" if trial.status == "completed" else f" ({ending(event)})"
    names = [each.name for each in search.others if each.name in trial.scores]
    beside = "".join(f", {name} {trial.scores[name]:.4g}" for name in names)
    shown = f"{search.objective.name} {score_text(trial.score)}{beside}"
    over = f"; it {trial.excess}" if trial.excess else ""
    return f"{title}{own}: {shown}, {counted(trial.epochs, 'epoch')}, {duration(trial.seconds or 0)}{ended}{over}"


def title_of(number: int, repeat: int, repeats: int = 0) -> str:
    """Return what a trial is called, or one of its confirmation runs, of so many where that is known."""
    of = f" of {repeats}" if repeats else ""
    return f"confirming trial {number}, run {repeat}{of}" if repeat else f"trial {number}"


def ending(event: TrialEnded) -> str:
    """Return how a trial ended: completed, pruned, failed, or cut by the end of the search."""
    cut = event.trial.status == "pruned" and event.trial.note.startswith("Cut")
    return "cut" if cut else event.trial.status


def sought(event: SearchStarted) -> str:
    """Return what a search is for, with directions where there are several."""
    if not event.others:
        return event.objective.name
    *most, last = (f"{each.name} ({each.direction})" for each in (event.objective, *event.others))
    return f"trade-off of {', '.join(most)} and {last}"


def foreseen(event: Foreseen) -> str:
    """Return how far the search will come, as a sentence."""
    trials = f"{event.trials} trials"
    return (
        f"About {trials} fit into the time of the search, {duration(event.seconds)}."
        if event.by_time
        else f"About {duration(event.seconds)} for {trials}."
    )


def counted(count: int, noun: str) -> str:
    """Return a count with its noun, in the plural where there is not one."""
    return f"{count} {noun}{'' if count == 1 else 's'}"


def score_text(score: float | None) -> str:
    """Return a score with four digits that count."""
    if score is None:
        return "-"
    return f"{score:.4f}" if abs(score) < 1000 else f"{score:.5g}"


def duration(seconds: float) -> str:
    """Return seconds as people say them: 3.2s, 2m05s, 1h10m."""
    if not math.isfinite(seconds):
        return "-"
    if round(seconds) < 60:
        return f"{seconds:.1f}s" if seconds < 10 else f"{seconds:.0f}s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes}m{rest:02d}s"
    return f"{minutes // 60}h{minutes % 60:02d}m"


def first_line(text: str) -> str:
    """Return the first line of a message."""
    return text.strip().splitlines()[0] if text.strip() else "no reason given"

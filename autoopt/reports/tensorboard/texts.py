"""What TensorBoard's Text page tells: a trial's recipe beside the user's model, what changed, and the outcome."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from autoopt.records import YOUR_MODEL, Objective, SearchEnded, Trial
from autoopt.reports.interval import around
from autoopt.reports.table import told
from autoopt.untrusted import brief, printable

_MARKS = re.compile(r"[\\`*_{}\[\]()<>#+\-!|~&$:]")
MOST_CHARACTERS = 300
"""Of a note: a trial that failed may have a page of them."""

CLAIMS: Mapping[bool | None, str] = {
    True: ", better than {} beyond noise",
    False: ", not better than {} beyond noise",
}


def escaped(text: str) -> str:
    """Return a text of anybody's as Markdown that shows it as it is."""
    return _MARKS.sub(lambda mark: f"&#{ord(mark.group())};", printable(text, kept=""))


def recipe(trial: Trial, own: Mapping[str, Any], model: str = YOUR_MODEL) -> str:
    """Return a trial's active hyperparameters beside those of the user's model, what differs in bold.

    Args:
        trial: That has ended.
        own: The user's own values, those that are not active included.
        model: What the user's model is called.
    """
    rows = []
    for name, value in trial.hyperparameters.items():
        cells = _cells(name, value, own.get(name))
        differs = trial.number > 0 and own.get(name) != value
        rows.append([f"**{cell}**" for cell in cells] if differs else cells)
    columns = ("hyperparameter", "this trial", model)
    return "\n\n".join([_headline(trial), _table(columns, rows)] if rows else [_headline(trial)])


def changes(best: Trial, own: Mapping[str, Any], model: str = YOUR_MODEL) -> str:
    """Return in what the best trial differs from the user's model.

    Args:
        best: The best until now.
        own: The active hyperparameters of the user's model.
        model: What that one is called.
    """
    names = [*own, *(name for name in best.hyperparameters if name not in own)]
    rows = [
        _cells(name, own.get(name), best.hyperparameters.get(name))
        for name in names
        if own.get(name) != best.hyperparameters.get(name)
    ]
    if not rows:
        as_it_is = "as you wrote it" if model == YOUR_MODEL else "as it is"
        return f"Trial {best.number} is the best: {model} {as_it_is}."
    return "\n\n".join([_headline(best), _table(("hyperparameter", model, f"trial {best.number}"), rows)])


def outcome(ended: SearchEnded, objective: Objective, baseline: float | None, model: str = YOUR_MODEL) -> str:
    """Return the scores from the user's model to the test part, each with its error where it is known.

    Args:
        ended: What was told at the end.
        objective: What was compared.
        baseline: Score of the user's model in the search.
        model: What that one is called.
    """
    standing = ended.standing
    metric, winner = objective.name.removeprefix("val_"), ended.best
    scores: list[tuple[str, float | None, float | None]] = [
        (f"{model.capitalize()}, in the search", baseline, None),
        ("Winner, in the search", None if winner is None else winner.score, None),
        (f"{model.capitalize()}, confirmed", standing.get("your_model_confirmed_mean"), None),
        ("Winner, confirmed", standing.get("confirmed_mean"), standing.get("confirmed_error")),
        ("Winner, test part", (ended.test_metrics or {}).get(metric), standing.get("test_error")),
    ]
    rows = [
        (what, f"{value:.4f}{around(metric, value, error)}")
        for what, value, error in scores
        if value is not None
    ]
    said = [f"The search ended: {escaped(ended.reason)}."]
    if winner is not None:
        claim = CLAIMS.get(ended.beats_baseline, "").format(model)
        said.append(f"The winner is trial {winner.number}{claim}.")
    return "\n\n".join([" ".join(said), _table(("", escaped(objective.name)), rows)])


def _headline(trial: Trial) -> str:
    score = "no score" if trial.score is None else f"score {trial.score:.4g}"
    parts = [f"Trial {trial.number}: {trial.status}, {score}"]
    if trial.seconds is not None:
        parts.append(f"{trial.seconds:.1f} s")
    if trial.origin is not None:
        parts.append(f"made from trial {trial.origin}")
    note = f" {escaped(brief(trial.note, MOST_CHARACTERS))}" if trial.note else ""
    return f"{', '.join(parts)}.{note}"


def _cells(name: str, *values: Any) -> list[str]:
    return [escaped(each) for each in (name, *map(_value, values))]


def _value(value: Any) -> str:
    return brief(told(value), MOST_CHARACTERS)


def _table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [columns, ["---"] * len(columns), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)

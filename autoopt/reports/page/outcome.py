"""Sections on what was found: scores with their errors, what became of the model, and the best trials."""

import difflib
import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from autoopt.records import Trial
from autoopt.reports.console import duration, score_text
from autoopt.reports.headline import Score, scores
from autoopt.reports.outcome import differences, ended, in_full
from autoopt.reports.page.figures import intervals
from autoopt.reports.page.findings import Findings, Plot, Section
from autoopt.reports.page.markup import Cell, Markup, Row, element, listing, table
from autoopt.reports.table import told
from autoopt.reports.verdict import exported, verdict
from autoopt.surgery import Layer

MOST_ROWS = 200
"""Trials of the leaderboard."""


def outcome(found: Findings) -> Section:
    """Return the headline: from the user's model to the test part, with errors."""
    summary, name = found.summary, found.objective.name
    told_of = list(scores(summary))
    better = "larger" if found.objective.direction == "max" else "less"
    content: list[Markup | Plot] = [
        element("p", f"Compared was {name}, where {better} is better. {ended(summary)}"),
        element("ul", *(_headline(score) for score in told_of), class_="headline"),
        *(element("p", _verdict(summary, sentence), class_="verdict") for sentence in verdict(summary)),
        *(element("p", sentence, class_="verdict") for sentence in exported(summary)),
    ]
    known = [score for score in told_of if score.value is not None]
    if len(known) > 1:
        content.append(
            Plot(
                "outcome",
                intervals(
                    [score.what for score in known],
                    [score.value or 0.0 for score in known],
                    [score.ends for score in known],
                    name,
                ),
                f"{_path(known)}. Bars are 95 % intervals, where they are known.",
                height=90 + 42 * len(known),
            )
        )
    return Section("outcome", "Outcome", content)


def _verdict(summary: Mapping[str, Any], sentence: str) -> str:
    return f"The winner is {sentence}." if summary["gain"] else f"{sentence[:1].upper()}{sentence[1:]}."


def _headline(score: Score) -> Markup:
    error = [] if score.error is None else [" ", element("span", score.around.strip(), class_="error")]
    return element(
        "li",
        element("span", score.what, class_="what"),
        element("span", score_text(score.value), *error, class_="score"),
        element("span", score.note, class_="note"),
    )


def _path(known: Sequence[Score]) -> str:
    return "; ".join(f"{score.what} {score_text(score.value)}{score.around}" for score in known)


def changed(found: Findings) -> Section:
    """Return what became of the user's model: its hyperparameters and its layers, side by side."""
    changes, edges = found.summary["changes"], found.summary["edges"]
    content = [_hyperparameters(found, {each["name"] for each in changes}), *_layers(found)]
    if edges:
        content += [element("h3", "At the edge of its range"), listing(edge["text"] for edge in edges)]
    return Section("changed", "What changed", content)


def _hyperparameters(found: Findings, changed: set[str]) -> Markup:
    before, after = found.asked.get("defaults", {}), found.summary["hyperparameters"]
    if not after:
        return element("p", "There is no winner yet. autoopt show RUN tells how far the search has come.")
    places = {name: place for place, name in enumerate({**after, **before})}
    names = sorted(places, key=lambda name: (name not in changed, places[name]))
    rows: list[Row] = [
        (
            name, told(before.get(name)),
            Cell(told(after.get(name)), mark="changed" if name in changed else None),
            "changed" if name in changed else "as written",
        )
        for name in names
        if before.get(name) is not None or after.get(name) is not None
    ]  # fmt: skip
    title = f"Hyperparameters: {len(changed)} of {len(rows)} changed"
    return table(title, ("hyperparameter", found.baseline, "the winner", "what"), rows)


def _layers(found: Findings) -> list[Markup]:
    """Return the layers of both models, those that are alike beside each other."""
    own, winner = found.layers
    if not winner:
        return []
    heading = element("h3", "Layers")
    if not own:
        note = element("p", f"The layers of {found.baseline} are not kept in this run.", class_="note")
        return [
            heading,
            note,
            table("Layers of the winner", ("layer", "kind", "detail"), map(_cells, winner)),
        ]
    rows = [_pair(*each) for each in _aligned(own, winner)]
    totals = [f"{name} ({count:,} weights)" if count else name for name, count in zip(
        (found.baseline, "the winner"), found.parameters, strict=True)]  # fmt: skip
    return [heading, table("Layers of both models, in order", (*totals, "what"), rows)]


def _cells(layer: Layer) -> Row:
    return layer.name, layer.kind, layer.detail


def _pair(own: Layer | None, winner: Layer | None) -> Row:
    alike = own is not None and winner is not None and _look(own) == _look(winner)
    what = "added" if own is None else "left out" if winner is None else "" if alike else "changed"
    return _spoken(own), Cell(_spoken(winner), mark="changed" if what else None), what


def _spoken(layer: Layer | None) -> str:
    return "–" if layer is None else f"{layer.kind} {layer.detail}".strip()


def _look(layer: Layer) -> tuple[str, str]:
    return layer.kind, layer.detail


def _aligned(own: Sequence[Layer], winner: Sequence[Layer]) -> Iterator[tuple[Layer | None, Layer | None]]:
    """Yield layers that are alike beside each other, and between them those of one kind."""
    for before, after in _blocks(own, winner, _look):
        if len(before) == len(after) and list(map(_look, before)) == list(map(_look, after)):
            yield from zip(before, after, strict=True)
            continue
        for some, others in _blocks(before, after, lambda layer: layer.kind):
            yield from itertools.zip_longest(some, others)


def _blocks(
    own: Sequence[Layer], winner: Sequence[Layer], look: Callable[[Layer], Any]
) -> Iterator[tuple[Sequence[Layer], Sequence[Layer]]]:
    matcher = difflib.SequenceMatcher(None, list(map(look, own)), list(map(look, winner)), autojunk=False)
    for _, low, high, lower, higher in matcher.get_opcodes():
        yield own[low:high], winner[lower:higher]


def leaderboard(found: Findings) -> Section:
    """Return the best trials; a click on a heading sorts them."""
    others = [each.name for each in found.objectives[1:]]
    shown = found.ranked[:MOST_ROWS]
    if not shown:
        none = "No trial has a score yet, or none is within the constraints."
        return Section("leaderboard", "Leaderboard", [element("p", none)])
    written = {} if found.own is None else found.own.hyperparameters
    columns = (
        "place",
        "trial",
        found.objective.name,
        *others,
        "epochs",
        "time",
        "status",
        f"changed from {found.baseline}",
    )
    rows = [_standing(place, trial, others, written, found) for place, trial in enumerate(shown, 1)]
    cut = f", the best {len(shown)} of {len(found.ranked)}" if len(shown) < len(found.ranked) else ""
    title = f"Trials with a score{cut}, best first; a heading sorts"
    return Section("leaderboard", "Leaderboard", [table(title, columns, rows, sortable=True)])


def _status(trial: Trial, winner: int | None) -> Cell:
    return (
        Cell(f"{trial.status}, the winner", mark="changed") if trial.number == winner else Cell(trial.status)
    )


def _standing(
    place: int, trial: Trial, others: Sequence[str], written: Mapping[str, Any], found: Findings
) -> Row:
    beside = (
        Cell(in_full(name, trial.scores[name]), trial.scores[name]) if name in trial.scores else Cell("-")
        for name in others
    )
    return (
        Cell(str(place), place), Cell(str(trial.number), trial.number),
        Cell(score_text(trial.score), trial.score), *beside, Cell(str(trial.epochs), trial.epochs),
        Cell(duration(trial.seconds or 0.0), round(trial.seconds or 0.0, 3)), _status(trial, found.summary["best_trial"]),
        Cell(differences(written, trial, found.baseline), mark="wide"),
    )  # fmt: skip

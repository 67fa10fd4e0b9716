"""Pictures of a search, drawn by matplotlib without its global state.

Optuna's own matplotlib figures are of no use here: they go through pyplot and set its style for the whole process,
which belongs to the user. What they show is drawn anew, with figures and a canvas of their own.
"""

import io
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from autoopt.hyperparameters import spans_decades
from autoopt.records import Objective, Status
from autoopt.reports.table import told
from autoopt.reports.tensorboard.event_file import Picture
from autoopt.untrusted import brief, printable

WIDTH, HEIGHT = 900, 560

DPI = 160
"""So that words can be read in a card of TensorBoard's, which is some 350 pixels wide."""

POINT, BEST, BAR = "#4c78a8", "#d9480f", "#4c78a8"

MOST_WORDS, MOST_BARS = 8, 10
"""Values of one axis, and bars: more are not legible."""

ROOM = 30
"""Characters that fit side by side below one of two pictures."""

LONGEST = 40
"""Characters of a name."""

WORST_SHARE = 0.9
"""Of the scores, best first, that a picture shows in full; beyond them, one that diverged would make the others a line."""


@dataclass(frozen=True)
class Point:
    """What a picture shows of a trial that has a score.

    Attributes:
        number: The trial's.
        status: How it ended.
        score: The objective.
        hyperparameters: The active ones.
        best: The best score by then of trials within the constraints; NaN where there was none yet.
    """

    number: int
    status: Status
    score: float
    hyperparameters: Mapping[str, Any]
    best: float


def history(trials: Sequence[Point], objective: Objective) -> Picture:
    """Draw the score of each trial, and the best until then.

    Args:
        trials: By number.
        objective: What was compared.
    """
    figure, axes = _axes("trial", _plain(objective.name))
    for status, marker, colour in (("completed", "o", POINT), ("pruned", "x", "#868e96")):
        shown = [trial for trial in trials if trial.status == status]
        axes.scatter(
            [trial.number for trial in shown],
            [trial.score for trial in shown],
            c=colour,
            marker=marker,
            s=24,
            label=status,
        )
    numbers = [trial.number for trial in trials]
    axes.step(numbers, [trial.best for trial in trials], where="post", color=BEST, label="best so far")
    axes.xaxis.get_major_locator().set_params(integer=True)
    _limit(axes, trials, objective)
    axes.legend(loc="best", framealpha=0.8)
    return _drawn(figure, "The score of each trial, and the best until then.")


def importance(shares: Mapping[str, float]) -> Picture:
    """Draw how much each hyperparameter mattered.

    Args:
        shares: Names to shares of 1, the most important first.
    """
    most = list(shares.items())[:MOST_BARS][::-1]
    figure, axes = _axes("share of the differences between scores", "")
    places = range(len(most))
    bars = axes.barh(places, [share for _, share in most], color=BAR)
    axes.bar_label(bars, [f"{share:.2f}" for _, share in most], padding=3)
    _ticks(axes.yaxis, places, [_plain(name) for name, _ in most])
    axes.set_xlim(0.0, 1.15 * max((share for _, share in most), default=1.0))
    axes.grid(axis="y", visible=False)
    return _drawn(figure, "How much each hyperparameter mattered, by PED-ANOVA.")


def slices(trials: Sequence[Point], names: Sequence[str], objective: Objective) -> Picture:
    """Draw the score over each of some hyperparameters, four at most; later trials are darker.

    Args:
        trials: By number.
        names: Of hyperparameters that have been active.
        objective: What was compared.
    """
    columns = 1 if len(names) == 1 else 2
    rows = math.ceil(len(names) / columns)
    figure = _figure()
    for place, name in enumerate(names):
        axes = _styled(
            figure.add_subplot(rows, columns, place + 1),
            name,
            _plain(objective.name) if place % columns == 0 else "",
        )
        _slice(axes, [trial for trial in trials if name in trial.hyperparameters], name, objective)
        _limit(axes, trials, objective)
    return _drawn(figure, "The score over the hyperparameters that matter most; later trials are darker.")


def _slice(axes: Any, trials: Sequence[Point], name: str, objective: Objective) -> None:
    values = [trial.hyperparameters[name] for trial in trials]
    scores = [trial.score for trial in trials]
    if all(isinstance(value, int | float) and not isinstance(value, bool) for value in values):
        if all(isinstance(value, int) for value in values):
            axes.xaxis.get_major_locator().set_params(integer=True)
        if spans_decades(values):
            axes.set_xscale("log")
    else:
        said = [_plain(told(value)) for value in values]
        words = _words(axes, said, scores, objective)
        kept = [(words.index(word), score) for word, score in zip(said, scores, strict=True) if word in words]
        values, scores = [place for place, _ in kept], [score for _, score in kept]
    shades = [0.25 + 0.75 * place / max(len(values) - 1, 1) for place in range(len(values))]
    axes.scatter(values, scores, color=[(0.30, 0.47, 0.66, shade) for shade in shades], s=24)


def _words(axes: Any, said: Sequence[str], scores: Sequence[float], objective: Objective) -> list[str]:
    """Return the words of an axis, those of the best trials where there are too many, which it says."""
    by_score = sorted(zip(scores, said, strict=True), reverse=objective.direction == "max")
    every = list(dict.fromkeys(word for _, word in by_score))
    words = sorted(every[:MOST_WORDS])
    _ticks(axes.xaxis, range(len(words)), words, slanted=sum(map(len, words)) > ROOM)
    axes.set_xlim(-0.5, len(words) - 0.5)
    if len(words) < len(every):
        axes.set_xlabel(f"{axes.get_xlabel()}\nthe best {len(words)} of {len(every)}", parse_math=False)
    return words


def _limit(axes: Any, trials: Sequence[Point], objective: Objective) -> None:
    """Have the better scores fill the picture: one that diverged would make a line of them."""
    scores = sorted((trial.score for trial in trials), reverse=objective.direction == "max")
    best, fair = scores[0], scores[math.ceil(WORST_SHARE * (len(scores) - 1))]
    if best != fair and abs(scores[-1] - best) > 3 * abs(fair - best):
        beyond, over = fair + 0.3 * (fair - best), best - 0.08 * (fair - best)
        axes.set_ylim(min(beyond, over), max(beyond, over))


def _figure() -> Any:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(WIDTH / DPI, HEIGHT / DPI), dpi=DPI, layout="constrained", facecolor="white")
    FigureCanvasAgg(figure)
    return figure


def _axes(x: str, y: str) -> tuple[Any, Any]:
    figure = _figure()
    return figure, _styled(figure.add_subplot(), x, y)


def _styled(axes: Any, x: str, y: str) -> Any:
    """Return axes with their labels; a name with dollar signs is no formula."""
    axes.set_xlabel(_plain(x), parse_math=False)
    axes.set_ylabel(y, parse_math=False)
    axes.grid(color="#dee2e6", linewidth=0.8)
    axes.set_axisbelow(True)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    return axes


def _ticks(axis: Any, places: Sequence[int], words: Sequence[str], slanted: bool = False) -> None:
    axis.set_ticks(places)
    for label in axis.set_ticklabels(words):
        label.set_parse_math(False)
        if slanted:
            label.set(rotation=20, ha="right", rotation_mode="anchor")


def _drawn(figure: Any, description: str) -> Picture:
    written = io.BytesIO()
    figure.savefig(written, format="png")
    return Picture(written.getvalue(), WIDTH, HEIGHT, description)


def _plain(text: str) -> str:
    """Return a text with what the font has: matplotlib warns of each other character."""
    return "".join(
        each if ord(each) in _glyphs() else "?" for each in brief(printable(text, kept=""), LONGEST)
    )


@cache
def _glyphs() -> frozenset[int]:
    from matplotlib.font_manager import FontProperties, findfont, get_font

    return frozenset(get_font(findfont(FontProperties())).get_charmap())

"""Figures of a run that Optuna does not draw, made with plotly; and any figure as the plain data of the page."""

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

from autoopt.records import Objective, Trial
from autoopt.untrusted import escaped

DIGITS = 6
"""That a number of a figure keeps: no eye sees more."""

MOST_EPOCHS = 200
"""Points of a curve."""

SCALE = ((0.0, "#868e96"), (1.0, "#1971c2"))
"""Of colours: both ends are seen on white and on black."""


def bars(names: Sequence[str], values: Sequence[float], title: str) -> Any:
    """Return horizontal bars, the first on top."""
    import plotly.graph_objects as go

    figure = go.Figure(go.Bar(x=list(values), y=[escaped(name) for name in names], orientation="h"))
    figure.update_layout(xaxis_title=escaped(title), yaxis={"autorange": "reversed"})
    return figure


def intervals(
    names: Sequence[str],
    values: Sequence[float],
    ends: Sequence[tuple[float, float] | None],
    title: str,
    joined: bool = False,
) -> Any:
    """Return points with the interval around each, the first on top; one whose ends are None has no interval.

    Args:
        names: Of the points.
        values: Where they lie.
        ends: Of the intervals.
        title: Of the axis.
        joined: Whether a line leads from one to the next.
    """
    import plotly.graph_objects as go

    rows = list(zip(map(escaped, names), values, ends, strict=True))
    figure = go.Figure()
    one = {"color": SCALE[1][1]}
    if joined:
        figure.add_scatter(
            x=list(values), y=[name for name, _, _ in rows], mode="lines", line={"width": 1, **one}
        )
    # A point without an error would have an interval of no width in a trace where others have theirs.
    for shown in ([row for row in rows if row[2] is None], [row for row in rows if row[2] is not None]):
        if shown:
            around = {
                "type": "data",
                "array": [row[2][1] - row[1] for row in shown if row[2]],
                "arrayminus": [row[1] - row[2][0] for row in shown if row[2]],
                "symmetric": False,
                "thickness": 2,
                "width": 8,
                **one,
            }
            figure.add_scatter(
                x=[value for _, value, _ in shown], y=[name for name, _, _ in shown], mode="markers",
                marker={**one, "size": 11, "symbol": "circle" if shown[0][2] is not None else "circle-open"},
                error_x=around if shown[0][2] is not None else None,
            )  # fmt: skip
    order = {"categoryorder": "array", "categoryarray": [name for name, _, _ in rows]}
    axis = {"autorange": "reversed", "type": "category", **order}
    return figure.update_layout(xaxis_title=escaped(title), yaxis=axis, showlegend=False)


def curves_of(trials: Sequence[Trial], own: Trial | None, objective: Objective, called: str) -> Any:
    """Return the objective over epochs of some trials, best first, and of the user's model, by what that is called."""
    import plotly.graph_objects as go

    figure = go.Figure()
    for place, trial in enumerate(trials):
        line = {"width": 3} if place == 0 else {"width": 1.5}
        _add(figure, trial, objective, f"trial {trial.number}", line)
    if own is not None and own.number not in {trial.number for trial in trials}:
        _add(figure, own, objective, called, {"width": 2, "dash": "dash", "color": SCALE[0][1]})
    return figure.update_layout(xaxis_title="epoch", yaxis_title=escaped(objective.name))


def _add(figure: Any, trial: Trial, objective: Objective, name: str, line: Mapping[str, Any]) -> None:
    values = trial.history.get(objective.name, ())
    stride = max(1, math.ceil(len(values) / MOST_EPOCHS))
    shown = [
        (epoch + 1, value) for epoch, value in enumerate(values) if epoch % stride == 0 or epoch == len(values) - 1
    ]  # fmt: skip
    figure.add_scatter(
        x=[epoch for epoch, _ in shown], y=[value for _, value in shown], mode="lines+markers", name=name, line=line,
        marker={"size": 4},
    )  # fmt: skip


def plain(figure: Any, falling: bool = False) -> dict[str, Any]:
    """Return a figure as lean plain data without colours of its own: the page has a light and a dark scheme.

    Args:
        figure: Plotly's.
        falling: Whether less is better, in lines that are coloured by their objective.
    """
    found = json.loads(figure.to_json())
    layout = {name: part for name, part in found["layout"].items() if name not in ("template", "title")}
    layout.pop("plot_bgcolor", None)
    layout.pop("width", None)
    for note in layout.get("annotations", ()):
        note.get("font", {}).pop("color", None)
    for trace in found["data"]:
        _recolour(trace, falling)
    return {"data": _rounded(found["data"]), "layout": _rounded(layout)}


def _recolour(trace: dict[str, Any], falling: bool) -> None:
    marker, line = trace.get("marker", {}), trace.get("line", {})
    if "colorscale" in marker:
        marker |= {"colorscale": SCALE, "reversescale": falling and marker.get("reversescale", False)}
    if isinstance(line.get("color"), str) and line["color"].startswith("rgb("):
        height = trace["y"][0]
        line["color"] = _between(1.0 - height if falling else height)


def _between(place: float) -> str:
    """Return the colour at a place of the scale, 0 to 1."""
    ends = [[int(colour[at : at + 2], 16) for at in (1, 3, 5)] for _, colour in SCALE]
    mixed = (round(low + (high - low) * place) for low, high in zip(*ends, strict=True))
    return "#" + "".join(f"{part:02x}" for part in mixed)


def _rounded(content: Any) -> Any:
    """Return plain data with fewer digits, and null for what is no number."""
    if isinstance(content, Mapping):
        return {name: _rounded(value) for name, value in content.items()}
    if isinstance(content, list | tuple):
        return [_rounded(value) for value in content]
    if isinstance(content, float):
        return float(f"{content:.{DIGITS}g}") if math.isfinite(content) else None
    return content

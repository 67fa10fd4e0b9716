"""Sections that Optuna draws: how the search went, which hyperparameters mattered, and what became of each."""

from collections.abc import Sequence

from autoopt.reports.console import score_text
from autoopt.reports.outcome import in_full
from autoopt.reports.page.findings import Findings, Plot, Section
from autoopt.reports.page.markup import Cell, Row, element, folded, table
from autoopt.reports.table import told

MOST_AXES = 8
"""Hyperparameters that parallel coordinates go through."""

MOST_SLICES = 6

AXIS = 110
"""Pixels between two axes of parallel coordinates."""

LEAST_SHARE = 0.5
"""Of trials in which a hyperparameter has to be active for lines to go through it."""

NO_SCORE = "No trial has a score yet. autoopt show RUN tells how far the search has come."


def history(found: Findings) -> Section:
    """Return the objective of each trial, in the order in which they were begun."""
    if not found.figures.count:
        return Section("history", "History", [element("p", NO_SCORE)])
    better = max if found.objective.direction == "max" else min
    scored = [trial for trial in found.trials if trial.score is not None and trial.status != "failed"]
    within = [trial for trial in scored if not trial.excess]
    said = f"{found.objective.name} of {len(scored)} trials in the order in which they were begun"
    if within:
        best = better(within, key=lambda trial: trial.score or 0.0)
        said += (
            f", from {score_text(within[0].score)} in trial {within[0].number} to {score_text(best.score)} in trial "
            f"{best.number}. The line is the best until then."
        )
        over = len(scored) - len(within)
        said += f" It leaves out {over} over a constraint, in grey." if over else ""
    else:
        said += ". None is within the constraints."
    pruned = sum(trial.status == "pruned" for trial in scored)
    said += f" {pruned} of them were pruned: a point is what such a trial had reached." if pruned else ""
    return Section("history", "History", [Plot("history", found.figures.history(), said)])


def parallel(found: Findings) -> Section:
    """Return trials as lines through the hyperparameters that mattered most."""
    often = [
        name for name in _ordered(found) if found.figures.active[name] >= LEAST_SHARE * found.figures.count
    ]
    names, title = often[:MOST_AXES], "Parallel coordinates"
    if len(names) < 2 or found.figures.count < 2:
        few = "Lines need two trials with a score and two hyperparameters that vary. Search on with more trials."
        return Section("parallel", title, [element("p", few)])
    best = "the best " if found.figures.count > found.figures.lines else ""
    said = (
        f"Each of {best}{min(found.figures.count, found.figures.lines)} trials is a line from its "
        f"{found.objective.name}, on the left, through {len(names)} hyperparameters: {', '.join(sorted(names))}. The "
        "bluer a line, the better the trial; None stands for a hyperparameter that was not active."
    )
    figure = found.figures.parallel(names)
    plot = Plot("parallel", figure, said, height=440, least=AXIS * (len(names) + 1))
    return Section("parallel", title, [plot])


def importance(found: Findings) -> Section:
    """Return how much each hyperparameter had to do with the scores."""
    figure = found.figures.importance()
    if figure is None or not found.importance:
        few = (
            f"{found.figures.count} trials with a score cannot tell which hyperparameters mattered: at least 10 whose "
            "scores differ can. Search on: autoopt resume RUN --max-trials 50."
        )
        return Section("importance", "Importance", [element("p", few)])
    first = ", ".join(f"{name} {share:.2f}" for name, share, _ in found.importance[:3])
    said = (
        f"Shares by PED-ANOVA, 1 together: what the best trials have in common. First come {first}. They say what "
        "mattered in this search, in its ranges, and not which value is right."
    )
    rows: list[Row] = [
        (name, Cell(f"{share:.3f}", share), Cell(str(trials), trials))
        for name, share, trials in found.importance
    ]
    listed = table(
        "Importance, and in how many trials it was active", ("hyperparameter", "share", "trials"), rows
    )
    plot = Plot("importance", figure, said, height=90 + 22 * len(found.importance))
    return Section("importance", "Importance", [plot, folded("As a table", listed)])


def slices(found: Findings) -> Section:
    """Return the objective over each of the hyperparameters that mattered most."""
    names = [name for name in _ordered(found) if found.figures.active[name] > 1][:MOST_SLICES]
    if not names:
        none = "No hyperparameter had a second value yet. Search on with more trials."
        return Section("slices", "Slices", [element("p", none)])
    winner = found.summary["hyperparameters"]
    plots = []
    for place, name in enumerate(names):
        chosen = f" The winner has {told(winner[name])}." if name in winner else ""
        said = f"{found.objective.name} over {name}, in {found.figures.active[name]} trials; the bluer, the later.{chosen}"
        plots.append(Plot(f"slice-{place}", found.figures.slice(name), said, height=300))
    told_of = f"The {len(names)} hyperparameters that {_why(found)}, one by one."
    return Section("slices", "Slices", [element("p", told_of)], plots)


def front(found: Findings) -> Section:
    """Return the first objective beside each of the others."""
    members = found.summary["front"]
    if not members:
        one = (
            f"There is none: {found.objective.name} alone was compared. Name another objective to search for one: "
            'autoopt.tune(…, objective=[…, "parameters"]).'
        )
        return Section("front", "Pareto front", [element("p", one)])
    names = [each.name for each in found.objectives]
    plots = [
        Plot(
            f"front-{place}", found.figures.front(place),
            f"{names[0]} beside {names[place]}. The {len(members)} larger points are on the front: no other is as good in "
            "every objective and better in one.",
        )
        for place in range(1, len(names))
    ]  # fmt: skip
    rows: list[Row] = [
        (
            Cell(str(each["trial"]), each["trial"]), *(Cell(in_full(name, each[name]), each[name]) for name in names),
            "the knee" if place == 0 else "",
        )
        for place, each in enumerate(members)
    ]  # fmt: skip
    listed = table(
        "Trials of the front, the knee first; a heading sorts", ("trial", *names, "knee"), rows, True
    )
    return Section("front", "Pareto front", [*plots, listed])


def _ordered(found: Findings) -> Sequence[str]:
    """Return hyperparameters, first those that mattered most, or else that the winner changed."""
    shares = {name: share for name, share, _ in found.importance}
    changed = {each["name"] for each in found.summary["changes"]}
    active = found.figures.active
    return sorted(active, key=lambda name: (-shares.get(name, 0.0), name not in changed, -active[name], name))


def _why(found: Findings) -> str:
    return "mattered most" if found.importance else "the winner changed, or most trials had"

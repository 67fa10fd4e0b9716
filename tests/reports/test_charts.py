"""The history of a report, where trials are over a constraint: what its line and its sentence leave out."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import optuna

from autoopt.records import Trial
from autoopt.reports.page.charts import history
from autoopt.reports.page.findings import Findings, Plot
from autoopt.storage import Figures, Journal
from tests.reports.made_up import OBJECTIVE
from tests.reports.tensorboard_reader import trial

OVER = "has more parameters than 10"


def drawn(place: Path, trials: Sequence[Trial]) -> Plot:
    journal = Journal(place / "journal.log", OBJECTIVE, optuna.samplers.RandomSampler(seed=0))
    for each in trials:
        journal.open()
        journal.close(each)
    figures = Figures(journal, [OBJECTIVE])
    (plot,) = history(Findings({}, {}, trials, (), [OBJECTIVE], figures)).content
    assert isinstance(plot, Plot)
    return plot


def test_trials_over_a_constraint_are_points_by_themselves_and_no_best(tmp_path: Path) -> None:
    scores = (0.5, 0.75, 0.625)
    trials = [
        replace(trial(number, {}, score=score), excess=OVER * (number == 1))
        for number, score in enumerate(scores)
    ]
    plot = drawn(tmp_path, trials)
    within, line, over = plot.figure.data
    assert (list(within.y), list(line.y), list(over.y)) == ([0.5, 0.625], [0.5, 0.5, 0.625], [0.75])
    assert (over.name, over.showlegend) == ("over a constraint", True)
    assert "from 0.5000 in trial 0 to 0.6250 in trial 2." in plot.said
    assert "The line is the best until then. It leaves out 1 over a constraint, in grey." in plot.said


def test_a_history_of_trials_that_are_all_over_a_constraint_has_no_best(tmp_path: Path) -> None:
    plot = drawn(tmp_path, [replace(trial(0, {}), excess=OVER)])
    assert "None is within the constraints." in plot.said
    assert " to " not in plot.said


def test_without_a_constraint_there_is_nothing_grey(tmp_path: Path) -> None:
    plot = drawn(tmp_path, [trial(0, {})])
    assert not plot.figure.data[-1].showlegend
    assert "constraint" not in plot.said

"""Findings: what the report tells of a run, as plain data; and what stands in a section of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from autoopt.records import Objective, Trial, own_model
from autoopt.reports.page.markup import Markup
from autoopt.storage import Figures
from autoopt.surgery import Layer


@dataclass(frozen=True)
class Findings:
    """What there is to tell of a run.

    Attributes:
        summary: What `Result.summary()` returns.
        asked: What `run.json` has.
        trials: All that have ended, by number.
        ranked: Those that have a score and are within the constraints, best first.
        objectives: What was compared.
        figures: What Optuna draws of them.
        importance: Hyperparameter, share and number of trials, the most important first; empty where they do not tell.
        ablation: Rows of `Result.ablation()`; empty where none was trained.
        layers: Those of the user's model and of the winner; empty where they are not known.
        parameters: Weights of the two; 0 where they are not known.
        takes_rows: Whether the run learnt from raw rows.
    """

    summary: Mapping[str, Any]
    asked: Mapping[str, Any]
    trials: Sequence[Trial]
    ranked: Sequence[Trial]
    objectives: Sequence[Objective]
    figures: Figures
    importance: Sequence[tuple[str, float, int]] = ()
    ablation: Sequence[Mapping[str, Any]] = ()
    layers: tuple[Sequence[Layer], Sequence[Layer]] = ((), ())
    parameters: tuple[int, int] = (0, 0)
    takes_rows: bool = False

    @property
    def objective(self) -> Objective:
        """What decides a trial's best epoch."""
        return self.objectives[0]

    @property
    def own(self) -> Trial | None:
        """The trial of the user's model, None where it has not ended."""
        return next((trial for trial in self.trials if trial.number == 0), None)

    @property
    def baseline(self) -> str:
        """What the user's model is called in a sentence: a starter is none of the user's."""
        return own_model(self.summary.get("starter"))


@dataclass(frozen=True)
class Plot:
    """A figure of the page.

    Attributes:
        name: Unique on the page.
        figure: Plotly's.
        said: What it shows, in a sentence or two: for those who do not see it too.
        height: In pixels.
        least: Pixels that it is wide at least; a narrower window scrolls.
    """

    name: str
    figure: Any
    said: str
    height: int = 360
    least: int = 0


@dataclass(frozen=True)
class Section:
    """One section of the page.

    Attributes:
        name: What links to it have behind `#`.
        title: Its heading.
        content: Paragraphs, tables and figures.
        gallery: Figures that stand side by side where there is room.
    """

    name: str
    title: str
    content: Sequence[Markup | Plot]
    gallery: Sequence[Plot] = field(default=())

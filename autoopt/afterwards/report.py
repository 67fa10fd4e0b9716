"""Report: what is known of a run is gathered, and written as one page of HTML."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from autoopt import storage
from autoopt.afterwards.ablation import trained_ablation
from autoopt.errors import RunError, UsageError
from autoopt.records import Objective, Trial
from autoopt.reports import page
from autoopt.search import ranked
from autoopt.spelling import named
from autoopt.surgery import Layer, listed

NAME = "report.html"
"""Of the page, in the folder of its run."""

ENDINGS = (".html", ".htm")


@dataclass(frozen=True)
class Reported:
    """A run, as its report needs it.

    Attributes:
        folder: Where it is kept.
        summary: What `Result.summary()` returns.
        trials: All that have ended, by number.
        objectives: What was compared.
    """

    folder: storage.RunFolder
    summary: Mapping[str, Any]
    trials: Sequence[Trial]
    objectives: Sequence[Objective]


def report(run: Reported, path: str | Path | None) -> Path:
    """Write the page of a run and return its path; arguments and errors as of `Result.report`."""
    target = _target(run.folder.path / NAME if path is None else path)
    page.check_plotly()
    try:
        text = page.document(_gathered(run))
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        if isinstance(error, UsageError):
            raise
        raise RunError(
            f"{run.folder.path} is damaged: its trials cannot be drawn ({type(error).__name__}: {error}). Expected what a "
            "search writes. Restore it, or remove the run folder."
        ) from error
    try:
        with storage.replacing(target) as fresh:
            fresh.write_text(text, encoding="utf8")
    except OSError as error:
        raise UsageError(
            f"{named('path')} was given {str(target)!r}, which cannot be written: {error.strerror or error}. Expected a file that "
            "can be. Name another: result.report(PATH), or autoopt report RUN PATH."
        ) from error
    return target


def _target(given: str | Path) -> Path:
    """Return where the page goes; everything that can be checked is, before it is made.

    Raises:
        UsageError: It is no path of a page.
    """
    if not isinstance(given, str | Path) or not str(given):
        raise UsageError(
            f"{named('path')} was given {given!r}. Expected the path of a file, for example {NAME!r}."
        )
    target = Path(given)
    if target.is_dir():
        raise UsageError(
            f"{named('path')} was given {str(given)!r}, which is a folder. Expected a file: name {str(target / NAME)!r}."
        )
    if target.suffix.lower() not in ENDINGS:
        raise UsageError(
            f"{named('path')} was given {str(given)!r}. Expected a name that ends in .html: name "
            f"{str(target.with_suffix('.html'))!r}."
        )
    if not target.parent.is_dir():
        raise UsageError(
            f"{named('path')} was given {str(given)!r}. There is no folder {str(target.parent)!r}: make it."
        )
    if not os.access(target.parent, os.W_OK):
        raise UsageError(
            f"{named('path')} was given {str(given)!r}, but {str(target.parent)!r} cannot be written to. Expected a folder of yours: "
            "name another."
        )
    return target


def _gathered(run: Reported) -> page.Findings:
    journal = storage.Journal(run.folder.journal, run.objectives[0], read_only=True)
    important = storage.importances(journal, run.objectives[0], "ped_anova", seed=0)
    asked, best = run.folder.read("run"), run.summary["best_trial"]
    ablation = (
        [] if best is None else trained_ablation(run.folder, best, run.objectives[0]).to_dict("records")
    )
    model = run.folder.best_model
    return page.Findings(
        summary=run.summary,
        asked=asked,
        trials=run.trials,
        ranked=ranked(run.trials, run.objectives),
        objectives=run.objectives,
        figures=storage.Figures(journal, run.objectives),
        importance=[(each.name, each.share, each.trials) for each in important],
        ablation=ablation,
        layers=([Layer(**each) for each in asked.get("layers", ())], listed(storage.configuration(model))),
        parameters=(asked.get("parameters", 0), storage.weights(model)),
        takes_rows=bool(run.folder.read("schema")),
    )

"""The summaries that KerasTuner's tuners print, as lines of text."""

from collections.abc import Sequence
from pathlib import Path

import keras_tuner

from autoopt.records import Objective, Trial


def search_space(space: keras_tuner.HyperParameters, extended: bool = False) -> list[str]:
    """Return the lines on every hyperparameter and its range.

    Args:
        space: The whole space.
        extended: Whether to add under which values of others each is active.
    """
    lines = ["Search space summary", f"Default search space size: {len(space.space)}"]
    for each in space.space:
        config = each.get_config()
        conditions = config.pop("conditions")
        lines += [f"{config.pop('name')} ({type(each).__name__})", str(config)]
        lines += [f"active if: {conditions}"] if extended and conditions else []
    return lines


def results(best: Sequence[Trial], objectives: Sequence[Objective], run: Path, most: int) -> list[str]:
    """Return the lines on the best trials, best first.

    Args:
        best: Those to list.
        objectives: What was compared.
        run: Where it is kept.
        most: How many were asked for.
    """
    lines = ["Results summary", f"Results in {run}", f"Showing {most} best trials"]
    lines += [f'Objective(name="{each.name}", direction="{each.direction}")' for each in objectives]
    for trial in best:
        values = [f"{name}: {value}" for name, value in trial.hyperparameters.items()]
        lines += ["", f"Trial {trial.number:02d} summary", "Hyperparameters:"]
        lines += [*(values or ["default configuration"]), f"Score: {trial.score}"]
        beside = [each.name for each in objectives[1:] if each.name in trial.scores]
        lines += [f"{name}: {trial.scores[name]}" for name in beside]
    return lines

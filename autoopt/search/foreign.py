"""Oracles of KerasTuner, made ready for a search of ours: they bring no space and know no earlier trials."""

import logging
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import keras_tuner

from autoopt.errors import UsageError
from autoopt.records import Objective, Trial
from autoopt.search.oracle import finished
from autoopt.spelling import named
from autoopt.untrusted import inside, make_way

logger = logging.getLogger(__name__)

OWN_NAMES = "tuner/"
"""How names begin that a KerasTuner oracle, Hyperband, sets for its own use."""

FILES = "oracle"
"""The folder of what KerasTuner writes of an oracle, in that of the run."""

SEEDS_A_TRIAL = 1_000
"""More numbers than an oracle draws from its seed for one trial."""


def adopt(
    oracle: keras_tuner.Oracle,
    objective: Objective,
    space: keras_tuner.HyperParameters,
    earlier: Sequence[Trial],
    folder: str,
) -> None:
    """Give an oracle what it needs before its first proposal.

    Args:
        oracle: Is changed.
        objective: What is compared, whatever the oracle was made with.
        space: The whole space.
        earlier: The finished trials of a run that goes on.
        folder: Where it may write.

    Raises:
        UsageError: The oracle refuses the space.
        RunError: What it is going to write would be led out of the folder.
    """
    if oracle.trials:
        raise UsageError(
            f"{named('oracle')} was given a {type(oracle).__name__} that has {len(oracle.trials)} trials already. "
            "Expected a new one: make it again for each search."
        )
    if earlier and isinstance(oracle, keras_tuner.oracles.GridSearchOracle):
        raise UsageError(
            f"{named('oracle')} was given a GridSearchOracle for a run that goes on, and it cannot go on from trials of before. Expected "
            f"another oracle. Leave it out (autoopt searches a small space whole), or pass another {named('project_name')}."
        )
    oracle.objective = keras_tuner.Objective(objective.name, objective.direction)
    oracle.max_consecutive_failed_trials = 10**9
    oracle.verbose = 0
    _check_files(Path(folder))
    oracle._set_project_dir(folder, FILES)
    oracle.save, oracle._save_trial = _tolerant(oracle.save), _tolerant(oracle._save_trial)
    try:
        # Hyperband proposes nothing at all from an empty space.
        oracle.update_space(space)
    except RuntimeError as error:
        raise UsageError(
            f"{named('oracle')} was given a {type(oracle).__name__} that refuses hyperparameters of the search. "
            "Expected one that takes new entries: leave allow_new_entries out, and narrow the search with space."
        ) from error
    for place, trial in enumerate(earlier):
        known = finished(trial)
        # KerasTuner numbers the next by counting, and trials that were taken back leave gaps.
        known.trial_id = str(place)
        oracle.trials[known.trial_id] = known
        oracle.start_order.append(known.trial_id)
        oracle.end_order.append(known.trial_id)
        oracle._record_values(known)
    oracle._seed_state += SEEDS_A_TRIAL * len(earlier)


def _check_files(folder: Path) -> None:
    """Check that what KerasTuner is going to write stays in a run's folder: it follows links, and waits for pipes.

    Raises:
        RunError: A link leads out of it.
    """
    for where, folders, names in os.walk(inside(folder / FILES, folder)):
        for name in folders:
            inside(Path(where, name), folder)
        for name in names:
            make_way(inside(Path(where, name), folder))


def _tolerant(save: Callable[..., None]) -> Callable[..., None]:
    """Return what saves an oracle's own files, of which nothing is ever read again, where that can be done."""

    def saved(*arguments: Any) -> None:
        try:
            save(*arguments)
        except Exception as error:  # TensorFlow's file system has errors of its own
            logger.debug("A file of the oracle cannot be written: %s", error)

    return saved


def own_values(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return what an oracle sets for its own use."""
    return {name: value for name, value in values.items() if name.startswith(OWN_NAMES)}

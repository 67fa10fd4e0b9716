"""What the arguments of KerasTuner's tuners, and of their `search`, mean to `tune`."""

import dataclasses
from collections.abc import Mapping
from typing import Any

import keras_tuner
import numpy as np

from autoopt.data import Dataset, Part
from autoopt.errors import UsageError, nearest
from autoopt.model_function import asks
from autoopt.search import Search
from autoopt.space import AXES, Space

KEPT = 10
"""Of so many of the best trials the weights are kept where there may be any number of trials."""

OF_TUNE = ("budget", "constraints", "resources", "logdir", "sinks")
"""Arguments of `tune` that a tuner takes as well."""

OWN = (
    "hypermodel", "objective", "max_trials", "seed", "hyperparameters", "tune_new_entries", "executions_per_trial",
    "max_model_size", "optimizer", "loss", "metrics", "directory", "project_name", "overwrite", "space", "search",
)  # fmt: skip
"""The arguments of a tuner itself."""

WITHOUT_EFFECT = ("max_retries_per_trial", "max_consecutive_failed_trials", "tuner_id", "logger")
"""Arguments of KerasTuner's that change no result: a trial that fails is recorded, and the search goes on."""

REFUSED = {
    "oracle": "Pass search=autoopt.Search(oracle=...).",
    "max_epochs": "Pass epochs to search(); hopeless trials are ended early by themselves.",
    "factor": "Leave it out: hopeless trials are ended early; search=autoopt.Search(pruner=...) sets another way.",
    "hyperband_iterations": "Pass max_trials, or a budget.",
    **dict.fromkeys(
        ("num_initial_points", "alpha", "beta"),
        "Pass search=autoopt.Search(sampler=...) with an Optuna sampler.",
    ),
    "distribution_strategy": "Leave it out: this version trains on one device.",
    "allow_new_entries": "Leave it out: tune_new_entries=False keeps what is not given at its default.",
}
"""Arguments of KerasTuner's that mean nothing here, and what to do instead."""


def options(others: Mapping[str, Any]) -> dict[str, Any]:
    """Return the arguments that are passed on to `tune`; KerasTuner's without an effect are left out."""
    for name in others:
        if name in REFUSED:
            raise UsageError(f"{name} was given, which autoopt.Tuner does not have. {REFUSED[name]}")
        if name not in (*OF_TUNE, *WITHOUT_EFFECT):
            raise UsageError(
                f"autoopt.Tuner was given {name}, which it does not have.{nearest(name, (*OF_TUNE, *OWN))}"
            )
    return {name: value for name, value in others.items() if name in OF_TUNE}


def space(given: Any, hypermodel: Any) -> Space:
    """Return the space; None closes every axis where the user's code asks for hyperparameters of its own."""
    is_asking = isinstance(hypermodel, keras_tuner.HyperModel) or (callable(hypermodel) and asks(hypermodel))
    if given is None and is_asking:
        return Space().without(dict.fromkeys(AXES, ""))
    return Space.of("auto" if given is None else given)


def searching(given: Search | None, max_trials: int | None, executions: int) -> Search:
    """Return how to search, with the weights of every trial kept, as KerasTuner keeps them."""
    if max_trials is not None and (type(max_trials) is not int or max_trials < 1):
        raise UsageError(
            f"max_trials was given {max_trials!r}. Expected a whole number from 1, or None for no limit."
        )
    found = Search(confirm=0) if given is None else given
    many = found.executions_per_trial if executions == 1 else executions
    return dataclasses.replace(found, executions_per_trial=many, keep=max(found.keep, max_trials or KEPT))


def dataset(data: tuple[Any, Any, Any], validation_data: Any, validation_split: float, seed: int) -> Dataset:
    """Return what `fit` would train and validate on; without anything to validate on, what `tune` would.

    Args:
        data: x, y and sample weights, as `search` was given them.
        validation_data: Likewise.
        validation_split: Share of the last rows that validate, 0 for none.
        seed: Of the cut, where it is that of `tune`.

    Raises:
        UsageError: There is no data, or it comes in batches and is to be cut.
    """
    x, y, sample_weight = data
    if x is None:
        raise UsageError("search was given no data. Expected search(x, y, validation_data=(x_val, y_val)).")
    if not isinstance(validation_split, int | float) or not 0 <= validation_split < 1:
        raise UsageError(
            f"validation_split was given {validation_split!r}. Expected a share from 0 up to below 1, for example 0.2."
        )
    given = x if y is None else (x, y) if sample_weight is None else (x, y, sample_weight)
    if validation_data is not None or not validation_split:
        return Dataset.of(given, validation_data=validation_data, seed=seed)
    whole = Dataset.of(given, validation_data=given).train
    if not isinstance(whole, Part):
        raise UsageError(
            "validation_split was given for data that comes batch by batch. Expected arrays, as in "
            "keras.Model.fit: pass validation_data."
        )
    cut = int(whole.n * (1.0 - validation_split))
    return Dataset.of(Dataset(whole.take(np.arange(cut)), whole.take(np.arange(cut, whole.n))))

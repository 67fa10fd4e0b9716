"""Asked: what was asked for, beyond what a session needs to run: it is shown and written down."""

import json
import math
import platform
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib import metadata
from typing import Any

import keras
import keras_tuner

from autoopt import command, storage, surgery
from autoopt.data.rows import Rows
from autoopt.reading import Reading
from autoopt.storage import RunFolder
from autoopt.worker import Worker

PACKAGES = ("autoopt", "keras", "keras-tuner", "optuna", "tensorflow", "jax", "torch", "numpy")


@dataclass(frozen=True)
class Asked:
    """What was asked for, beyond what the session needs to run: it is shown and written down.

    Attributes:
        space: The whole search space, with the values of the user's own model.
        metrics: Keys that a trial's history will have.
        max_trials: Most trials, or None.
        budget: Seconds of the whole call, or None.
        notes: What was decided for the user, one sentence each.
        also: What else is written down, as plain data.
        rows: What the data was made of where that are raw rows.
    """

    space: keras_tuner.HyperParameters
    metrics: Sequence[str]
    max_trials: int | None
    budget: float | None
    notes: Sequence[str]
    also: Mapping[str, Any] = field(default_factory=dict)
    rows: Rows | None = None

    def write_down(self, folder: RunFolder, settled: Mapping[str, Any], worker: Worker) -> None:
        """Write `run.json`, `space.json`, the split, and of raw rows what they are and what prepares them.

        Args:
            folder: Where to.
            settled: What the session decided on, as plain data.
            worker: Knows model and data.
        """
        earlier, hypermodel, dataset = folder.read("run"), worker.hypermodel, worker.dataset
        found = keras_tuner.HyperParameters() if hypermodel.own_fit is None else hypermodel.own_fit.asked
        space, begun_by = self.space.copy(), command.current()
        space.merge(found, overwrite=False)
        if dataset.split is not None:
            folder.save_split(dataset.split.arrays())
        if self.rows is not None and self.rows.preparation is not None:
            preparation = self.rows.preparation
            folder.write(
                "schema",
                {**self.rows.schema.told(), "preparation": preparation.told(), "mark": self.rows.mark},
            )
            folder.save_model(folder.preparation, preparation.model)
        folder.write("space", json.loads(hypermodel.space.to_json()))
        folder.write(
            "run",
            {
                **settled,
                **self.also,
                "rows": [dataset.train.n, dataset.validation.n],
                "max_trials": self.max_trials,
                "budget": self.budget,
                "space": space.get_config(),
                "defaults": {**{hp.name: hp.default for hp in found.space}, **self.space.values},
                "asked_in_fit": found.get_config(),
                "fix": dict(hypermodel.space.fix),
                "notes": list(self.notes),
                "backend": keras.backend.backend(),
                "python": platform.python_version(),
                "versions": versions(),
                **_model(hypermodel.reading()),
                "created": earlier.get("created", time.time()),
                "command": earlier.get("command") if begun_by is None else begun_by.written(),
            },
        )


def _model(reading: Reading) -> dict[str, Any]:
    """Return the layers of the user's model and how many weights they have, 0 where that is not known yet."""
    config = reading.origin.template.config
    plain = (
        surgery.Layer(*each)
        for each in zip(reading.layers, (kind for kind, _ in reading.outline), strict=True)
    )
    return {
        "layers": [vars(layer) for layer in (plain if config is None else surgery.listed(config))],
        "parameters": sum(math.prod(shape) for _, shapes in reading.outline for shape in shapes),
    }


def nodes(reading: Reading) -> Sequence[surgery.Node]:
    """Return the user's model as nodes and edges, or its layers alone where its calls are not known."""
    template = reading.origin.template
    if template.config is not None:
        return surgery.diagram_of(template.config, template.output_shapes)
    kinds = (kind for kind, _ in reading.outline)
    return [surgery.Node(*each) for each in zip(reading.layers, kinds, strict=True)]


def asked_in_fit(earlier: RunFolder) -> Sequence[Any]:
    """Return the hyperparameters that the user's own `fit` had asked for in an earlier session of a run."""
    return storage.definitions(earlier, "asked_in_fit").space


def versions() -> dict[str, str]:
    """Return the version of each package that a result depends on, as far as it is installed."""
    found = {}
    for package in PACKAGES:
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
    return found

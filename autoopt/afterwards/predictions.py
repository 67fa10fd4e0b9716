"""Predictions for other rows as a table, and what a winner scores on rows with labels."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pandas as pd

from autoopt import compiling, memory, task
from autoopt.data import Part, Stream, files, npz
from autoopt.data.arrays import convert
from autoopt.data.deferred import Deferred
from autoopt.data.given import beside
from autoopt.data.rows import labelled, prepared
from autoopt.engines import evaluate
from autoopt.errors import DataError, RunError, UsageError
from autoopt.preparing import Preparation
from autoopt.schema import Raw, Schema
from autoopt.spelling import spelled

logger = logging.getLogger(__name__)

BATCH = 256
"""Rows that are predicted for at once."""

HALF = 0.5
"""Probability from which one of several labels is given."""

PREDICTION = "prediction"
"""Name of the column of predictions where the target has none."""


@dataclass(frozen=True)
class Predictor:
    """A winner, and what it learnt from.

    Attributes:
        model: What was searched: it takes arrays.
        schema: Of the raw rows; None where it learnt from arrays.
        preparation: What makes arrays of such rows, likewise.
        objective: What was compared, which may need to be measured beside the model's metrics.
    """

    model: keras.Model
    schema: Schema | None = None
    preparation: Preparation | None = None
    objective: str = "val_loss"

    def predict(self, data: Any, proba: bool) -> pd.DataFrame:
        """Return a row for each row of data; arguments and errors as of `Result.predict`."""
        if self.schema is None or self.preparation is None:
            return _table(_Told.of(self.model, None), self._outputs(_arrays(data)), proba)
        raw = data if isinstance(data, Raw) else files.read(data, schema=self.schema)
        if not raw.n:
            raise DataError("The data have no rows. Expected one or more to predict for. Pass others.")
        pieces = [self._outputs(x) for x in self.preparation.pieces(raw)]
        found = _table(_Told.of(self.model, self.schema), np.concatenate(pieces), proba)
        index = _index(data, raw)
        found.index = pd.RangeIndex(raw.n) if index is None else index
        found.attrs["notes"] = [*raw.notes, *self.preparation.cut(raw)]
        for note in () if isinstance(data, Raw) else found.attrs["notes"]:  # who read the rows tells of them
            logger.warning("%s", note)
        return found

    def evaluate(self, data: Any) -> dict[str, float]:
        """Return metrics by name; arguments and errors as of `Result.evaluate`."""
        if not self.model.compiled:
            raise RunError(
                "The model was read without its loss and metrics, which need functions of your own. Expected them. Pass "
                "them to load: autoopt.load(run, custom_objects={'my_loss': my_loss})."
            )
        if self.schema is None or self.preparation is None:
            return self._scored(_part(data))
        raw = data if isinstance(data, Raw) else files.read(data, schema=self.schema)
        known = labelled(raw, "data")
        if known.n < raw.n:
            logger.warning(
                "%d of %d rows have no label that training had: they are not scored.",
                raw.n - known.n,
                raw.n,
            )
        # Who read the rows tells of what is cut.
        for note in () if isinstance(data, Raw) else self.preparation.cut(known):
            logger.warning("%s", note)
        deferred = Deferred(known, self.preparation)
        if not memory.fits(deferred.nbytes):
            return self._scored(Stream(deferred, known.n))
        return self._scored(Part(prepared(self.preparation, known), known.y))

    def _scored(self, part: Part | Stream) -> dict[str, float]:
        """Return the model's metrics, and the objective where that is none of them."""
        logs, name = evaluate(self.model, part), self.objective.removeprefix("val_")
        seen = part if isinstance(part, Part) else part.first()
        if name in logs or name.removeprefix("weighted_") not in task.NAMES or part.y is None:
            return dict(logs)
        classes = task.classes(self.model, part.y, self.model.loss, seen.x)
        score = task.scores(classes, seen.sample_weight is not None).get(name)
        with compiling.measuring(self.model, score):
            return dict(evaluate(self.model, part))

    def _outputs(self, x: Any) -> np.ndarray:
        found = self.model.predict(x, batch_size=BATCH, verbose=0)
        if not isinstance(found, np.ndarray) or found.ndim > 2:
            raise UsageError(
                f"The model has outputs of shape {keras.tree.map_structure(np.shape, found)}. Expected one value or one row of "
                "values an example, for a table. Call result.best_model.predict yourself."
            )
        return found.reshape(len(found), -1)


@dataclass(frozen=True)
class _Told:
    """What outputs are: how they become classes, and what these are called."""

    classes: task.Classes | None
    names: Sequence[Any]
    column: str

    @classmethod
    def of(cls, model: keras.Model, schema: Schema | None) -> "_Told":
        column = schema.target[0] if schema is not None and len(schema.target) == 1 else PREDICTION
        labels = _labels(model, schema)
        if labels is None:
            return cls(None, (), column)
        try:
            found = task.classes(model, labels, getattr(model, "loss", None))
        except DataError as error:  # numbers, as of a loss that measures distance
            logger.info("Outputs are taken for numbers: %s.", error)
            return cls(None, (), column)
        names = tuple(range(found.count)) if schema is None else schema.classes
        return cls(found if len(names) == found.count else None, names, column)


def _labels(model: keras.Model, schema: Schema | None) -> np.ndarray | None:
    """Return labels of the form that a model learnt from; None where these are numbers."""
    if schema is None:
        width = task.width(model, None) or 1
        return np.arange(max(width, 2))
    if schema.task in ("regression", "counts"):
        return None
    if schema.task == "multilabel":
        return np.eye(len(schema.classes), dtype="float32")
    return np.arange(len(schema.classes))


def _table(told: _Told, outputs: np.ndarray, proba: bool) -> pd.DataFrame:
    if told.classes is None:
        if proba:
            raise UsageError(
                f"{spelled('proba', True)} was given, and the model predicts numbers. Expected one that tells classes apart. Leave proba out."
            )
        return _numbers(told, outputs)
    unused = np.zeros(
        (len(outputs), told.classes.count) if told.classes.form in ("one-hot", "several") else len(outputs)
    )
    chances = keras.ops.convert_to_numpy(told.classes.columns(unused, outputs)[1])
    if told.classes.exclusive:
        best = chances.argmax(axis=1)
        found = {told.column: np.array(told.names, object if isinstance(told.names[0], str) else int)[best]}
    else:
        found = {str(name): (chances[:, place] >= HALF).astype(int) for place, name in enumerate(told.names)}
    if proba:
        found |= {f"probability of {name}": chances[:, place] for place, name in enumerate(told.names)}
    return pd.DataFrame(found)


def _numbers(told: _Told, outputs: np.ndarray) -> pd.DataFrame:
    if outputs.shape[1] == 1:
        return pd.DataFrame({told.column: outputs[:, 0]})
    return pd.DataFrame({f"{told.column} {place + 1}": values for place, values in enumerate(outputs.T)})


def _index(data: Any, raw: Raw) -> Any:
    """Return what tells the rows of a table apart: a DataFrame's own index, or names of files."""
    if isinstance(data, pd.DataFrame) and len(data) == raw.n:
        return data.index
    return pd.Index(raw.names) if len(raw.names) else None


def _arrays(data: Any) -> Any:
    if isinstance(data, str | Path):
        return npz.read(data, labelled=False)["x"]
    return convert(data, "x")


def _part(data: Any) -> Part | Stream:
    if isinstance(data, str | Path):
        found = npz.read(data)
        data = (found["x"], found["y"])
    return beside(data, "data")

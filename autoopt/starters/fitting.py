"""A starter that was named becomes a model function: its shapes are those of the data."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

from autoopt.data import Dataset, Part
from autoopt.data.tables import ROWS_A_CLASS
from autoopt.errors import DataError, UsageError
from autoopt.prepared import Inputs, Outputs
from autoopt.schema import Modality, Schema, Task

BY_SIDES: Mapping[int, Modality] = {2: "table", 3: "sequence", 4: "image"}
"""What arrays are taken for, by their dimensions, rows included."""

SIDES: Mapping[Modality, int] = {"table": 2, "text": 2, "sequence": 3, "image": 4, "audio": 4}
"""Dimensions of the arrays that each kind of data has."""

SHAPES: Mapping[Modality, str] = {
    "table": "numbers (rows, columns)",
    "text": "whole numbers (rows, words)",
    "sequence": "numbers (rows, steps, channels)",
    "image": "numbers (rows, height, width, channels)",
    "audio": "numbers (rows, frames, bands, 1)",
}


@dataclass(frozen=True)
class Shapes:
    """What a starter is built with, and what kind of data that is.

    Attributes:
        modality: Of the data; of arrays what they look like.
        inputs: What the model takes.
        outputs: What it gives.
    """

    modality: Modality
    inputs: Inputs
    outputs: Outputs


def shapes_of(data: Dataset, modality: Modality | None) -> Shapes:
    """Return the shapes of data.

    Args:
        data: Raw rows that are prepared, or arrays.
        modality: What the starter is for, which decides how arrays are read; None for what they look like.

    Raises:
        DataError: Arrays are of no shape that it could take, or labels are no classes and no numbers.
        UsageError: The data comes in batches.
    """
    train = data.train
    if data.schema is not None and data.preparation is not None:
        return Shapes(data.schema.modality, data.preparation.inputs, Outputs.of(data.schema, train.y))
    if not isinstance(train, Part):
        raise UsageError(
            "A starter was named, and the data comes in batches, of which shapes and classes are not known. Expected arrays "
            "or raw rows. Pass (x, y), or a model function of your own."
        )
    kind = modality or BY_SIDES.get(np.ndim(train.x), "table")
    return Shapes(kind, _inputs(train.x, kind), _outputs(data, train))


def _inputs(x: Any, modality: Modality) -> Inputs:
    plain = isinstance(x, np.ndarray) and x.dtype.kind in "biuf"
    if not plain or x.ndim != SIDES[modality] or (modality == "text" and x.dtype.kind not in "iu"):
        given = (
            f"an array of {x.dtype} and shape {x.shape}"
            if isinstance(x, np.ndarray)
            else f"a {type(x).__name__}"
        )
        raise DataError(
            f"x is {given}. Expected one array, as the starter for this kind of data takes it: {SHAPES[modality]}. Reshape "
            'it, take another starter (or "auto"), or write a model function of your own.'
        )
    if modality == "table":
        return Inputs(numbers=x.shape[1])
    return Inputs(vocabulary=int(x.max()) + 1 if modality == "text" else 0, shape=tuple(x.shape[1:]))


def _outputs(data: Dataset, train: Part) -> Outputs:
    parts = [part.y for part in (data.train, data.validation, data.test) if isinstance(part, Part)]
    if not all(isinstance(y, np.ndarray) and y.ndim in (1, 2) and y.dtype.kind in "biuf" for y in parts):
        raise DataError(
            f"y is of shape {keras.tree.map_structure(np.shape, train.y)}. Expected one label a row, or a row of them. Pass "
            "such, or write a model function of your own."
        )
    y = np.concatenate([each.reshape(len(each), -1) for each in parts])
    if y.shape[1] == 1:
        return _of_one(y[:, 0], train.y)
    if not ((y == 0) | (y == 1)).all():
        mean, std = float(np.mean(train.y, dtype="float64")), float(np.std(train.y, dtype="float64"))
        return Outputs(y.shape[1], scale=std or 1.0, offset=mean)
    if (y.sum(axis=1) == 1).all():
        return Outputs(y.shape[1], "softmax", "categorical_crossentropy", "accuracy")
    return Outputs.of(_schema("multilabel", y.shape[1]), y)


def _of_one(y: np.ndarray, trained: np.ndarray) -> Outputs:
    """Return what ends a net for one label a row."""
    distinct = np.unique(y)
    whole = y.dtype.kind != "f" or bool((distinct == np.round(distinct)).all())
    if not whole or len(y) < ROWS_A_CLASS * len(distinct):
        return Outputs.of(_schema("regression", 0), trained)
    if distinct[0] < 0:
        raise DataError(
            f"y has the classes {distinct[0]:g}, {distinct[1]:g}{', …' if len(distinct) > 2 else ''}. Expected numbers of "
            "classes from 0 on. Number them: y = np.unique(y, return_inverse=True)[1]."
        )
    count = int(distinct[-1]) + 1
    return Outputs.of(_schema("binary" if count <= 2 else "multiclass", count), y)


def _schema(task: Task, count: int) -> Schema:
    return Schema("table", task, columns=(), classes=tuple(map(str, range(count))))

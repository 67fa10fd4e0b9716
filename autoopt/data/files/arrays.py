"""Arrays in `.npz` and `.npy` files as rows: two dimensions are a table of numbers, bytes of more are images."""

import warnings
from pathlib import Path

import numpy as np
import pandas as pd

from autoopt.data import npz
from autoopt.data.files.delimited import NOTHING
from autoopt.data.parts import Progress
from autoopt.data.tables import Expected, Table
from autoopt.errors import DataError
from autoopt.untrusted import brief
from autoopt.untrusted.archives import DAMAGE

SUFFIXES = (".npz", ".npy")


def read(path: Path, known: Expected = NOTHING, progress: Progress | None = None) -> Table:
    """Return the rows of a file as a table; of an `.npz`, x has the columns and y is one called y.

    Args:
        path: Of the file.
        known: Of the columns: then there need be no labels.
        progress: Not told: it takes no time.

    Raises:
        DataError: It cannot be read, or has more than two dimensions.
    """
    if path.suffix.lower() == ".npz":
        found = npz.read(path, labelled=not known.names)
        x, y = found["x"], found.get("y")
    else:
        x, y = _array(path), None
    if x.ndim != 2 or x.dtype.kind not in "biuf" or (y is not None and y.ndim != 1):
        raise DataError(
            f"{path} has an array of shape {x.shape} and type {x.dtype}. Expected numbers, one row an example and one column "
            "an input. Pass other arrays to autoopt.tune with a model of yours."
        )
    names = tuple(f"column_{place}" for place in range(1, x.shape[1] + 1))
    table = Table(names if y is None else (*names, "y"), disk=known.disk(x.nbytes))
    columns = [*x.T, *([] if y is None else [y])]
    table.add([pd.Series(values) for values in columns])
    return table


def _array(path: Path) -> np.ndarray:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of headers as Python 2 wrote them
            return np.asarray(np.load(path, mmap_mode="r", allow_pickle=False))
    except DAMAGE as error:
        raise DataError(
            f"{path} cannot be read: {brief(error)}. Expected what np.save writes of an array of numbers. Write it again."
        ) from error

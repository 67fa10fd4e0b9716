"""Files: `.npz` archives of numpy arrays, read without pickle so that opening one runs nothing."""

import difflib
from pathlib import Path

import numpy as np

from autoopt.errors import DataError, nearest
from autoopt.untrusted import Unreadable, member_names, read_arrays

NAMES = (
    "x", "y", "sample_weight", "x_val", "y_val", "sample_weight_val", "x_test", "y_test", "sample_weight_test",
)  # fmt: skip


def read(path: str | Path, labelled: bool = True) -> dict[str, np.ndarray]:
    """Return the arrays of the file by name: x and y, and those of `NAMES` that it has besides.

    Args:
        path: Of the file.
        labelled: Whether there has to be a y.

    Raises:
        DataError: The file is missing, unreadable, no `.npz`, needs pickle, or lacks x or y.
    """
    path = Path(path)
    _check_path(path)
    try:
        _check_names(path, member_names(path), labelled)
        return read_arrays(path, NAMES)
    except Unreadable as error:
        raise DataError(
            f"The file {path} cannot be read. {error} Write it with np.savez(path, x=x, y=y), with x and y of a number "
            "type; pickle is refused because opening such a file can run any code."
        ) from error


def _check_path(path: Path) -> None:
    if path.suffix != ".npz":
        raise DataError(
            f"The file {path} is given beside arrays. Expected an .npz of arrays: raw rows are read beside raw rows alone. "
            "Pass data as a file too, or write this one with np.savez(path, x=x, y=y)."
        )
    if path.is_file():
        return
    siblings = [each.name for each in path.parent.glob("*.npz")]
    siblings = difflib.get_close_matches(path.name, siblings, n=5, cutoff=0)
    where = (
        nearest(path.name, siblings) if siblings else f" There is no .npz at all in {path.parent.absolute()}."
    )
    raise DataError(f"There is no file {path}. Expected the path of an .npz with arrays x and y.{where}")


def _check_names(path: Path, names: list[str], labelled: bool) -> None:
    pairs = (("x", "y"), ("x_val", "y_val"), ("x_test", "y_test"))
    wanted = [name for pair in pairs for name in pair if pair[0] == "x" or set(pair) & set(names)]
    wanted = wanted if labelled else ["x"]
    for name in wanted:
        if name not in names:
            raise DataError(
                f"The file {path} has no array {name!r}. Expected x and y, and optionally sample_weight, "
                "x_val with y_val, x_test with y_test. Write it with np.savez(path, x=x, "
                f"y=y).{nearest(name, names)}"
            )

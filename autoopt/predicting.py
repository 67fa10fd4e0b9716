"""What the commands do with a run's winner and other rows: predict writes a CSV, evaluate prints metrics."""

import contextlib
import io
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from autoopt.errors import DataError, UsageError
from autoopt.printing import print_json, print_lines, print_text, say

NUMPY = ".npz"
"""Ending of files of arrays, which runs on arrays read."""

UNWRITTEN = (".parquet", ".feather", ".arrow", ".json", ".jsonl", ".xlsx", ".xls", ".npy", NUMPY)
"""Endings of files that hold something else than CSV."""


def predict(run: str, data: Path, path: Path | None, proba: bool, directory: Path) -> int:
    """Write rows with what a run's winner predicts of them as CSV; notes go to stderr.

    Args:
        run: Its folder, or its name.
        data: A file or folder of rows, as the run learnt from.
        path: Of the CSV; None prints it.
        proba: Whether the probability of each class is written too.
        directory: Where runs lie.

    Raises:
        UsageError: There is no such run, the rows are not as in training, or the CSV cannot be written.
    """
    from autoopt import storage
    from autoopt.data.files import check_there, write

    storage.find(run, directory)
    check_there(data)
    if path is not None:
        _check_out(path, data)
    with _shown(run):
        from autoopt.result import load  # loads Keras

        result = load(run, directory)
        raw = _rows(result, run, data)
        found = result.predict(data if raw is None else raw, proba=proba)
    said = found.attrs.get("notes", ())
    predictions = {str(name): values.to_numpy() for name, values in found.items()}
    if path is not None:
        write(path, raw, predictions)
    else:
        text = io.StringIO(newline="")
        write(text, raw, predictions)
        print_text(text.getvalue())
    _say_all(said)
    return 0


def evaluate(run: str, data: Path, as_json: bool, directory: Path) -> int:
    """Print the metrics of a run's winner on rows with labels; notes go to stderr.

    Args:
        run: Its folder, or its name.
        data: A file or folder of rows with labels, as the run learnt from.
        as_json: Whether to print JSON.
        directory: Where runs lie.

    Raises:
        UsageError: There is no such run, the rows are not as in training, or none has a label.
    """
    from autoopt import storage
    from autoopt.data.files import check_there
    from autoopt.data.rows import labelled
    from autoopt.reports import told

    storage.find(run, directory)
    check_there(data)
    with _shown(run):
        from autoopt.result import load  # loads Keras

        result = load(run, directory)
        raw = _rows(result, run, data)
        known = None if raw is None else labelled(raw, str(data))
        found = result.evaluate(data if known is None else known)
    if as_json:
        print_json({**found, **({} if known is None else {"rows": known.n})})
    else:
        print_lines([f"{name}  {told(value)}" for name, value in found.items()])
    if raw is not None and known is not None and result.preparation is not None:
        _say_all((*raw.notes, *result.preparation.cut(known)))
    return 0


@contextlib.contextmanager
def _shown(run: str) -> Iterator[None]:
    """Have a line on a terminal while Keras is loaded, and while rows are read and prepared."""
    from autoopt.data.files import watched
    from autoopt.reports import loading

    if sys.stderr.isatty():
        say(f"Loading {run} and Keras …")
    with watched(loading):
        yield


def _rows(result: Any, run: str, data: Path) -> Any:
    """Return raw rows, read as the run's were; None for arrays of a run on arrays.

    Raises:
        DataError: The one is of rows and the other of arrays.
    """
    from autoopt.data.files import read

    if result.schema is not None:
        return read(data, schema=result.schema)
    if data.suffix.lower() != NUMPY:
        raise DataError(
            f"The run {run!r} learnt from arrays, and {data} has rows: what its columns are to the model is not known. Expected "
            "an .npz that holds x. Write one with np.savez(path, x=x), or call autoopt.load(run).predict(x) in Python."
        )
    return None


def _check_out(path: Path, data: Path) -> None:
    if path.suffix.lower() in UNWRITTEN:
        raise UsageError(
            f"-o was given {path}. Predictions are written as CSV: expected a name that ends in .csv. Pass "
            f"{path.with_suffix('.csv')}."
        )
    if not path.parent.is_dir():
        raise UsageError(
            f"There is no folder {path.parent}. Expected one to write {path.name} to. Make it first."
        )
    if path.exists() and (path.is_dir() or (data.exists() and path.samefile(data))):
        what = "a folder" if path.is_dir() else "the file that is predicted for"
        raise UsageError(f"-o was given {path}, which is {what}. Expected another file. Name one.")


def _say_all(notes: Sequence[str]) -> None:
    for note in notes:
        say(note)

"""What several benchmarks share: the examples that they start from, searches that leave nothing behind, means of rows."""

import contextlib
import statistics
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from autoopt import model_file

EXAMPLES = Path(__file__).parent.parent / "examples"


def example(name: str) -> model_file.ModelFile:
    """Import a file of `examples`."""
    return model_file.read(str(EXAMPLES / f"{name}.py"))


@contextlib.contextmanager
def traceless() -> Iterator[dict[str, Any]]:
    """Yield arguments of `tune` under which it prints nothing and its folders go when the block ends."""
    with tempfile.TemporaryDirectory() as folder:
        yield {"directory": Path(folder, "runs"), "logdir": Path(folder, "logs"), "verbose": 0}


def summary(rows: Sequence[dict], statistic: Callable[[Sequence[float]], float]) -> dict:
    """Return the rows as one whose `seed` names the statistic: columns of words as they are, the rest summed up.

    A number that one row lacks is None.
    """
    return {
        **{name: _column([row[name] for row in rows], statistic) for name in rows[0]},
        "seed": statistic.__name__,
    }


def mean(values: Sequence[float | None]) -> float | None:
    """Return the mean of what was measured, None where nothing was."""
    found = [value for value in values if value is not None]
    return statistics.fmean(found) if found else None


def _column(values: Sequence[Any], statistic: Callable[[Sequence[float]], float]) -> Any:
    if isinstance(values[0], str):
        return values[0]
    return None if None in values else statistic(values)

"""Kept runs: what confirmation has found stays in the run folder, so that a search that goes on need not run it again."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from autoopt.errors import RunError
from autoopt.search.chance import Run, Values
from autoopt.storage import RunFolder


class KeptRuns:
    """The runs of all candidates so far. Called from one thread.

    Args:
        folder: Where they lie.
        made_of: Fingerprint of data and model: a run that was made of others is not known.

    Attributes:
        added: Whether there is one more than there was.
    """

    def __init__(self, folder: RunFolder, made_of: str) -> None:
        self._folder, self._made_of = folder, made_of
        self._known: dict[tuple[int, int], Run] = {}
        self.added = False

    def of(self, number: int, repeat: int) -> Run | None:
        """Return a run of a trial, None where it is not known."""
        if (number, repeat) not in self._known:
            run = self._read(number, repeat)
            if run is None:
                return None
            self._known[number, repeat] = run
        return self._known[number, repeat]

    def keep(self, number: int, repeat: int, run: Run) -> None:
        """Keep a run."""
        self._known[number, repeat], self.added = run, True
        values = {} if run.values is None else {"units": run.values.units, "each": run.values.each}
        self._folder.save_run(
            number, repeat, {"score": np.array(run.score), "made_of": np.array(self._made_of), **values}
        )

    def missing(self, number: int, repeats: int) -> int:
        """Return how many of the first runs of a trial are not known."""
        return sum(self.of(number, repeat) is None for repeat in range(1, repeats + 1))

    def _read(self, number: int, repeat: int) -> Run | None:
        try:
            found = self._folder.load_run(number, repeat)
        except RunError:  # damaged: it is run again
            return None
        if found is None or not {"score", "made_of"} <= set(found) or str(found["made_of"]) != self._made_of:
            return None
        score, with_values = found["score"], {"units", "each"} <= set(found)
        if not _is_numbers(score, 0) or np.isnan(score) or (with_values and not _are_values(found)):
            return None
        if with_values and np.isinf(score):  # that of a run that failed, of which there are no values
            return None
        return Run(float(score), Values(found["units"], found["each"]) if with_values else None)


def _are_values(found: Mapping[str, np.ndarray[Any, Any]]) -> bool:
    """Whether there is a finite value for each unit, and any at all."""
    both = units, each = found["units"], found["each"]
    sound = all(_is_numbers(one, 1) and np.isfinite(one).all() for one in both)
    return sound and units.shape == each.shape and each.size > 0


def _is_numbers(found: np.ndarray[Any, Any], dimensions: int) -> bool:
    """Whether an array has so many dimensions, and holds numbers."""
    return found.ndim == dimensions and found.dtype.kind in "fiu"

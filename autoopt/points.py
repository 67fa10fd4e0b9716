"""Points of a search: which trials are one set of values, trained again or trained further."""

from collections.abc import Iterable, Mapping

from autoopt.records import Trial


def point_of(trials: Iterable[Trial]) -> Mapping[int, int]:
    """Return the number of each trial to that of its point's first: what it repeats, or went on with the training of.

    Args:
        trials: All of a run: where one is left out, those that came after it seem to be points of their own.

    Example:
        >>> first = Trial(1, "completed", 0.5, {}, {}, 0, 0.0, 1.0)
        >>> further = Trial(4, "completed", 0.6, {}, {}, 0, 1.0, 2.0, continues=1)
        >>> point_of([first, further])
        {1: 1, 4: 1}
    """
    before = {trial.number: trial.repeats if trial.continues is None else trial.continues for trial in trials}
    found: dict[int, int] = {}
    for number in before:
        first = number
        while (earlier := before.get(first)) is not None:
            first = earlier
        found[number] = first
    return found

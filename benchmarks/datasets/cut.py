"""Labels as class numbers, and the cut into what trains and what tests, the same every time."""

import numpy as np

Arrays = tuple[np.ndarray, np.ndarray]
"""Examples and their classes, from 0; of a regression, numbers."""


def codes(labels: np.ndarray) -> np.ndarray:
    """Return the class number of each label, in the order of sorted labels."""
    return np.unique(labels, return_inverse=True)[1].astype("int64")


def cut(x: np.ndarray, y: np.ndarray, share: float) -> tuple[Arrays, Arrays]:
    """Take a share of each class to test; both parts are shuffled, the same in every version of NumPy."""
    random = np.random.RandomState(0)
    rows = [random.permutation(np.flatnonzero(y == number)) for number in np.unique(y)]
    tests = np.sort(np.concatenate([part[: round(share * len(part))] for part in rows]))
    train = random.permutation(np.setdiff1d(np.arange(len(y)), tests))
    tests = random.permutation(tests)
    return (x[train], y[train]), (x[tests], y[tests])

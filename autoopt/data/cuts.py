"""Other cuts of the rows that train and validate: the same sizes, by the same rules, with another seed."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class Cut:
    """Which rows of a Dataset's `pool` train, and which validate; both ascending."""

    train: np.ndarray
    validation: np.ndarray

"""State of a training: everything that its next epoch depends on, as arrays on the host."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import keras
import numpy as np

Arrays = Mapping[str, Sequence[np.ndarray]]
"""Kind of variable to their values, in the order that their engine has them."""


class Mismatch(Exception):
    """Why a state is not one of a training, as the end of a sentence about it."""


@dataclass(frozen=True)
class State:
    """A training as it stands between two epochs; can be pickled.

    What is no variable of a model, its optimizers or its layers is not in it: the place in an iterator of the
    user's, or what a layer's Python attributes count.

    Attributes:
        engine: Name of the engine that trained it: another one has other variables.
        mode: What XLA compiled, None for plain `fit`: other programs round otherwise.
        arrays: Weights, optimizer, random states, and whatever else steps change.
        losses: `val_loss` of each epoch so far, on which a schedule may depend.
    """

    engine: str
    mode: str | None
    arrays: Arrays
    losses: Sequence[float]

    @property
    def epochs(self) -> int:
        """How many epochs have ended."""
        return len(self.losses)

    @property
    def nbytes(self) -> int:
        """How many bytes the arrays take."""
        return sum(array.nbytes for values in self.arrays.values() for array in values)

    def check_engine(self, name: str) -> None:
        """Check that an engine can go on with it.

        Raises:
            Mismatch: Another one has trained it.
        """
        if name != self.engine:
            raise Mismatch(f"it was trained by {self.engine}, and would go on by {name}")


def check_shapes(arrays: Arrays, variables: Mapping[str, Sequence[object]]) -> None:
    """Check that arrays are values of some variables, all of them and in their order.

    Raises:
        Mismatch: They are those of another model.
    """
    for kind, some in variables.items():
        found = [tuple(np.shape(array)) for array in arrays.get(kind, ())]
        wanted = [tuple(variable.shape) for variable in some]  # type: ignore[attr-defined]
        if found != wanted:
            raise Mismatch(f"its {kind} have the shapes {found}, and would go on with {wanted}")


def copied(variables: Sequence[keras.Variable]) -> list[np.ndarray]:
    """Return the values of variables, as arrays of their own."""
    return [np.array(keras.ops.convert_to_numpy(variable.value)) for variable in variables]


def assign(variables: Sequence[keras.Variable], values: Sequence[np.ndarray]) -> None:
    """Set variables to values."""
    for variable, value in zip(variables, values, strict=True):
        variable.assign(value)

"""What lies between preparation and starter: the shapes of what is prepared, and what a model has to give."""

from dataclasses import dataclass

import numpy as np

from autoopt.schema import Schema


@dataclass(frozen=True)
class Inputs:
    """What a starter is given; what its kind of data does not have is 0 or empty.

    Attributes:
        numbers: Numbers of a row of a table.
        categories: Columns of categories of a row of a table.
        values: Values of all these columns together, those that are not known included.
        vocabulary: Words that are told apart in a text, padding and unknown words included.
        shape: Of one text, image, spectrogram or sequence.
    """

    numbers: int = 0
    categories: int = 0
    values: int = 0
    vocabulary: int = 0
    shape: tuple[int, ...] = ()


@dataclass(frozen=True)
class Outputs:
    """What a starter ends with and is compiled with.

    Attributes:
        units: Of the last layer.
        activation: Of the last layer; None for real numbers.
        loss: As `compile` takes it.
        metric: Likewise.
        scale: What numbers are multiplied with behind the last layer, so that it learns what is around 1; 0 for classes.
        offset: What is added to them then.
    """

    units: int = 1
    activation: str | None = None
    loss: str = "mean_squared_error"
    metric: str = "mae"
    scale: float = 0.0
    offset: float = 0.0

    @classmethod
    def of(cls, schema: Schema, y: np.ndarray) -> "Outputs":
        """Return what fits a task.

        Args:
            schema: Of the data.
            y: Labels of the rows that train; numbers are scaled by these.

        Example:
            >>> schema = Schema("table", "binary", columns=(), classes=("no", "yes"))
            >>> Outputs.of(schema, np.array([0, 1])).activation
            'sigmoid'
        """
        if schema.task == "binary":
            return cls(1, "sigmoid", "binary_crossentropy", "accuracy")
        if schema.task == "multiclass":
            return cls(len(schema.classes), "softmax", "sparse_categorical_crossentropy", "accuracy")
        if schema.task == "multilabel":
            return cls(len(schema.classes), "sigmoid", "binary_crossentropy", "binary_accuracy")
        mean = float(np.mean(y, dtype="float64"))
        if schema.task == "counts":
            return cls(1, "softplus", "poisson", "mae", scale=mean or 1.0)
        return cls(scale=float(np.std(y, dtype="float64")) or 1.0, offset=mean)

"""How labels and outputs of a model say classes, whatever their form."""

import functools
from dataclasses import dataclass
from typing import Any, Literal

import keras
import numpy as np
from keras import ops

from autoopt.errors import DataError
from autoopt.task import compiling, losses, outputs
from autoopt.task.outputs import PROBABILITIES, Output, labels_by_output

MARGINS = frozenset({"hinge", "squared_hinge", "categorical_hinge"})

Form = Literal["numbers", "one-hot", "one unit", "several"]


@dataclass(frozen=True)
class Classes:
    """The classes that a model tells apart.

    Attributes:
        form: `"numbers"` and `"one-hot"` labels of exclusive classes, `"one unit"` for two classes, or `"several"`
            labels at once, each of them yes or no.
        count: Number of classes; 2 for one unit.
        logits: Whether outputs are no probabilities: then 0 decides a yes or no, not 0.5.
        ignored: The class number that stands for no label.
    """

    form: Form
    count: int
    logits: bool = False
    ignored: int | None = None

    @property
    def exclusive(self) -> bool:
        """Whether an example has one class."""
        return self.form != "several"

    @property
    def two(self) -> bool:
        """Whether there are two, of which the second is the positive one."""
        return self.exclusive and self.count == 2

    def columns(self, y: Any, outputs: Any) -> tuple[Any, Any]:
        """Return labels and probabilities as float32 tensors, a row for each label and a column for each class.

        Args:
            y: Labels of a batch as the loss takes them.
            outputs: What the model gave for it.
        """
        given = ops.cast(outputs, "float32")
        if self.form == "one unit":
            positive = ops.reshape(ops.cast(y, "float32") > 0.5, (-1, 1))  # hinge's labels are -1 and 1
            truth = ops.concatenate([ops.logical_not(positive), positive], axis=1)
            chance = self._probabilities(ops.reshape(given, (-1, 1)))
            return ops.cast(truth, "float32"), ops.concatenate([1 - chance, chance], axis=1)
        chances = self._probabilities(ops.reshape(given, (-1, self.count)))
        if self.form == "numbers":
            numbers = ops.reshape(ops.cast(y, "int32"), (-1,))
            return ops.one_hot(numbers, self.count, dtype="float32"), chances
        return ops.reshape(ops.cast(y, "float32"), (-1, self.count)), chances

    def differ(self, y: np.ndarray) -> bool:
        """Say whether labels hold more than one class, without which no score tells anything."""
        rows = y.reshape(-1, self.count) if self.form in ("one-hot", "several") else y.reshape(-1, 1)
        rows = rows if self.ignored is None else rows[(rows != self.ignored).all(axis=1)]
        return len(rows) > 0 and bool((rows.max(axis=0) > rows.min(axis=0)).any())

    def weights(self, y: Any, outputs: Any, sample_weight: Any) -> Any:
        """Return the weight of each row of `columns`: 0 for what is masked or has no label."""
        values = outputs if len(outputs.shape) < 2 else outputs[..., 0]
        weights = ops.ones_like(values, dtype="float32")
        for given in (sample_weight, getattr(outputs, "_keras_mask", None)):
            if given is None:
                continue
            each = ops.cast(given, "float32")
            if len(each.shape) > len(values.shape):  # one column for a value each
                each = ops.squeeze(each, axis=-1)
            missing = len(values.shape) - len(each.shape)
            weights = weights * ops.reshape(each, (*ops.shape(each), *[1] * missing))
        weights = ops.reshape(weights, (-1,))
        if self.ignored is not None:
            weights = weights * ops.cast(ops.reshape(y, (-1,)) != self.ignored, "float32")
        return weights

    def _probabilities(self, given: Any) -> Any:
        if not self.logits:
            return given
        return ops.softmax(given) if self.form in ("numbers", "one-hot") else ops.sigmoid(given)


def classes(model: keras.Model, y: Any, loss: Any, x: Any = None) -> Classes:
    """Return the classes that a model tells apart.

    Example:
        >>> model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3, "softmax")])
        >>> classes(model, np.array([0, 1, 2]), "sparse_categorical_crossentropy")
        Classes(form='numbers', count=3, logits=False, ignored=None)

    Args:
        model: A built Keras model.
        y: Labels: an array, or a dict or tuple of arrays.
        loss: What it is compiled with.
        x: Inputs; only the shapes are looked at, and only of a built subclassed model.

    Raises:
        DataError: It tells no classes apart, or there are several outputs; the text is the end of a sentence.
    """
    pairs = labels_by_output(outputs.read(model, x), y)
    if len(pairs) > 1:
        raise DataError(f"the model has {len(pairs)} outputs")
    (output, labels), own = pairs[0], keras.tree.flatten(loss)
    one = own[0] if own else None
    name = losses.name_of(one)
    if name in losses.REGRESSION:
        raise DataError(f"the loss is {name}")
    form = _form_of_loss(name, output) or _form_of_labels(output, labels)
    if form is None:
        raise DataError(f"the labels of shape {labels.shape[1:]} are no classes")
    if output.width is None:
        raise DataError("the number of outputs is not known before the model runs")
    count = 2 if form == "one unit" else output.width
    return Classes(form, count, _gives_logits(one, name, output), getattr(one, "ignore_class", None))


def _form_of_loss(name: str | None, output: Output) -> Form | None:
    if name in losses.SPARSE:
        return "numbers"
    if name in losses.CATEGORICAL:
        return "one-hot"
    if name in losses.BINARY | MARGINS:
        if output.width == 1:
            return "one unit"
        return "one-hot" if output.activation == "softmax" else "several"
    return None


def _form_of_labels(output: Output, y: np.ndarray) -> Form | None:
    """Return the form that labels have under a loss that is not known."""
    if compiling.is_binary(output, y):
        return "one unit"
    if compiling.is_class_numbers(output, y):
        return "numbers"
    if compiling.is_one_hot(output, y) and output.activation != "sigmoid":
        return "one-hot"
    return "several" if compiling.is_multi_hot(output, y) else None


def _gives_logits(loss: Any, name: str | None, output: Output) -> bool:
    """Say whether outputs are no probabilities, as the loss reads them."""
    if output.activation in PROBABILITIES:
        return False
    if isinstance(loss, functools.partial):
        return bool(loss.keywords.get("from_logits", False))
    known = losses.SPARSE | losses.CATEGORICAL | losses.BINARY
    return bool(getattr(loss, "from_logits", name not in known - MARGINS))

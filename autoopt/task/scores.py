"""Scores of classes, from 0 to 1, that a search can compare without the user's metric: over a whole epoch, weighted."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import keras
from keras import ops

from autoopt.task.classes import Classes

COUNTED = ("f1", "precision", "recall", "balanced_accuracy")
KINDS = (*COUNTED, "auc")

CELLS = 16_384
"""Into which `auc` sorts what a model gives, shared by the classes: every step of a training adds them up."""

MOST_BINS, LEAST_BINS = 4_096, 512
"""Of a class."""

EVEN = 4.0
"""Log odds at which bins are four times as wide as at even odds."""


@dataclass(frozen=True)
class Score:
    """A score that is measured beside the user's metrics.

    Of two classes it is that of class 1, of more the mean over classes, as scikit-learn's `average="macro"`; `auc`
    sets each class against the rest.

    Attributes:
        kind: One of `KINDS`.
        classes: What the labels and the outputs say.
        weighted: Whether sample weights count: then Keras has it among `weighted_metrics`.
    """

    kind: str
    classes: Classes
    weighted: bool = False

    @property
    def name(self) -> str:
        """Key in Keras's logs."""
        return f"weighted_{self.kind}" if self.weighted else self.kind

    def metric(self) -> keras.metrics.Metric:
        """Return a metric that measures it."""
        return Area(self) if self.kind == "auc" else Counts(self)


class Counts(keras.metrics.Metric):  # type: ignore[misc]
    """F1, precision, recall or balanced accuracy: exact, from counts of each class over an epoch."""

    def __init__(self, score: Score) -> None:
        super().__init__(name=score.name, dtype="float32")
        self._score = score
        self._counts = self.add_variable((3, score.classes.count), "zeros", name="counts")

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Count what was right, what was taken for the class, and what was missed."""
        classes = self._score.classes
        truth, chances = classes.columns(y_true, y_pred)
        if classes.exclusive:
            taken = ops.one_hot(ops.argmax(chances, axis=-1), classes.count, dtype="float32")
        else:
            taken = ops.cast(chances > 0.5, "float32")
        weights = ops.expand_dims(classes.weights(y_true, y_pred, sample_weight), 1)
        cells = (truth * taken, (1 - truth) * taken, truth * (1 - taken))
        self._counts.assign_add(ops.stack([ops.sum(weights * cell, axis=0) for cell in cells]))

    def result(self) -> Any:
        """Return the score of what was counted since the last reset."""
        classes, kind = self._score.classes, self._score.kind
        hit, wrong, missed = self._counts[0], self._counts[1], self._counts[2]
        recall = ops.divide_no_nan(hit, hit + missed)
        values = {
            "f1": ops.divide_no_nan(2 * hit, 2 * hit + wrong + missed),
            "precision": ops.divide_no_nan(hit, hit + wrong),
        }.get(kind, recall)
        if kind != "balanced_accuracy" and classes.two:
            return values[1]
        if not classes.exclusive:
            return ops.mean(values)
        # scikit-learn leaves out classes that occur nowhere, and here also those that never are the right one.
        occurring = hit + missed + (0.0 if kind == "balanced_accuracy" else wrong)
        there = ops.cast(occurring > 0, "float32")
        return ops.divide_no_nan(ops.sum(values * there), ops.sum(there))


class Area(keras.metrics.Metric):  # type: ignore[misc]
    """Area under the ROC curve: the share of pairs in the right order, where pairs within one bin count half.

    A bin is `8 / bins` wide in log odds at even odds, `(1 + |log odds| / 4)²` times as wide elsewhere: 0.002 for two
    classes. That is within 0.002 of scikit-learn's `roc_auc_score` from 400 examples on. (`keras.metrics.AUC` has
    200 thresholds at even distances: where a class is rare, all chances may lie below the first.)
    """

    def __init__(self, score: Score) -> None:
        super().__init__(name=score.name, dtype="float32")
        self._score = score
        self._columns = 1 if score.classes.two else score.classes.count
        self._bins = min(MOST_BINS, max(LEAST_BINS, CELLS // self._columns))
        self._sorted = self.add_variable((2, self._bins, self._columns), "zeros", name="sorted")

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Sort the batch into bins, those of each class apart from the rest."""
        classes, bins, columns = self._score.classes, self._bins, self._columns
        truth, chances = (each[:, -columns:] for each in classes.columns(y_true, y_pred))
        chances = ops.clip(chances, 1e-20, 1 - 1e-7)
        odds = ops.log(chances) - ops.log1p(-chances)
        place = (odds / (EVEN + ops.abs(odds)) + 1) / 2  # from 0 to 1
        found = ops.clip(ops.cast(place * bins, "int32"), 0, bins - 1)
        side = ops.cast(truth > 0.5, "int32")
        cells = (side * bins + found) * columns + ops.arange(columns, dtype="int32")
        weights = ops.expand_dims(classes.weights(y_true, y_pred, sample_weight), 1) * ops.ones_like(truth)
        flat = ops.segment_sum(ops.reshape(weights, (-1,)), ops.reshape(cells, (-1,)), 2 * bins * columns)
        self._sorted.assign_add(ops.reshape(flat, (2, bins, columns)))

    def result(self) -> Any:
        """Return the mean area of the classes that some examples have and some have not; NaN without any."""
        rest, own = self._sorted[0], self._sorted[1]
        right = ops.sum(own * (ops.cumsum(rest, axis=0) - rest / 2), axis=0)
        pairs = ops.sum(own, axis=0) * ops.sum(rest, axis=0)
        areas, there = ops.divide_no_nan(right, pairs), ops.cast(pairs > 0, "float32")
        return ops.sum(areas * there) / ops.sum(there)


NAMES = [name for kind in KINDS for name in (kind, f"weighted_{kind}")]
"""Of every score."""


def scores(classes: Classes, weighted: bool = False) -> Mapping[str, Score]:
    """Return every score that can be measured of some classes, by its name.

    Example:
        >>> list(scores(Classes("several", 3)))
        ['f1', 'precision', 'recall', 'auc']

    Args:
        classes: What the labels and the outputs say.
        weighted: Whether there are sample weights to count.
    """
    kinds = [kind for kind in KINDS if classes.exclusive or kind != "balanced_accuracy"]
    made = [
        Score(kind, classes, weigh) for weigh in ((False, True) if weighted else (False,)) for kind in kinds
    ]
    return {score.name: score for score in made}

"""Priors: biases from which a model starts at what is known of its labels before any input is seen.

The loss then falls from its value at the classes' frequencies, and not from that of a uniform guess: Lin et al. 2017
(RetinaNet), section 4.1, have b = -log((1 - π) / π) for a class of frequency π.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from autoopt.surgery import Ending
from autoopt.task import losses

PROBABLE = {"softmax": False, "sigmoid": False, "linear": True}
"""An activation to whether the loss behind it has to take logits, so that it sees probabilities once."""


def biases(
    endings: Sequence[Ending | None], loss: Any, y: Any, sample_weight: Any = None
) -> Mapping[str, tuple[float, ...]]:
    """Return the layers whose bias labels speak for, each with that bias.

    It is log p of each class under a categorical crossentropy, log(p / (1 - p)) of each unit under a binary one,
    and the mean of the labels under the mean squared error; p are relative frequencies by Laplace's rule of
    succession, one more example of each class than there is, so that none is 0.

    Args:
        endings: How the model's outputs come about, in their order.
        loss: As `compile` takes it: one, or a list or dict of them by output.
        y: Labels, likewise.
        sample_weight: Weights of the examples, likewise, or None.
    """
    found: dict[str, tuple[float, ...]] = {}
    for index, ending in enumerate(endings):
        if ending is not None:
            own, labels, weight = (
                _of_output(each, ending.output, index) for each in (loss, y, sample_weight)
            )
            bias = None if own is None or labels is None else _bias(ending, own, np.asarray(labels), weight)
            if bias is not None and np.isfinite(bias).all():  # weights that fit no labels make NaN
                found[ending.layer] = tuple(float(value) for value in bias)
    return found


def _of_output(given: Any, name: str, index: int) -> Any:
    if isinstance(given, Mapping):
        return given.get(name)
    if isinstance(given, list | tuple):
        return given[index] if index < len(given) else None
    return given


def _bias(ending: Ending, loss: Any, y: np.ndarray, sample_weight: Any) -> np.ndarray | None:
    """Return the bias of one output, None where labels, loss and activation give it no such meaning."""
    kind, units = losses.name_of(loss), ending.units
    fits = PROBABLE.get(ending.activation) == losses.takes_logits(loss)
    if y.dtype.kind not in "biuf":
        return None
    if kind in losses.SPARSE and fits and ending.activation != "sigmoid":
        return _log_frequencies(_counts(y.reshape(-1), units, loss, sample_weight))
    if units > 1 and (y.ndim == 1 or y.shape[-1] != units):
        return None
    rows = y.reshape(-1, units)
    weight = _weights(sample_weight, len(rows))
    if kind in losses.CATEGORICAL_CROSSENTROPIES and fits and ending.activation != "sigmoid":
        return _log_frequencies(weight @ rows)
    if kind in losses.BINARY and fits and ending.activation != "softmax":
        return _log_odds(weight @ rows, weight.sum())
    if kind == "mean_squared_error" and ending.activation == "linear":
        return np.asarray(weight @ rows / weight.sum())
    return None


def _counts(y: np.ndarray, classes: int, loss: Any, sample_weight: Any) -> np.ndarray:
    """Return the weight of all examples of each class."""
    weight, ignored = _weights(sample_weight, len(y)), getattr(loss, "ignore_class", None)
    counted = slice(None) if ignored is None else y != ignored
    labels = y[counted].astype("int64")
    if not ((labels >= 0) & (labels < classes)).all():
        return np.full(classes, np.nan)
    return np.bincount(labels, weight[counted], minlength=classes)


def _log_frequencies(counts: np.ndarray) -> np.ndarray | None:
    """Return log p of each class, p = (n + 1) / (N + K)."""
    return np.log((counts + 1) / (counts.sum() + len(counts))) if (counts >= 0).all() else None


def _log_odds(counts: np.ndarray, total: float) -> np.ndarray | None:
    """Return log(p / (1 - p)) of each unit, p = (n + 1) / (N + 2)."""
    # Sums of weights that are 1 on average are off by rounding.
    possible = ((counts >= 0) & (counts < total + 0.5)).all()
    return np.log((counts + 1) / (total - counts + 1)) if possible else None


def _weights(sample_weight: Any, rows: int) -> np.ndarray:
    """Return a weight for each of some labels, 1 on average; not numbers where there are none for them.

    An example has several labels where its output has positions: pixels, steps of a sequence.
    """
    if sample_weight is None:
        return np.ones(rows)
    given = np.asarray(sample_weight, "float64").reshape(-1)
    if rows % len(given) or not given.sum() > 0:
        return np.full(rows, np.nan)
    return np.repeat(given / given.mean(), rows // len(given))

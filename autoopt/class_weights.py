"""The weight of each class: as given, or counted; where Keras's `fit` would refuse them, they weigh the examples."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import keras
import numpy as np

from autoopt.data import Dataset, Part, Stream, dataloader, streams
from autoopt.data.nested import mapped
from autoopt.errors import UsageError
from autoopt.spelling import named


@dataclass(frozen=True)
class Weighted:
    """What class weights came to.

    Attributes:
        dataset: What is learnt from: with the classes' weights in its sample weights where it has some.
        weights: Class to weight, for what is not in the sample weights; None without.
        notes: What was decided for the user, one sentence each.
    """

    dataset: Dataset
    weights: Mapping[int, float] | None = None
    notes: Sequence[str] = ()

    def of_outputs(self, width: int | None) -> Mapping[int, float] | None:
        """Return the weights as `fit` takes them: of a stream, one for each output of the model.

        Args:
            width: How many there are, None where that is not known.
        """
        if self.weights is None or isinstance(self.dataset.train, Part):
            return self.weights
        return {**dict.fromkeys(range(width or 0), 1.0), **self.weights}


def applied(given: Any, dataset: Dataset) -> Weighted:
    """Return class weights as a search uses them; only training is weighted, as in `fit`.

    Args:
        given: None, a mapping of class to weight, or `"balanced"`: n / (classes × count), as scikit-learn.
        dataset: Whose training labels are counted; those of a stream in one pass.

    Raises:
        UsageError: It is none of these, or the data does not have one class an example, or cannot be weighted.
    """
    if given is None:
        return Weighted(dataset)
    train = dataset.train
    if isinstance(train, Stream):
        _check_stream(train)
    numbers = _numbers((train.first() if isinstance(train, Stream) else train).y)
    weights: Mapping[int, float]
    notes: Sequence[str]
    if isinstance(given, Mapping):
        weights = _given(given)
        notes = _strangers(weights, numbers) if isinstance(train, Part) else ()
    elif isinstance(given, str) and given == "balanced":
        weights, notes = _balanced(train, numbers)
    else:
        raise UsageError(
            f'{named("class_weight")} was given {given!r}. Expected a mapping of class to weight, or "balanced".'
        )
    if isinstance(train, Stream):
        return Weighted(dataset, _whole(weights), notes)
    if train.sample_weight is None and isinstance(train.y, np.ndarray):
        return Weighted(dataset, weights, notes)
    return Weighted(weighed(dataset, weights), None, notes)


def weighed(dataset: Dataset, weights: Mapping[int, float] | None) -> Dataset:
    """Return a dataset that has its classes' weights in its sample weights; a stream stays as it is."""
    train = dataset.train
    if weights is None or isinstance(train, Stream):
        return dataset
    return replace(dataset, train=_multiplied(train, weights), weighed=True, whole=None)


def _check_stream(train: Stream) -> None:
    form = streams.format_of(train.source)
    name = form.NAME if form else type(train.source).__name__
    if dataloader.recognizes(train.source):
        raise UsageError(
            f"{named('class_weight')} was given along with a {name}, of which Keras takes none. Expected arrays, a "
            "tf.data.Dataset or a PyDataset. Have the loader yield (x, y, sample_weight), with each example's "
            "class's weight."
        )
    if train.first().sample_weight is not None:
        raise UsageError(
            f"{named('class_weight')} was given along with a {name} that yields a sample_weight, and Keras takes no two of "
            "them. Expected one. Multiply each example's sample_weight by its class's weight, or pass arrays."
        )


def _numbers(y: Any) -> np.ndarray:
    """Return the class of each example.

    Raises:
        UsageError: There are several outputs, or not one class an example.
    """
    found = keras.tree.flatten(y)
    if len(found) > 1:
        raise UsageError(
            f"{named('class_weight')} was given for labels of several outputs. Expected one output: pass sample_weight."
        )
    labels: np.ndarray = found[0]
    columns = labels.ndim == 2 and labels.shape[1] > 1
    if labels.ndim > 2 or (columns and not np.allclose(labels.sum(axis=1), 1, atol=1e-3)):
        raise UsageError(
            f"{named('class_weight')} was given for labels of shape {labels.shape[1:]} an example. Expected one class for "
            "each: a number, or one-hot. Pass sample_weight."
        )
    numbers = labels.argmax(axis=1) if columns else labels.reshape(-1)
    if not (numbers == np.round(numbers)).all():
        raise UsageError(
            f"{named('class_weight')} was given for labels such as {numbers[numbers != np.round(numbers)][0]:g}. Expected "
            "class numbers. Pass sample_weight to weigh examples of other tasks."
        )
    return numbers.astype(int)


def _balanced(train: Part | Stream, numbers: np.ndarray) -> tuple[Mapping[int, float], Sequence[str]]:
    notes = []
    if isinstance(train, Stream):
        passed = streams.labels(train.source)
        numbers = np.concatenate([_numbers(y) for y in passed])
        notes = [f"Classes were counted in one pass over {len(numbers):,} training examples."]
    classes, counts = np.unique(numbers, return_counts=True)
    weights = {int(c): len(numbers) / (len(classes) * int(n)) for c, n in zip(classes, counts, strict=True)}
    told = ", ".join(f"{number}: {weight:.3g}" for number, weight in list(weights.items())[:10])
    return weights, [*notes, f"Class weights: {told}{', …' if len(weights) > 10 else ''}."]


def _given(given: Mapping[Any, Any]) -> Mapping[int, float]:
    try:
        found = {int(label): float(weight) for label, weight in given.items()}
    except (TypeError, ValueError):
        found = {}
    if (
        not found
        or list(found) != list(given)
        or not all(0 <= weight < math.inf for weight in found.values())
    ):
        raise UsageError(
            f"{named('class_weight')} was given {given!r}. Expected class numbers to weights of 0 or more, "
            "for example {0: 1.0, 1: 3.5}."
        )
    return found


def _strangers(weights: Mapping[int, float], numbers: np.ndarray) -> Sequence[str]:
    """Return what is to be said of classes without a weight and of weights without a class.

    Raises:
        UsageError: No training example has a class that is weighed.
    """
    seen = {int(number) for number in np.unique(numbers)}
    if not seen & set(weights):
        raise UsageError(
            f"{named('class_weight')} was given weights of {sorted(weights)}, and the training labels are {sorted(seen)}. "
            "Expected weights of classes that occur."
        )
    bare, unseen = sorted(seen - set(weights)), sorted(set(weights) - seen)
    notes = [f"No class_weight was given for {_listed(bare)}: it counts 1."] if bare else []
    return [
        *notes,
        *([f"No training label is {_listed(unseen)}, which class_weight names."] if unseen else []),
    ]


def _listed(classes: Sequence[int]) -> str:
    return f"class{'' if len(classes) == 1 else 'es'} {', '.join(map(str, classes))}"


def _whole(weights: Mapping[int, float]) -> Mapping[int, float]:
    """Return a weight for each class: Keras looks them up in a list as long as the largest class in `weights`.

    Raises:
        UsageError: A class number is below 0.
    """
    if min(weights) < 0:
        raise UsageError(
            f"{named('class_weight')} was given for class {min(weights)} of data that comes in batches. Expected class numbers "
            "from 0, in which Keras looks weights up. Number the classes from 0, or pass arrays."
        )
    return {number: weights.get(number, 1.0) for number in range(max(2, max(weights) + 1))}


def _multiplied(train: Part, weights: Mapping[int, float]) -> Part:
    """Return the examples with their class's weight in their own."""
    by_class = np.array([weights.get(int(number), 1.0) for number in _numbers(train.y)], "float32")
    if train.sample_weight is None:
        return replace(train, sample_weight=by_class)

    def times(own: np.ndarray) -> np.ndarray:
        return own * by_class.reshape(-1, *[1] * (own.ndim - 1))

    return replace(train, sample_weight=mapped(times, train.sample_weight))

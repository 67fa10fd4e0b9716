"""Class weights: counted, multiplied into sample weights, and refused where they would be taken wrong."""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest
from sklearn.utils.class_weight import compute_class_weight

from autoopt.class_weights import applied
from autoopt.data import Dataset, Part, Stream
from autoopt.engines import KerasEngine, candidate_of
from autoopt.errors import UsageError
from tests import toys
from tests.engines.laboratory import assigned, ran

X, Y = toys.digits(60)
RARE = (Y == 9).astype(int)
EYE = np.eye(10, dtype="float32")[Y]


def whole(y: Any, weight: Any = None) -> Dataset:
    return Dataset(Part(X, y, weight), Part(X, y))


def batches(y: Any, weight: Any = None) -> Dataset:
    tf = pytest.importorskip("tensorflow")
    given = (X, y) if weight is None else (X, y, weight)
    source = tf.data.Dataset.from_tensor_slices(given).batch(16)
    return Dataset(Stream(source, len(X)), Part(X, y))


class Loaded(keras.utils.PyDataset):
    """The digits, in four batches."""

    def __init__(self, y: Any, weight: Any = None) -> None:
        super().__init__()
        self.arrays = (X, y) if weight is None else (X, y, weight)

    def __len__(self) -> int:
        return 4

    def __getitem__(self, index: int) -> Any:
        return tuple(array[16 * index : 16 * (index + 1)] for array in self.arrays)


def loaded(y: Any, weight: Any = None) -> Dataset:
    return Dataset(Stream(Loaded(y, weight), None), Part(X, y))


@pytest.mark.parametrize("form", [whole, batches, loaded])
@pytest.mark.parametrize(
    "y", [Y, Y[:, None], EYE, RARE, RARE.astype("float32")], ids=["1-D", "2-D", "one-hot", "0-1", "real"]
)
def test_balanced_is_scikit_learns_in_every_form(form: Callable[[Any], Dataset], y: Any) -> None:
    numbers = Y if y.max() > 1 or y.ndim > 1 else RARE
    expected = compute_class_weight("balanced", classes=np.unique(numbers), y=numbers)

    assert applied("balanced", form(y)).weights == pytest.approx(dict(enumerate(expected)))


def test_the_weights_are_told() -> None:
    assert applied("balanced", batches(RARE)).notes == [
        "Classes were counted in one pass over 60 training examples.", "Class weights: 0: 0.556, 1: 5.",
    ]  # fmt: skip


def test_class_weights_and_sample_weights_are_multiplied() -> None:
    own = np.linspace(0, 2, 60)[:, None]
    found = applied({1: 3.0}, whole(RARE, own))

    assert found.weights is None
    assert found.dataset.train.sample_weight == pytest.approx(own * np.where(RARE == 1, 3.0, 1.0)[:, None])
    assert found.dataset.validation.sample_weight is None


def test_labels_in_a_dict_are_weighed_by_example() -> None:
    found = applied({1: 3.0}, whole({"digit": RARE}))

    assert found.weights is None and found.dataset.train.sample_weight == pytest.approx(1 + 2 * RARE)


@pytest.mark.parametrize("form", [batches, loaded])
def test_a_stream_is_trained_with_a_weight_for_each_class(form: Callable[[Any], Dataset]) -> None:
    found = applied({0: 0.5}, form(Y), width=10)
    histories = []
    for dataset, weights in ((found.dataset, found.weights), (whole(Y), {0: 0.5})):
        keras.utils.set_random_seed(0)
        model = toys.compiled(keras.optimizers.SGD(0.0), run_eagerly=True)
        size = None if isinstance(dataset.train, Stream) else 16
        task = assigned(dataset.train, dataset.validation, size=size, epochs=1, weights=weights)
        histories.append(ran(KerasEngine(), candidate_of(model), task)[0].history["loss"])

    assert found.weights == {0: 0.5, **dict.fromkeys(range(1, 10), 1.0)}
    assert histories[0] == pytest.approx(histories[1], abs=1e-5)


def test_classes_without_a_weight_and_weights_without_a_class_are_told() -> None:
    assert applied({1: 2.0, 2: 1.0}, whole(RARE)).notes == [
        "No class_weight was given for class 0: it counts 1.", "No training label is class 2, which class_weight names.",
    ]  # fmt: skip


def torch_loader() -> Dataset:
    data = pytest.importorskip("torch.utils.data")
    return Dataset(Stream(data.DataLoader([(x, 0) for x in X], 16), 60), Part(X, Y))


REFUSED: dict[str, tuple[Any, Callable[[], Dataset], str]] = {
    "no such word": ("equal", lambda: whole(Y), "given 'equal'.*\"balanced\""),
    "no numbers": ({"cat": 1}, lambda: whole(Y), "Expected class numbers"),
    "a weight below 0": ({0: -1.0}, lambda: whole(Y), "weights of 0 or more"),
    "real labels": ("balanced", lambda: whole(Y + 0.5), "labels such as 0.5. Expected class numbers"),
    "several labels": ("balanced", lambda: whole(1 - EYE), r"labels of shape \(10,\) an example"),
    "labels of positions": ({0: 1.0}, lambda: whole(np.zeros((60, 2, 2), int)), r"labels of shape \(2, 2\)"),
    "several outputs": ({0: 1.0}, lambda: whole((Y, Y)), "labels of several outputs"),
    "no class that occurs": (
        {10: 1.0},
        lambda: whole(RARE),
        r"weights of \[10\], and the training labels are \[0, 1\]",
    ),
    "a stream with weights": (
        "balanced",
        lambda: batches(Y, np.ones(60)),
        "tf.data.Dataset that yields a sample_weight",
    ),
    "a class below 0 in a stream": ("balanced", lambda: batches(RARE * 2 - 1), "given for class -1 of data"),
    "a DataLoader": ("balanced", torch_loader, "DataLoader, of which Keras takes none"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_keras_would_take_wrong_is_refused(case: str) -> None:
    given, dataset, message = REFUSED[case]

    with pytest.raises(UsageError, match=message):
        applied(given, dataset())

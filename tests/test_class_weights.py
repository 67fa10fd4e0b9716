"""Class weights: counted, multiplied into sample weights, and refused where they would be taken wrong."""

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from sklearn.utils.class_weight import compute_class_weight

import autoopt
from autoopt.class_weights import applied
from autoopt.data import Dataset, Part, Stream
from autoopt.engines import KerasEngine, candidate_of
from autoopt.errors import UsageError
from tests import toys
from tests.engines.laboratory import assigned, ran
from tests.executors.jobs import duties_of

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
    found = applied({0: 0.5}, form(Y))
    by_output = found.of_outputs(10)
    histories = []
    for dataset, weights in ((found.dataset, by_output), (whole(Y), {0: 0.5})):
        keras.utils.set_random_seed(0)
        model = toys.compiled(keras.optimizers.SGD(0.0), run_eagerly=True)
        size = None if isinstance(dataset.train, Stream) else 16
        task = assigned(dataset.train, dataset.validation, size=size, epochs=1, weights=weights)
        histories.append(ran(KerasEngine(), candidate_of(model), task)[0].history["loss"])

    assert by_output == {0: 0.5, **dict.fromkeys(range(1, 10), 1.0)}
    assert histories[0] == pytest.approx(histories[1], abs=1e-5)


def test_classes_without_a_weight_and_weights_without_a_class_are_told() -> None:
    assert applied({1: 2.0, 2: 1.0}, whole(RARE)).notes == [
        "No class_weight was given for class 0: it counts 1.", "No training label is class 2, which class_weight names.",
    ]  # fmt: skip


def rare() -> keras.Model:
    model = keras.Sequential([keras.Input((64,)), keras.layers.Dense(2, "softmax", name="out")])
    model.compile("adam", "sparse_categorical_crossentropy", run_eagerly=True)
    return model


class Looking(keras.callbacks.Callback):  # type: ignore[misc]
    """Notes down with which biases a training starts."""

    def __init__(self, seen: list[Any]) -> None:
        super().__init__()
        self.seen = seen

    def on_train_begin(self, logs: Any = None) -> None:
        self.seen.extend(keras.ops.convert_to_numpy(self.model.layers[-1].bias))


HALVES = [math.log(0.5)] * 2  # of the 60 examples 6 are of class 1, and balanced weights make as much of both


@pytest.mark.parametrize("own", [None, np.ones(60)], ids=["alone", "and sample weights"])
def test_class_weights_count_in_the_priors_that_a_search_starts_from(own: Any, tmp_path: Path) -> None:
    seen: list[Any] = []
    autoopt.tune(
        rare, (X, RARE) if own is None else (X, RARE, own), class_weight="balanced", epochs=1, max_trials=1,
        space=autoopt.Space(fix={"initialization/bias": "class_priors"}), callbacks=lambda trial: [Looking(seen)],
        search=autoopt.Search(confirm=0), directory=tmp_path, logdir=tmp_path, verbose=0, seed=0,
    )  # fmt: skip

    assert seen == pytest.approx(HALVES)


@pytest.mark.parametrize("own", [None, np.ones(60)], ids=["alone", "and sample weights"])
def test_a_worker_process_counts_class_weights_in_its_priors(own: Any) -> None:
    found = applied("balanced", whole(RARE, own))
    duties = duties_of(rare, found.dataset, class_weight=found.of_outputs(2))

    assert duties.worker().hypermodel.reading().origin.biases == {"out": pytest.approx(HALVES)}
    assert duties.worker().dataset.train.sample_weight is found.dataset.train.sample_weight


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

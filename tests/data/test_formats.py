"""Laws that every accepted form of data keeps."""

import importlib.util
import random
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pandas as pd
import pytest

from autoopt.data import Dataset, Part, Stream
from autoopt.data.nested import leaves
from autoopt.errors import DataError

N = 60
# The first column is the row's number, so that a row is known wherever it lands; the label follows from it.
X = np.stack([np.arange(N), np.arange(N) * 2.0], axis=1)
Y = np.arange(N) % 3


def tf_dataset(tmp_path: Any) -> Any:
    tf = pytest.importorskip("tensorflow")
    return tf.data.Dataset.from_tensor_slices((X, Y)).batch(7)


def tf_examples(tmp_path: Any) -> Any:
    tf = pytest.importorskip("tensorflow")
    return tf.data.Dataset.from_tensor_slices(({"a": X, "b": X}, Y))


class Batches(keras.utils.PyDataset):
    def __len__(self) -> int:
        return 6

    def __getitem__(self, index: int) -> Any:
        return X[index * 10 : index * 10 + 10], Y[index * 10 : index * 10 + 10]


def data_loader(tmp_path: Any) -> Any:
    torch = pytest.importorskip("torch")
    pairs = torch.utils.data.TensorDataset(torch.tensor(X), torch.tensor(Y))
    return torch.utils.data.DataLoader(pairs, batch_size=7, shuffle=True)


def torch_tensors(tmp_path: Any) -> Any:
    torch = pytest.importorskip("torch")
    return torch.tensor(X, requires_grad=True), torch.tensor(Y)


def jax_arrays(tmp_path: Any) -> Any:
    jnp = pytest.importorskip("jax.numpy")
    return jnp.asarray(X), jnp.asarray(Y)


def npz_file(tmp_path: Any) -> Any:
    np.savez(tmp_path / "data.npz", x=X, y=Y)
    return str(tmp_path / "data.npz")


FORMS: dict[str, Callable[[Any], Any]] = {
    "arrays": lambda _: (X, Y),
    "lists": lambda _: (X.tolist(), Y.tolist()),
    "objects": lambda _: (X.astype(object), Y.astype(object)),
    "list of rows": lambda _: (list(X), list(Y)),
    "dict of inputs": lambda _: ({"a": X, "b": X}, Y),
    "tuple of inputs": lambda _: ((X, X), Y),
    "dict of outputs": lambda _: (X, {"u": Y, "v": Y}),
    "frame": lambda _: (pd.DataFrame(X, columns=["row", "twice"]), pd.Series(Y)),
    "weights": lambda _: (X, Y, np.ones(N)),
    "torch": torch_tensors,
    "jax": jax_arrays,
    "npz": npz_file,
    "tf.data batched": tf_dataset,
    "tf.data of examples": tf_examples,
    "PyDataset": lambda _: Batches(),
    "DataLoader": data_loader,
}
STREAMS = ("tf.data batched", "tf.data of examples", "PyDataset", "DataLoader")


@pytest.fixture(params=FORMS)
def data(request: Any, tmp_path: Any) -> Any:
    return FORMS[request.param](tmp_path)


@pytest.fixture(params=STREAMS)
def stream(request: Any, tmp_path: Any) -> Any:
    return FORMS[request.param](tmp_path)


def numbers(part: Any) -> list[int]:
    return [int(row[0]) for row in next(leaves(part.x, "x"))[1]]


def test_every_row_lands_in_exactly_one_part(data: Any) -> None:
    made = Dataset.of(data)
    assert sorted(numbers(made.train) + numbers(made.validation)) == list(range(N))
    assert made.test is None


def test_every_row_keeps_its_label_and_every_input_its_row(data: Any) -> None:
    part = Dataset.of(data).train
    for _, y in leaves(part.y, "y"):
        assert [number % 3 for number in numbers(part)] == y.tolist()
    for _, x in leaves(part.x, "x"):
        assert x[:, 0].tolist() == numbers(part)


def test_floats_become_float32_and_labels_stay_integers(data: Any) -> None:
    part = Dataset.of(data).train
    assert {x.dtype for _, x in leaves(part.x, "x")} == {np.dtype("float32")}
    assert {y.dtype.kind for _, y in leaves(part.y, "y")} == {"i"}


def test_the_same_seed_gives_the_same_split(data: Any) -> None:
    one, other, third = Dataset.of(data, seed=1), Dataset.of(data, seed=1), Dataset.of(data, seed=2)
    assert numbers(one.validation) == numbers(other.validation)
    assert numbers(one.validation) != numbers(third.validation)


def test_random_state_of_the_process_is_left_alone(data: Any) -> None:
    python, state = random.getstate(), np.random.get_state()[1].copy()
    torch = importlib.import_module("torch") if importlib.util.find_spec("torch") else None
    before = None if torch is None else torch.get_rng_state()
    Dataset.of(data)
    Dataset.of(data, validation_data=data)
    assert random.getstate() == python
    assert (np.random.get_state()[1] == state).all()
    assert torch is None or bool((torch.get_rng_state() == before).all())


def test_nothing_is_cut_from_data_when_validation_data_is_given(data: Any) -> None:
    made = Dataset.of(data, validation_data=(X[:5], Y[:5]))
    assert isinstance(made.validation, Part)
    assert made.validation.n == 5
    assert made.test is None
    assert made.split is None
    if isinstance(made.train, Part):
        assert sorted(numbers(made.train)) == list(range(N))


def test_a_stream_with_validation_data_stays_a_stream_that_keras_takes(stream: Any) -> None:
    made = Dataset.of(stream, validation_data=stream)
    assert isinstance(made.train, Stream)
    assert isinstance(made.validation, Stream)
    assert made.train.first().n in (7, 10, 32)
    batches = made.train.batched(None)
    assert batches is stream or made.train.n == N


def test_a_stream_without_validation_data_is_read_and_the_note_says_so(stream: Any) -> None:
    assert "was read into memory once (60 examples)" in Dataset.of(stream).notes[0]


def test_only_a_tf_dataset_is_rebatched(stream: Any) -> None:
    made = Dataset.of(stream, validation_data=(X, Y)).train
    assert isinstance(made, Stream)
    if hasattr(stream, "element_spec"):
        assert [len(y) for _, y in made.batched(25)] == [25, 25, 10]
    else:
        with pytest.raises(DataError, match="makes its own batches"):
            made.batched(25)


def test_a_stream_over_the_memory_limit_asks_for_validation_data(stream: Any) -> None:
    from autoopt.data.streams import read

    with pytest.raises(DataError, match="Pass validation_data"):
        read(stream, seed=0, limit=100)


def test_an_infinite_tf_dataset_asks_for_take(tmp_path: Any) -> None:
    with pytest.raises(DataError, match=r"infinite.*take\(n\)"):
        Dataset.of(tf_dataset(tmp_path).repeat(), validation_data=(X, Y))


def test_a_tf_dataset_without_labels_asks_for_pairs() -> None:
    tf = pytest.importorskip("tensorflow")
    with pytest.raises(DataError, match=r"Expected \(x, y\)"):
        Dataset.of(tf.data.Dataset.from_tensor_slices(X).batch(5))


def test_a_tf_dataset_knows_its_examples_where_it_can() -> None:
    tf = pytest.importorskip("tensorflow")
    pairs = tf.data.Dataset.from_tensor_slices((X, Y))
    for dataset, n in ((pairs, 60), (pairs.batch(7, drop_remainder=True), 56), (pairs.batch(7), None)):
        assert Dataset.of(dataset, validation_data=(X, Y)).train.n == n


def test_a_dataset_is_returned_as_it_is() -> None:
    made = Dataset(Part(X, Y), Part(X, Y))
    assert Dataset.of(made) is made


def test_a_dataset_of_anything_but_parts_is_refused() -> None:
    with pytest.raises(DataError, match=r"train=Part\(x, y\)"):
        Dataset((X, Y), (X, Y))  # type: ignore[arg-type]


def test_images_of_bytes_stay_bytes_and_a_column_of_labels_stays_a_column() -> None:
    part = Dataset.of((np.zeros((20, 4, 4), np.uint8), Y[:20, None])).train
    assert isinstance(part, Part)
    assert (part.x.dtype, part.y.shape) == (np.uint8, (16, 1))


def test_names_of_columns_are_noted() -> None:
    notes = Dataset.of((pd.DataFrame({"age": X[:, 0], "rich": X[:, 1] > 9}), Y)).notes
    assert "x has the columns age, rich, in this order." in notes


def test_a_file_brings_its_own_validation_and_test_parts(tmp_path: Any) -> None:
    arrays = {"x": X, "y": Y, "x_val": X[:9], "y_val": Y[:9], "x_test": X[:27], "y_test": Y[:27]}
    np.savez(tmp_path / "all.npz", **arrays)
    made = Dataset.of(tmp_path / "all.npz")
    assert made.test is not None
    assert (made.train.n, made.validation.n, made.test.n) == (60, 9, 27)


def test_arguments_are_not_changed() -> None:
    x, y = X.copy(), Y.copy()
    Dataset.of((x, y))
    assert (x == X).all()
    assert (y == Y).all()
    assert x.dtype == np.float64

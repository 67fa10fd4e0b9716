"""Raw rows as a Dataset: cut first, then prepared as the rows that train say."""

from pathlib import Path

import keras
import numpy as np
import pandas as pd
import pytest

from autoopt.data import Dataset, Part, files
from autoopt.errors import DataError
from tests.tables import customers, houses, written


def arrays(part: object) -> list[np.ndarray]:
    assert isinstance(part, Part)
    return [np.asarray(each) for each in keras.tree.flatten((part.x, part.y))]


def test_a_file_becomes_prepared_arrays_and_says_what_was_read(tmp_path: Path) -> None:
    data = Dataset.of(written(customers(), tmp_path))
    assert data.schema is not None and data.schema.task == "binary" and data.schema.target == ("churn",)
    assert {name: array.shape for name, array in data.train.x.items()} == {
        "numbers": (96, 2), "categories": (96, 1),
    }  # fmt: skip
    assert [row["name"] for row in data.rows.described] == ["minutes", "plan", "churn"]
    assert any("last column" in note for note in data.notes)


def test_a_file_and_its_frame_are_the_same_data(tmp_path: Path) -> None:
    frame = customers()
    one, other = Dataset.of(written(frame, tmp_path), target="churn"), Dataset.of(frame, target="churn")
    assert one.rows.mark == other.rows.mark
    for ours, theirs in zip(arrays(one.train), arrays(other.train), strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_other_rows_have_another_mark() -> None:
    assert Dataset.of(customers(seed=1)).rows.mark != Dataset.of(customers()).rows.mark


@pytest.mark.parametrize("value", [0.0, 1.7e9])
def test_rows_that_float32_cannot_tell_apart_have_marks_of_their_own(value: float) -> None:
    numbers = value + np.arange(80.0) / 2
    one, other = (
        Dataset.of(houses().assign(time=each), target="price").rows.mark
        for each in (numbers, numbers + 0.125)
    )
    assert one != other


def test_a_mark_is_that_of_runs_of_before_where_float32_loses_nothing() -> None:
    whole = pd.DataFrame({"a": np.arange(40.0), "b": ["some", "more"] * 20, "y": np.arange(40.0) % 7})
    assert Dataset.of(whole).rows.mark == "f821dc0e1aa24e5a7c5fe08048920aaf"


def test_the_preparation_knows_the_rows_that_train_alone() -> None:
    frame = houses()
    rows = Dataset.of(frame).split
    frame.loc[rows.validation, "rooms"] += 1_000
    np.testing.assert_array_equal(Dataset.of(frame).train.x, Dataset.of(houses()).train.x)
    assert Dataset.of(frame).validation.x.min() == 10.0  # as far as numbers are told apart


def test_a_fresh_cut_is_one_of_the_same_prepared_rows() -> None:
    data = Dataset.of(houses())
    train, _ = data.parts(data.recut(1))
    rows = {row.tobytes() for row in data.pool.x}
    assert {row.tobytes() for row in train.x} <= rows and "fresh cuts" in " ".join(data.notes)


def test_rows_that_validate_are_read_as_the_others_are_whatever_the_order_of_columns() -> None:
    other = customers(30, seed=1)[["churn", "plan", "minutes"]]
    data = Dataset.of(customers(), target="churn", validation_data=other)
    raw = files.read(other, schema=data.schema)
    for ours, theirs in zip(
        arrays(data.validation), arrays(Part(data.preparation.arrays(raw), raw.y)), strict=True
    ):
        np.testing.assert_array_equal(ours, theirs)


def test_rows_that_test_without_a_known_label_are_left_out_and_counted() -> None:
    other = customers(40, seed=1)
    other.loc[:2, "churn"] = [None, "perhaps", None]
    data = Dataset.of(customers(), target="churn", test_data=other)
    assert data.test.n == 37
    assert any(note.startswith("Of the test part: 3 of 40 rows have no label") for note in data.notes)


def of_owners(frame: pd.DataFrame, **said: object) -> Dataset:
    """Return rows of ten owners, one of the rows without a label."""
    owned = frame.assign(owner=np.arange(len(frame)) % 10)
    owned.loc[3, "churn"] = None
    return Dataset.of(owned, target="churn", groups="owner", **said)


def test_a_column_says_which_rows_keep_together_and_is_not_learnt_from() -> None:
    data = of_owners(customers(1_001))
    owners = np.delete(np.arange(1_001) % 10, 3)
    parts = [set(owners[rows]) for rows in (data.split.train, data.split.validation, data.split.test)]
    assert sum(map(len, parts)) == 10 and all(parts)
    assert [column.name for column in data.schema.columns] == ["minutes", "plan"]
    assert any("'owner' says which rows keep together" in note for note in data.notes)


def test_a_column_of_groups_of_words_is_read_of_a_file(tmp_path: Path) -> None:
    frame = customers().assign(owner=np.take(["Ann", "Bo", "Cy", "Di"], np.arange(120) % 4))
    data = Dataset.of(written(frame, tmp_path), target="churn", groups="owner")
    assert any(note.startswith("No group is in two parts: 3 train, 1 validate") for note in data.notes)


def test_a_folder_of_parts_is_cut_as_it_is(tmp_path: Path) -> None:
    for part, count in (("train", 30), ("val", 6)):
        for name, text in (("good", "what a fine day"), ("bad", "such an awful day")):
            (tmp_path / part / name).mkdir(parents=True)
            for number in range(count):
                (tmp_path / part / name / f"{number}.txt").write_text(f"{text} {number % 3}")
    data = Dataset.of(tmp_path)
    assert (data.train.n, data.validation.n, data.split) == (60, 12, None)
    assert data.schema.modality == "text" and data.train.x.dtype == "int32"


def test_seconds_since_1970_are_scaled_as_they_are_and_it_is_said_what_a_model_takes_for_them() -> None:
    times = 1.7e9 + np.random.default_rng(0).uniform(0, 60, 80)
    data = Dataset.of(houses().assign(time=times), target="price")
    scaled = np.concatenate([data.train.x, data.validation.x])[:, 1]
    given = times[np.concatenate([data.split.train, data.split.validation])]
    mean, spread = given[: data.train.n].mean(), given[: data.train.n].std()
    np.testing.assert_allclose(scaled, (given - mean) / spread, atol=1e-6)
    assert any(note.startswith("Numbers of 'time' are closer together") for note in data.notes)
    assert not any("closer together" in note for note in Dataset.of(houses()).notes)


def test_texts_that_are_cut_are_counted_before_the_search(tmp_path: Path) -> None:
    words = pd.DataFrame({"words": [f"some words of {n}" for n in range(40)], "label": ["a", "b"] * 20})
    words.loc[3, "words"] = "so many words " * 30
    notes = Dataset.of(words, target="label").notes
    assert any(note.startswith("1 of 40 texts is longer than 8 words") for note in notes)


@pytest.mark.parametrize(("n", "said"), [(4, True), (19, True), (20, False)])
def test_few_examples_are_said_to_be_few(n: int, said: bool) -> None:
    notes = Dataset.of((np.zeros((n, 2)), np.arange(n) % 2)).notes
    assert any(note.startswith(f"{n} examples to train and validate on are so few") for note in notes) is said


def test_arrays_have_no_schema() -> None:
    data = Dataset.of((np.zeros((8, 2)), np.arange(8)))
    assert data.schema is None and data.preparation is None


REFUSED = {
    "a target of arrays": (lambda: Dataset.of((np.zeros((8, 2)), np.arange(8)), target="y"), "target was given 'y' along with arrays"),
    "a column to drop of a Dataset": (
        lambda: Dataset.of(Dataset.of(houses()), drop="rooms"), "drop was given 'rooms' along with an autoopt.Dataset",
    ),
    "a misspelt target": (lambda: Dataset.of(houses(), target="prise"), "Did you mean 'price'"),
    "arrays that validate rows": (
        lambda: Dataset.of(houses(), validation_data=(np.zeros((8, 1)), np.zeros(8))), "validation_data is a tuple, and data are raw rows",
    ),
    "rows that test without labels": (
        lambda: Dataset.of(houses(), test_data=houses()[["rooms"]]), "test_data has no column 'price', which training had as its target",
    ),
    "rows that validate without a column": (
        lambda: Dataset.of(houses(), validation_data=houses()[["price"]]), "In validation_data, 1 of the 1 columns is missing: 'rooms'",
    ),
    "a column that changes its kind": (
        lambda: Dataset.of(houses(), test_data=houses().assign(rooms="many")), "In test_data, Column 'rooms' has 80 values that are no number",
    ),
    "a target that is dropped": (lambda: Dataset.of(customers(), target="churn", drop="churn"), "target and drop were both given 'churn'"),
    "groups misspelt": (lambda: Dataset.of(customers(), groups="plann"), "groups names the column 'plann', which is not there.*'plan'"),
    "groups that are the target": (lambda: Dataset.of(customers(), target="churn", groups="churn"), "target and groups were both given 'churn'"),
    "groups by name of arrays": (lambda: Dataset.of((np.ones((9, 1)), np.ones(9)), groups="owner"), "groups was given 'owner' along with arrays.*Pass a label for each row"),
    "a row of no group": (lambda: Dataset.of(customers().assign(owner=["", *"abc" * 39, "a", "b"]), target="churn", groups="owner"), "groups has no label in 1 of 120 rows; the first is row 0"),
    "groups of another length": (lambda: Dataset.of(houses(), groups=[1, 2]), r"groups has shape \(2,\) for 80 rows"),
    "an empty table": (lambda: Dataset.of(pd.DataFrame({"a": [], "y": []})), "There are no rows"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_rows_that_do_not_fit_are_refused_with_the_reason_and_the_fix(case: str) -> None:
    call, message = REFUSED[case]
    with pytest.raises(DataError, match=message):
        call()

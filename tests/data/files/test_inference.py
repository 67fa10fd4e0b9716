"""What is told from values: numbers in texts, dates, ids, constants, tasks, leaks; and what users say instead."""

import json
from typing import Any

import numpy as np
import pandas as pd
import pytest

from autoopt.data.files import describe, read
from autoopt.errors import DataError
from autoopt.schema import Schema

N = 40
CHANCE = np.random.default_rng(0)
NOISE = CHANCE.normal(size=N)
LABELS = CHANCE.permutation(["a", "b"] * (N // 2))


def frame(**columns: Any) -> pd.DataFrame:
    return pd.DataFrame({"noise": NOISE, **columns, "label": LABELS})


def cycled(*values: Any) -> list[Any]:
    return [values[row % len(values)] for row in range(N)]


NUMBERS = {
    "thousands": (cycled("1,234", "5", "1,000,000.5"), [1234.0, 5.0, 1000000.5]),
    "decimal commas": (cycled("1,5", "2.000,25", "3"), [1.5, 2000.25, 3.0]),
    "percent": (cycled("12%", "0.5", "100 %"), [0.12, 0.5, 1.0]),
    "money": (cycled("$1.50", "€20", "£1e2"), [1.5, 20.0, 100.0]),
    "words for nothing": (cycled("1", "NA", "?", "-", "n/a", "null"), [1.0, *[np.nan] * 5]),
    "spaces": (cycled(" 1", "2 "), [1.0, 2.0]),
}


@pytest.mark.parametrize("case", NUMBERS)
def test_numbers_are_found_in_texts(case: str) -> None:
    texts, numbers = NUMBERS[case]
    raw = read(frame(given=texts))
    assert raw.schema.columns[1].kind == "number"
    np.testing.assert_array_equal(raw.x["given"][: len(numbers)], np.array(numbers))


DATES = {
    "iso": (cycled("1970-01-02", "1970-01-03 12:00:00"), [1.0, 2.5]),
    "month first": (cycled("01/02/1970", "12/31/1970"), [1.0, 364.0]),
    "day first": (cycled("02/01/1970", "31/12/1970"), [1.0, 364.0]),
    "points": (cycled("02.01.1970 06:00", "31.12.1970 00:00"), [1.25, 364.0]),
    "words": (cycled("2 Jan 1970", "31 Dec 1970"), [1.0, 364.0]),
    "zones": (cycled("1970-01-02T00:00:00Z", "1970-01-02T01:00:00-23:00"), [1.0, 2.0]),
}


@pytest.mark.parametrize("case", DATES)
def test_dates_are_found_in_texts_and_read_again_in_their_format(case: str) -> None:
    texts, days = DATES[case]
    raw = read(frame(given=texts))
    assert raw.schema.columns[1].kind == "date"
    assert raw.x["given"][:2].tolist() == days
    again = read(pd.DataFrame({"noise": [0.0], "given": [texts[0]]}), schema=raw.schema)
    assert again.x["given"].tolist() == days[:1]


def test_dates_that_fit_two_formats_are_said() -> None:
    raw = read(frame(given=cycled("01/02/2024", "03/04/2024")))
    assert any("%m/%d/%Y; %d/%m/%Y would fit as well" in note for note in raw.notes)


LEFT_OUT = {
    "numbers of rows": (list(range(N)), "it numbers the rows"),
    "codes of rows": ([f"A{row}" for row in range(N)], "each row has its own value"),
    "constant": ([7] * N, "all its values are the same"),
    "empty": ([None] * N, "it has no values"),
}


@pytest.mark.parametrize("case", LEFT_OUT)
def test_a_column_that_teaches_nothing_is_left_out_and_said(case: str) -> None:
    values, why = LEFT_OUT[case]
    raw = read(frame(given=values))
    assert list(raw.x) == ["noise"]
    assert any(f"'given' ({why}" in note for note in raw.notes)


def test_what_the_user_says_of_a_column_wins() -> None:
    raw = read(frame(code=list(range(N)), more=NOISE), types={"code": "category"}, drop=["noise"])
    assert [(column.name, column.kind) for column in raw.schema.columns] == [
        ("code", "category"),
        ("more", "number"),
    ]
    assert raw.x["code"][:3].tolist() == ["0", "1", "2"]


@pytest.mark.parametrize("kind", ["number", "date"])
def test_a_kind_that_no_value_is_of_is_refused(kind: str) -> None:
    with pytest.raises(
        DataError, match=f"types says that 'city' is a {kind}, and none of its values is one: 'Oslo'"
    ):
        read(frame(city=cycled("Oslo", "Rome")), types={"city": kind})


def test_codes_with_zeros_in_front_are_categories() -> None:
    raw = read(frame(zip=cycled("00501", "90210")))
    assert raw.schema.columns[1].categories == ("00501", "90210")


TASKS: dict[str, tuple[list[Any], str, tuple[str, ...]]] = {
    "two words": (cycled("no", "yes"), "binary", ("no", "yes")),
    "truth": (cycled(True, False), "binary", ("False", "True")),
    "two numbers": (cycled(1.0, 0.0), "binary", ("0", "1")),
    "words": (cycled("b", "c", "a"), "multiclass", ("a", "b", "c")),
    "few whole numbers": (cycled(10, 9, 2), "multiclass", ("2", "9", "10")),
    "counts": ([row * row for row in range(N)], "counts", ()),
    "numbers": (NOISE[::-1].tolist(), "regression", ()),
    "large whole numbers": ([1000 + row * 7 for row in range(N)], "regression", ()),
}


@pytest.mark.parametrize("case", TASKS)
def test_the_task_is_told_from_the_target(case: str) -> None:
    target, task, classes = TASKS[case]
    raw = read(pd.DataFrame({"noise": NOISE, "target": target}))
    assert (raw.schema.task, raw.schema.classes) == (task, classes)
    assert raw.y is not None and raw.y.dtype == (np.int64 if classes else np.float32)


def test_whole_numbers_are_regression_where_the_user_says_so() -> None:
    raw = read(pd.DataFrame({"noise": NOISE, "y": cycled(1, 2, 3)}), task="regression")
    assert raw.y is not None and raw.y[:3].tolist() == [1.0, 2.0, 3.0]


def test_several_targets_of_yes_and_no_are_multilabel() -> None:
    data = frame(red=cycled(1, 0), round=cycled("no", "yes", "yes"))
    raw = read(data, target=["red", "round"], drop="label")
    assert (raw.schema.task, raw.schema.classes) == ("multilabel", ("red", "round"))
    assert raw.y is not None and raw.y[:2].tolist() == [[1.0, 0.0], [0.0, 1.0]]


def test_rows_that_lack_one_of_several_labels_are_left_out_and_counted() -> None:
    frame = pd.DataFrame({"a": range(8), "p": [0, 1, None, 1] * 2, "q": [1, None, 0, 0] * 2})
    raw = read(frame.assign(a=[3, 1, 4, 1, 5, 9, 2, 6]), target=["p", "q"])
    assert raw.n == 4 and any(note.startswith("4 of 8 rows have no label") for note in raw.notes)
    again = read(frame.assign(q=None), schema=raw.schema)
    assert again.y is not None and np.isnan(again.y[:, 1]).all()


@pytest.mark.parametrize(
    ("p", "message"),
    [
        ([None] * 4, "'p', one of several, has no labels at all. Expected 0 and 1. Leave it out"),
        ([None, 0, None, 1], "No row has a label in each of the 2 targets 'p', 'q'. Expected some"),
    ],
)
def test_several_labels_that_no_row_has_are_refused(p: list[Any], message: str) -> None:
    with pytest.raises(DataError, match=message):
        read(pd.DataFrame({"a": [3, 1, 4, 2], "p": p, "q": [0, None, 1, None]}), target=["p", "q"])


def test_rows_without_a_label_are_left_out_and_counted() -> None:
    data = frame()
    data.loc[[3, 5], "label"] = None
    raw = read(data)
    assert raw.n == N - 2 and raw.x["noise"][3] == NOISE[4]
    assert any(note == "2 of 40 rows have no label and are left out." for note in raw.notes)


LEAKS = {
    "a copy": (LABELS, LABELS),
    "groups that are all of one class": ([f"{label}{row % 3}" for row, label in enumerate(LABELS)], LABELS),
    "the target in other units": (NOISE[::-1] * 1000 + 5, NOISE[::-1]),
}


@pytest.mark.parametrize("case", LEAKS)
def test_a_column_that_gives_the_target_away_is_said_and_kept(case: str) -> None:
    values, target = LEAKS[case]
    raw = read(pd.DataFrame({"noise": NOISE, "told": values, "y": target}))
    assert "told" in raw.x
    assert next(note for note in raw.notes if "gives the target away" in note).startswith("Column 'told'")


def test_an_honest_column_is_not_said_to_give_the_target_away() -> None:
    raw = read(frame(colour=cycled("red", "green", "blue")))
    assert not any("gives the target away" in note for note in raw.notes)


def test_rows_that_come_twice_are_counted() -> None:
    data = frame()
    raw = read(pd.concat([data, data[:3]]))
    assert any(note.startswith("3 of 43 rows are the same as an earlier one") for note in raw.notes)


def test_rare_classes_are_said() -> None:
    raw = read(pd.DataFrame({"noise": NOISE, "y": ["rare", *["a"] * 19, *["b"] * 20]}))
    assert any("A class has one row alone: 'rare'" in note for note in raw.notes)
    assert any("'rare' 2.5%" in note for note in raw.notes)


def test_one_column_of_prose_is_text_and_of_bases_a_sequence() -> None:
    said = [f"the film was good {row}" for row in range(N)]
    bases = ["".join(CHANCE.choice(list("ACGT"), 30)) for _ in range(N)]
    assert read(pd.DataFrame({"said": said, "y": LABELS})).schema.modality == "text"
    schema = read(pd.DataFrame({"bases": bases, "y": LABELS})).schema
    assert (schema.modality, schema.alphabet) == ("sequence", "ACGT")


def test_the_target_is_chosen_by_its_name_else_the_last_and_said() -> None:
    first = read(pd.DataFrame({"Target": LABELS, "noise": NOISE}))
    last = read(pd.DataFrame({"noise": NOISE, "kind": LABELS}))
    assert (first.schema.target, last.schema.target) == (("Target",), ("kind",))
    assert last.notes[0] == "No target was given: it is 'kind', the last column. Another: target='name'."


def test_a_schema_comes_back_from_json() -> None:
    schema = read(frame(city=cycled("Oslo", "Rome", "Bern"), sold=cycled("01.02.2024", "31.12.2023"))).schema
    assert Schema.of(json.loads(json.dumps(schema.told()))) == schema


def test_what_is_shown_obeys_nobody() -> None:
    raw = read(frame(**{"re\x1bd": cycled("\x1b[31m", "b", "c")}))
    told = " ".join(text for row in describe(raw) for text in row.values())
    assert "\x1b" not in told and r"re\x1bd" in told
    assert not any("\x1b" in note for note in raw.notes)


SAID = {
    "a target that is misspelt": (dict(target="labl"), "target names the column 'labl'.*Did you mean 'label'"),
    "dropping what is not there": (dict(drop=["nois"]), "drop names the column 'nois'.*'noise'"),
    "a kind of nothing there": (dict(types={"x": "number"}), "types names the column 'x'"),
    "a kind that is none": (dict(types={"noise": "float"}), r"types\['noise'\] was given 'float'.*Known:"),
    "a task that is none": (dict(task="regresion"), "Did you mean 'regression'"),
    "a task that needs numbers": (dict(task="regression"), "has text: '[ab]', '[ab]'.*Expected numbers"),
    "counts of what is none": (dict(target="noise", task="counts"), "Expected whole numbers from 0 on"),
    "several labels in one": (dict(task="multilabel"), "with one target, 'label'.*Expected several columns"),
    "numbers for yes and no": (dict(target=["noise", "label"]), "Expected 0 and 1 alone"),
    "everything dropped": (dict(drop=["noise"]), "There is one column to learn from"),
    "an image size": (dict(types={"noise": "64x48"}), r"types\['noise'\] was given '64x48'.*Known:"),
}  # fmt: skip


@pytest.mark.parametrize("case", SAID)
def test_what_is_said_wrongly_is_refused(case: str) -> None:
    arguments, message = SAID[case]
    with pytest.raises(DataError, match=f"(?s){message}"):
        read(frame(), **arguments)

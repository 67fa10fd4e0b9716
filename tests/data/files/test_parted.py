"""Parts of data: folders of parts that are not as they should be, and rows that stand in two parts."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from autoopt.data import Dataset
from autoopt.data.files import Parts, read, read_parts
from autoopt.errors import DataError
from tests.data.files.test_folders import image, text
from tests.tables import houses


def classes(folder: Path, *names: str, n: int = 3) -> Path:
    for name in names:
        for number in range(n):
            text(folder / name / f"{number}.txt", f"{folder.name}, {name}: {number}")
    return folder


def told(parts: Parts, start: str) -> str:
    return next((note for note in parts.told() if note.startswith(start)), "")


@pytest.mark.parametrize("names", [["a.txt", "b.txt"], []])
def test_a_part_without_folders_of_classes_is_left_out_and_said(tmp_path: Path, names: list[str]) -> None:
    classes(tmp_path / "train", "cat", "dog", n=40)
    (tmp_path / "test").mkdir()
    for name in names:
        text(tmp_path / "test" / name)
    parts = read_parts(tmp_path)
    assert parts.test is None and told(
        parts, "test has no folders of classes: without labels it is no test part."
    )
    data = Dataset.of(tmp_path)
    assert data.train.n == 64 and any(note.startswith("test has no folders") for note in data.notes)


def test_a_class_that_one_part_alone_has_is_named(tmp_path: Path) -> None:
    classes(tmp_path / "train", "cat", "dog")
    classes(tmp_path / "test", "cat", "bird")
    (tmp_path / "test" / "dog").mkdir()
    parts = read_parts(tmp_path)
    assert parts.test is not None and parts.test.n == 3
    assert "had not: 'bird'. They are not scored" in told(
        parts, "Of the test part: 3 of 6 files are of classes"
    )
    assert told(parts, "Of the test part: It has no file of 'dog'")


def test_folders_beside_the_parts_are_said(tmp_path: Path) -> None:
    for part in ("train", "test"):
        classes(tmp_path / part, "cat", "dog")
    text(tmp_path / "drafts" / "a.txt")
    assert told(read_parts(tmp_path), "Folders beside the parts are left out: 'drafts'.")


def two_that_validate(folder: Path) -> Path:
    for part in ("train", "val", "validation"):
        classes(folder / part, "cat", "dog")
    return folder


def other_classes(folder: Path) -> Path:
    classes(folder / "train", "cat", "dog")
    return classes(folder / "test", "Cat", "Dog").parent


REFUSED: dict[str, tuple[Callable[[Path], Path], dict[str, object], str]] = {
    "two folders of one part": (two_that_validate, {}, "2 folders for validation: 'val', 'validation'. Expected one. Put"),
    "no class of training": (other_classes, {}, "none of the classes of training .'cat', 'dog'.. Expected folders of the same"),
    "kinds of columns": (lambda folder: classes(folder, "a", "b"), {"types": {"text": "text"}}, "types was given .*Leave types out"),
    "a task of numbers": (lambda folder: classes(folder, "a", "b"), {"task": "counts"}, "'binary' or 'multiclass'. Leave task out"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_folders_that_are_no_parts_are_refused(case: str, tmp_path: Path) -> None:
    make, said, message = REFUSED[case]
    with pytest.raises(DataError, match=message):
        read_parts(make(tmp_path), **said)


def test_a_folder_may_be_said_to_be_multiclass(tmp_path: Path) -> None:
    assert read(classes(tmp_path, "a", "b"), task="multiclass").schema.task == "multiclass"


def test_files_that_two_parts_have_are_counted(tmp_path: Path) -> None:
    for part, size in (("train", (8, 6)), ("val", (6, 6)), ("test", (8, 6))):
        for name, mode in (("cat", "RGB"), ("dog", "L")):
            image(tmp_path / part / name / "0.png", size, mode)
    parts = read_parts(tmp_path, types={"image": "6x8"})
    assert told(parts, "Of the test part: 2 of 2 rows are the same as one that trains or validates")


def test_rows_that_a_given_part_has_too_are_counted() -> None:
    other = houses()
    other.loc[3:39, "rooms"] += 0.5
    other.loc[40:, "price"] += 50
    notes = Dataset.of(houses(), test_data=other).notes
    assert any(
        note.startswith("Of the test part: 3 of 80 rows are the same as one that trains:") for note in notes
    )


def test_a_part_that_is_given_stands_in_place_of_a_folder_s(tmp_path: Path) -> None:
    for part in ("train", "test", "elsewhere"):
        classes(tmp_path / part, "cat", "dog", n=20)
    (tmp_path / "elsewhere").rename(tmp_path.parent / f"{tmp_path.name}_elsewhere")
    data = Dataset.of(tmp_path, test_data=tmp_path.parent / f"{tmp_path.name}_elsewhere")
    assert data.test is not None and data.test.n == 40
    assert any("is left out: test_data was given." in note for note in data.notes)


def test_equal_parts_of_numbers_are_counted() -> None:
    frame = houses().astype("float32").round(3)
    frame.loc[0, "rooms"] = np.nan
    assert any(
        note.startswith("Of the validation part: 80 of 80 rows are the same as one that trains")
        for note in Dataset.of(frame, validation_data=pd.DataFrame(frame)).notes
    )

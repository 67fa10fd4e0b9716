"""Files that are wrong: each is refused with what was given, what was expected and what to do."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from autoopt.data.files import read
from autoopt.errors import DataError

GARBAGE = np.random.default_rng(0).bytes(4000)


def file(name: str, content: bytes | str) -> Callable[[Path], Path]:
    def write(folder: Path) -> Path:
        path = folder / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return write


def misspelt(folder: Path) -> Path:
    (folder / "train.csv").write_text("a,y\n1,2\n")
    return folder / "tran.csv"


def table_in_a_folder(folder: Path) -> Path:
    (folder / "train.csv").write_text("a,y\n1,2\n")
    return folder


def pickled(folder: Path) -> Path:
    np.save(folder / "a.npy", np.array([{}], object), allow_pickle=True)
    return folder / "a.npy"


CASES: dict[str, tuple[Callable[[Path], Any], str]] = {
    "no such file": (misspelt, "There is no file .*tran.csv.*Did you mean 'train.csv'"),
    "a folder in place of a file": (
        table_in_a_folder,
        "no images, sounds or texts.*Pass the file: .*train.csv",
    ),
    "an empty file": (file("a.csv", ""), "is empty. Expected rows"),
    "blank lines alone": (file("a.csv", "\n\n\n"), "is empty"),
    "a header alone": (file("a.csv", "size,label\n"), "no rows below the names of 2 columns"),
    "one column": (file("a.csv", "label\na\nb\n"), "one column to learn from.*Check the delimiter"),
    "garbage": (file("a.csv", GARBAGE), "is no text: it begins with the bytes"),
    "an image called .csv": (file("a.csv", b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"), "is no text"),
    "a byte of no encoding": (
        file("a.csv", b"a,y\n\x81\xff,1\n"),
        "cannot be read as UTF-8, nor.*Save it as UTF-8",
    ),
    "half of a letter in utf-16": (
        file("a.csv", "a,y\n".encode("utf-16") + b"\x00"),
        "cannot be read as UTF-16",
    ),
    "a row too long": (file("a.csv", "a,y\n1,2\n1,2,3\n"), "Expected 2 fields in line 3, saw 3.*in quotes"),
    "all rows too long": (
        file("a.csv", "a,y\n1,2,3\n4,5,6\n"),
        "does not match length of data.*as in the first",
    ),
    "a quote that stays open": (file("a.csv", 'a,y\n1,2\n1,"2\n'), "EOF inside string.*close each quote"),
    "names that come twice": (file("a.csv", "a,b,a\n1,2,3\n"), "columns of the same name: 'a'.*Rename"),
    "one class alone": (file("a.csv", "a,y\n1,no\n2,no\n"), "'y' has one class alone, 'no'.*Add rows"),
    "one number alone": (file("a.jsonl", '{"a": 1, "y": 2}\n{"a": 2, "y": 2}\n'), "has one class alone, '2'"),
    "no labels": (file("a.csv", "a,y\n1,\n2,?\n"), "'y' has no labels at all"),
    "labels that are ids": (
        file("a.csv", "a,y\n" + "".join(f"{row % 3},id {row}\n" for row in range(40))),
        "40 different texts in 40 rows.*classes that come again",
    ),
    "no column left": (
        file("a.csv", "a,y\n1,yes\n1,no\n"),
        "No column is left.*'a' .all its values are the same",
    ),
    "a spreadsheet": (file("a.xlsx", b"PK"), "format that is not read here.*Save the sheet as CSV"),
    "no JSON": (file("a.jsonl", '{"a": 1}\n{"a": \n'), "has no JSON in line 2"),
    "JSON in one array": (file("a.json", "[{}]"), "Expected an object with names and values"),
    "no Parquet": (file("a.parquet", b"PAR1 no"), "cannot be read as Parquet"),
    "no Feather": (file("a.feather", b"no"), "cannot be read as Feather"),
    "no FASTA": (file("a.fasta", "ACGT\n"), "begins with 'ACGT'.*>id label"),
    "FASTA without labels": (file("a.fasta", ">one\nACGT\n>two\nACGA\n"), "no labels in its headers"),
    "objects in an array": (pickled, "cannot be read: .*np.save"),
    "neither path nor frame": (lambda folder: [1, 2], "data is a list. Expected the path of CSV"),
    "a frame with names that come twice": (
        lambda folder: pd.DataFrame([[1, 2, 3]], columns=["a", "b", "a"]),
        "The DataFrame has columns of the same name",
    ),
    "a frame without rows": (lambda folder: pd.DataFrame({"a": [], "y": []}), "There are no rows"),
}


@pytest.mark.parametrize("case", CASES)
def test_what_cannot_be_read_is_refused(case: str, tmp_path: Path) -> None:
    make, message = CASES[case]
    if case in ("no Parquet", "no Feather"):
        pytest.importorskip("pyarrow")
    with pytest.raises(DataError, match=f"(?s){message}"):
        read(make(tmp_path))


@pytest.mark.parametrize("wrapped", ["{}", '" {}"', "${}"])
def test_an_exponent_that_crashes_pandas_is_no_number(tmp_path: Path, wrapped: str) -> None:
    cells = [f"{row}.5" for row in range(200)] + ["1e999618183538736"]
    rows = "".join(f"{wrapped.format(cell)},{row % 2}\n" for row, cell in enumerate(cells))
    raw = read(file("a.csv", f"a,y\n{rows}")(tmp_path))
    assert raw.x["a"][:2].tolist() == [0.5, 1.5] and np.isnan(raw.x["a"][-1])
    assert any("1 value that is no number" in note for note in raw.notes)


def test_short_rows_are_filled_and_counted(tmp_path: Path) -> None:
    path = file("a.csv", "a,b,y\n1,2,yes\n3,4,no\n5\n6,1,no\n7,3,yes\n")(tmp_path)
    raw = read(path)
    assert raw.x["a"].tolist() == [1.0, 3.0, 6.0, 7.0]  # the short row lacks its label too
    assert raw.notes[0].startswith("1 row has fewer cells than the first in a.csv")


@pytest.mark.parametrize("start", ["words\n", "\n\nwords\n"])
def test_a_blank_line_of_one_column_is_a_row_without_a_value(tmp_path: Path, start: str) -> None:
    said = pd.DataFrame({"words": [f"some words of {n}" for n in range(40)], "label": ["a", "b"] * 20})
    schema = read(said).schema
    new = read(file("new.csv", f'{start}one of them\n\n"two, or"\n\n')(tmp_path), schema=schema)
    assert new.x["words"].tolist() == ["one of them", "", "two, or", ""]
    assert new.notes == ("2 rows of new.csv are blank: what lacks is taken as missing.",)


def test_capital_letters_beyond_a_to_z_are_said(tmp_path: Path) -> None:
    words = pd.DataFrame({"words": ["École on a hill", "an école of old", "The hill", "the end"] * 5})
    raw = read(words.assign(label=["a", "b", "b", "a"] * 5), types={"words": "text"})
    assert any("'É' and 'é' are two letters to the layers" in note for note in raw.notes)
    plain = words.replace({"École": "école"}, regex=True).assign(label=["a", "b", "b", "a"] * 5)
    assert not any("letters" in note for note in read(plain, types={"words": "text"}).notes)


def test_a_delimiter_at_the_end_of_each_row_is_no_column(tmp_path: Path) -> None:
    raw = read(file("a.csv", "a,y,\n1,yes,\n2,no,\n")(tmp_path), target="y")
    assert raw.x["a"].tolist() == [1.0, 2.0]


def test_nothing_shown_of_a_file_reaches_the_terminal_as_a_command(tmp_path: Path) -> None:
    path = file("a.csv", "a,\x1b[31mb,\x1b[31mb\n1,2,3\n")(tmp_path)
    with pytest.raises(DataError) as refusal:
        read(path)
    assert "\x1b" not in str(refusal.value)

"""A file of labels beside one of records: an id and a label a row."""

from dataclasses import dataclass
from pathlib import Path

from autoopt.data.files import delimited
from autoopt.data.tables import Expected, Table, as_text
from autoopt.data.tables.wanted import USUAL_TARGETS
from autoopt.errors import DataError
from autoopt.untrusted import shown

ENDINGS = (".csv", ".tsv")
EXPECTED = "a column called id, else the first, and one called label, target, class or y, else the last"


@dataclass(frozen=True)
class LabelFile:
    """What a file says.

    Attributes:
        path: Of the file.
        labels: The label of each id.
        note: What is to be said of it.
    """

    path: Path
    labels: dict[str, str]
    note: str


def beside(path: Path) -> LabelFile | None:
    """Return the labels beside a file: `NAME_labels.csv` of NAME.fasta, else `labels.csv`, or `.tsv`; None without one.

    Raises:
        DataError: There is such a file, and it has no two columns, or two labels of one id.
    """
    names = [f"{stem}{ending}" for stem in (f"{path.stem}_labels", "labels") for ending in ENDINGS]
    found = next((path.with_name(name) for name in names if path.with_name(name).is_file()), None)
    return None if found is None else _read(found)


def _read(path: Path) -> LabelFile:
    names = delimited.read(path).names
    if len(names) < 2:
        raise DataError(
            f"{path} has the column {shown(names[0])} alone. Expected {EXPECTED}. Add it, or give the file another name."
        )
    table = delimited.read(path, Expected(names, names))  # letter by letter: 007 is no 7
    ids = next((name for name in names if name.strip().casefold() == "id"), names[0])
    others = [name for name in names if name != ids]
    usual = [name for name in others if name.strip().casefold() in USUAL_TARGETS]
    told = usual[0] if usual else others[-1]
    labels: dict[str, str] = {}
    for record, label in zip(_column(table, ids), _column(table, told), strict=True):
        if labels.setdefault(record, label) != label:
            raise DataError(
                f"{path} gives {shown(record)} the labels {shown(labels[record])} and {shown(label)}. Expected one label an "
                "id. Delete the row of the wrong one."
            )
    return LabelFile(path, labels, f"Labels are {shown(told)} of {path.name}, by {shown(ids)}.")


def _column(table: Table, name: str) -> list[str]:
    return [each.strip() for each in as_text(table.cells(name)).rows()]

"""FASTA: sequences, of which each has a label at the end of its header, or in a file of labels beside theirs."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from autoopt.data.files import label_file
from autoopt.data.files.delimited import NOTHING
from autoopt.data.files.encoding import encoding_of
from autoopt.data.files.folder import SEQUENCES
from autoopt.data.files.label_file import LabelFile
from autoopt.data.parts import Progress
from autoopt.data.tables import Expected, Table, as_text, upper
from autoopt.data.tables.listing import some
from autoopt.errors import DataError
from autoopt.untrusted import shown

SUFFIXES = SEQUENCES
NAMES = ("id", "sequence", "label")
EXPECTED = "a header as `>id label`, `>id|label` or `>id label=…` above each sequence"

KEYED = re.compile(
    r"(?:^|[\s|;,\[])(?:label|class)=(?:\"([^\"]*)\"|(.*?)(?=\s+\[?\w+=|\s*[|;,\]]|\s*$))", re.IGNORECASE
)
"""A label that a header names as such, up to the next name or the end."""


def read(path: Path, known: Expected = NOTHING, progress: Progress | None = None) -> Table:
    """Return the sequences of a file as rows of id, sequence and label, "" for a label that is not there.

    Args:
        path: Of the file.
        known: Of the columns: then no record needs a label.
        progress: Told of bytes.

    Raises:
        DataError: It does not begin with a header, or the file of labels beside it is of other records.
    """
    encoding, notes = encoding_of(path)
    headers, sequences = _records(path, encoding, progress)
    beside = label_file.beside(path)
    told = _told(headers)
    if beside is not None:
        found = [_looked_up(each, beside) for each in headers]
        if any(found):
            ids = [header.partition(" ")[0] for header in headers]
            told, notes = list(zip(ids, found, strict=True)), (*notes, beside.note)
        elif not known.names:
            raise DataError(
                f"{beside.path} has a label of none of the {len(headers):,} records of {path.name}, the first of which is "
                f"{shown(headers[0])}. Expected their ids. Correct them, or give the file of labels another name."
            )
    table = Table(NAMES, [*notes, *_oddities(told, sequences)], kinds={"sequence": "sequence"}, aside=("id",))
    table.add([[name for name, _ in told], sequences, [label for _, label in told]])
    return table


def check_labelled(table: Table, path: Path) -> None:
    """Raise a DataError where there are no labels, and they are to be learnt from."""
    if not any(as_text(table.cells("label")).different):
        raise DataError(
            f"{path} has no labels in its headers. Expected {EXPECTED}. Add them; or put them beside it into a file "
            "labels.csv with the columns id and label; or pass a CSV with the columns sequence and label."
        )


def _records(path: Path, encoding: str, progress: Progress | None) -> tuple[list[str], list[str]]:
    """Return the header and the letters of each record."""
    headers: list[str] = []
    sequences: list[list[str]] = []
    done, total = 0, path.stat().st_size
    with path.open(encoding=encoding) as file:
        for line in file:
            done += len(line)
            if line.startswith(">"):
                headers.append(line[1:].strip())
                sequences.append([])
            elif line.strip():
                if not headers:
                    raise DataError(
                        f"{path} begins with {shown(line.strip())}. Expected {EXPECTED}. Add headers."
                    )
                sequences[-1].append(upper(line.strip()))
            if progress is not None and len(headers) % 10_000 == 1:
                progress(min(done, total), total)
    if not headers:
        raise DataError(f"{path} is empty. Expected {EXPECTED}. Pass another file.")
    return headers, ["".join(lines) for lines in sequences]


def _told(headers: Sequence[str]) -> list[tuple[str, str]]:
    """Return the id and the label of each header; where some name their labels, what others have instead is none."""
    named = any(KEYED.search(each) for each in headers)
    return [(_parted(each)[0], "") if named and not KEYED.search(each) else _parted(each) for each in headers]


def _parted(header: str) -> tuple[str, str]:
    """Return the id and the label of a header.

    Example:
        >>> _parted("s1 hot"), _parted("sp|s1|hot"), _parted("s1 len=3 label=very hot organism=yeast")
        (('s1', 'hot'), ('sp|s1', 'hot'), ('s1', 'very hot'))
    """
    if keyed := KEYED.search(header):
        name = re.split(r"[\s;,]", header[: keyed.start()].strip(" |;,["), maxsplit=1)[0]
        quoted, plain = keyed.groups()
        return name, (plain if quoted is None else quoted).strip()
    if "|" in header:
        name, _, label = header.rpartition("|")
    else:
        name, _, label = header.partition(" ")
    return name.strip(), label.strip()


def _looked_up(header: str, beside: LabelFile) -> str:
    """Return the label that a file has for a record, by its id however the file spells it; "" for none."""
    first = header.partition(" ")[0]
    spellings = (first, header, _parted(header)[0], *first.split("|"))
    return next((beside.labels[each] for each in spellings if each in beside.labels), "")


def _oddities(told: Sequence[tuple[str, str]], sequences: Sequence[str]) -> Iterator[str]:
    """Yield what catches the eye in records, a sentence each."""
    ids = Counter(name for name, _ in told if name)
    twice = [name for name, count in ids.items() if count > 1]
    if twice:
        yield (
            f"{len(twice):,} id{'s come' if len(twice) > 1 else ' comes'} more than once: {some(twice)}. Each record is a row."
        )
    empty = sum(not each for each in sequences)
    if empty:
        yield f"{empty:,} of {len(told):,} records {'have' if empty > 1 else 'has'} no letters."

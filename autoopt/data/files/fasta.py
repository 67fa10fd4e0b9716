"""FASTA: sequences, of which each has a label at the end of its header."""

from pathlib import Path

from autoopt.data.files.delimited import NOTHING
from autoopt.data.files.encoding import encoding_of
from autoopt.data.parts import Progress
from autoopt.data.tables import Expected, Table
from autoopt.errors import DataError
from autoopt.untrusted import shown

SUFFIXES = (".fasta", ".fa", ".fna", ".faa", ".fas")
NAMES = ("id", "sequence", "label")
EXPECTED = "a header as `>id label` or `>id|label` above each sequence"


def read(path: Path, known: Expected = NOTHING, progress: Progress | None = None) -> Table:
    """Return the sequences of a file as rows of id, sequence and label, "" for a label that is not there.

    Args:
        path: Of the file.
        known: Not needed here.
        progress: Told of bytes.

    Raises:
        DataError: It does not begin with a header.
    """
    encoding, notes = encoding_of(path)
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
                sequences[-1].append(line.strip().upper())
            if progress is not None and len(headers) % 10_000 == 1:
                progress(min(done, total), total)
    if not headers:
        raise DataError(f"{path} is empty. Expected {EXPECTED}. Pass another file.")
    ids, labels = zip(*map(_parted, headers), strict=True)
    table = Table(NAMES, list(notes))
    table.add([list(ids), ["".join(lines) for lines in sequences], list(labels)])
    return table


def check_labelled(table: Table, path: Path) -> None:
    """Raise a DataError where headers have no labels, and they are to be learnt from."""
    without = sum(not label for label in table.cells("label").rows())  # type: ignore[union-attr]
    if without == table.n:
        raise DataError(
            f"{path} has no labels in its headers. Expected {EXPECTED}. Add them, or pass a CSV with the columns sequence and "
            "label."
        )


def _parted(header: str) -> tuple[str, str]:
    """Return the id and the label of a header."""
    if "|" in header:
        name, _, label = header.rpartition("|")
    else:
        name, _, label = header.partition(" ")
    return name.strip(), label.strip()

"""What data are, told from their values: kinds of columns, the task, oddities. Nothing here opens a file."""

from autoopt.data.reading.again import class_numbers, read_again, unlabelled
from autoopt.data.reading.cells import Expected, Table, Texts
from autoopt.data.reading.description import describe
from autoopt.data.reading.inference import alphabet_of, inferred
from autoopt.data.reading.labels import classified
from autoopt.data.reading.wanted import Wanted

__all__ = [
    "Expected",
    "Table",
    "Texts",
    "Wanted",
    "alphabet_of",
    "class_numbers",
    "classified",
    "describe",
    "inferred",
    "read_again",
    "unlabelled",
]

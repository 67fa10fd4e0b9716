"""What data are, told from their values: kinds of columns, the task, oddities. Nothing here opens a file."""

from autoopt.data.tables.again import class_numbers, read_again, unlabelled
from autoopt.data.tables.cells import PASSES, Expected, Table, Texts
from autoopt.data.tables.description import describe
from autoopt.data.tables.inference import alphabet_of, inferred
from autoopt.data.tables.labels import classified, without_label
from autoopt.data.tables.tasks import ROWS_A_CLASS
from autoopt.data.tables.wanted import Wanted

__all__ = [
    "PASSES",
    "ROWS_A_CLASS",
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
    "without_label",
]

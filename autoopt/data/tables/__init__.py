"""What data are, told from their values: kinds of columns, the task, oddities. Nothing here opens a file."""

from autoopt.data.tables.again import class_numbers, read_again
from autoopt.data.tables.cells import PASSES, Expected, Table, Texts, as_text
from autoopt.data.tables.description import describe
from autoopt.data.tables.inference import inferred
from autoopt.data.tables.labels import classified, without_label
from autoopt.data.tables.letters import alphabet_of, upper
from autoopt.data.tables.oddities import capitals, marks, twice
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
    "as_text",
    "capitals",
    "class_numbers",
    "classified",
    "describe",
    "inferred",
    "marks",
    "read_again",
    "twice",
    "upper",
    "without_label",
]

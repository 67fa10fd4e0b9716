"""Texts: words by number, the most frequent first; 0 is behind their end, 1 a word that is not known."""

import keras
import numpy as np

from autoopt.errors import DataError
from autoopt.prepared import Inputs
from autoopt.preparing.layers import Layers, check_words_can_be_read, name_of
from autoopt.preparing.words import looked_at, vocabulary
from autoopt.schema import Raw

MOST_WORDS = 20_000
LENGTHS = (8, 512)
"""Fewest and most words of a text that a starter is given."""


def text(raw: Raw, rows: np.ndarray) -> Layers:
    """Return the layers for texts, fitted on some of them.

    Raises:
        DataError: There is not one word in them, or the backend reads no words.
    """
    column = raw.schema.columns[0].name
    check_words_can_be_read(f"Column {column!r}")
    found = vocabulary(looked_at(raw.x[column], rows), MOST_WORDS)
    if not found.words:
        raise DataError(
            f"None of the {len(rows):,} texts of {column!r} has a word. Expected words with spaces between. Look at what "
            "was read of the files, and at their encoding."
        )
    length = int(np.clip(found.length, *LENGTHS))
    given = keras.Input((), dtype="string", name=name_of(column, {}))
    ids = keras.layers.TextVectorization(vocabulary=list(found.words), output_sequence_length=length)(given)
    made = {"words": keras.ops.cast(ids, "int32")}
    return Layers({column: given}, made, Inputs(vocabulary=len(found.words) + 2, shape=(length,)))

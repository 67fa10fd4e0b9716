"""What is learnt from: one file a format, the checks and the splits. Nothing here knows a model."""

from autoopt.data.cuts import Cut, Split
from autoopt.data.dataset import Dataset
from autoopt.data.folds import Splitter, folds, named
from autoopt.data.joining import joined
from autoopt.data.parts import DEFAULT_BATCH_SIZE, Part, Stream

__all__ = [
    "DEFAULT_BATCH_SIZE",
    "Cut",
    "Dataset",
    "Part",
    "Split",
    "Splitter",
    "Stream",
    "folds",
    "joined",
    "named",
]

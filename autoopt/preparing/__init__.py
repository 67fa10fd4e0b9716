"""From raw rows to what a starter takes: fitted on the rows that train, and saved with the model as layers of Keras."""

from autoopt.preparing.preparation import Preparation as Preparation
from autoopt.preparing.words import MOST_LETTERS, SAMPLE

__all__ = ["MOST_LETTERS", "SAMPLE", "Preparation"]

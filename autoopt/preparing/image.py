"""Images: grey values and colours from 0 to 1."""

import keras
import numpy as np

from autoopt.prepared import Inputs
from autoopt.preparing.layers import Layers, name_of
from autoopt.schema import Raw


def image(raw: Raw, rows: np.ndarray) -> Layers:
    """Return the layers for images; no row has to be looked at."""
    column = raw.schema.columns[0].name
    shape = raw.x[column].shape[1:]
    given = keras.Input(shape, dtype="uint8", name=name_of(column, {}))
    return Layers({column: given}, {"image": keras.layers.Rescaling(1 / 255)(given)}, Inputs(shape=shape))

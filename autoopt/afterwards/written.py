"""Models that lie in a run folder, read back."""

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import keras

from autoopt.errors import RunError

logger = logging.getLogger(__name__)


def read_model(path: Path, custom_objects: Mapping[str, Any] | None) -> keras.Model:
    """Return a model that was written; without loss and metrics where only these cannot be read.

    Args:
        path: Of the file.
        custom_objects: Classes and functions of the user's own, name to object.

    Raises:
        RunError: It needs classes of the user's own.
    """
    try:
        return keras.models.load_model(path, custom_objects=custom_objects)
    except (TypeError, ValueError) as error:
        try:
            model = keras.models.load_model(path, custom_objects=custom_objects, compile=False)
        except (TypeError, ValueError):
            raise RunError(
                f"{path} cannot be loaded: {error}\nIf it has layers of your own, pass them: "
                "autoopt.load(run, custom_objects={'MyLayer': MyLayer})."
            ) from error
        logger.warning(
            "%s was read without its loss and metrics, which need functions of your own: "
            "pass them as custom_objects to autoopt.load to evaluate it.", path,
        )  # fmt: skip
        return model

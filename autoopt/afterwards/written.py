"""Models that lie in a run folder: read back, or copied to where their user wants them."""

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import keras

from autoopt.errors import RunError, UsageError, nearest

logger = logging.getLogger(__name__)

ENDINGS = {"keras": ".keras", "weights": ".weights.h5", "json": ".json"}
"""Formats of an export, and how the names of their files end."""


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


def check_target(path: str | Path, format: str) -> Path:
    """Return where an export goes.

    Raises:
        UsageError: The format is not known, the path's ending does not fit it, or its folder is missing.
    """
    if format not in ENDINGS:
        raise UsageError(f"format was given {format!r}.{nearest(str(format), ENDINGS)}")
    target, ending = Path(path), ENDINGS[format]
    if not target.name.endswith(ending):
        raise UsageError(
            f"path was given {str(path)!r}. Expected a name that ends in {ending} for {format!r}."
        )
    if not target.parent.is_dir():
        raise UsageError(f"path was given {str(path)!r}. There is no folder {str(target.parent)!r}: make it.")
    return target

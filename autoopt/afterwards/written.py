"""Models that lie in a run folder: read back, or copied to where their user wants them."""

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import keras

from autoopt.errors import RunError, UsageError, nearest
from autoopt.untrusted import Unreadable, brief, check_archive

logger = logging.getLogger(__name__)

ENDINGS = {"keras": ".keras", "weights": ".weights.h5", "json": ".json"}
"""Formats of an export, and how the names of their files end."""


MOST_TOLD = 2_000
"""Characters of what Keras says of a file: the end of it repeats a layer's whole configuration."""


def read_model(path: Path, custom_objects: Mapping[str, Any] | None) -> keras.Model:
    """Return a model that was written; without loss and metrics where only these cannot be read.

    Args:
        path: Of the file.
        custom_objects: Classes and functions of the user's own, name to object.

    Raises:
        RunError: It is damaged, holds code, or needs classes of the user's own.
    """
    try:
        check_archive(path)
    except Unreadable as error:
        raise RunError(f"{path} is damaged. {error} Restore it, or search again.") from error
    try:
        return _loaded(path, custom_objects, compile=True)
    except Exception as error:  # layers of any origin are made here and may raise anything
        try:
            model = _loaded(path, custom_objects, compile=False)
        except Exception:  # likewise
            raise RunError(f"{path} cannot be loaded: {_cause(error)}") from error
        logger.warning(
            "%s was read without its loss and metrics, which need functions of your own: "
            "pass them as custom_objects to autoopt.load to evaluate it.", path,
        )  # fmt: skip
        return model


def _loaded(path: Path, custom_objects: Mapping[str, Any] | None, compile: bool) -> keras.Model:
    """Return a model in whose file nothing is run, unless the user has told Keras to run such things."""
    return keras.models.load_model(path, custom_objects=custom_objects, compile=compile, safe_mode=True)


def _cause(error: Exception) -> str:
    """Return why a model was not read, and what to do."""
    text = brief(str(error) or type(error).__name__, MOST_TOLD)
    if any(word in text for word in ("safe_mode=False", "enable_unsafe_deserialization")):
        return (
            f"it holds code, as a Lambda layer does, which is not run: {text}\nExpected layers alone. If you wrote it, "
            "make the Lambda a layer of your own and pass that as custom_objects, or load the file with "
            "keras.models.load_model(path, safe_mode=False)."
        )
    return (
        f"{text}\nIf it has layers of your own, pass them: "
        "autoopt.load(run, custom_objects={'MyLayer': MyLayer}). If not, it is damaged: search again."
    )


def check_target(path: str | Path, format: str) -> Path:
    """Return where an export goes.

    Raises:
        UsageError: The format is not known, the path's ending does not fit it, or its folder is missing.
    """
    if not isinstance(format, str) or format not in ENDINGS:
        raise UsageError(f"format was given {format!r}.{nearest(str(format), ENDINGS)}")
    if not isinstance(path, str | Path):
        raise UsageError(
            f'path was given {path!r}. Expected the path of a file: pass "best{ENDINGS[format]}".'
        )
    target, ending = Path(path), ENDINGS[format]
    if not target.name.endswith(ending):
        raise UsageError(
            f"path was given {str(path)!r}. Expected a name that ends in {ending} for {format!r}."
        )
    if not target.parent.is_dir():
        raise UsageError(f"path was given {str(path)!r}. There is no folder {str(target.parent)!r}: make it.")
    if target.is_dir():
        raise UsageError(
            f"path was given {str(path)!r}, which is a folder. Expected a file's name: take another."
        )
    return target

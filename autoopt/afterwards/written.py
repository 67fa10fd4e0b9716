"""Models that lie in a run folder, read back."""

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import keras

from autoopt.errors import DataError, RunError
from autoopt.preparing import Preparation
from autoopt.schema import Schema
from autoopt.storage import RunFolder
from autoopt.untrusted import Unreadable, brief, check_archive

logger = logging.getLogger(__name__)


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


def read_preparation(path: Path, told: Mapping[str, Any], schema: Schema) -> Preparation:
    """Return what prepares raw rows, as it was written.

    Args:
        path: Of the model.
        told: What `schema.json` says of it.
        schema: Of the rows.

    Raises:
        RunError: It is missing, damaged, or holds code.
    """
    if not path.is_file():
        raise RunError(
            f"{path} is missing. Expected what prepares raw rows for the winner, which takes arrays. Restore it, or search again."
        )
    try:
        return Preparation.read(read_model(path, None), told, schema)
    except DataError as error:
        raise RunError(f"{path} is damaged. {error}") from error


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


def written_model(folder: RunFolder, found: Mapping[str, Any]) -> Path:
    """Return the file of a run's winner.

    Args:
        folder: Of the run.
        found: What `result.json` has.

    Raises:
        RunError: It is not there, or is that of another trial.
    """
    path = folder.best_model
    if not path.is_file():
        raise RunError(
            f"The run {folder.path} has no best.keras: {_why_no_winner(found)}. Expected one with a winner. "
            f"See autoopt show {folder.path}, or go on with it: autoopt resume {folder.path}"
        )
    if found.get("model", found.get("best")) != found.get("best"):
        raise RunError(
            f"{path} is not the model of the winner, trial {found.get('best')}: it could not be written, or a process "
            f"ended before it had. Go on with the run, which writes it: autoopt resume {folder.path}"
        )
    return path


def _why_no_winner(found: Mapping[str, Any]) -> str:
    reason = found.get("reason", "")
    return (
        f"it ended without a winner ({reason})"
        if reason
        else "it is still running, or ended before it had one"
    )

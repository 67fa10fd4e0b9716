"""Definitions: the hyperparameters of a run as KerasTuner's, made of what its folder has."""

import copy
from typing import TYPE_CHECKING, Literal

from autoopt.errors import RunError
from autoopt.storage.folder import RunFolder
from autoopt.untrusted import brief

if TYPE_CHECKING:
    import keras_tuner


def definitions(folder: RunFolder, of: Literal["space", "asked_in_fit"]) -> "keras_tuner.HyperParameters":
    """Return every hyperparameter of a run; none where nothing was written down of them.

    Args:
        folder: Of the run.
        of: Which: of the whole space, or those that the user's own `fit` asked for.

    Raises:
        RunError: KerasTuner takes one of them for none.
    """
    import keras_tuner  # loads Keras

    config = copy.deepcopy(folder.read("run").get(of, {"space": [], "values": {}}))  # KerasTuner changes it
    try:
        return keras_tuner.HyperParameters.from_config(config)
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        raise RunError(
            f"{folder.path / 'run.json'} is damaged. Its {of} holds a hyperparameter that is none: {brief(error)}. Expected "
            "KerasTuner's. Restore it, or remove the run folder."
        ) from error

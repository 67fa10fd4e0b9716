"""Handover: the winner as a Keras model, written, read back, scored again, and looked at once on the test part."""

import logging
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

from autoopt.data import Cut, Part, Stream
from autoopt.engines import evaluate
from autoopt.errors import ModelError, RunError, SearchError, SpaceError
from autoopt.hyperparameters import AskingHyperParameters
from autoopt.model_function import insisted
from autoopt.records import Trial
from autoopt.retraced import course_of
from autoopt.search import Evidence, Unseen
from autoopt.storage import RunFolder
from autoopt.worker import Worker

logger = logging.getLogger(__name__)

TOLERANCE = 1e-6
"""How far the reloaded winner's score may lie from the one that its trial reported."""

FRAME = 10**5
"""Bytes that a saved model takes beside its numbers."""


@dataclass(frozen=True)
class Handover:
    """What makes a model of a trial.

    Attributes:
        folder: Where it is written, and where weights lie.
        worker: Builds it, and knows the data.
        epochs: Most epochs a trial, where schedules end.
        executions: Trainings that a trial's score is the mean of.
        folds: Of the cross-validation; empty without one.
    """

    folder: RunFolder
    worker: Worker
    epochs: int
    executions: int = 1
    folds: Sequence[Cut] = ()

    @property
    def evidence(self) -> Evidence:
        """What examples say of models that are built here."""
        return Evidence(self.worker, self.built)

    def built(self, trial: Trial) -> keras.Model:
        """Return a trial's compiled model.

        Raises:
            ModelError: The model function raises, each time that it is called.
        """

        def build() -> keras.Model:
            hp = AskingHyperParameters.of(trial.hyperparameters)
            recipe = self.worker.hypermodel.draw(hp)
            return self.worker.assembled(recipe, hp.values, self.epochs, seed=0)

        return insisted(build)

    def written(self, best: Trial) -> keras.Model:
        """Write the winner, and how it was trained, and return it as it is read back, or where the disk refuses as it is.

        Raises:
            SearchError: The model function raises by now.
        """
        try:
            model = self.built(best)
        except ModelError as error:
            raise SearchError(
                f"The winner, trial {best.number}, cannot be built any more: {error} All trials and its weights are in "
                f"{self.folder.path}. Mend the model function and go on, with resume=True or autoopt resume."
            ) from error
        self.folder.write("course", course_of(self.worker, best, model, self.epochs).told())
        if not model.built:  # a subclassed model has no weights before it has seen an example
            evaluate(model, self.worker.dataset.validation)
        model.set_weights(self.folder.load_weights(best.number))
        model.optimizer.build(model.trainable_variables)
        try:
            if not self.folder.save_model(self.folder.best_model, model, _bytes(model), best.number):
                return model
            return keras.models.load_model(self.folder.best_model, custom_objects=_own_classes(model))
        except Exception as error:
            # Whatever a user's own class does when it is saved or read: the model itself is still good.
            logger.warning(
                "The best model cannot be read back from %s: %s. The result holds it as it is; register your "
                "own classes and functions with keras.saving.register_keras_serializable, or pass custom_objects "
                "to load.",
                self.folder.best_model, str(error).partition(". ")[0],
            )  # fmt: skip
            return model

    def kept_of(self, trial: Trial) -> Sequence[Any] | None:
        """Return a trial's weights as the model on disk has them; None where that is another's, or does not fit."""
        told = self.folder.read("result")
        if told.get("model", told.get("best")) != trial.number or not self.folder.has_model(
            self.folder.best_model
        ):
            return None
        try:
            built = self.built(trial)
            model = keras.models.load_model(self.folder.best_model, custom_objects=_own_classes(built))
        except Exception as error:  # what a user's own class does when it is read
            logger.info("The weights of trial %d are not taken from its model: %s", trial.number, error)
            return None
        found = [np.asarray(keras.ops.convert_to_numpy(weight)) for weight in model.weights]
        return found if _fits(found, built) else None

    def drop_misfits(self, trials: Iterable[Trial]) -> None:
        """Remove kept weights that do not fit what the model function returns by now."""
        for trial in trials:
            if self.folder.has_weights(trial.number) and not self._fits(trial):
                logger.warning("The weights of trial %d do not fit its model any more.", trial.number)
                self.folder.drop_weights(trial.number)

    def _fits(self, trial: Trial) -> bool:
        try:
            return _fits(self.folder.load_weights(trial.number), self.built(trial))
        except (ModelError, SpaceError, RunError, OSError) as error:
            logger.info("trial %d: %s", trial.number, error)
            return False

    def scored_again(self, model: keras.Model, best: Trial) -> tuple[float, bool]:
        """Return the objective of the very model that is handed over, and whether it is what the model says.

        A `fit` of the user's own may have changed the data, and measured what it likes.
        """
        score, name = best.score if best.score is not None else math.nan, self.worker.objective.name
        cut = None
        if self.folds and best.best_fold is not None:  # its trial's score is a mean over folds
            score, cut = best.fold_scores[best.best_fold], self.folds[best.best_fold]
        validation = self.worker.dataset.parts(cut)[1]
        if self.worker.hypermodel.own_fit is not None:
            return score, _measures(model, validation, name, score)
        if not name.startswith("val_"):
            return score, True
        again = evaluate(model, validation).get(name.removeprefix("val_"))
        if again is None or _near(again, score):
            return score, True
        if self.executions > 1:  # its trial's score is a mean
            return again, True
        if all(layer.compute_dtype not in ("float16", "bfloat16") for layer in model.layers):
            # Those are rounded otherwise outside of the compiled epoch.
            logger.warning("Trial %d reported %s %s; its model scores %s.", best.number, name, score, again)
        return again, True

    def tested(self, model: keras.Model) -> Unseen:
        """Return how the winner, which measures the objective, does on the test part."""
        part, name = self.worker.dataset.test, self.worker.objective.name
        if part is None:
            return Unseen()
        metrics = evaluate(model, part)
        score = metrics.get(name.removeprefix("val_")) if name.startswith("val_") else None
        known = score is not None and self.worker.hypermodel.own_fit is None
        values = self.evidence.of_test(model, score or 0.0) if known else None
        return Unseen(metrics, values)


def _measures(model: keras.Model, validation: Part | Stream, name: str, score: float) -> bool:
    """Whether a model that the user's own `fit` trained scores the same on the validation part as it is."""
    try:
        logs = evaluate(model, validation)
    except Exception as error:
        logger.info("The model takes no data as it was given: %s", error)
        return False
    return _near(logs.get(name.removeprefix("val_"), math.nan), score)


def _bytes(model: keras.Model) -> int:
    """Return about as many bytes as a model takes that is written along with its optimizer."""
    variables = [*model.variables, *model.optimizer.variables]
    return FRAME + sum(
        math.prod(each.shape) * np.dtype(keras.backend.standardize_dtype(each.dtype)).itemsize
        for each in variables
    )


def _fits(weights: Sequence[Any], model: keras.Model) -> bool:
    """Whether weights have a model's shapes; one that has none before it sees an example takes any."""
    return not model.built or [np.shape(each) for each in weights] == [
        tuple(each.shape) for each in model.weights
    ]


def _near(one: float, other: float) -> bool:
    return abs(one - other) <= TOLERANCE * max(1.0, abs(other))


def _own_classes(model: keras.Model) -> Mapping[str, Any]:
    """Return the classes of a model and its layers that are not Keras's, by name."""
    kinds = (type(part) for part in (model, *model.layers))
    return {kind.__name__: kind for kind in kinds if not kind.__module__.startswith("keras.")}

"""Handover: the winner as a Keras model, written, read back, scored again, and looked at once on the test part."""

import logging
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import keras

from autoopt.data import Cut, Part, Stream
from autoopt.engines import evaluate
from autoopt.hyperparameters import AskingHyperParameters
from autoopt.records import Trial
from autoopt.retraced import course_of
from autoopt.search import Evidence, Unseen
from autoopt.storage import RunFolder, replacing
from autoopt.worker import Worker

logger = logging.getLogger(__name__)

TOLERANCE = 1e-6
"""How far the reloaded winner's score may lie from the one that its trial reported."""


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
        """Return a trial's compiled model."""
        hp = AskingHyperParameters.of(trial.hyperparameters)
        recipe = self.worker.hypermodel.draw(hp)
        return self.worker.assembled(recipe, hp.values, self.epochs, seed=0)

    def written(self, best: Trial) -> keras.Model:
        """Write the winner as a Keras model, and how it was trained, and return it as it is read back."""
        model = self.built(best)
        self.folder.write("course", course_of(self.worker, best, model, self.epochs).told())
        if not model.built:  # a subclassed model has no weights before it has seen an example
            evaluate(model, self.worker.dataset.validation)
        model.set_weights(self.folder.load_weights(best.number))
        model.optimizer.build(model.trainable_variables)
        try:
            with replacing(self.folder.best_model) as fresh:
                model.save(fresh)
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


def _near(one: float, other: float) -> bool:
    return abs(one - other) <= TOLERANCE * max(1.0, abs(other))


def _own_classes(model: keras.Model) -> Mapping[str, Any]:
    """Return the classes of a model and its layers that are not Keras's, by name."""
    kinds = (type(part) for part in (model, *model.layers))
    return {kind.__name__: kind for kind in kinds if not kind.__module__.startswith("keras.")}

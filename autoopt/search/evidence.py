"""Evidence: what the examples of a part of the data say of models that have been trained."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import keras
import numpy as np

from autoopt import compiling
from autoopt.data import Cut, Part, Stream
from autoopt.records import Trial
from autoopt.search import examples
from autoopt.search.chance import Values
from autoopt.worker import Worker

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Evidence:
    """Finds the values of examples; keeps one model for each trial, whose weights it exchanges.

    Attributes:
        worker: Knows the data, and what is compared.
        built: Builds a trial's compiled model.
    """

    worker: Worker
    built: Callable[[Trial], keras.Model]
    _models: dict[int, keras.Model] = field(default_factory=dict)
    _labels: list[Any] = field(default_factory=list)

    def of(self, trial: Trial, weights: Sequence[Any], cut: Cut | None, score: float) -> Values | None:
        """Return the values of the validation part's examples.

        Args:
            trial: What was trained.
            weights: Those that were scored, in Keras's order.
            cut: Of the data, under which it was trained.
            score: As it was reported.

        Returns:
            None where a `fit` of the user's own decides on the score, where the objective is not measured on the
            validation part, where predictions do not give it, or where a stream has another order in each pass.
        """
        name = self.worker.objective.name
        if self.worker.hypermodel.own_fit is not None or not name.startswith("val_"):
            return None
        _, part = self.worker.dataset.parts(cut)
        try:
            model = self._model(trial, part)
            model.set_weights(weights)
            found = examples.predicted(model, part)
            if isinstance(part, Stream) and not self._in_order(found.y):
                return None
            rows = None if cut is None else cut.validation
            return examples.values(model, found, name.removeprefix("val_"), score, rows)
        except Exception as error:  # layers, losses and metrics of any origin are called here
            logger.info("trial %d: what each example says of %s is not known: %s", trial.number, name, error)
            return None

    def of_test(self, model: keras.Model, score: float) -> Values | None:
        """Return the values of the test part's examples, None where they are not known.

        Args:
            model: Measures the objective.
            score: Its objective on that part.
        """
        part, name = self.worker.dataset.test, self.worker.objective.name.removeprefix("val_")
        if part is None:
            return None
        try:
            return examples.values(model, examples.predicted(model, part), name, score)
        except Exception as error:
            logger.info("What each example of the test part says of %s is not known: %s", name, error)
            return None

    def _model(self, trial: Trial, part: Part | Stream) -> keras.Model:
        model = self._models.get(trial.number)
        if model is None:
            model = self.built(trial)
            if not model.built:  # a subclassed model has no weights before it has seen an example
                few = part.first() if isinstance(part, Stream) else part.take(np.arange(1))
                model(keras.tree.map_structure(keras.ops.convert_to_tensor, few.x), training=False)
            if self.worker.score is not None:
                compiling.measure(model, self.worker.score)
            self._models[trial.number] = model
        return model

    def _in_order(self, y: Any) -> bool:
        """Whether a stream gives its examples in the order of its first pass."""
        flat = keras.tree.flatten(y)
        if not self._labels:
            self._labels.extend(flat)
        return all(map(np.array_equal, self._labels, flat))

"""Axis: one thing that may vary. It reads the user's model and draws its part of a recipe.

An axis asks `hp` for values whose defaults mean "as the user wrote it", and returns only what differs.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import keras_tuner

from autoopt.arguments import KnownArguments
from autoopt.errors import SpaceError
from autoopt.surgery import Template


@dataclass(frozen=True)
class Written:
    """The optimizer as the user wrote it.

    Attributes:
        algorithm: A name of `autoopt.axes.optimizer.ALGORITHMS`, or the Keras class in lower case.
        kind: Its Keras class.
        config: Keras's configuration of it, with a plain number or a schedule as `learning_rate`.
        learning_rate: The constant rate, None under a schedule.
        whole: Whether its configuration says everything about it.
    """

    algorithm: str
    kind: Any
    config: Mapping[str, Any]
    learning_rate: float | None
    whole: bool = True

    @property
    def momentum(self) -> float:
        """β of the momentum method, 0.9 where the user has none."""
        return float(self.config.get("momentum") or 0.9)

    @property
    def weight_decay(self) -> float:
        """Decoupled weight decay, Keras's default of AdamW where the user has none."""
        return float(self.config.get("weight_decay") or 0.004)


@dataclass(frozen=True)
class Origin:
    """The user's model and data, as the axes read them.

    Attributes:
        template: The model's stages, kernels and penalties.
        optimizer: What it is trained with.
        examples: Examples in the training part, None where unknown.
        batch_size: Examples a step as the user wrote it.
        most: Examples of a step that fit into memory, None where that is not known.
        rebatch: Whether the data can be cut into batches of another size.
        whole: Whether all examples can be one batch.
        pretrained: Names of the layers that are models with loaded weights.
        biases: Output layer to the bias that the labels speak for, of those that there is one for.
        unsmoothed: Why labels cannot be smoothed, as a sentence goes on; empty where they can.
        closed: Names of axes, or of parts that one has, that the user's own code covers or forbids, with the
            reason.
        no_image: Why there is no image that training could change; empty where the one input is a batch of them.
    """

    template: Template
    optimizer: Written
    examples: int | None = None
    batch_size: int = 32
    most: int | None = None
    rebatch: bool = True
    whole: bool = True
    closed: Mapping[str, str] | None = None
    pretrained: Sequence[str] = ()
    biases: Mapping[str, Sequence[float]] = field(default_factory=dict)
    unsmoothed: str = ""
    no_image: str = "Nothing is known of the inputs."


class Axis(KnownArguments, ABC):
    """One thing that may vary.

    `draw` is called once for each candidate, in the process that searches, never concurrently. It must
    ask `hp` for the same names in the same order for equal values, and must not change the origin.
    """

    refusal = SpaceError

    @abstractmethod
    def draw(self, hp: keras_tuner.HyperParameters, origin: Origin) -> Mapping[str, Any]:
        """Ask `hp` for this axis's values and return the fields of a recipe that differ from the origin.

        Args:
            hp: Where values are asked for; also holds what earlier axes have drawn.
            origin: The user's model and data.
        """

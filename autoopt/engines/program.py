"""Program: a twin compiled on its data, kept for every candidate that differs in numbers alone."""

import math
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import keras
import numpy as np

from autoopt.data import Part
from autoopt.engines.state import Arrays
from autoopt.records import Logs

SMALL_EXAMPLE = 512
"""Numbers up to which an example is small: many are then evaluated at once."""

SECONDS_A_CALL = 1.0
"""About how much work a compiled call holds: between calls a Ctrl-C is noticed."""

FIRST_CALL = 8
"""Steps of a program's first call, when it is not known how long they take."""

Mode = Literal["epoch", "step", "hasty", "plain"]
"""What is handed to XLA: the loop over all steps, each step on its own, that with little optimization, or nothing."""


@dataclass(frozen=True, eq=False)
class Fold:
    """What a training reads of the data: a program serves many.

    Attributes:
        n: Examples that an epoch trains on.
        validation: What is evaluated, placed, in the form that `Compiler.cut` gives it; or `Passes`.
        block: Of how many rows the blocks are in which they come; None where all are there.
    """

    n: int
    validation: Any
    block: int | None = None

    @property
    def rows(self) -> int:
        """How many rows are there at once: of these a compiled call takes the steps."""
        return self.n if self.block is None else self.block

    @cached_property
    def arrays(self) -> list[Any]:
        """The arrays of `validation`, one after the other."""
        return list(keras.tree.flatten(self.validation))


class Program(ABC):
    """A compiled twin and its state. Called from one thread; laws: traces once, agrees with `fit`."""

    twin: keras.Model
    """What was compiled."""

    mode: Mode
    """What XLA compiles of the present training."""

    traces: int
    """How often its training step has been traced."""

    @abstractmethod
    def begin(self, weights: Sequence[np.ndarray], knobs: Mapping[str, Any], seed: int | None) -> None:
        """Start anew: from these weights, with a fresh optimizer, and random states derived from the seed."""

    @abstractmethod
    def compile(self, batch_size: int, fold: Fold) -> None:
        """Compile for sizes as far as that leaves the state alone; another thread may be training."""

    @abstractmethod
    def prepare(self, batch_size: int, fold: Fold) -> None:
        """Compile for sizes, where that has not been done; the state is undefined afterwards."""

    @abstractmethod
    def train(self, order: np.ndarray, batch_size: int, rates: np.ndarray) -> Logs:
        """Train on the rows at `order`, one batch after the other, with a learning rate for each step."""

    @abstractmethod
    def train_block(self, block: Any, n: int, batch_size: int, rates: np.ndarray) -> Logs:
        """Go on with an epoch on the first rows of a block, in their order; `rates` are those of its steps.

        Only the last block of an epoch may have fewer rows than whole batches.
        """

    @abstractmethod
    def evaluate(self, fold: Fold) -> Logs:
        """Evaluate `weights` on what a prepared fold has for that, which ends an epoch; keys without `val_`."""

    @abstractmethod
    def weights(self) -> list[np.ndarray]:
        """Return copies of the weights that are scored, in Keras's order: moving averages where they are asked for."""

    @abstractmethod
    def state(self) -> tuple[list[np.ndarray], list[np.ndarray]]:
        """Return copies of the weights and of the optimizer's variables, in Keras's order."""

    @abstractmethod
    def go_on_from(self, weights: Sequence[np.ndarray], optimizer: Sequence[np.ndarray]) -> None:
        """Replace what `state` returns."""

    @abstractmethod
    def snapshot(self) -> Arrays:
        """Return copies of everything that steps change, metrics aside, which each epoch empties."""

    @abstractmethod
    def take_up(
        self, snapshot: Arrays, knobs: Mapping[str, Any], mode: Mode, batch_size: int, fold: Fold
    ) -> None:
        """Go on from a snapshot with these settings.

        Args:
            snapshot: Of a program of the same key.
            knobs: As `begin` takes them.
            mode: What XLA compiled then; another one rounds otherwise.
            batch_size: What has to be compiled for the steps that follow.
            fold: What is trained and evaluated on.

        Raises:
            Mismatch: The snapshot is that of another model.
        """


@dataclass(frozen=True)
class Compiler:
    """What a backend offers.

    Attributes:
        name: The engine's.
        device: `"cpu"` or `"gpu"`.
        place: Puts arrays where programs read them.
        cut: Brings the validation part, placed, into the form that programs read.
        program: Makes a program of (twin, knobs, sizes, data, mode, late, averaged).
        modes: What there is to fall back to where XLA refuses, in this order.
        forget: Frees what a released program leaves behind.
    """

    name: str
    device: str
    place: Callable[[Any], Any]
    cut: Callable[[Any], Any]
    program: Callable[..., Program]
    modes: Sequence[Mode]
    forget: Callable[[], None]


@dataclass
class Pace:
    """How many steps a call may hold, learnt from those before; results do not depend on it."""

    steps: int = FIRST_CALL

    def calls(self, total: int) -> Iterator[tuple[int, int]]:
        """Yield (first, end) of each call; its time is measured until the next is asked for."""
        first = 0
        while first < total:
            end, started = min(total, first + self.steps), time.perf_counter()
            yield first, end
            seconds_a_step = (time.perf_counter() - started) / (end - first)
            self.steps = max(1, int(SECONDS_A_CALL / max(seconds_a_step, 1e-6)))
            first = end


def examples(part: Part, class_weight: Mapping[int, float] | None = None) -> tuple[Any, ...]:
    """Return a part as Keras's array adapter hands it on: (x, y) or (x, y, sample_weight).

    Args:
        part: Numbers only.
        class_weight: Becomes a weight for each example, as in `fit`; labels are class numbers or one-hot.
    """
    weight = part.sample_weight
    if class_weight is not None:
        labels = np.asarray(part.y)
        numbers = (
            labels.argmax(-1) if labels.ndim > 1 and labels.shape[-1] > 1 else labels.reshape(len(labels))
        )
        by_class = np.array([class_weight.get(int(number), 1.0) for number in numbers], "float32")
        weight = by_class if weight is None else weight * by_class
    whole = (part.x, part.y) if weight is None else (part.x, part.y, weight)
    return keras.tree.map_structure(_plain, whole)


def evaluation_batch(x: Any) -> int:
    """Return how many examples are evaluated at once, the same for every engine."""
    numbers = sum(math.prod(array.shape[1:]) for array in keras.tree.flatten(x))
    return 2048 if numbers <= SMALL_EXAMPLE else 256


def _plain(array: np.ndarray) -> np.ndarray:
    floating = np.issubdtype(array.dtype, np.floating)
    return array.astype(keras.config.floatx(), copy=False) if floating else array


def random_states(model: keras.Model) -> list[Any]:
    """Return the state variables of a model's random generators, those that have no seed of the user's."""
    found = []
    for layer in model._flatten_layers():
        if layer._layers or layer is model:  # a wrapper's generators are those of the layers in it
            continue
        try:
            seeded = layer.get_config().get("seed") is not None
        except NotImplementedError:
            seeded = False
        if not seeded:
            found += [generator.state for generator in layer._seed_generators]
    return found


def averages(model: keras.Model) -> list[tuple[Any, Any]]:
    """Return each trainable variable of a model with the optimizer's moving average of it."""
    optimizer = getattr(model.optimizer, "inner_optimizer", model.optimizer)
    pairs = zip(model.trainable_variables, optimizer._model_variables_moving_average, strict=True)
    return [(variable, average) for variable, average in pairs if average is not None]


def metric_values(model: keras.Model) -> list[np.ndarray]:
    """Return what the metrics' variables hold before an epoch."""
    model.reset_metrics()
    return [keras.ops.convert_to_numpy(variable.value) for variable in model.metrics_variables]

"""Engine: trains a candidate on data, one epoch a call."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

from autoopt.data import Cut, Part, Stream
from autoopt.engines.candidate import Candidate
from autoopt.engines.state import State
from autoopt.records import Logs

BATCH_HOOKS = (
    "on_train_batch_begin", "on_train_batch_end", "on_test_begin", "on_test_batch_begin",
    "on_test_batch_end", "on_test_end", "on_batch_begin", "on_batch_end",
)  # fmt: skip


@dataclass(frozen=True)
class Assignment:
    """What one training consists of, beyond the model.

    Attributes:
        train: What is learnt from.
        validation: What is evaluated on after each epoch.
        batch_size: Examples a step; None where the data brings its own batches.
        epochs: Most epochs.
        seed: With the number of an epoch, where the order of its examples comes from.
        class_weight: Class to weight, or None.
        callbacks: Keras callbacks; an engine looks at which hooks they have, the loop calls them.
        patience: Epochs without a better score after which it ends; None never does.
        pool: Of what `train` and `validation` are rows, where other trainings are of other rows of it; or None.
        cut: Which rows; None where all of `train` come first in the pool, and then those of `validation`.
    """

    train: Part | Stream
    validation: Part | Stream
    batch_size: int | None
    epochs: int
    seed: int
    class_weight: Mapping[int, float] | None = None
    callbacks: Sequence[keras.callbacks.Callback] = ()
    patience: int | None = None
    pool: Part | None = None
    cut: Cut | None = None

    @property
    def steps(self) -> int:
        """Batches an epoch, the last shorter one included."""
        return self.train.steps(self.batch_size)

    @property
    def by_batch(self) -> Sequence[keras.callbacks.Callback]:
        """The callbacks that have batch hooks."""
        return [callback for callback in self.callbacks if _has_batch_hooks(callback)]

    def order(self, epoch: int) -> np.ndarray:
        """Return the order of the examples of an epoch: it comes from (seed, epoch) alone."""
        chance = np.random.default_rng([self.seed, epoch])
        if isinstance(self.train, Stream) and self.train.ordered:
            return self.train.shuffled(chance)
        return chance.permutation(self.train.n or 0)


class Fitting(ABC):
    """One model being trained, one epoch a call.

    Called from one thread. Weights, optimizer state, schedule step and random state go on exactly from one
    epoch to the next.
    """

    @property
    @abstractmethod
    def engine(self) -> str:
        """Which engine trains it and how, for example `"tensorflow, XLA over epochs"`."""

    @property
    @abstractmethod
    def model(self) -> keras.Model:
        """The plain Keras model that callbacks see; what they change of it counts from the next epoch on."""

    @property
    @abstractmethod
    def costs(self) -> Mapping[str, float]:
        """Seconds so far by kind: `"compile"`, `"train"`, `"evaluate"`."""

    @property
    @abstractmethod
    def program(self) -> int | None:
        """Number of the compiled program that it runs on, None where there is none."""

    @property
    @abstractmethod
    def products(self) -> int:
        """About how many multiplications a prediction of one example takes."""

    @abstractmethod
    def epoch(self, number: int) -> Logs:
        """Train one epoch over the whole training part, and evaluate on the validation part.

        Args:
            number: Which epoch, from 0; with the seed it decides the order of the examples.

        Returns:
            Keras's keys to numbers, with `val_` before those of the validation part. May hold NaN.
        """

    @abstractmethod
    def weights(self) -> list[Any]:
        """Return copies of the model's weights as they are now, in Keras's order."""

    @abstractmethod
    def state(self) -> State:
        """Return all that the next epoch depends on; one epoch has ended at least."""

    @abstractmethod
    def restore(self, state: State) -> None:
        """Go on from a state, where no epoch has been trained; `state.epochs` is the number of the next one.

        Laws: a training that goes on in another fitting of the same candidate is, to the last bit on a CPU,
        what it would have been without a break.

        Raises:
            Mismatch: The state is that of another model or engine.
        """


class Engine(ABC):
    """A way to train. Laws: agrees with `model.fit` on the same batches; same seed, same losses."""

    name: str
    prepares: bool = False
    """Whether `fitting` may be called in another thread while a fitting of this engine trains."""

    @abstractmethod
    def fitting(self, candidate: Candidate, assignment: Assignment) -> Fitting:
        """Begin to train a candidate from its initial weights.

        Raises:
            Unfit: This engine cannot train it right.
        """

    @abstractmethod
    def release(self) -> None:
        """Forget what is kept for later trainings: the memory is needed. What trains goes on."""


class Unfit(Exception):
    """Why an engine does not take a candidate, as the end of a sentence about the trial."""


def _has_batch_hooks(callback: keras.callbacks.Callback) -> bool:
    base = keras.callbacks.Callback
    if type(callback) is keras.callbacks.ModelCheckpoint and callback.save_freq == "epoch":
        return False  # its batch hook does nothing then
    return any(
        getattr(type(callback), hook) is not getattr(base, hook) or hook in vars(callback)
        for hook in BATCH_HOOKS
    )

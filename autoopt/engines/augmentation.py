"""Augmentation: what is done to the images that a model trains on.

It stands before the model's own `call` and its loss, in training alone: evaluation does not see it, and no layer of
it is saved. Its strengths are read from the knobs; which parts there are is compiled.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import keras
from keras import ops

from autoopt.engines.knobs import Knobs
from autoopt.engines.pixels import moved, turned
from autoopt.recipe import FLIPS, Settings

TRIES = 32
"""Of a draw from a Beta distribution; at α = 1, the worst, all of them fail once in 4 · 10⁹ batches."""


@dataclass(frozen=True)
class Augmentation:
    """What is done to the images of a batch, each by its own chance.

    Attributes:
        flip: A name of `FLIPS`.
        shift: Farthest shift up, down, left or right, as a share of the side, in whole pixels.
        rotation: Farthest turn either way, as a share of a full one.
        mixup: α of Beta(α, α), from which each batch draws the share of each example in its mixture with
            another (Zhang et al. 2018); 0 mixes nothing.
    """

    flip: str = "none"
    shift: float = 0.0
    rotation: float = 0.0
    mixup: float = 0.0

    @classmethod
    def of(cls, settings: Settings) -> "Augmentation":
        """Read what a recipe asks for."""
        return cls(
            settings.flip or "none", settings.shift or 0.0, settings.rotation or 0.0, settings.mixup or 0.0
        )

    @property
    def parts(self) -> tuple[str, ...]:
        """What has to be compiled: pixels are moved, or turned, which moves them too; examples are mixed."""
        moves = self.flip != "none" or self.shift
        geometry = ("turned",) if self.rotation else ("moved",) if moves else ()
        return (*geometry, *(("mixed",) if self.mixup else ()))

    @property
    def strengths(self) -> list[float]:
        """The numbers, as `Knobs.augmentation` has them."""
        return [*FLIPS[self.flip], self.shift, self.rotation, self.mixup]

    def attach(self, model: keras.Model, seed: int | None, knobs: Knobs | None = None) -> None:
        """Have a model augment the images that it is trained on; it is saved as it was.

        Args:
            model: Its one input is a batch of images.
            seed: Where chance comes from; None leaves that to Keras.
            knobs: Where its strengths are read; None makes constants of them.
        """
        if knobs is None:
            knobs = Knobs()
            knobs.turn({"augmentation": self.strengths})
        chance = keras.random.SeedGenerator(seed)
        # A leaf's generators are among the model's states on every backend, and nothing more is saved of it.
        leaves = [layer for layer in model._flatten_layers(include_self=False) if not layer._layers]
        next(leaf for leaf in leaves if getattr(leaf, "seed", None) is None)._seed_generators.append(chance)
        shares: list[Any] = []
        model.call = _augmented(model.call, self.parts, knobs, chance, shares)
        if "mixed" in self.parts:
            model.compute_loss = _mixed_loss(model.compute_loss, shares)


def _augmented(
    call: Callable[..., Any], parts: tuple[str, ...], knobs: Knobs, chance: Any, shares: list[Any]
) -> Callable[..., Any]:
    """Return a model's `call` with its images augmented in training; tells `shares` how a batch was mixed."""

    def augmented(images: Any) -> Any:
        if not keras.backend.is_float_dtype(images.dtype):
            images = ops.cast(images, keras.config.floatx())
        strengths = ops.cast(ops.convert_to_tensor(knobs.augmentation), "float32")
        if parts[0] != "mixed":
            images = _displaced(images, strengths, chance, "turned" in parts)
        if "mixed" in parts:
            uniform = keras.random.uniform((2, TRIES), dtype="float32", seed=chance)
            shares[:] = [beta(strengths[4], uniform)]
            share = ops.cast(shares[0], images.dtype)
            images = share * images + (1 - share) * rolled(images)
        return images

    def called(inputs: Any, *args: Any, training: Any = None, **kwargs: Any) -> Any:
        inputs = keras.tree.map_structure(augmented, inputs) if training else inputs
        return call(inputs, *args, training=training, **kwargs)

    return called


def _displaced(images: Any, strengths: Any, chance: Any, turns: bool) -> Any:
    """Flip, shift and turn each image of a batch by draws of its own."""
    batch, *sides = ops.shape(images)[:3]
    uniform = keras.random.uniform((batch, 5), dtype="float32", seed=chance)
    flips = uniform[:, :2] < strengths[:2]
    farthest = strengths[2] * ops.cast(ops.stack(sides), "float32")
    shifts = ops.cast(ops.round((2 * uniform[:, 2:4] - 1) * farthest), "int32")
    if not turns:
        return moved(images, flips, shifts)
    angles = (2 * uniform[:, 4] - 1) * (strengths[3] * 2 * math.pi)
    return turned(images, flips, shifts, angles)


def _mixed_loss(loss: Callable[..., Any], shares: list[Any]) -> Callable[..., Any]:
    """Return a model's `compute_loss` for mixed batches: share · loss(y) + (1 − share) · loss(y of the other)."""

    def other(values: Any) -> Any:
        return None if values is None else keras.tree.map_structure(rolled, values)

    def mixed(
        x: Any = None, y: Any = None, y_pred: Any = None, sample_weight: Any = None, training: Any = True
    ) -> Any:
        whole = loss(x, y, y_pred, sample_weight, training=training)
        if not training or not shares:
            return whole
        share = ops.cast(shares.pop(), whole.dtype)
        return share * whole + (1 - share) * loss(
            x, other(y), y_pred, other(sample_weight), training=training
        )

    return mixed


def rolled(values: Any) -> Any:
    """Return what belongs to the example that each example of a batch is mixed with: the one before it."""
    return ops.roll(values, 1, axis=0)


def beta(alpha: Any, uniform: Any) -> Any:
    """Draw from Beta(α, α), 0 < α ≤ 1, without a loop: X / (X + Y), where X = U^(1/α) and Y = V^(1/α) sum up to at most 1.

    Jöhnk 1964. 1 for α = 0, and where no try is accepted.

    Args:
        alpha: α.
        uniform: (2, tries) of draws from 0 up to below 1.
    """
    x, y = (ops.log(1 - draws) / ops.maximum(alpha, 1e-6) for draws in (uniform[0], uniform[1]))
    accepted = ops.cast(ops.logaddexp(x, y) <= 0, "int32")
    share = ops.take(ops.sigmoid(x - y), ops.argmax(accepted))
    return ops.where(ops.logical_and(alpha > 0, ops.max(accepted) > 0), share, 1.0)

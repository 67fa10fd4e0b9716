"""Schedules: which learning rate each step of a training has, as an array and as Keras's own object.

With t of T steps behind, and those of the warm-up left out of both, a rate is α times what stands in `SHAPES`.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

DECAY_RATE = 0.01
"""γ of exponential decay: the last learning rate, as a share of the first."""

POWER = 2.0
"""p of polynomial decay."""

CYCLES = 3
"""Of cosine with restarts; each is twice as long as the one before."""

DROPS = (0.5, 0.75)
"""Where the step schedule divides by 10, as shares of the training (He et al. 2016, section 4.2)."""

DROP = 0.1

RISE = 0.3
"""Share of the one-cycle schedule in which the rate rises, from α / 25; it ends 10,000 times lower than there."""

START, END = 1 / 25, 1 / 25e4

REDUCTION, PATIENCE, MIN_DELTA = 0.2, 5, 1e-4
"""Reduce on plateau: the factor, after how many epochs, and what counts as better: `ReduceLROnPlateau`'s words."""

PIECES = 128
"""Steps that stand in for a schedule which Keras does not have."""

Shape = Callable[[np.ndarray], np.ndarray]


def _restarts(t: np.ndarray) -> np.ndarray:
    """Cosine over cycles of lengths 1, 2, 4, …, which fill the training (Loshchilov & Hutter 2017)."""
    whole = 2.0**CYCLES - 1
    cycle = np.minimum(np.floor(np.log2(t * whole + 1)), CYCLES - 1)
    within = (t * whole + 1) / 2.0**cycle - 1
    return (1 + np.cos(np.pi * within)) / 2


def _one_cycle(t: np.ndarray) -> np.ndarray:
    """Rise linearly, then fall by a cosine (Smith & Topin 2019)."""
    rising = START + (1 - START) * t / RISE
    falling = END + (1 - END) * (1 + np.cos(np.pi * (t - RISE) / (1 - RISE))) / 2
    return np.where(t < RISE, rising, falling)


SHAPES: Mapping[str, Shape] = {
    "constant": np.ones_like,
    "linear": lambda t: 1 - t,
    "polynomial": lambda t: (1 - t) ** POWER,  # α (1 − t/T)^p
    "exponential": lambda t: DECAY_RATE**t,  # α γ^(t/T)
    "cosine": lambda t: (1 + np.cos(np.pi * t)) / 2,  # Loshchilov & Hutter 2017, one cycle
    "cosine_restarts": _restarts,
    "step": lambda t: DROP ** np.searchsorted(DROPS, t, "right"),
    "one_cycle": _one_cycle,
    "plateau": np.ones_like,  # times what `plateau` says of the epochs so far
}
"""The rate as a share of α, by t/T from 0 to 1."""

OWN_WARMUP = ("one_cycle",)
"""Schedules that begin with a warm-up of their own."""


@dataclass(frozen=True)
class Schedule:
    """The learning rate of a training.

    Args:
        name: Of `SHAPES`.
        rate: α.
        total_steps: Steps of the whole training; None keeps the rate constant.
        warmup: Share of the steps in which the rate rises to α, linearly (Goyal et al. 2017).
    """

    name: str
    rate: float
    total_steps: int | None
    warmup: float = 0.0

    @property
    def moves(self) -> bool:
        """Whether the rate is another at different steps."""
        return self.total_steps is not None and bool(self.name != "constant" or self.rising)

    @property
    def rising(self) -> int:
        """Steps of the warm-up."""
        return 0 if self.name in OWN_WARMUP else round(self.warmup * (self.total_steps or 0))

    def rates(self, steps: np.ndarray, losses: Sequence[float] = ()) -> np.ndarray:
        """Return the rate at each of some steps, counted from 0.

        Args:
            steps: Of one epoch.
            losses: `val_loss` of every epoch before it; only reduce-on-plateau looks at them.
        """
        if self.total_steps is None:
            return np.full(len(steps), self.rate)
        t = np.clip((steps - self.rising) / max(self.total_steps - self.rising, 1), 0.0, 1.0)
        scale = plateau(losses) if self.name == "plateau" else 1.0
        found = scale * self.rate * SHAPES[self.name](t)
        if not self.rising:
            return found
        return np.where(steps < self.rising, self.rate * (steps + 1) / self.rising, found)

    def keras(self) -> Any:
        """Return what a plain optimizer takes: a number, or one of Keras's own schedules.

        Exact where Keras has it; else the nearest step function of `PIECES` pieces, so that a model is read back
        without us. Reduce-on-plateau stands still: it needs what an epoch has reached.
        """
        from keras.optimizers import schedules

        total = self.total_steps
        if total is None or self.name == "plateau":
            return (
                self.rate if self.name == "constant" and not self.warmup else _standing(schedules, self.rate)
            )
        whole = self.name != "one_cycle" or (RISE * total).is_integer()  # Keras's warm-up takes whole steps
        if not self.rising and self.name in _KERAS and whole:
            return _KERAS[self.name](schedules, self.rate, total)
        return self._pieces(schedules, total) if self.moves else self.rate

    def _pieces(self, schedules: Any, total: int) -> Any:
        ends = np.unique(np.linspace(0, total, PIECES + 1).round().astype(int))
        middles = (ends[:-1] + ends[1:] - 1) / 2
        boundaries = [int(end) - 1 for end in ends[1:-1]]  # the last step of a piece: Keras includes it
        values = [float(value) for value in self.rates(middles)]
        if not boundaries:  # a training of one step, for which Keras's step function has no case
            return _standing(schedules, values[0])
        return schedules.PiecewiseConstantDecay(boundaries, values)


def _standing(schedules: Any, rate: float) -> Any:
    """Return a schedule that stays at a rate.

    It is no number: an optimizer saved under a schedule has no variable for the rate, and is loaded into one that has
    none either.
    """
    return schedules.ExponentialDecay(rate, 1, decay_rate=1.0)


_KERAS: Mapping[str, Callable[[Any, float, int], Any]] = {
    "linear": lambda schedules, rate, total: schedules.PolynomialDecay(rate, total, 0.0, power=1.0),
    "polynomial": lambda schedules, rate, total: schedules.PolynomialDecay(
        rate, total, end_learning_rate=0.0, power=POWER
    ),
    "exponential": lambda schedules, rate, total: schedules.ExponentialDecay(rate, total, DECAY_RATE),
    "cosine": lambda schedules, rate, total: schedules.CosineDecay(rate, total),
    "cosine_restarts": lambda schedules, rate, total: schedules.CosineDecayRestarts(
        rate, total / (2.0**CYCLES - 1), t_mul=2.0
    ),
    "one_cycle": lambda schedules, rate, total: schedules.CosineDecay(
        START * rate,
        round((1 - RISE) * total),
        END,
        warmup_target=rate,
        warmup_steps=round(RISE * total),
    ),
}


def rising_share(values: Mapping[str, Any]) -> float:
    """Return in which share of a training the learning rate rises, by the hyperparameters that are searched.

    Args:
        values: Name to value; what is not among them is as the user wrote it.
    """
    if values.get("optimizer/schedule") in OWN_WARMUP:
        return RISE
    return float(values.get("optimizer/warmup") or 0.0)


def plateau(losses: Sequence[float]) -> float:
    """Return the factor by which the rate is reduced after some epochs, as `keras.callbacks.ReduceLROnPlateau` does.

    It is multiplied by `REDUCTION` each time that `PATIENCE` epochs in a row are not better than the best one
    by more than `MIN_DELTA`.

    Args:
        losses: One an epoch; those that are no number say nothing.
    """
    factor, best, waited = 1.0, math.inf, 0
    for loss in filter(math.isfinite, losses):
        if loss < best - MIN_DELTA:
            best, waited = loss, 0
            continue
        waited += 1
        if waited >= PATIENCE:
            factor, waited = factor * REDUCTION, 0
    return factor

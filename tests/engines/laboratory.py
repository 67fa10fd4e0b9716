"""Every engine that the loaded backend has, and what the laws do with one: train with it, and with plain `fit`."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import keras
import numpy as np
import pytest

from autoopt.data import Part, Stream
from autoopt.engines import (
    Assignment,
    AutomaticEngine,
    Candidate,
    CompiledEngine,
    Engine,
    Fitting,
    KerasEngine,
    Training,
    candidate_of,
    engine_named,
    train,
)  # fmt: skip
from autoopt.engines.program import Mode
from autoopt.records import Objective
from tests.counts import FULL

BACKEND = keras.backend.backend()
EPOCHS, BATCH, SEED = 3, 16, 5
ACCURACY, LOSS = Objective("val_accuracy", "max"), Objective("val_loss", "min")
MODES: Sequence[Mode] = {"tensorflow": ("epoch", "step", "plain"), "jax": ("epoch", "step")}.get(BACKEND, ())
USUAL: Sequence[Mode] = [mode for mode in MODES if FULL or mode != "step"]
"""Modes for laws of all: XLA over steps has the loop of one of the others and the compiler of the other."""
SPOKEN = {"epoch": "XLA over epochs", "step": "XLA over steps", "plain": "without XLA"}


def compiled(mode: Mode | None = None, most: int = 16) -> CompiledEngine:
    """Return the backend's own engine, with a mode forced or as the rule says."""
    if BACKEND == "tensorflow":
        from autoopt.engines import tensorflow as backend
    elif BACKEND == "jax":
        from autoopt.engines import jax as backend  # type: ignore[no-redef]
    else:
        pytest.skip(f"the {BACKEND} backend compiles no epochs")
    return CompiledEngine(backend.compiler(), most=most, mode=mode)


class Fit(KerasEngine):
    """Plain `fit`, unless at full counts step by step on TensorFlow: tracing takes longer than so few steps.

    Models of several outputs are traced always: step by step Keras logs other losses of each.
    """

    def fitting(self, candidate: Candidate, assignment: Assignment) -> Fitting:
        if BACKEND == "tensorflow" and not FULL and len(getattr(candidate.model, "outputs", None) or ()) < 2:
            candidate.model.run_eagerly = True
        return super().fitting(candidate, assignment)


ENGINES: dict[str, Callable[[], Engine]] = {
    "keras": Fit,
    "automatic": lambda: engine_named("auto"),
    **{mode: lambda mode=mode: AutomaticEngine(compiled(mode)) for mode in MODES},  # type: ignore[misc]
}
"""Name to what makes the engine; a new engine or mode is one line."""

EVERY_ENGINE = pytest.mark.parametrize("engine", ["keras", "automatic"])
"""For laws that do not depend on what XLA compiles."""


def made(make: Callable[[], keras.Model]) -> keras.Model:
    """Return the same model each time."""
    keras.utils.set_random_seed(1)
    return make()


def assigned(
    part: Part | Stream, validation: Part | Stream | None = None, size: int | None = BATCH,
    epochs: int = EPOCHS, seed: int = SEED, weights: Mapping[int, float] | None = None,
    callbacks: Sequence[keras.callbacks.Callback] = (),
) -> Assignment:  # fmt: skip
    """Return an assignment of three epochs."""
    return Assignment(part, validation or part, size, epochs, seed, weights, callbacks)


def ran(
    engine: Engine, candidate: Candidate, assignment: Assignment, objective: Objective = LOSS
) -> tuple[Training, Fitting]:
    """Train to the end, and return what was reached and by what."""
    fitting = engine.fitting(candidate, assignment)
    return train(fitting, assignment, objective, lambda epoch, logs: "continue"), fitting


def trained(engine: str, model: keras.Model, part: Part | Stream, **rest: Any) -> Training:
    """Train a compiled Keras model with a fresh engine, which has to be the one that is meant."""
    objective = rest.pop("objective", LOSS)
    found, fitting = ran(ENGINES[engine](), candidate_of(model), assigned(part, **rest), objective)
    assert_meant(engine, fitting)
    return found


def assert_meant(engine: str, fitting: Fitting) -> None:
    """Fail where an engine handed the model to plain `fit`, or XLA did not compile what it was to."""
    if engine == "keras" or BACKEND == "torch":
        assert fitting.engine.startswith("keras") and fitting.program is None
    else:
        assert fitting.engine.startswith(f"{BACKEND}, {SPOKEN.get(engine, '')}"), fitting.engine


def fitted(
    model: keras.Model, part: Part, weights: Mapping[int, float] | None = None, epochs: int = EPOCHS
) -> tuple[dict[str, list[float]], list[np.ndarray]]:
    """Train with plain `fit` on the same batches in the same order; return history and weights."""
    gathered: dict[str, list[float]] = {}
    for epoch in range(epochs):
        some = part.take(np.random.default_rng([SEED, epoch]).permutation(part.n))
        logs = model.fit(
            some.x, some.y, sample_weight=some.sample_weight, class_weight=weights, batch_size=BATCH,
            shuffle=False, verbose=0, validation_data=(part.x, part.y, part.sample_weight),
            validation_batch_size=2048,
        ).history  # fmt: skip
        for name, values in logs.items():
            gathered.setdefault(name, []).extend(values)
    return gathered, model.get_weights()


def apart(some: Sequence[np.ndarray], others: Sequence[np.ndarray]) -> float:
    """Return the largest difference between two lists of weights."""
    pairs = zip(some, others, strict=True)
    return max(float(np.abs(np.float32(one) - np.float32(other)).max()) for one, other in pairs)


def traces(engine: CompiledEngine) -> list[int]:
    """Return how often each program that is kept has been traced."""
    return [kept.program.traces for kept in engine._programs.values()]

"""Programs on JAX: a whole epoch in one call, or step by step where XLA's loops are slow."""

import contextlib
import weakref
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import jax
import keras
import numpy as np
import platformdirs
from jax import lax
from jax.experimental.compilation_cache import compilation_cache

from autoopt import seeding
from autoopt.engines.knobs import SCALARS, VECTORS, Knobs
from autoopt.engines.program import (
    Compiler,
    Mode,
    Pace,
    Program,
    evaluation_batch,
    metric_values,
    random_states,
)
from autoopt.records import Logs

WORTH_KEEPING = 0.1
"""Seconds of a compilation from which on it is kept on disk."""

HASTY = {"xla_backend_optimization_level": 0}
"""Options of XLA that halve the time of a compilation on a CPU."""

MOST_BYTES = 2 * 2**30
"""Of compilations on disk; those that were not used for longest go first."""


def place(arrays: Any) -> Any:
    """Put arrays where programs read them."""
    return keras.tree.map_structure(jax.device_put, arrays)


def compiler() -> Compiler:
    """Return what this backend offers."""
    device = "cpu" if jax.default_backend() == "cpu" else "gpu"
    return Compiler("jax", device, place, _cut, JaxProgram, ("step",), jax.clear_caches)


def capability() -> float:
    """Return the compute capability of the GPU, 0 without one or on another maker's."""
    told = str(getattr(jax.local_devices()[0], "compute_capability", ""))
    return float(told) if told.replace(".", "", 1).isdigit() else 0.0  # AMD's is a name as "gfx90a"


@contextlib.contextmanager
def compilations_kept() -> Iterator[None]:
    """Keep compiled programs in the user's cache folder for a while, unless the user has a folder for them."""
    names = (
        "jax_compilation_cache_dir",
        "jax_persistent_cache_min_compile_time_secs",
        "jax_compilation_cache_max_size",
    )
    before = {name: getattr(jax.config, name) for name in names}
    if before["jax_compilation_cache_dir"]:
        yield
        return
    folder = platformdirs.user_cache_path("autoopt") / "jax"
    try:
        for name, value in zip(names, (str(folder), WORTH_KEEPING, MOST_BYTES), strict=True):
            jax.config.update(name, value)
        compilation_cache.reset_cache()  # JAX looks for the folder once, at its first compilation
        yield
    finally:
        for name, value in before.items():
            jax.config.update(name, value)
        compilation_cache.reset_cache()


class JaxProgram(Program):
    """A twin's training step, compiled once for each batch size.

    Args:
        twin: Compiled; it gives the program its variables' order, and keeps none of its state.
        knobs: What the twin reads its settings from.
        sizes: Name of each vector in the knobs to its length.
        train: (x, y) or (x, y, sample_weight), placed.
        validation: The batches that are evaluated, likewise.
        mode: Whether XLA compiles the whole epoch or a step.
        late: Is of no use here.
    """

    def __init__(
        self, twin: keras.Model, knobs: Knobs, sizes: Mapping[str, int], train: Any, validation: Any, mode: Mode,
        late: bool,
    ) -> None:  # fmt: skip
        self.twin, self._knobs, self._train = twin, knobs, train
        self.mode = mode
        self._mode: Mode = "step" if mode == "hasty" else mode
        self._hasty = mode == "hasty" and jax.default_backend() == "cpu"
        self._pace = Pace()
        self._inputs: dict[str, Any] = {name: np.float32(0) for name in SCALARS}
        self._inputs |= {name: np.zeros(sizes.get(name, 0), "float32") for name in VECTORS}
        knobs.turn(self._inputs)
        twin._symbolic_build(data_batch=keras.tree.map_structure(lambda array: array[:1], train))
        sides = (twin.trainable_variables, twin.non_trainable_variables)
        self._random, self._weights = _places(random_states(twin), *sides), _places(twin.weights, *sides)
        self._metrics = metric_values(twin)
        self._emptied = place(self._metrics)
        self._fresh = [np.asarray(variable.value) for variable in twin.optimizer.variables]
        self._others = [np.asarray(variable.value) for variable in twin.non_trainable_variables]
        self._state: Any = None
        self._shapes = jax.tree.map(lambda a: jax.ShapeDtypeStruct(a.shape, a.dtype), self._begun())
        self._compiled: dict[Any, Any] = {}
        self.traces = 0
        itself = weakref.ref(
            self
        )  # a program that is given up is freed at once, and what it has on the device
        self._step = jax.jit(lambda *given: itself()._trained(*given))  # type: ignore[union-attr]
        self._batches = validation

    def begin(self, weights: Sequence[np.ndarray], knobs: Mapping[str, Any], seed: int | None) -> None:
        """Make a new state."""
        self._inputs |= {name: np.asarray(value, "float32") for name, value in knobs.items()}
        self._state = self._begun()
        for index, (side, place) in enumerate(self._random):
            if seed is not None:
                self._state[side][place] = _own(np.array([seeding.derive(seed, index), 0], "uint32"))
        self.go_on_from(weights, self._fresh)

    def prepare(self, batch_size: int) -> None:
        """Compile ahead of the first call."""
        self.compile(batch_size)

    def compile(self, batch_size: int) -> None:
        """Compile; no state is needed for that."""
        rows = len(keras.tree.flatten(self._train)[0])
        full, rest = divmod(rows, batch_size)
        wanted: list[tuple[Any, Callable[[], Any]]] = []
        if full:
            wanted.append(self._training((full, batch_size), self._mode))
        if rest:
            wanted.append(self._training((1, rest), "step"))
        wanted += [self._testing(batch) for batch in self._batches]
        # Traced one after the other: Python does that. Compiled side by side: XLA does that.
        missing = [(key, lower()) for key, lower in dict(wanted).items() if key not in self._compiled]
        with ThreadPoolExecutor(max(1, len(missing))) as threads:
            for key, compiled in threads.map(self._built, missing):
                self._compiled[key] = compiled

    def train(self, order: np.ndarray, batch_size: int, rates: np.ndarray) -> Logs:
        """Run all full batches, then the shorter last one."""
        full = len(order) // batch_size
        logs: Any = {}
        self._state = (
            *self._state[:3],
            [*self._metrics],
        )  # copied by the call, which may write over its inputs
        if full:
            grid = order[: full * batch_size].reshape(full, batch_size).astype("int32")
            logs = self._run(grid, rates[:full], self._mode)
        if len(order) > full * batch_size:
            logs = self._run(order[None, full * batch_size :].astype("int32"), rates[full:], "step")
        return _numbers(logs)

    def evaluate(self) -> Logs:
        """Evaluate batch by batch."""
        trainable, others, _, _ = self._state
        logs, state = {}, (trainable, others, self._emptied)
        for batch in self._batches:
            logs, state = self._compiled[self._testing(batch)[0]](state, self._inputs, batch)
        return _numbers(logs)

    def weights(self) -> list[np.ndarray]:
        """Copy the weights from the device."""
        return [np.array(self._state[side][place]) for side, place in self._weights]

    def state(self) -> tuple[list[np.ndarray], list[np.ndarray]]:
        """Copy weights and optimizer variables from the device."""
        return self.weights(), [np.array(value) for value in self._state[2]]

    def go_on_from(self, weights: Sequence[np.ndarray], optimizer: Sequence[np.ndarray]) -> None:
        """Replace weights and optimizer variables."""
        for (side, place), value in zip(self._weights, weights, strict=True):
            self._state[side][place] = _own(value)
        self._state[2][:] = [_own(value) for value in optimizer]

    def _begun(self) -> Any:
        zeros = [_own(np.zeros(v.shape, v.dtype)) for v in self.twin.trainable_variables]
        return zeros, [_own(value) for value in self._others], [*self._fresh], [*self._metrics]

    def _run(self, grid: np.ndarray, rates: np.ndarray, mode: Mode) -> Any:
        program, rates, logs = self._compiled[grid.shape, mode], rates.astype("float32"), {}
        for first, end in self._pace.calls(len(grid)):
            if mode == "epoch":
                span = (np.int32(first), np.int32(end))
                logs, self._state = program(self._state, self._inputs, self._train, grid, rates, *span)
            else:
                for i in range(first, end):
                    logs, self._state = program(
                        self._state, self._inputs, self._train, grid, rates, np.int32(i)
                    )
            jax.block_until_ready(logs)
        return logs

    def _training(self, shape: tuple[int, ...], mode: Mode) -> tuple[Any, Callable[[], Any]]:
        """Return the key of the function for a grid of batches, and what traces it."""

        def lower() -> Any:
            grid, rates = jax.ShapeDtypeStruct(shape, np.int32), jax.ShapeDtypeStruct(shape[:1], np.float32)
            function, numbers = (self._stepped, 1) if mode == "step" else (self._looped, 2)
            place = [jax.ShapeDtypeStruct((), np.int32)] * numbers
            given = (self._shapes, self._inputs, self._train, grid, rates, *place)
            return jax.jit(function, donate_argnums=0).lower(*given)

        return (shape, mode), lower

    def _testing(self, batch: Any) -> tuple[Any, Callable[[], Any]]:
        """Return the key of the function that evaluates a batch like this one, and what traces it."""

        def lower() -> Any:
            trainable, others, _, metrics = self._shapes
            return jax.jit(self._tested).lower((trainable, others, metrics), self._inputs, batch)

        return len(keras.tree.flatten(batch)[0]), lower

    def _built(self, traced: tuple[Any, Any]) -> tuple[Any, Any]:
        key, lowered = traced
        # The shorter last batch is one step an epoch: not worth more compiling than it takes.
        once = isinstance(key, tuple) and key[0][0] == 1 and jax.default_backend() == "cpu"
        return key, lowered.compile(HASTY if self._hasty or once else None)

    def _trained(self, state: Any, knobs: Any, rate: Any, batch: Any) -> Any:
        self.traces += 1
        self._knobs.turn({**knobs, "learning_rate": rate})
        return self.twin.train_step(state, batch)

    def _tested(self, state: Any, knobs: Any, batch: Any) -> Any:
        self._knobs.turn(knobs)
        return self.twin.test_step(state, batch)

    def _stepped(self, state: Any, knobs: Any, train: Any, grid: Any, rates: Any, i: Any) -> Any:
        batch = keras.tree.map_structure(lambda array: array[grid[i]], train)
        return self._step(state, knobs, rates[i], batch)

    def _looped(self, state: Any, knobs: Any, train: Any, grid: Any, rates: Any, first: Any, end: Any) -> Any:
        def step(i: Any, carried: Any) -> Any:
            return self._stepped(carried[1], knobs, train, grid, rates, i)

        shapes = jax.eval_shape(self._stepped, state, knobs, train, grid, rates, first)[0]
        empty = jax.tree.map(lambda logs: np.zeros(logs.shape, logs.dtype), shapes)
        return lax.fori_loop(first, end, step, (empty, state))


def _cut(validation: Any) -> list[Any]:
    """Return the batches that are evaluated."""
    rows, size = len(keras.tree.flatten(validation)[0]), evaluation_batch(validation[0])
    return [
        keras.tree.map_structure(lambda array, first=first: array[first : first + size], validation)
        for first in range(0, rows, size)
    ]


def _places(variables: Sequence[Any], *lists: Any) -> list[tuple[int, int]]:
    """Return in which list, and where in it, each variable stands."""
    known = {id(v): (side, place) for side, some in enumerate(lists) for place, v in enumerate(some)}
    return [known[id(variable)] for variable in variables]


def _own(value: np.ndarray) -> Any:
    """Return an array on the device over memory of its own: a step is free to write over it."""
    return jax.device_put(np.array(value))


def _numbers(logs: Any) -> Logs:
    return {name: float(value) for name, value in logs.items()}

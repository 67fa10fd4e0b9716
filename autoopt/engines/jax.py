"""Programs on JAX: a whole epoch in one call, or step by step where XLA's loops are slow."""

import contextlib
import functools
import logging
import weakref
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import jax
import jax.numpy as jnp
import keras
import numpy as np
import platformdirs
from jax import lax
from jax.experimental.compilation_cache import compilation_cache

from autoopt import seeding
from autoopt.engines.knobs import SCALARS, VECTORS, Knobs
from autoopt.engines.program import (
    Compiler,
    Fold,
    Mode,
    Pace,
    Program,
    averages,
    evaluation_batch,
    metric_values,
    random_states,
)
from autoopt.engines.state import Arrays, check_shapes
from autoopt.records import Logs

logger = logging.getLogger(__name__)

WORTH_KEEPING = 0.1
"""Seconds of a compilation from which on it is kept on disk."""

HASTY = {"xla_backend_optimization_level": 0}
"""Options of XLA that halve the time of a compilation on a CPU."""

KINDS = ("weights", "states", "optimizer")
"""What a program's state consists of, the metrics after it: trained variables, others, the optimizer's."""

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
        data: (x, y) or (x, y, sample_weight), placed, of which rows are trained on; or some rows of it, where it comes in blocks.
        mode: Whether XLA compiles the whole epoch or a step.
        late: Is of no use here.
        averaged: Whether the optimizer's moving average of the weights is what is scored.
    """

    def __init__(
        self, twin: keras.Model, knobs: Knobs, sizes: Mapping[str, int], data: Any, mode: Mode, late: bool,
        averaged: bool = False,
    ) -> None:  # fmt: skip
        self.twin, self._knobs, self._data = twin, knobs, data
        self.mode = mode
        self._mode: Mode = "step" if mode == "hasty" else mode
        self._hasty = mode == "hasty" and jax.default_backend() == "cpu"
        self._pace = Pace()
        self._inputs: dict[str, Any] = {name: np.float32(0) for name in SCALARS}
        self._inputs |= {name: np.zeros(sizes.get(name, 0), "float32") for name in VECTORS}
        knobs.turn(self._inputs)
        twin._symbolic_build(data_batch=keras.tree.map_structure(lambda array: array[:1], data))
        sides = (twin.trainable_variables, twin.non_trainable_variables)
        self._random, self._weights = _places(random_states(twin), *sides), _places(twin.weights, *sides)
        self._averages = [
            (_places([variable], sides[0])[0][1], _places([average], twin.optimizer.variables)[0][1])
            for variable, average in (averages(twin) if averaged else ())
        ]
        self._metrics = metric_values(twin)
        self._emptied = place(self._metrics)
        self._fresh = [np.asarray(variable.value) for variable in twin.optimizer.variables]
        self._others = [np.asarray(variable.value) for variable in twin.non_trainable_variables]
        self._state: Any = None
        self._shapes = jax.tree.map(
            lambda a: jax.ShapeDtypeStruct(a.shape, jax.dtypes.canonicalize_dtype(a.dtype)), self._begun()
        )
        self._compiled: dict[Hashable, Any] = {}
        self._names: dict[str, list[str]] = {}
        self.traces = 0
        itself = weakref.ref(
            self
        )  # a program that is given up is freed at once, and what it has on the device
        self._traced = jax.jit(lambda *given: itself()._trained(*given))  # type: ignore[union-attr]

    def begin(self, weights: Sequence[np.ndarray], knobs: Mapping[str, Any], seed: int | None) -> None:
        """Make a new state."""
        self._inputs |= {name: np.asarray(value, "float32") for name, value in knobs.items()}
        self._state = self._begun()
        for index, (side, place) in enumerate(self._random):
            if seed is not None:
                self._state[side][place] = _own(np.array([seeding.derive(seed, index), 0], "uint32"))
        self.go_on_from(weights, self._fresh)

    def prepare(self, batch_size: int, fold: Fold) -> None:
        """Compile ahead of the first call."""
        self.compile(batch_size, fold)

    def compile(self, batch_size: int, fold: Fold) -> None:
        """Compile; no state is needed for that."""
        rest = fold.n % batch_size
        wanted = [self._batch(rest, fold)] if rest else []
        if fold.n >= batch_size:
            looped = self._mode == "epoch"
            wanted.append(self._epoch(batch_size, fold) if looped else self._batch(batch_size, fold))
        batches = fold.validation
        if fold.block is not None:
            batches = [_form(fold.validation.form, size) for size in fold.validation.sizes]
        wanted += [self._testing(batch) for batch in batches]
        # Traced one after the other: Python does that. Compiled side by side: XLA does that.
        missing = [(key, lower()) for key, lower in dict(wanted).items() if key not in self._compiled]
        with ThreadPoolExecutor(max(1, len(missing))) as threads:
            for key, compiled in threads.map(self._built, missing):
                self._compiled[key] = compiled

    def train(self, order: np.ndarray, batch_size: int, rates: np.ndarray) -> Logs:
        """Run all full batches, then the shorter last one."""
        return self._run(self._data, order, len(order), batch_size, rates)

    def train_block(self, block: Any, n: int, batch_size: int, rates: np.ndarray) -> Logs:
        """Run the same of a block, which takes the place of the data; `_epoch` knows an order of one length alone."""
        rows = _rows(block)
        return self._run(block, np.arange(rows), n, batch_size, np.resize(rates, -(-rows // batch_size)))

    def _run(self, data: Any, order: np.ndarray, n: int, batch_size: int, rates: np.ndarray) -> Logs:
        """Train on the first `n` rows of an order."""
        full, rest, logs = n // batch_size, n % batch_size, None
        order, rates = order.astype("int32"), rates.astype("float32")
        run = self._looped if self._mode == "epoch" else self._stepped
        for first, end in self._pace.calls(full) if full else [(0, 0)]:
            if full:
                logs = run(data, order, batch_size, rates, first, end)
            if rest and end == full:
                logs = self._stepped(data, order[:n], batch_size, rates, full, full + 1)
            jax.block_until_ready(logs)
        return self._numbers("train", logs)

    def evaluate(self, fold: Fold) -> Logs:
        """Evaluate batch by batch, and leave the metrics empty for the next epoch."""
        # Metrics are copied by the next call, which may write over its inputs.
        self._state = (*self._state[:3], [*self._metrics])
        trainable, others = self._scored()
        logs, state = None, (trainable, others, self._emptied)
        for batch in fold.validation:
            logs, state = self._compiled[self._testing(batch)[0]](state, self._inputs, batch)
        return self._numbers("test", logs)

    def weights(self) -> list[np.ndarray]:
        """Copy the weights from the device."""
        return self._copied(self._scored())

    def state(self) -> tuple[list[np.ndarray], list[np.ndarray]]:
        """Copy weights and optimizer variables from the device."""
        return self._copied(self._state), [np.array(value) for value in self._state[2]]

    def go_on_from(self, weights: Sequence[np.ndarray], optimizer: Sequence[np.ndarray]) -> None:
        """Replace weights and optimizer variables."""
        for (side, place), value in zip(self._weights, weights, strict=True):
            self._state[side][place] = _own(value)
        self._state[2][:] = [_own(value) for value in optimizer]

    def snapshot(self) -> Arrays:
        """Copy the state from the device, without the metrics."""
        sides = zip(KINDS, self._state, strict=False)
        return {kind: [np.array(value) for value in some] for kind, some in sides}

    def take_up(
        self, snapshot: Arrays, knobs: Mapping[str, Any], mode: Mode, batch_size: int, fold: Fold
    ) -> None:
        """Make a state of a snapshot."""
        check_shapes(snapshot, dict(zip(KINDS, self._shapes, strict=False)))
        if mode != self.mode:  # the program was made anew, for a training of another length
            logger.info(
                "A training under %s goes on under %s: its last digits may be others.", mode, self.mode
            )
        self.compile(batch_size, fold)
        self._inputs |= {name: np.asarray(value, "float32") for name, value in knobs.items()}
        self._state = (*([_own(value) for value in snapshot[kind]] for kind in KINDS), [*self._metrics])

    def _scored(self) -> tuple[list[Any], list[Any]]:
        """Return what is evaluated: the trained weights, or their moving averages; and what is not trained."""
        trainable = [*self._state[0]]
        for place, average in self._averages:
            trainable[place] = self._state[2][average]
        return trainable, self._state[1]

    def _copied(self, sides: Any) -> list[np.ndarray]:
        return [np.array(sides[side][place]) for side, place in self._weights]

    def _begun(self) -> Any:
        zeros = [_own(np.zeros(v.shape, v.dtype)) for v in self.twin.trainable_variables]
        return zeros, [_own(value) for value in self._others], [*self._fresh], [*self._metrics]

    def _looped(
        self, data: Any, order: np.ndarray, size: int, rates: np.ndarray, first: int, end: int
    ) -> Any:
        program = self._compiled["epoch", size, len(order), _rows(data)]
        span = np.int32(first), np.int32(end)
        logs, self._state = program(self._state, self._inputs, data, order, rates, *span)
        return logs

    def _stepped(
        self, data: Any, order: np.ndarray, size: int, rates: np.ndarray, first: int, end: int
    ) -> Any:
        logs = None
        for i in range(first, end):
            ids = order[i * size : (i + 1) * size]
            program = self._compiled["step", len(ids), _rows(data)]
            logs, self._state = program(self._state, self._inputs, data, ids, rates[i])
        return logs

    def _epoch(self, size: int, fold: Fold) -> tuple[Any, Callable[[], Any]]:
        """Return the key of the function for the full batches of what is there at once, and what traces it."""
        rows, data = fold.rows, self._there(fold)

        def lower() -> Any:
            order = jax.ShapeDtypeStruct((rows,), np.int32)
            rates = jax.ShapeDtypeStruct((-(-rows // size),), np.float32)
            span = [jax.ShapeDtypeStruct((), np.int32)] * 2
            given = (self._shapes, self._inputs, data, order, rates, *span)
            return jax.jit(functools.partial(self._loop, size), donate_argnums=0).lower(*given)

        return ("epoch", size, rows, _rows(data)), lower

    def _batch(self, size: int, fold: Fold) -> tuple[Any, Callable[[], Any]]:
        """Return the key of the function for a batch of a size, and what traces it."""
        data = self._there(fold)

        def lower() -> Any:
            ids, rate = jax.ShapeDtypeStruct((size,), np.int32), jax.ShapeDtypeStruct((), np.float32)
            given = (self._shapes, self._inputs, data, ids, rate)
            return jax.jit(self._step, donate_argnums=0).lower(*given)

        return ("step", size, _rows(data)), lower

    def _there(self, fold: Fold) -> Any:
        """Return what a program is compiled on: the data, or the form of a block."""
        if fold.block is None:
            return self._data
        return _form(self._data, fold.block)

    def _testing(self, batch: Any) -> tuple[Any, Callable[[], Any]]:
        """Return the key of the function that evaluates a batch like this one, and what traces it."""

        def lower() -> Any:
            trainable, others, _, metrics = self._shapes
            return jax.jit(self._test).lower((trainable, others, metrics), self._inputs, batch)

        return ("test", _rows(batch)), lower

    def _built(self, traced: tuple[Any, Any]) -> tuple[Any, Any]:
        key, lowered = traced
        # The shorter last batch is one step an epoch: not worth more compiling than it takes.
        once = key[0] == "step" and self._mode == "epoch" and jax.default_backend() == "cpu"
        return key, lowered.compile(HASTY if self._hasty or once else None)

    def _trained(self, state: Any, knobs: Any, rate: Any, batch: Any) -> Any:
        self.traces += 1
        self._knobs.turn({**knobs, "learning_rate": rate})
        return self.twin.train_step(state, batch)

    def _test(self, state: Any, knobs: Any, batch: Any) -> Any:
        self._knobs.turn(knobs)
        logs, state = self.twin.test_step(state, batch)
        return self._packed("test", logs), state

    def _step(self, state: Any, knobs: Any, train: Any, ids: Any, rate: Any) -> Any:
        batch = keras.tree.map_structure(lambda array: array[ids], train)
        logs, state = self._traced(state, knobs, rate, batch)
        return self._packed("train", logs), state

    def _loop(
        self, size: int, state: Any, knobs: Any, train: Any, order: Any, rates: Any, first: Any, end: Any
    ) -> Any:
        """Run the steps from `first` to before `end`; the logs are empty where a shorter batch follows."""
        full, rest = divmod(len(order), size)
        grid = order[: full * size].reshape(full, size)
        knobs = {name: tuple(value) if value.ndim else value for name, value in knobs.items()}  # cut once

        def step(i: Any, carried: Any) -> Any:
            logs, state = self._step(carried[1], knobs, train, grid[i], rates[i])
            return (carried[0] if rest else logs), state

        told = jax.eval_shape(self._step, state, knobs, train, grid[0], rates[0])[0]
        return lax.fori_loop(first, end, step, (jnp.zeros(told.shape), state))

    def _packed(self, use: str, logs: Logs) -> Any:
        """Return the values of logs as one array: it takes one copy to read them."""
        self._names[use] = list(logs)
        return jnp.stack([jnp.asarray(value, "float32") for value in logs.values()])

    def _numbers(self, use: str, logs: Any) -> Logs:
        return dict(zip(self._names[use], np.asarray(logs).tolist(), strict=True))


def _rows(data: Any) -> int:
    return int(keras.tree.flatten(data)[0].shape[0])


def _form(data: Any, rows: int) -> Any:
    """Return the shapes and types of so many rows as those of some data, placed."""
    return keras.tree.map_structure(
        lambda a: jax.ShapeDtypeStruct((rows, *a.shape[1:]), jax.dtypes.canonicalize_dtype(a.dtype)), data
    )


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

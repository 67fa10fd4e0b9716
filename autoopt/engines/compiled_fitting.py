"""One training by a compiled program: begun anew, epoch by epoch, with callbacks shown what it reaches."""

import math
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

from autoopt.data import Stream
from autoopt.engines.blocks import Blocks, Placing
from autoopt.engines.candidate import Candidate
from autoopt.engines.engine import Assignment, Fitting
from autoopt.engines.program import Fold, Mode, Program
from autoopt.engines.state import State, assign, copied
from autoopt.records import Logs
from autoopt.surgery import products

SHOWN = "variables that callbacks see"
"""Kind of variable, in a state."""

SPOKEN: Mapping[Mode, str] = {
    "epoch": "XLA over epochs",
    "step": "XLA over steps",
    "hasty": "XLA over steps, in haste",
    "plain": "without XLA",
}


@dataclass
class Kept:
    """A program, and what is told of it."""

    number: int
    program: Program


class CompiledFitting(Fitting):
    """A candidate on a program that is kept.

    Args:
        engine: Name of the backend's.
        kept: The program.
        candidate: What is trained.
        assignment: On what.
        weights: Those that it begins with; None where the candidate draws them.
        fold: What the program reads of the data.
        place: Puts arrays where programs read them.
    """

    def __init__(
        self, engine: str, kept: Kept, candidate: Candidate, assignment: Assignment, weights: Any, fold: Fold,
        place: Placing,
    ) -> None:  # fmt: skip
        self._engine, self._kept, self._candidate, self._task = engine, kept, candidate, assignment
        self._weights, self._fold, self._place = weights, fold, place
        self._costs = {"compile": 0.0, "train": 0.0, "evaluate": 0.0}
        self._hooked = bool(assignment.callbacks)
        self._losses: list[float] = []

    @property
    def engine(self) -> str:
        """The backend, what XLA compiles, and the policies of the layers."""
        return f"{self._engine}, {SPOKEN[self._kept.program.mode]}, {_policies(self._kept.program.twin)}"

    @property
    def model(self) -> keras.Model:
        """The candidate's, which callbacks see."""
        return self._candidate.model

    @property
    def costs(self) -> Mapping[str, float]:
        """Seconds so far by kind."""
        return self._costs

    @property
    def program(self) -> int | None:
        """The number of the one that it runs on."""
        return self._kept.number

    @property
    def products(self) -> int:
        """Those of the program's twin."""
        return products(self._kept.program.twin)

    def epoch(self, number: int) -> Logs:
        """Run the program over all steps, and have it evaluate."""
        program, task = self._kept.program, self._task
        if number == 0:
            self._begin()
        elif self._hooked:
            self._push()
        started = time.perf_counter()
        logs = self._trained(task.order(number), self._rates(number))
        trained = time.perf_counter()
        evaluated = program.evaluate(self._fold)
        self._costs["train"] += trained - started
        self._costs["evaluate"] += time.perf_counter() - trained
        if self._hooked:
            self._pull()
        self._losses.append(evaluated.get("loss", math.nan))
        return {**logs, **{f"val_{name}": value for name, value in evaluated.items()}}

    def _trained(self, order: np.ndarray, rates: np.ndarray) -> Logs:
        """Train the steps of an epoch."""
        program, task, size = self._kept.program, self._task, self._task.batch_size or 0
        logs: Logs = {}
        if self._fold.block is None:
            return program.train(order if task.cut is None else task.cut.train[order], size, rates)
        assert isinstance(task.train, Stream)
        blocks, step = Blocks(task.train, task.class_weight, self._place), 0
        with blocks.each(order, self._fold.block) as found:
            for block, n in found:
                steps = math.ceil(n / size)
                logs, step = program.train_block(block, n, size, rates[step : step + steps]), step + steps
        return logs

    def weights(self) -> list[Any]:
        """Return the program's, or those that callbacks see, which may have changed them."""
        hooked = self._hooked and not self._candidate.averaged
        return self.model.get_weights() if hooked else self._kept.program.weights()

    def state(self) -> State:
        """Return the program's state, and what callbacks see."""
        arrays = dict(self._kept.program.snapshot())
        if self._hooked:  # callbacks may have changed what they see since
            arrays |= {SHOWN: copied(self._shown)}
        return State(self._engine, self._kept.program.mode, arrays, tuple(self._losses))

    def restore(self, state: State) -> None:
        """Have the program take up a state."""
        state.check_engine(self._engine)
        mode: Any = state.mode
        started = time.perf_counter()
        size = self._task.batch_size or 0
        self._kept.program.take_up(state.arrays, self._candidate.knobs, mode, size, self._fold)
        self._costs["compile"] += time.perf_counter() - started
        self._losses = list(state.losses)
        if not self._hooked:
            return
        self.model.optimizer.build(self.model.trainable_variables)
        if SHOWN in state.arrays:
            assign(self._shown, state.arrays[SHOWN])
        else:
            self._pull()

    @property
    def _shown(self) -> list[keras.Variable]:
        """The variables of the plain model that callbacks see."""
        return [*self.model.weights, *self.model.optimizer.variables]

    def _begin(self) -> None:
        candidate, program, started = self._candidate, self._kept.program, time.perf_counter()
        program.prepare(self._task.batch_size or 0, self._fold)
        self._costs["compile"] += time.perf_counter() - started
        weights = candidate.initial(program.twin) if candidate.initial else self._weights
        program.begin(weights, candidate.knobs, candidate.seed)
        if self._hooked:
            candidate.model.optimizer.build(candidate.model.trainable_variables)
            self._push()

    def _rates(self, number: int) -> np.ndarray:
        """Return the learning rate of each step of an epoch."""
        steps = self._task.steps
        if self._candidate.rates is None:
            return np.zeros(steps, "float32")
        if self._hooked:
            optimizer = self.model.optimizer
            optimizer = getattr(optimizer, "inner_optimizer", optimizer)
            if isinstance(optimizer._learning_rate, keras.Variable):
                return np.full(steps, float(optimizer.learning_rate), "float32")  # a callback may have set it
        return self._candidate.rates(number * steps, steps, self._losses).astype("float32")

    def _pull(self) -> None:
        """Show callbacks what the program has reached."""
        weights, optimizer = self._kept.program.state()
        self.model.set_weights(weights)
        for variable, value in zip(_states(self.model.optimizer, len(optimizer)), optimizer, strict=True):
            variable.assign(value)

    def _push(self) -> None:
        """Take over what callbacks have changed."""
        _, reached = self._kept.program.state()
        states = _states(self.model.optimizer, len(reached))
        optimizer = [keras.ops.convert_to_numpy(variable.value) for variable in states]
        self._kept.program.go_on_from(self.model.get_weights(), optimizer)


def _states(optimizer: keras.optimizers.Optimizer, count: int) -> list[Any]:
    """Return an optimizer's variables as its twin has them: without a learning rate where that is an input."""
    if len(optimizer.variables) == count:
        return list(optimizer.variables)
    rate = getattr(optimizer, "inner_optimizer", optimizer)._learning_rate
    return [variable for variable in optimizer.variables if variable is not rate]


def _policies(model: keras.Model) -> str:
    """Return the dtype policies of the layers with weights; Keras's own at the moment may be another."""
    layers = [layer for layer in model._flatten_layers() if layer.weights and not layer._layers]
    return " and ".join(dict.fromkeys(layer.dtype_policy.name for layer in layers or (model,)))

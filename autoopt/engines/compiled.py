"""The engines that compile: programs are made once, kept, and begun anew for each candidate."""

import logging
import math
import threading
import time
from collections import OrderedDict
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

from autoopt.data import Part
from autoopt.engines.candidate import Candidate
from autoopt.engines.engine import Assignment, Engine, Fitting, Unfit
from autoopt.engines.knobs import VECTORS, Knobs
from autoopt.engines.program import Compiler, Fold, Mode, Program, examples
from autoopt.engines.rule import AT_ONCE, mode_for, refused, unfit
from autoopt.engines.state import State, assign, copied
from autoopt.failure import out_of_memory
from autoopt.records import Logs
from autoopt.surgery import products

logger = logging.getLogger(__name__)

SHOWN = "variables that callbacks see"
"""Kind of variable, in a state."""

MOST_PROGRAMS = 16
"""How many programs are kept; the one that was not used for longest goes first."""


@dataclass
class Kept:
    """A program, and what is told of it."""

    number: int
    program: Program


class CompiledEngine(Engine):
    """Whole epochs in compiled calls, over data that lies on the device; a key is compiled once.

    Args:
        compiler: The backend's part.
        most: How many programs are kept.
        mode: What XLA compiles; None follows the rule.
        late: Whether TensorFlow does so from a program's second training on; None follows the rule.
    """

    prepares = True

    def __init__(
        self,
        compiler: Compiler,
        most: int = MOST_PROGRAMS,
        mode: Mode | None = None,
        late: bool | None = None,
    ) -> None:
        self.name = compiler.name
        self._compiler, self._most, self._mode, self._late = compiler, most, mode, late
        self._programs: OrderedDict[Hashable, Kept] = OrderedDict()
        self._made = 0
        self._placed: dict[Hashable, Any] = {}
        self._lock = threading.Lock()
        self._making: dict[Hashable, threading.Lock] = {}

    def fitting(self, candidate: Candidate, assignment: Assignment) -> Fitting:
        """Take a kept program or make one.

        Raises:
            Unfit: The data comes in a stream, a callback needs batches, or the model cannot be compiled whole.
        """
        refusal = refused(assignment)
        if refusal:
            raise Unfit(refusal)
        # Before anything is compiled, which may run steps: the plain model may be the program's own.
        weights = None if candidate.initial else candidate.model.get_weights()
        fold = Fold(assignment.train.n or 0, self._validation(assignment))
        kept = self._kept(candidate, assignment, fold)
        return _CompiledFitting(self.name, kept, candidate, assignment, weights, fold)

    def _kept(self, candidate: Candidate, assignment: Assignment, fold: Fold) -> Kept:
        key = (candidate.key, id(_source(assignment)), id(assignment.class_weight))
        size = assignment.batch_size or 0
        with self._lock:
            making = self._making.setdefault(key, threading.Lock())
        with making:  # two threads that want the same program make it once
            kept = self._programs.get(key)
            if kept is None:
                try:
                    kept = self._made_for(candidate, assignment, size, fold)
                except Unfit:
                    self._making.pop(key, None)  # nothing will be kept for it
                    raise
            else:
                self._ahead(kept, size, fold)
        with self._lock:
            self._programs[key] = kept
            self._programs.move_to_end(key)
            while len(self._programs) > self._most:
                released, _ = self._programs.popitem(last=False)
                self._making.pop(released, None)
                self._compiler.forget()
        return kept

    def release(self) -> None:
        """Forget the programs, those that were broken off included."""
        with self._lock:
            self._programs.clear()
            self._compiler.forget()

    def _ahead(self, kept: Kept, size: int, fold: Fold) -> None:
        """Compile a program that may be training now for other sizes, where that can be done."""
        try:
            kept.program.compile(size, fold)
        except Exception as error:  # Then it is compiled when it is begun, and fails there if it must.
            logger.debug("program %d, batch size %d: %s", kept.number, size, error)

    def _made_for(self, candidate: Candidate, assignment: Assignment, size: int, fold: Fold) -> Kept:
        data = self._placed_once("train", _source(assignment), assignment.class_weight)
        sizes = {name: len(candidate.knobs.get(name, ())) for name in VECTORS}
        modes: list[Mode] = []
        late = self._mode is None and _steps(assignment) < AT_ONCE if self._late is None else self._late
        failure: Exception | None = None
        while True:
            knobs = Knobs()
            twin = _twin(candidate, knobs)  # a fresh one: a mode that failed may have run steps
            if not modes:
                modes = self._modes(twin, assignment)
            mode = modes.pop(0)
            try:
                program = self._compiler.program(twin, knobs, sizes, data, mode, late, candidate.averaged)
                program.prepare(size, fold)
            except Exception as error:  # Layers of any origin are traced here and may raise anything.
                if out_of_memory(error):
                    raise  # the program is none the worse for it
                logger.debug("%s, %s: %s", self.name, SPOKEN[mode], error)
                failure = failure or error
                if modes:
                    continue
                raise Unfit(f"it cannot be compiled whole ({_first_line(failure)})") from failure
            with self._lock:  # another thread may be making another program
                number, self._made = self._made, self._made + 1
            logger.info("program %d: %s, %s", number, self.name, SPOKEN[mode])
            return Kept(number, program)

    def _modes(self, twin: keras.Model, assignment: Assignment) -> list[Mode]:
        """Return what to try, one after the other."""
        steps = _steps(assignment)
        first = self._mode or mode_for(twin, self._compiler.name, self._compiler.device, steps)
        return list(dict.fromkeys((first, *self._compiler.modes)))

    def _validation(self, assignment: Assignment) -> Any:
        """Return what is evaluated, placed: once for the whole search where it is no cut."""
        assert isinstance(assignment.validation, Part)
        if assignment.cut is None:
            return self._placed_once("validation", assignment.validation, None)
        return self._compiler.cut(self._compiler.place(examples(assignment.validation)))

    def _placed_once(self, use: str, part: Part, class_weight: Mapping[int, float] | None) -> Any:
        """Place a part once for the whole search."""
        key = (use, id(part), id(class_weight))
        with self._lock:  # the first two programs are made at the same time
            if key not in self._placed:
                placed = self._compiler.place(examples(part, class_weight))
                placed = self._compiler.cut(placed) if use == "validation" else placed
                self._placed[key] = (placed, part, class_weight)  # keeps the ids taken
            return self._placed[key][0]


def _source(assignment: Assignment) -> Part:
    """Return what programs read training examples from: all cuts of a pool share it."""
    assert isinstance(assignment.train, Part)
    return assignment.train if assignment.pool is None else assignment.pool


SPOKEN: Mapping[Mode, str] = {
    "epoch": "XLA over epochs",
    "step": "XLA over steps",
    "hasty": "XLA over steps, in haste",
    "plain": "without XLA",
}


class _CompiledFitting(Fitting):
    def __init__(
        self, engine: str, kept: Kept, candidate: Candidate, assignment: Assignment, weights: Any, fold: Fold
    ) -> None:
        self._engine, self._kept, self._candidate, self._task = engine, kept, candidate, assignment
        self._weights, self._fold = weights, fold
        self._costs = {"compile": 0.0, "train": 0.0, "evaluate": 0.0}
        self._hooked = bool(assignment.callbacks)
        self._losses: list[float] = []

    @property
    def engine(self) -> str:
        return f"{self._engine}, {SPOKEN[self._kept.program.mode]}, {_policies(self._kept.program.twin)}"

    @property
    def model(self) -> keras.Model:
        return self._candidate.model

    @property
    def costs(self) -> Mapping[str, float]:
        return self._costs

    @property
    def program(self) -> int | None:
        return self._kept.number

    @property
    def products(self) -> int:
        return products(self._kept.program.twin)

    def epoch(self, number: int) -> Logs:
        program, task = self._kept.program, self._task
        if number == 0:
            self._begin()
        elif self._hooked:
            self._push()
        started = time.perf_counter()
        order = task.order(number) if task.cut is None else task.cut.train[task.order(number)]
        logs = program.train(order, task.batch_size or 0, self._rates(number))
        trained = time.perf_counter()
        evaluated = program.evaluate(self._fold)
        self._costs["train"] += trained - started
        self._costs["evaluate"] += time.perf_counter() - trained
        if self._hooked:
            self._pull()
        self._losses.append(evaluated.get("loss", math.nan))
        return {**logs, **{f"val_{name}": value for name, value in evaluated.items()}}

    def weights(self) -> list[Any]:
        # A callback may have changed the model that it sees: what it left there is what is scored.
        hooked = self._hooked and not self._candidate.averaged
        return self.model.get_weights() if hooked else self._kept.program.weights()

    def state(self) -> State:
        arrays = dict(self._kept.program.snapshot())
        if self._hooked:  # callbacks may have changed what they see since
            arrays |= {SHOWN: copied(self._shown)}
        return State(self._engine, self._kept.program.mode, arrays, tuple(self._losses))

    def restore(self, state: State) -> None:
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


def _twin(candidate: Candidate, knobs: Knobs) -> keras.Model:
    """Return the twin of a candidate.

    Raises:
        Unfit: It cannot be made, or cannot be compiled whole.
    """
    try:
        twin = candidate.twin(knobs)
        if candidate.augmentation is not None:
            candidate.augmentation.attach(twin, candidate.seed, knobs)
    except Exception as error:  # layers and optimizers of any origin are made here and may raise anything
        if out_of_memory(error):
            raise
        raise Unfit(f"it cannot be made with its settings as inputs ({_first_line(error)})") from error
    if reason := unfit(twin):
        raise Unfit(reason)
    return twin


def _states(optimizer: keras.optimizers.Optimizer, count: int) -> list[Any]:
    """Return an optimizer's variables as its twin has them: without a learning rate where that is an input."""
    if len(optimizer.variables) == count:
        return list(optimizer.variables)
    rate = getattr(optimizer, "inner_optimizer", optimizer)._learning_rate
    return [variable for variable in optimizer.variables if variable is not rate]


def _steps(assignment: Assignment) -> float:
    """Return the steps of a training in batches of 32: a program serves every batch size."""
    return (assignment.train.n or 0) * assignment.epochs / 32


def _policies(model: keras.Model) -> str:
    """Return the dtype policies of the layers with weights; Keras's own at the moment may be another."""
    layers = [layer for layer in model._flatten_layers() if layer.weights and not layer._layers]
    return " and ".join(dict.fromkeys(layer.dtype_policy.name for layer in layers or (model,)))


def _first_line(error: Exception | None) -> str:
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return lines[0]

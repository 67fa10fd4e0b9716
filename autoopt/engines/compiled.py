"""The engines that compile: programs are made once, kept, and begun anew for each candidate."""

import logging
import threading
from collections import OrderedDict
from collections.abc import Hashable, Mapping
from typing import Any

import keras

from autoopt.data import Part, Stream
from autoopt.engines.blocks import Passes, block_rows
from autoopt.engines.candidate import Candidate
from autoopt.engines.compiled_fitting import SPOKEN, CompiledFitting, Kept
from autoopt.engines.engine import Assignment, Engine, Fitting, Unfit
from autoopt.engines.knobs import VECTORS, Knobs
from autoopt.engines.program import Compiler, Fold, Mode, examples
from autoopt.engines.rule import AT_ONCE, mode_for, refused, unfit
from autoopt.failure import out_of_memory

logger = logging.getLogger(__name__)

MOST_PROGRAMS = 16
"""How many programs are kept; the one that was not used for longest goes first."""


class CompiledEngine(Engine):
    """Compiled calls of many steps, over data that lies on the device or comes there block by block; a key is compiled once.

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
            Unfit: The data comes in batches that the user makes, a callback needs batches, or the model cannot be compiled whole.
        """
        refusal = refused(assignment)
        if refusal:
            raise Unfit(refusal)
        # Before anything is compiled, which may run steps: the plain model may be the program's own.
        weights = None if candidate.initial else candidate.model.get_weights()
        block = None
        if isinstance(assignment.train, Stream):
            block = block_rows(assignment.train, assignment.batch_size or 0)
        fold = Fold(assignment.train.n or 0, self._validation(assignment), block)
        kept = self._kept(candidate, assignment, fold)
        return CompiledFitting(self.name, kept, candidate, assignment, weights, fold, self._compiler.place)

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
        """Return what is evaluated, placed: once for the whole search where it is no cut, anew where it is too large."""
        if isinstance(assignment.validation, Stream):
            return Passes.of(assignment.validation, self._compiler.place)
        if assignment.cut is None:
            return self._placed_once("validation", assignment.validation, None)
        return self._compiler.cut(self._compiler.place(examples(assignment.validation)))

    def _placed_once(self, use: str, part: Part | Stream, class_weight: Mapping[int, float] | None) -> Any:
        """Place a part once for the whole search, of one that is too large some rows: programs are traced on them."""
        key = (use, id(part), id(class_weight))
        with self._lock:  # the first two programs are made at the same time
            if key not in self._placed:
                some = part.first() if isinstance(part, Stream) else part
                placed = self._compiler.place(examples(some, class_weight))
                placed = self._compiler.cut(placed) if use == "validation" else placed
                self._placed[key] = (placed, part, class_weight)  # keeps the ids taken
            return self._placed[key][0]


def _source(assignment: Assignment) -> Part | Stream:
    """Return what programs read training examples from: all cuts of a pool share it."""
    return assignment.train if assignment.pool is None else assignment.pool


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


def _steps(assignment: Assignment) -> float:
    """Return the steps of a training in batches of 32: a program serves every batch size."""
    return (assignment.train.n or 0) * assignment.epochs / 32


def _first_line(error: Exception | None) -> str:
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return lines[0]

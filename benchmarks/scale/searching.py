"""One search whose workers are timers: everything else of it is what a search has."""

import io
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from autoopt import AutoHyperModel, Constraints, Search
from autoopt.asked import Asked
from autoopt.data import Dataset
from autoopt.fingerprints import Fingerprint
from autoopt.records import Objective
from autoopt.reports import Background, Console, TensorBoard
from autoopt.search import Ceiling, Limits, explore
from autoopt.session import Session
from autoopt.space import Space
from autoopt.stopwatch import Stopwatch
from autoopt.storage import RunFolder
from autoopt.worker import Duties
from benchmarks.runs import example
from benchmarks.scale.courses import EPOCHS, course
from benchmarks.scale.timers import TimerExecutor

OBJECTIVE = Objective("val_accuracy", "max")
METRICS = ("loss", "accuracy", "val_loss", "val_accuracy")

Clock = Callable[[], float]


class Enough(Exception):
    """As many trials have ended as were to be looked at."""


@dataclass(frozen=True)
class State:
    """How far a search has come.

    Attributes:
        now: Seconds since its start, as workers see it.
        at_work: Seconds that the driver was at work.
        free: Seconds that workers were without a job, all of them together.
        asked: Trials that were proposed.
        ended: Trials that have ended.
        kinds: Seconds of the driver by kind.
    """

    now: float
    at_work: float
    free: float
    asked: int
    ended: int
    kinds: dict[str, float]


@dataclass
class Marks:
    """The states of a search after so many outcomes; at the last it ends."""

    at: tuple[int, ...]
    states: list[State] = field(default_factory=list)

    def note(self, outcomes: int, state: Callable[[], State]) -> None:
        """Take note of the state, where that is wanted.

        Raises:
            Enough: It was the last one.
        """
        if outcomes in self.at:
            self.states.append(state())
        if outcomes >= self.at[-1]:
            raise Enough


def searched(
    kind: str, workers: int, marks: tuple[int, ...], clock: Clock = time.process_time
) -> list[State]:
    """Search, and return how far it had come after so many trials.

    Args:
        kind: Of `courses.KINDS`.
        workers: How many timers.
        marks: Numbers of trials, rising; at the last the search ends.
        clock: Tells the seconds that the driver is at work.
    """
    watch, noted = Stopwatch(clock), Marks(marks)

    def state() -> State:
        return State(
            executor.now,
            executor.at_work,
            executor.free,
            executor.submitted,
            executor.outcomes,
            dict(watch.seconds),
        )

    executor = TimerExecutor(
        workers, partial(course, kind), watch, clock, lambda outcomes: noted.note(outcomes, state)
    )
    with tempfile.TemporaryDirectory() as folder:
        session, asked = _session(Path(folder), executor, watch)
        try:
            session.run(asked, lambda sentence: None)
        except Enough:
            return noted.states
    raise RuntimeError(f"The search ended after {executor.outcomes} trials, before the last of {marks}.")


def _session(folder: Path, executor: TimerExecutor, watch: Stopwatch) -> tuple[Session, Asked]:
    """Return a search of the digits as `tune` makes one, with lines on a console and TensorBoard's logs."""
    defined = example("digits")
    dataset = Dataset.of(defined.data(), seed=0)
    hypermodel = AutoHyperModel(defined.model_fn, Space(), dataset)
    duties = Duties(defined.model_fn, hypermodel.space, dataset, "auto", OBJECTIVE)
    run = RunFolder(folder / "run")
    run.path.mkdir()
    session = Session(
        folder=run, worker=duties.worker(hypermodel), executor=executor,
        limits=Limits(None, None, time.time(), 0), ceiling=Ceiling(Constraints(), hypermodel, dataset),
        search=Search(confirm=0), epochs=EPOCHS, seed=0,
        sinks=(Console(1, io.StringIO()), Background(TensorBoard(folder / "logs"))),
        made_of=Fingerprint.of(defined.model_fn, hypermodel, dataset), started=time.time(), watch=watch,
    )  # fmt: skip
    return session, Asked(explore(hypermodel), METRICS, None, None, ())

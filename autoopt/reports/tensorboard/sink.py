"""Sink that shows a search in TensorBoard: what is written where, event by event.

TensorBoard heeds only the first HParams record of a run and a tag, so what changes goes to a new file or a new run.
"""

import contextlib
import shutil
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tensorboard.plugins.hparams import api_pb2

from autoopt.errors import UsageError
from autoopt.records import (
    EpochEnded,
    Event,
    SearchEnded,
    SearchStarted,
    Trial,
    TrialEnded,
    TrialStarted,
    Weighed,
)
from autoopt.reports.boundary import Boundary
from autoopt.reports.columns import Value
from autoopt.reports.console import first_line
from autoopt.reports.tensorboard.event_file import EventFile
from autoopt.reports.tensorboard.experiment import Experiment
from autoopt.reports.tensorboard.graph import graph_def
from autoopt.reports.tensorboard.overview import Overview
from autoopt.reports.tensorboard.session import Session
from autoopt.reports.tensorboard.tags import CONFIRMED_SCORE, SCORE, TRAINING_SCORE, score_tag
from autoopt.reports.tensorboard.texts import recipe
from autoopt.spelling import named

_STATUS = {
    "completed": api_pb2.STATUS_SUCCESS,
    "pruned": api_pb2.STATUS_SUCCESS,
    "failed": api_pb2.STATUS_FAILURE,
}


class TensorBoard:
    """Writes a search to its folder while it runs.

    One thread tells it the events. Whatever writing raises during the search, a full disk or a library that a value
    is too odd for, the logs end with a warning and the search goes on.

    Args:
        folder: This search's own, `tensorboard_logs/<project>`; made where it is missing. TensorBoard's
            `--logdir` is this folder or its parent.

    Raises:
        UsageError: The folder cannot be made or written to.

    Example:
        >>> import tempfile
        >>> from autoopt.records import EpochEnded, TrialStarted
        >>> folder = Path(tempfile.mkdtemp(), "digits")
        >>> sink = TensorBoard(folder)
        >>> sink(TrialStarted(number=0, hyperparameters={"batch_size": 32}))
        >>> sink(EpochEnded(number=0, epoch=0, logs={"loss": 0.5, "val_loss": 0.7}))
        >>> sink.close()
        >>> sorted(run.name for run in folder.glob("trial-0000/*/"))
        ['train', 'validation']
    """

    def __init__(self, folder: Path) -> None:
        """Make the folder; nothing else is written before the search starts."""
        self._folder = Path(folder)
        self._experiment = Experiment(self._folder)
        self._running: dict[int, Session] = {}
        self._overview: Overview | None = None
        self._grouped = False
        self._boundary = Boundary(self._said)
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=self._folder):
                pass
        except OSError as error:
            raise UsageError(
                f"The TensorBoard logs cannot be written to {str(self._folder)!r} ({error.strerror}). "
                f"Expected a folder, or a path where one can be made. Pass another {named('logdir')} or clear this one."
            ) from error

    def __call__(self, event: Event) -> None:
        """Write what the event tells."""
        if not self._boundary.crossed:
            self._boundary.call(self._tell, type(event).__name__, event)

    def close(self) -> None:
        """End the sessions that still run, as neither succeeded nor failed; a second call does nothing."""
        try:
            self._boundary.call(self._end, "close")
        finally:
            self._end_sessions()

    def _end(self) -> None:
        self._end_sessions()
        if self._overview is not None:
            self._overview.close()

    def _said(self, error: Exception, when: str) -> str:
        return (
            f"The TensorBoard logs in {self._folder} end here, the search goes on: {first_line(str(error))}"
        )

    def _tell(self, event: Event) -> None:
        match event:
            case SearchStarted():
                self._begin(event)
            case TrialStarted(repeat=0):
                self._start(event.number, event.hyperparameters, time.time())
            case TrialStarted():
                if self._overview is not None:  # what the search was is drawn while others train
                    self._overview.searched()
            case EpochEnded(repeat=0):
                session = self._running.get(event.number) or self._start(event.number, {}, time.time())
                session.epoch(event.epoch, event.logs)
            case TrialEnded(repeat=0):
                self._ended(event.trial, event.trainings)
            case TrialEnded():
                self._confirm(event.trial, event.repeat)
            case Weighed():
                if self._overview is not None:
                    self._overview.gallery.weigh(event.shares)
            case SearchEnded():
                self._end_sessions()
                self._conclude(event)

    def _begin(self, event: SearchStarted) -> None:
        self._experiment.describe(event)
        self._grouped = event.trainings > 1
        self._overview = Overview(self._folder, event)
        self._draw("baseline", event.nodes)

    def _draw(self, whose: str, nodes: Sequence[Any]) -> None:
        """Write the graph of a model, in place of any earlier one."""
        if nodes:
            with contextlib.closing(_emptied(self._folder / "model" / whose)) as file:
                file.graph(graph_def(nodes))

    def _start(self, number: int, hyperparameters: Mapping[str, Any], started: float) -> Session:
        if number in self._running:
            self._running[number].end(api_pb2.STATUS_UNKNOWN, started)
        session = self._running[number] = Session(self._trial_folder(number), self._group(number))
        session.start(self._experiment.columns(hyperparameters), started)
        return session

    def _ended(self, trial: Trial, trainings: Sequence[Trial]) -> None:
        session = self._running.get(trial.number)
        if session is None:
            session = self._start(trial.number, trial.hyperparameters, trial.started)
        values = self._experiment.columns(trial.hyperparameters)
        if session.hyperparameters != values:  # some names are first asked for while the model is built
            session.start(values, trial.started)
        if trial.status != "failed":  # one that fails while its model is built knows a part of its names
            self._experiment.compare(values)
        session.epochs(trial.history)
        if trial.score is not None:  # at the trial's number: the Scalars page draws them over trials
            others = {score_tag(name): value for name, value in trial.scores.items()}
            session.points(trial.number, {SCORE: trial.score, **others})
        for place, training in enumerate(trainings, 1):
            if training.score is not None:
                session.points(place, {TRAINING_SCORE: training.score})
        text = recipe(trial, {}) if self._overview is None else self._overview.recipe(trial)
        session.text(trial.number, "recipe", text)
        session.end(_STATUS.get(trial.status, api_pb2.STATUS_UNKNOWN), trial.finished or time.time())
        del self._running[trial.number]
        for place, training in enumerate(trainings[1:], 2):  # the first is the one whose epochs were told
            self._add(training, values, place)
        if self._overview is not None:
            self._overview.ended(trial)

    def _add(self, training: Trial, values: Mapping[str, Value], place: int) -> None:
        """Write one more training of a trial: a session of its row, with curves of its own."""
        session = Session(
            self._trial_folder(training.number) / f"training-{place}", self._group(training.number)
        )
        with contextlib.closing(session):
            session.start(values, training.started)
            session.epochs(training.history)
            finished = training.finished or time.time()
            session.end(_STATUS.get(training.status, api_pb2.STATUS_UNKNOWN), finished)

    def _confirm(self, trial: Trial, repeat: int) -> None:
        """Add what a trial did with a fresh seed: its score to the row, its curves beside those of the trial.

        They are no session: the row has the values by which its trial was compared.
        """
        if trial.score is None:
            return
        folder = self._trial_folder(trial.number)
        with contextlib.closing(EventFile(folder)) as file:
            file.scalars(repeat, {CONFIRMED_SCORE: trial.score})
        with contextlib.closing(Session(folder / f"confirmed-{repeat}")) as session:
            session.epochs(trial.history)

    def _conclude(self, event: SearchEnded) -> None:
        """Write what is known of the winner in the end, in place of an earlier one's: points at its number."""
        tested = {f"test_{name}": value for name, value in (event.test_metrics or {}).items()}
        points = {f"winner/{name}": value for name, value in {**event.standing, **tested}.items()}
        with contextlib.closing(_emptied(self._folder / "winner")) as file:
            if event.best is not None and points:
                file.scalars(event.best.number, points)
        self._draw("best", event.nodes)
        if self._overview is not None:
            self._overview.conclude(event)

    def _end_sessions(self) -> None:
        while self._running:
            _, session = self._running.popitem()
            with contextlib.closing(session):
                if not self._boundary.crossed:
                    session.end(api_pb2.STATUS_UNKNOWN, time.time())

    def _group(self, number: int) -> str:
        """Return the name of the row that several trainings share; empty where each trial is one training."""
        return f"{self._folder.name}/{self._trial_folder(number).name}" if self._grouped else ""

    def _trial_folder(self, number: int) -> Path:
        return self._folder / f"trial-{number:04d}"


def _emptied(run: Path) -> EventFile:
    """Return a run's only file: readers would add to each other what several of them say."""
    for path in run.glob("*tfevents*"):
        path.unlink()
    return EventFile(run)


def discard(folder: Path) -> None:
    """Remove what an earlier search of that name logged, and nothing else that lies there."""
    named = (folder / name for name in ("search", "model", "winner"))
    for run in (*named, *folder.glob("experiment-*"), *folder.glob("trial-*")):
        shutil.rmtree(run, ignore_errors=True)

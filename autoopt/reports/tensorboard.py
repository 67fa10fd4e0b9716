"""Sink that shows a search in TensorBoard: a session a trial in the HParams table, its curves beside it.

It imports no TensorFlow, not even where it is installed, and is the same on every backend. TensorBoard heeds
only the first HParams record of a run and a tag, so what changes goes to a new file or a new run.
"""

import contextlib
import itertools
import logging
import shutil
import tempfile
import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
from tensorboard.compat.proto import event_pb2
from tensorboard.plugins.hparams import api_pb2, metadata, plugin_data_pb2
from tensorboard.plugins.hparams.summary_v2 import hparams_pb
from tensorboard.plugins.scalar.summary_v2 import scalar_pb
from tensorboard.summary.writer.record_writer import RecordWriter

from autoopt.errors import UsageError
from autoopt.records import EpochEnded, Event, SearchEnded, SearchStarted, Trial, TrialEnded, TrialStarted
from autoopt.reports.columns import Domain, Value, is_shown

logger = logging.getLogger(__name__)

FLUSH_SECONDS = 1.0
SCORE, CONFIRMED_SCORE = "score", "confirmed_score"
_STATUS = {
    "completed": api_pb2.STATUS_SUCCESS,
    "pruned": api_pb2.STATUS_SUCCESS,
    "failed": api_pb2.STATUS_FAILURE,
}
_DATA_TYPE = {bool: api_pb2.DATA_TYPE_BOOL, float: api_pb2.DATA_TYPE_FLOAT64, str: api_pb2.DATA_TYPE_STRING}
_file_numbers = itertools.count()


class TensorBoard:
    """Writes a search to its folder while it runs.

    One thread tells it the events. Where writing fails during the search, the logs end with a warning and the
    search goes on.

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
        self._experiment = _Experiment(self._folder)
        self._running: dict[int, _Session] = {}
        self._broken = False
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=self._folder):
                pass
        except OSError as error:
            raise UsageError(
                f"The TensorBoard logs cannot be written to {str(self._folder)!r} ({error.strerror}). "
                "Expected a folder, or a path where one can be made. Pass another logdir or clear this one."
            ) from error

    def __call__(self, event: Event) -> None:
        """Write what the event tells."""
        if self._broken:
            return
        try:
            self._tell(event)
        except OSError as error:
            self._broken = True
            logger.warning("The TensorBoard logs in %s end here, the search goes on: %s", self._folder, error)

    def close(self) -> None:
        """End the sessions that still run, as neither succeeded nor failed; a second call does nothing."""
        while self._running:
            _, session = self._running.popitem()
            try:
                if not self._broken:
                    session.end(api_pb2.STATUS_UNKNOWN, time.time())
            except OSError as error:
                self._broken = True
                logger.warning("The TensorBoard logs in %s end early: %s", self._folder, error)
            finally:
                session.give_up()

    def _tell(self, event: Event) -> None:
        match event:
            case SearchStarted():
                self._experiment.describe(event)
            case TrialStarted(repeat=0):
                self._start(event.number, event.hyperparameters, time.time())
            case EpochEnded(repeat=0):
                session = self._running.get(event.number) or self._start(event.number, {}, time.time())
                session.epoch(event.epoch, event.logs)
            case TrialEnded(repeat=0):
                self._end(event.trial)
            case TrialEnded():
                self._confirm(event.trial, event.repeat)
            case SearchEnded():
                self.close()
                self._conclude(event)

    def _start(self, number: int, hyperparameters: Mapping[str, Any], started: float) -> "_Session":
        if number in self._running:
            self._running[number].end(api_pb2.STATUS_UNKNOWN, started)
        session = self._running[number] = _Session(self._trial_folder(number), number)
        session.start(self._experiment.columns(hyperparameters), started)
        return session

    def _end(self, trial: Trial) -> None:
        session = self._running.get(trial.number)
        if session is None:
            session = self._start(trial.number, trial.hyperparameters, trial.started)
        values = self._experiment.columns(trial.hyperparameters)
        if session.hyperparameters != values:  # some names are first asked for while the model is built
            session.start(values, trial.started)
        if trial.status != "failed":  # one that fails while its model is built knows a part of its names
            self._experiment.demote_missing(values)
        for epoch in range(session.next_epoch, trial.epochs):
            session.epoch(epoch, {key: row[epoch] for key, row in trial.history.items() if epoch < len(row)})
        if trial.score is not None:
            session.score(trial.score, trial.scores)
        session.end(_STATUS.get(trial.status, api_pb2.STATUS_UNKNOWN), trial.finished or time.time())
        del self._running[trial.number]

    def _confirm(self, trial: Trial, repeat: int) -> None:
        if trial.score is None:
            return
        with contextlib.closing(_EventFile(self._trial_folder(trial.number))) as file:
            file.scalars(repeat, {CONFIRMED_SCORE: trial.score})

    def _conclude(self, event: SearchEnded) -> None:
        """Add to the winner what is known of it in the end: points at its number."""
        tested = {f"test_{name}": value for name, value in (event.test_metrics or {}).items()}
        points = {**event.standing, **tested}
        if event.best is not None and points:
            with contextlib.closing(_EventFile(self._trial_folder(event.best.number))) as file:
                file.scalars(event.best.number, points)

    def _trial_folder(self, number: int) -> Path:
        return self._folder / f"trial-{number:04d}"


def discard(folder: Path) -> None:
    """Remove what an earlier search of that name logged, and nothing else that lies there."""
    for run in (*folder.glob("experiment-*"), *folder.glob("trial-*")):
        shutil.rmtree(run, ignore_errors=True)


class _Session:
    """The files of one trial: the session with its score, and the curves of training and validation."""

    def __init__(self, folder: Path, number: int) -> None:
        self._folder = folder
        self._number = number
        self._file = _EventFile(folder)
        self._curves = {group: _EventFile(folder / group) for group in ("train", "validation")}
        self._flushed = 0.0
        self.hyperparameters: Mapping[str, Value] = {}
        self.next_epoch = 0

    def start(self, hyperparameters: Mapping[str, Value], started: float) -> None:
        """Begin the session, in place of any earlier one of this trial: the first record would win."""
        self._file.close()
        for path in self._folder.glob("*tfevents*"):
            path.unlink()
        self._file = _EventFile(self._folder)
        self.hyperparameters = hyperparameters
        # No trial_id: trials of the same name in two projects under one logdir would become one row.
        self._file.write(0, hparams_pb(dict(hyperparameters), trial_id="", start_time_secs=started).value)
        self._file.flush()

    def epoch(self, epoch: int, logs: Mapping[str, float]) -> None:
        """Add a point to every curve."""
        for group, file in self._curves.items():
            points = {tag: value for key, value in logs.items() for at, tag in [_curve(key)] if at == group}
            if points:
                file.replace_from(epoch)
                file.scalars(epoch, points)
        self.next_epoch = epoch + 1
        # The epochs of a trial take about equally long: the first one after a second is not long in coming.
        if time.monotonic() - self._flushed >= FLUSH_SECONDS:
            self._flushed = time.monotonic()
            for file in self._curves.values():
                file.flush()

    def score(self, score: float, scores: Mapping[str, float]) -> None:
        """Add the score, and each objective's, at the trial's number: the Scalars page draws them over trials."""
        self._file.scalars(
            self._number, {SCORE: score, **{_score_tag(name): value for name, value in scores.items()}}
        )

    def end(self, status: int, finished: float) -> None:
        """End the session and close its files."""
        info = plugin_data_pb2.SessionEndInfo(status=status, end_time_secs=finished)
        self._file.hparams(metadata.SESSION_END_INFO_TAG, session_end_info=info)
        for file in (*self._curves.values(), self._file):
            file.close()

    def give_up(self) -> None:
        """Close what is still open, whatever the disk says to it."""
        for file in (*self._curves.values(), self._file):
            with contextlib.suppress(OSError):
                file.close()


def _curve(key: str) -> tuple[Literal["train", "validation"], str]:
    """Return the run and the tag for one of Keras's history keys; both runs share their tags, to overlay."""
    if key.startswith("val_"):
        return "validation", f"epoch_{key.removeprefix('val_')}"
    return "train", f"epoch_{key}"


class _Experiment:
    """The columns of the HParams table: every hyperparameter with its domain, and the metrics."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._domains: dict[str, Domain] = {}
        self._metrics = [_metric(SCORE, "score")]

    def describe(self, event: SearchStarted) -> None:
        """Write the full space, before any trial."""
        for hyperparameter in event.space.space:
            name, domain = hyperparameter.name, Domain.of(hyperparameter)
            self._domains[name] = self._domains[name].union(domain) if name in self._domains else domain
        others = [each.name for each in event.others]
        self._metrics = _metrics(event.objective.name, event.metrics, others)
        self._write()

    def columns(self, hyperparameters: Mapping[str, Any]) -> dict[str, Value]:
        """Return the values as their columns' types, without what fits none; a new name adds a column."""
        plain = {name: v.item() if isinstance(v, np.generic) else v for name, v in hyperparameters.items()}
        shown = {name: value for name, value in plain.items() if is_shown(value)}
        new = {name: Domain.around(value) for name, value in shown.items() if name not in self._domains}
        if new:
            self._domains.update(new)
            self._write()
        cast = {name: self._domains[name].cast(value) for name, value in shown.items()}
        return {name: value for name, value in cast.items() if value is not None}

    def demote_missing(self, names: Collection[str]) -> None:
        """Move the columns that a trial went without behind those that every trial has."""
        missing = [name for name, domain in self._domains.items() if domain.leads and name not in names]
        if missing:
            self._domains.update({name: replace(self._domains[name], leads=False) for name in missing})
            self._write()

    def _write(self) -> None:
        """Write the columns as a new run and remove the old: that is what a running TensorBoard notices."""
        old = {int(path.name.removeprefix("experiment-")): path for path in self._folder.glob("experiment-*")}
        experiment = api_pb2.Experiment(
            hparam_infos=[_info(name, domain) for name, domain in self._domains.items()],
            metric_infos=self._metrics,
            time_created_secs=time.time(),
        )
        with contextlib.closing(_EventFile(self._folder / f"experiment-{max(old, default=0) + 1}")) as file:
            file.hparams(metadata.EXPERIMENT_TAG, experiment=experiment)
        for path in old.values():
            shutil.rmtree(path)


def _metrics(objective: str, keys: Sequence[str], others: Sequence[str] = ()) -> list[Any]:
    """Return the metric columns, the ones to see first first: TensorBoard opens with five.

    Confirmed scores have none: the parallel coordinates leave out a trial that lacks an open column.
    """
    ordered = sorted(keys, key=lambda key: (key != objective, not key.startswith("val_")))
    curves = [_metric(tag, _label(key), group) for key in ordered for group, tag in [_curve(key)]]
    beside = [_metric(_score_tag(name), f"score ({name})") for name in others]
    return [_metric(SCORE, f"score ({objective})"), *beside, *curves]


def _score_tag(name: str) -> str:
    """Return under which name a trial's value of one of several objectives is kept."""
    return f"{SCORE}/{name}"


def _label(key: str) -> str:
    return f"validation {key.removeprefix('val_')}" if key.startswith("val_") else f"train {key}"


def _metric(tag: str, label: str, group: str = "") -> Any:
    dataset = {"train": api_pb2.DATASET_TRAINING, "validation": api_pb2.DATASET_VALIDATION}
    return api_pb2.MetricInfo(
        name=api_pb2.MetricName(group=group, tag=tag),
        display_name=label,
        dataset_type=dataset.get(group, api_pb2.DATASET_UNKNOWN),
    )


def _info(name: str, domain: Domain) -> Any:
    """Return TensorBoard's record of a column."""
    info = api_pb2.HParamInfo(name=name, type=_DATA_TYPE[domain.type])
    if domain.interval and domain.type is float:
        info.domain_interval.min_value, info.domain_interval.max_value = domain.interval
        several = domain.interval[0] < domain.interval[1]
    else:
        info.domain_discrete.extend(sorted({domain.type(value) for value in domain.values}))
        several = len(info.domain_discrete) > 1
    info.differs = several and domain.leads  # what differs comes first
    return info


class _EventFile:
    """One event file of one run, opened with its first record."""

    def __init__(self, run: Path) -> None:
        self._run = run
        self._writer: RecordWriter | None = None
        self._replaces = False

    def scalars(self, step: int, points: Mapping[str, float]) -> None:
        """Write one point per tag."""
        self.write(step, [scalar_pb(tag, value).value[0] for tag, value in points.items()])

    def hparams(self, tag: str, **record: Any) -> None:
        """Write a record of the HParams page, given under its field's name."""
        summary = metadata.create_summary_metadata(plugin_data_pb2.HParamsPluginData(**record))
        self.write(0, [{"tag": tag, "metadata": summary, "tensor": metadata.NULL_TENSOR}])

    def replace_from(self, step: int) -> None:
        """Once a file: have readers drop the points from `step` on that an interrupted process left."""
        if not self._replaces:
            self._replaces = True
            restart = event_pb2.SessionLog(status=event_pb2.SessionLog.START)
            self._record(event_pb2.Event(wall_time=time.time(), step=step, session_log=restart))

    def write(self, step: int, values: Sequence[Any]) -> None:
        """Write summary values at one step."""
        self._record(event_pb2.Event(wall_time=time.time(), step=step, summary={"value": values}))

    def flush(self) -> None:
        """Hand what was written to the operating system."""
        if self._writer is not None:
            self._writer.flush()

    def close(self) -> None:
        """Close the file; a later record opens a new one."""
        if self._writer is not None:
            self._writer.close()
            self._writer = None

    def _record(self, event: Any) -> None:
        if self._writer is None:
            self._run.mkdir(parents=True, exist_ok=True)
            # Readers take the files of a run in the order of their names.
            name = f"events.out.tfevents.{time.time_ns():020d}.{next(_file_numbers)}"
            self._writer = RecordWriter((self._run / name).open("xb", buffering=1 << 16))
            self._record(event_pb2.Event(wall_time=time.time(), file_version="brain.Event:2"))
        self._writer.write(event.SerializeToString())

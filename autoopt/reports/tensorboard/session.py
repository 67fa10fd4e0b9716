"""The files of one trial: its session in the HParams table, and its curves."""

import contextlib
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from tensorboard.plugins.hparams import metadata, plugin_data_pb2
from tensorboard.plugins.hparams.summary_v2 import hparams_pb

from autoopt.reports.columns import Value
from autoopt.reports.tensorboard.event_file import EventFile
from autoopt.reports.tensorboard.tags import curve

FLUSH_SECONDS = 1.0


class Session:
    """The files of one training: the session with its score, and the curves of training and validation.

    Args:
        folder: Its own.
        group: Name of the row that it shares with others of its trial; empty where it is a row by itself.
    """

    def __init__(self, folder: Path, group: str = "") -> None:
        self._folder, self._group = folder, group
        self._file = EventFile(folder)
        self._curves = {group: EventFile(folder / group) for group in ("train", "validation")}
        self._flushed = 0.0
        self.hyperparameters: Mapping[str, Value] = {}
        self.next_epoch = 0

    def start(self, hyperparameters: Mapping[str, Value], started: float) -> None:
        """Begin the session, in place of any earlier one of this trial: the first record would win."""
        self._file.close()
        for path in self._folder.glob("*tfevents*"):
            path.unlink()
        self._file = EventFile(self._folder)
        self.hyperparameters = hyperparameters
        # No trial_id for a row by itself: those of two searches of one name under one logdir would become one.
        begun = hparams_pb(dict(hyperparameters), trial_id=self._group, start_time_secs=started)
        self._file.write(0, begun.value)
        self._file.flush()

    def epoch(self, epoch: int, logs: Mapping[str, float]) -> None:
        """Add a point to every curve."""
        for group, file in self._curves.items():
            points = {tag: value for key, value in logs.items() for at, tag in [curve(key)] if at == group}
            if points:
                file.replace_from(epoch)
                file.scalars(epoch, points)
        self.next_epoch = epoch + 1
        # The epochs of a trial take about equally long: the first one after a second is not long in coming.
        if time.monotonic() - self._flushed >= FLUSH_SECONDS:
            self._flushed = time.monotonic()
            for file in self._curves.values():
                file.flush()

    def epochs(self, history: Mapping[str, Sequence[float]]) -> None:
        """Add the points that are not there yet."""
        for epoch in range(self.next_epoch, max(map(len, history.values()), default=0)):
            self.epoch(epoch, {key: row[epoch] for key, row in history.items() if epoch < len(row)})

    def points(self, step: int, points: Mapping[str, float]) -> None:
        """Add points beside the curves, such as scores."""
        self._file.scalars(step, points)

    def text(self, step: int, tag: str, text: str) -> None:
        """Add a text, in Markdown."""
        self._file.texts(step, {tag: text})

    def end(self, status: int, finished: float) -> None:
        """End the session and close its files."""
        info = plugin_data_pb2.SessionEndInfo(status=status, end_time_secs=finished)
        self._file.hparams(metadata.SESSION_END_INFO_TAG, session_end_info=info)
        for file in (*self._curves.values(), self._file):
            file.close()

    def close(self) -> None:
        """Close what is still open, whatever the disk says to it."""
        for file in (*self._curves.values(), self._file):
            with contextlib.suppress(OSError):
                file.close()

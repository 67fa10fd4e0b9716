"""Run folder: where one search keeps its journal, its winner's model and what was asked.

run.json       what was asked: versions, seed, every hyperparameter, objective
space.json     the Space that was asked for
journal.log    every trial, Optuna's journal
weights/       trial-0007.weights.npz of the best few
confirmation/  trial-0007.run-1.npz: scores of the best few with fresh seeds
best.keras     the winner
schema.json    of raw rows: what their columns are, and which of them the preparation reads
preparation.keras  of raw rows: what makes arrays of them, which the winner takes
course.json    how it was trained
split.npz      which rows of the data train, validate and test, where they were cut from one whole
result.json    what came out
log.txt        what was logged meanwhile, the tracebacks of failed trials included; before it log.txt.1
writer.lock    held by the process that writes, which writer.json names while it does

Where they were asked for: ablation.json, ensemble.keras with ensemble.json, refit.keras with refit.json, report.html.
"""

import contextlib
import json
import logging
import os
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from functools import partial
from importlib import metadata
from pathlib import Path
from typing import Any, Literal

import numpy as np

from autoopt import memory
from autoopt.storage.disk import MODEL, PLAIN, Disk, bytes_of, there
from autoopt.storage.files import Files, put
from autoopt.storage.journal_file import JournalFile
from autoopt.storage.kinds import KINDS, check_split
from autoopt.storage.run_log import logged
from autoopt.storage.schema_file import check_schema
from autoopt.storage.trial_weights import TrialWeights
from autoopt.storage.writer import Writer
from autoopt.untrusted import Unreadable, damage, fit, inside, parse, read_arrays, read_json, shown

logger = logging.getLogger(__name__)

Written = Literal["run", "space", "result", "course", "ablation", "ensemble", "refit", "schema"]
"""The names of the files that hold JSON."""


Arrays = Mapping[str, np.ndarray[Any, Any]]
"""By name."""

AS_ARRAYS = "Restore it, or remove it: the run can be read, and goes on, without."
"""What to do about a file of arrays that is damaged."""


class RunFolder:
    """One run on disk, and in memory what the disk would not take: that is read as if it were there.

    Nothing that is written here raises where the disk refuses it. It is said once and tried again by `write_again`.

    Args:
        path: `directory/project_name`.
        most: Bytes that it may take; the weights of the worst of the best few trials stay in memory beyond. None: any.

    Attributes:
        note: What became of a process that was writing here, in a sentence; empty where there was none.
        journal: The journal file.
    """

    def __init__(self, path: Path, most: int | None = None) -> None:
        self.path, self.most = path, most
        self.note = ""
        self._disk = Disk(path)
        self.journal = JournalFile(path / "journal.log", self._disk)
        self._files = Files(self._disk)
        self._weights = TrialWeights(path, self._files)
        self._ranked: Collection[int] = ()

    @contextlib.contextmanager
    def held(self) -> Iterator[None]:
        """Be the one process that writes here for a while; `note` says whose place was taken.

        Raises:
            RunError: Another one is.
        """
        writer = Writer(self.path)
        self.note = self.note or writer.note
        self._disk.writer = writer
        try:
            try:
                yield
            finally:
                self._settle()
        finally:
            self._disk.writer = None
            writer.release()

    def logged(self) -> contextlib.AbstractContextManager[None]:
        """Keep in `log.txt` what is logged for a while."""
        return logged(self.path / "log.txt")

    @property
    def best_model(self) -> Path:
        """The winner, in Keras's own format."""
        return self._own("best.keras")

    @property
    def preparation(self) -> Path:
        """What makes arrays of raw rows, as a model."""
        return self._own("preparation.keras")

    @property
    def ensemble(self) -> Path:
        """Several trials' models as one."""
        return self._own("ensemble.keras")

    @property
    def refit(self) -> Path:
        """The winner, trained on the validation part too."""
        return self._own("refit.keras")

    @property
    def name(self) -> str:
        """The project's name."""
        return self.path.name

    @property
    def size(self) -> int:
        """Bytes that all its files take."""
        return sum(bytes_of(Path(where) / name) for where, _, names in os.walk(self.path) for name in names)

    @property
    def in_memory(self) -> Sequence[str]:
        """The names of the files that this process has in memory alone."""
        names = [path.relative_to(self.path).as_posix() for path in self._files.waiting]
        return ([self.journal.path.name] if self.journal.waits else []) + names

    def write(self, name: Written, content: Mapping[str, Any]) -> None:
        """Write `run.json` or one of the others: to a new name first, so that it is never half there."""
        text = json.dumps(content, indent=1, default=str) + "\n"
        self._files.keep(self._own(f"{name}.json"), text, _save_text, PLAIN)
        self._files.write()

    def read(self, name: Written, needs: Sequence[str] = ()) -> dict[str, Any]:
        """Read `run.json` or one of the others; empty where there is none.

        Args:
            name: Which.
            needs: Names that it has to have, where it is there.

        Raises:
            RunError: The file is no JSON, or not what a search writes.
        """
        target = self._own(f"{name}.json")
        text = self._files.content(target, waits=there(target))
        if text is None and not there(target):
            return {}
        with damage(target, "Restore it, or remove the run folder."):
            found = read_json(target) if text is None else parse(text)
            try:
                fit(found, KINDS[name])
                if name == "schema":
                    check_schema(found)
                lacking = next((each for each in needs if each not in found), None)
                if lacking is not None:
                    raise Unreadable(f"It lacks {lacking!r}. Expected what a search writes.")
            except Unreadable as error:
                raise Unreadable(f"{error}{_other_version(found)}") from error
            return dict(found)

    def save_split(self, arrays: Mapping[str, np.ndarray[Any, Any]]) -> None:
        """Keep which rows went where, as arrays by name."""
        self._files.keep(self._split, dict(arrays), _save_arrays, PLAIN)
        self._files.write()

    def load_split(self) -> Mapping[str, np.ndarray[Any, Any]] | None:
        """Return what `save_split` kept, None where nothing was.

        Raises:
            RunError: The file is damaged, or holds no rows.
        """
        return self._arrays(self._split, check_split)

    def save_run(self, number: int, repeat: int, arrays: Mapping[str, np.ndarray[Any, Any]]) -> None:
        """Keep what a trial reached when it was run again, as arrays by name."""
        self._files.keep(self._run(number, repeat), arrays, _save_arrays, PLAIN)
        self._files.write()

    def load_run(self, number: int, repeat: int) -> Mapping[str, np.ndarray[Any, Any]] | None:
        """Return what `save_run` kept, None where nothing was.

        Raises:
            RunError: The file is damaged.
        """
        return self._arrays(self._run(number, repeat))

    def save_model(self, target: Path, model: Any, size: int = 0, number: int | None = None) -> bool:
        """Write a Keras model, and say whether it is on disk now.

        Args:
            target: `best_model` or one of the others.
            model: Is saved.
            size: About as many bytes as that takes.
            number: The trial whose weights are the last to give way to it.
        """
        first = () if number is None else (number,)
        self._ranked = (*first, *(each for each in self._ranked if each not in first))
        self._make_room(size - bytes_of(target))
        saved = self._disk.takes(MODEL, partial(put, target, model, _save_model))
        if saved:
            self._files.replaced(target)
        else:
            self._files.keep(target, model, _save_model, MODEL)
        self.write_again(self._ranked)
        return saved

    def has_model(self, target: Path) -> bool:
        """Whether a model is on disk as it was written last."""
        return there(target) and self._files.content(target, waits=True) is None

    def keep_weights(self, number: int, weights: Sequence[Any]) -> None:
        """Take a trial's weights, in Keras's order; `write_again` writes them."""
        self._weights.keep(number, weights)

    def save_weights(self, number: int, weights: Sequence[Any]) -> None:
        """Write a trial's weights, in Keras's order."""
        self._weights.keep(number, weights)
        self._files.write()

    def load_weights(self, number: int) -> list[np.ndarray[Any, Any]]:
        """Return a trial's weights.

        Raises:
            RunError: They are not there, or damaged.
        """
        return self._weights.load(number)

    def has_weights(self, number: int) -> bool:
        """Whether a trial's weights are kept: not where their file is seen to be damaged."""
        return self._weights.has(number)

    def drop_weights(self, number: int) -> None:
        """Remove a trial's weights."""
        self._weights.drop(number)

    def write_again(self, ranked: Collection[int]) -> None:
        """Write what is in memory alone, as far as there is room for it.

        Args:
            ranked: Trials whose weights are kept, the best first.
        """
        self._ranked = tuple(ranked)
        self._make_room()
        self._files.write()
        self._weights.forget(self._ranked)

    def _make_room(self, wanted: int = 0) -> None:
        """Put weights aside until so many bytes are free of those that the folder may take."""
        if self.most is not None:
            others = self.size - self._weights.on_disk(self._ranked)
            self._weights.fit(self._ranked, self.most - others - wanted)

    def _settle(self) -> None:
        """Try once more to write what is in memory alone, and say what still is, and what takes too much."""
        self.journal.flush()
        self.write_again(self._ranked)
        refused = [path.name for path in self._files.refused]
        refused += [self.journal.path.name] if self.journal.waits else []
        for path in (self.best_model, self.ensemble, self.refit):
            self._files.put_aside(path)  # whoever called may train it on: it is not what it was any more
        if refused:
            logger.warning(
                "Not all of the run is in %s: %s in memory alone and %s with this process. Write the winner elsewhere "
                "with result.export(path).",
                self.path, *_counted(sorted(refused)),
            )  # fmt: skip
        if self.most is not None and self._ranked and (size := self.size) > self.most:
            logger.warning(
                "The run %s takes %s, more than max_disk, %s: what is always written takes that. Raise max_disk.",
                self.path, memory.spoken(size), memory.spoken(self.most),
            )  # fmt: skip

    def _arrays(self, path: Path, check: Callable[[Arrays], None] = lambda found: None) -> Arrays | None:
        """Return the arrays of a file by name, None where there is none; those that come from disk are checked."""
        known = self._files.content(path)
        if known is not None or not there(path):
            return known  # type: ignore[no-any-return]
        with damage(path, AS_ARRAYS):
            found = read_arrays(path)
            check(found)
            return found

    @property
    def _split(self) -> Path:
        return self._own("split.npz")

    def _run(self, number: int, repeat: int) -> Path:
        return self._own("confirmation", f"trial-{number:04d}.run-{repeat}.npz")

    def _own(self, *names: str) -> Path:
        """Return the path of a file in the folder.

        Raises:
            RunError: A link leads out of it.
        """
        return inside(self.path.joinpath(*names), self.path)


def _other_version(run: Any) -> str:
    """Return a sentence on the version that wrote `run.json` where it is not this one, else nothing."""
    versions = run.get("versions") if isinstance(run, Mapping) else None
    theirs, ours = (
        versions.get("autoopt") if isinstance(versions, Mapping) else None,
        metadata.version("autoopt"),
    )
    if theirs in (None, ours):
        return ""
    return f" It is of autoopt {shown(theirs)}, and this is {ours}: read it with that one."


def _counted(names: Sequence[str]) -> tuple[str, str]:
    """Return what is said of some files, and how they end."""
    return f"{', '.join(names)} {'is' if len(names) == 1 else 'are'}", "ends" if len(names) == 1 else "end"


def _save_text(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf8")


def _save_arrays(path: Path, arrays: Mapping[str, np.ndarray[Any, Any]]) -> None:
    path.parent.mkdir(exist_ok=True)
    np.savez(path, **dict[str, Any](arrays))


def _save_model(path: Path, model: Any) -> None:
    model.save(path)

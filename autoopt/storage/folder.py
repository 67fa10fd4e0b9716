"""Run folder: where one search keeps its journal, its winner's model and what was asked.

run.json       what was asked: versions, seed, every hyperparameter, objective
space.json     the Space that was asked for
journal.log    every trial, Optuna's journal
weights/       trial-0007.weights.npz of the best few
confirmation/  trial-0007.run-1.npz: scores of the best few with fresh seeds
best.keras     the winner
course.json    how it was trained
split.npz      which rows of the data train, validate and test, where they were cut from one whole
result.json    what came out
writer.lock    held by the process that writes, which writer.json names while it does

Where they were asked for: ablation.json, ensemble.keras with ensemble.json, refit.keras with refit.json.
"""

import contextlib
import json
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

import numpy as np

from autoopt.errors import RunError, nearest
from autoopt.storage.durable import replacing
from autoopt.storage.writer import LOCK, WHO, Writer

Written = Literal["run", "space", "result", "course", "ablation", "ensemble", "refit"]
"""The names of the files that hold JSON."""

Resume = bool | Literal["overwrite"]


class RunFolder:
    """One run on disk.

    Args:
        path: `directory/project_name`.

    Attributes:
        note: What became of a process that was writing here, in a sentence; empty where there was none.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.note = ""

    @contextlib.contextmanager
    def held(self) -> Iterator[None]:
        """Be the one process that writes here for a while; `note` says whose place was taken.

        Raises:
            RunError: Another one is.
        """
        writer = Writer(self.path)
        self.note = self.note or writer.note
        try:
            yield
        finally:
            writer.release()

    @property
    def journal(self) -> Path:
        """The journal file."""
        return self.path / "journal.log"

    @property
    def best_model(self) -> Path:
        """The winner, in Keras's own format."""
        return self.path / "best.keras"

    @property
    def ensemble(self) -> Path:
        """Several trials' models as one."""
        return self.path / "ensemble.keras"

    @property
    def refit(self) -> Path:
        """The winner, trained on the validation part too."""
        return self.path / "refit.keras"

    @property
    def name(self) -> str:
        """The project's name."""
        return self.path.name

    def write(self, name: Written, content: Mapping[str, Any]) -> None:
        """Write `run.json` or one of the others: to a new name first, so that it is never half there."""
        text = json.dumps(content, indent=1, default=str) + "\n"
        with replacing(self.path / f"{name}.json") as fresh:
            fresh.write_text(text, encoding="utf8")

    def read(self, name: Written) -> dict[str, Any]:
        """Read `run.json` or one of the others; empty where there is none.

        Raises:
            RunError: The file is no JSON.
        """
        target = self.path / f"{name}.json"
        if not target.exists():
            return {}
        try:
            return json.loads(target.read_text(encoding="utf8"))  # type: ignore[no-any-return]
        except ValueError as error:
            raise RunError(f"{target} is damaged: {error}. Restore it, or remove the run folder.") from error

    def save_split(self, arrays: Mapping[str, np.ndarray[Any, Any]]) -> None:
        """Keep which rows went where, as arrays by name."""
        with replacing(self._split) as fresh:
            np.savez(fresh, **dict[str, Any](arrays))

    def load_split(self) -> Mapping[str, np.ndarray[Any, Any]] | None:
        """Return what `save_split` kept, None where nothing was."""
        return _arrays(self._split)

    def save_weights(self, number: int, weights: Sequence[Any]) -> None:
        """Keep a trial's weights, in Keras's order."""
        target = self._weights(number)
        target.parent.mkdir(exist_ok=True)
        with replacing(target) as fresh:
            np.savez(fresh, *[_portable(np.asarray(array)) for array in weights])

    def load_weights(self, number: int) -> list[np.ndarray[Any, Any]]:
        """Return what `save_weights` kept."""
        with np.load(self._weights(number), allow_pickle=False) as arrays:
            return [arrays[f"arr_{i}"] for i in range(len(arrays.files))]

    def has_weights(self, number: int) -> bool:
        """Whether a trial's weights are kept."""
        return self._weights(number).exists()

    def drop_weights(self, number: int) -> None:
        """Remove a trial's weights."""
        self._weights(number).unlink(missing_ok=True)

    def save_run(self, number: int, repeat: int, arrays: Mapping[str, np.ndarray[Any, Any]]) -> None:
        """Keep what a trial reached when it was run again, as arrays by name."""
        target = self._run(number, repeat)
        target.parent.mkdir(exist_ok=True)
        with replacing(target) as fresh:
            np.savez(fresh, **dict[str, Any](arrays))

    def load_run(self, number: int, repeat: int) -> Mapping[str, np.ndarray[Any, Any]] | None:
        """Return what `save_run` kept, None where nothing was."""
        return _arrays(self._run(number, repeat))

    @property
    def _split(self) -> Path:
        return self.path / "split.npz"

    def _weights(self, number: int) -> Path:
        return self.path / "weights" / f"trial-{number:04d}.weights.npz"

    def _run(self, number: int, repeat: int) -> Path:
        return self.path / "confirmation" / f"trial-{number:04d}.run-{repeat}.npz"


def _arrays(path: Path) -> Mapping[str, np.ndarray[Any, Any]] | None:
    if not path.exists():
        return None
    with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
        return {name: arrays[name] for name in arrays.files}


def _portable(array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Return an array that NumPy can read back: bfloat16 and its like fit float32 without loss."""
    return array.astype(np.float32) if array.dtype.kind == "V" else array


KERAS_TUNER = "oracle.json"
"""What KerasTuner writes into the folder of a project."""


def locate(directory: str | Path, project_name: str | None, resume: Resume) -> RunFolder:
    """Return where a run is to be kept; nothing is written.

    Args:
        directory: Where runs lie.
        project_name: The run's name; None takes a fresh one.
        resume: False refuses a run that exists.

    Raises:
        RunError: The run exists already, something that is no run has its place, or directory or name
            cannot be a folder's.
    """
    root = check_directory("directory", directory)
    if project_name is not None and (
        Path(str(project_name)).name != project_name or project_name in ("", ".", "..")
    ):
        raise RunError(
            f"project_name was given {project_name!r}. Expected a plain name without slashes; "
            "use directory to say where runs lie."
        )
    if resume is True and project_name is None:
        raise RunError(
            "resume was given True without a project_name. Expected the name of the run to go on with."
        )
    path = root / (project_name or _fresh_name(root))
    # What is no run is somebody's own: it must not be replaced, nor written into.
    if path.exists() and not (path / "run.json").is_file() and _holds_files(path):
        tuners = (path / KERAS_TUNER).is_file()
        if tuners and resume == "overwrite":
            return RunFolder(path)
        hint = (
            f' It is a project of KerasTuner\'s: replace it with resume="overwrite" (overwrite=True of a Tuner), or '
            f"begin with its best trials, Search(start={str(path)!r}), under another project_name."
        )
        raise RunError(
            f"{path} exists and is no run: it has no run.json. Expected a run to go on with or to replace. "
            f"Take another project_name or directory.{hint if tuners else ''}"
        )
    if path.exists() and not resume:
        raise RunError(
            f"The run {path} exists already. Pass resume=True to go on with it, "
            'resume="overwrite" to replace it, or another project_name.'
        )
    return RunFolder(path)


def create(directory: str | Path, project_name: str | None, resume: Resume) -> RunFolder:
    """Make the folder of a new run, or open the one that is to go on.

    Args:
        directory: Where runs lie.
        project_name: The run's name; None takes a fresh one.
        resume: True goes on with a run that exists, `"overwrite"` removes it first.

    Raises:
        RunError: As `locate`, or another process writes to the run.
    """
    folder = locate(directory, project_name, resume)
    folder.path.mkdir(parents=True, exist_ok=True)
    with folder.held():
        for each in folder.path.iterdir() if resume == "overwrite" else ():
            if each.name not in (LOCK, WHO):
                shutil.rmtree(each) if each.is_dir() and not each.is_symlink() else each.unlink()
    return folder


def check_directory(argument: str, given: Any) -> Path:
    """Return the path of a folder that is there or can be made; nothing is written.

    Args:
        argument: What the user calls it.
        given: The folder's path.

    Raises:
        RunError: It is no path, a file stands in its way, or nobody may write there.
    """
    if not isinstance(given, str | Path):
        raise RunError(f"{argument} was given {given!r}. Expected the path of a folder.")
    path = Path(given)
    present = next(part for part in (path, *path.absolute().parents) if part.exists())
    if not present.is_dir():
        raise RunError(
            f"{argument} was given {str(path)!r}, but {str(present)!r} is a file. "
            "Expected a folder: name another, or move the file."
        )
    if not os.access(present, os.W_OK):
        raise RunError(
            f"{argument} was given {str(path)!r}, but {str(present)!r} cannot be written to. "
            "Expected a folder of yours: name another, or change its permissions."
        )
    return path


def find(run: str | Path, directory: str | Path = "autoopt_runs") -> RunFolder:
    """Return an existing run, by its folder or by its name under `directory`.

    Raises:
        RunError: There is none; the nearest names that exist are given.
    """
    for path in (Path(run), Path(directory) / run):
        if (path / "run.json").is_file():
            return RunFolder(path)
    names = [folder.name for folder in every(directory)]
    raise RunError(
        f"There is no run {str(run)!r}: neither a run folder, nor a name under {directory}."
        f"{nearest(Path(run).name, names)}"
    )


def every(directory: str | Path) -> list[RunFolder]:
    """Return the runs under a directory, oldest first."""
    found = sorted(Path(directory).glob("*/run.json"), key=lambda path: path.stat().st_mtime)
    return [RunFolder(path.parent) for path in found]


def _holds_files(path: Path) -> bool:
    """Whether a folder holds more than what a search leaves that died before it wrote down what was asked."""
    return any(each.name not in (LOCK, WHO) for each in path.iterdir())


def _fresh_name(root: Path) -> str:
    stem = datetime.now().strftime("run-%Y%m%d-%H%M%S")
    names = (stem, *(f"{stem}-{i}" for i in range(2, 10_000)))
    return next(name for name in names if not (root / name).exists())

"""Runs: the folders of all under a directory, made, found, gone on with or replaced."""

import os
import shutil
import tempfile
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from autoopt.errors import RunError, nearest
from autoopt.spelling import named, spelled
from autoopt.storage.folder import RunFolder
from autoopt.storage.writer import LOCK, WHO

Resume = bool | Literal["overwrite"]

LEAST = 1 << 16
"""Bytes that have to be left on a disk when a run begins there."""

LONGEST = 200
"""Bytes of a name: file systems take 255, with what is written beside it."""

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
    if project_name is not None and not _is_name(project_name):
        raise RunError(
            f"{named('project_name')} was given {project_name!r}. Expected a plain name without slashes, of 200 bytes at most; "
            f"use {named('directory')} to say where runs lie."
        )
    if resume is True and project_name is None:
        raise RunError(
            f"{spelled('resume', True)} was given without {named('project_name')}. Expected the name of the run to go on with."
        )
    path = root / (project_name or _fresh_name(root))
    # What is no run is somebody's own: it must not be replaced, nor written into.
    if path.exists() and not (path / "run.json").is_file() and _holds_files(path):
        tuners = (path / KERAS_TUNER).is_file()
        if tuners and resume == "overwrite":
            return RunFolder(path)
        hint = (
            f" It is a project of KerasTuner's: replace it with {spelled('resume', 'overwrite')} (overwrite=True of a Tuner), or "
            f"begin with its best trials, Search(start={str(path)!r}), under another {named('project_name')}."
        )
        raise RunError(
            f"{path} exists and is no run: it has no run.json. Expected a run to go on with or to replace. "
            f"Take another {named('project_name')} or {named('directory')}.{hint if tuners else ''}"
        )
    if path.exists() and not resume:
        raise RunError(
            f"The run {path} exists already. Pass {spelled('resume', True)} to go on with it, "
            f"{spelled('resume', 'overwrite')} to replace it, or another {named('project_name')}."
        )
    return RunFolder(path)


def create(
    directory: str | Path, project_name: str | None, resume: Resume, most: int | None = None
) -> RunFolder:
    """Make the folder of a new run, or open the one that is to go on.

    Args:
        directory: Where runs lie.
        project_name: The run's name; None takes a fresh one.
        resume: True goes on with a run that exists, `"overwrite"` removes it first.
        most: As `RunFolder` takes it.

    Raises:
        RunError: As `locate`, another process writes to the run, or nothing can be written there.
    """
    folder = RunFolder(locate(directory, project_name, resume).path, most)
    _check_takes(folder.path, 0)
    with folder.held():
        for each in folder.path.iterdir() if resume == "overwrite" else ():
            if each.name not in (LOCK, WHO):
                shutil.rmtree(each) if each.is_dir() and not each.is_symlink() else each.unlink()
        _check_takes(folder.path, LEAST)
    return folder


def _check_takes(path: Path, size: int) -> None:
    """Make a folder where there is none, and check that so many bytes can be written there.

    Raises:
        RunError: They cannot.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=path) as file:
            file.write(bytes(size))
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise RunError(
            f"The run folder {str(path)!r} cannot be written to ({error.strerror}). Expected a folder of yours on a disk "
            f"with {LEAST:,} bytes left. Free some, or name another {named('directory')}."
        ) from error


def check_directory(argument: str, given: Any) -> Path:
    """Return the path of a folder that is there or can be made; nothing is written.

    Args:
        argument: What the user calls it.
        given: The folder's path.

    Raises:
        RunError: It is no path, a file stands in its way, or nobody may write there.
    """
    if not isinstance(given, str | Path):
        raise RunError(f"{named(argument)} was given {given!r}. Expected the path of a folder.")
    path = Path(given)
    present = next(part for part in (path, *path.absolute().parents) if part.exists())
    if not present.is_dir():
        raise RunError(
            f"{named(argument)} was given {str(path)!r}, but {str(present)!r} is a file. "
            "Expected a folder: name another, or move the file."
        )
    if not os.access(present, os.W_OK):
        raise RunError(
            f"{named(argument)} was given {str(path)!r}, but {str(present)!r} cannot be written to. "
            "Expected a folder of yours: name another, or change its permissions."
        )
    return path


def find(run: str | Path, directory: str | Path = "autoopt_runs") -> RunFolder:
    """Return an existing run, by its folder or by its name under `directory`.

    Raises:
        RunError: There is none; the nearest names that exist are given.
    """
    if not isinstance(directory, str | Path):
        raise RunError(
            f"{named('directory')} was given {directory!r}. Expected the path of the folder in which runs lie."
        )
    for path in (Path(run), Path(directory) / run):
        if (path / "run.json").is_file():
            return RunFolder(path)
    names = [folder.name for folder in every(directory)]
    there = next((path for path in (Path(run), Path(directory) / run) if str(run) and path.exists()), None)
    if there is not None:
        raise RunError(
            f"{str(there)!r} is no run folder: it has no run.json. Expected directory/project_name of a run."
            f"{nearest(Path(run).name, names)}"
        )
    raise RunError(
        f"There is no run {str(run)!r}: neither a run folder, nor a name under {directory}."
        f"{nearest(Path(run).name, names)}"
    )


def every(directory: str | Path) -> list[RunFolder]:
    """Return the runs under a directory, oldest first."""
    found = [path for path in Path(directory).glob("*/run.json") if path.is_file()]
    return [RunFolder(path.parent) for path in sorted(found, key=lambda path: path.stat().st_mtime)]


def _is_name(given: Any) -> bool:
    """Whether a folder may be called that."""
    plain = isinstance(given, str) and Path(given).name == given and given not in ("", ".", "..")
    return plain and "\0" not in given and len(os.fsencode(given)) <= LONGEST


def _holds_files(path: Path) -> bool:
    """Whether a folder holds more than what a search leaves that died before it wrote down what was asked."""
    return any(each.name not in (LOCK, WHO) for each in path.iterdir())


def _fresh_name(root: Path) -> str:
    stem = datetime.now().strftime("run-%Y%m%d-%H%M%S")
    names = (stem, *(f"{stem}-{i}" for i in range(2, 10_000)))
    return next(name for name in names if not (root / name).exists())

"""Images, sounds and texts in files to `Raw`: to learn from, and read again by a schema."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from autoopt.data.files import images, sounds, texts
from autoopt.data.files.folder import Files
from autoopt.data.files.loaded import Loaded
from autoopt.data.parts import Progress
from autoopt.data.tables import Texts, capitals, class_numbers, classified, twice
from autoopt.data.tables.listing import some
from autoopt.errors import DataError
from autoopt.schema import SPOKEN, Column, Kind, Modality, Raw, Schema, Task
from autoopt.spelling import spelled

KINDS: dict[Modality, Kind] = {"image": "number", "audio": "number", "text": "text"}
"""What the one column of each holds."""


def learnt_from(
    files: Files,
    task: Task | None,
    image_size: tuple[int, int] | None,
    progress: Progress | None,
    limit: int | None = None,
) -> Raw:
    """Return files with the classes that their folders name.

    Args:
        files: With classes.
        task: What the user says; None to tell it from the classes.
        image_size: As `images.read` takes it.
        progress: Told of files.
        limit: Bytes of memory; of what needs more, images are put aside on disk where that has room, and all else stays in the
            files.

    Raises:
        DataError: No file can be read, or there is one class alone.
    """
    if task not in (None, "binary", "multiclass"):
        raise DataError(
            f"{spelled('task', task)} was given for folders of {files.modality}. Expected classes, which is what folders name: "
            "'binary' or 'multiclass'. Leave task out."
        )
    loaded = _loaded(files, progress, limit, image_size=image_size)
    _check_several(files, loaded)
    labels = classified(f"The folder {files.folder}", Texts.of(_of(files.classes or (), loaded.kept)), task)
    column = Column(files.modality, KINDS[files.modality], 0.0, loaded.distinct or len(loaded.values))
    words = capitals(column.name, loaded.values) if files.modality == "text" else ()
    schema = Schema(
        files.modality, labels.task, (column,), (), labels.classes, shape=loaded.shape, rate=loaded.rate
    )
    again = twice({column.name: loaded.values}, labels.y)
    return _raw(files, loaded, schema, labels.y, (*files.notes, *labels.notes, *words, *again))


def _check_several(files: Files, loaded: Loaded) -> None:
    """Raise where files of one class alone are left, with the folders that nothing came of."""
    classes = files.classes or ()
    there = list(dict.fromkeys(_of(classes, loaded.kept)))
    unread = [name for name in dict.fromkeys(classes) if name not in there]
    if len(there) > 1:
        return
    kind = SPOKEN[files.modality]
    why = [f"{some(files.empty)} {'has' if len(files.empty) == 1 else 'have'} none"] if files.empty else []
    why += [f"none of {some(unread)} can be read"] if unread else []
    raise DataError(
        f"The folder {files.folder} has {kind} of one class alone, {some(there)}{': ' if why else ''}{', and '.join(why)}. Expected "
        f"{kind} of two classes or more, a folder for each: nothing can be learnt from one. Put {kind} into "
        f"{'the folders that have none' if files.empty else 'a second folder'}."
    )


def read_again(files: Files, schema: Schema, progress: Progress | None, limit: int | None = None) -> Raw:
    """Return files as a schema has them, with labels where their folders name them.

    Raises:
        DataError: No file can be read, or they are of another kind.
    """
    if files.modality != schema.modality:
        raise DataError(
            f"{files.folder} has {SPOKEN[files.modality]}. Expected {SPOKEN[schema.modality]}, as in training. Pass such."
        )
    loaded = _loaded(files, progress, limit, schema)
    y = None
    if files.classes is not None and schema.classes and set(files.classes) & set(schema.classes):
        y = class_numbers(_of(files.classes, loaded.kept), schema.classes)
    return _raw(files, loaded, schema, y, (*files.notes, *(() if y is None else _strangers(files, schema))))


def _strangers(files: Files, schema: Schema) -> Iterator[str]:
    """Yield what is to be said of files whose class training had not."""
    others = [name for name in files.classes or () if name not in schema.classes]
    if others:
        yield (
            f"{len(others):,} of {len(files.paths):,} files are of classes that training had not: {some(dict.fromkeys(others))}. "
            "They are not scored."
        )


def _loaded(
    files: Files,
    progress: Progress | None,
    limit: int | None,
    schema: Schema | None = None,
    image_size: tuple[int, int] | None = None,
) -> Loaded:
    paths: Sequence[Path] = files.paths
    if files.modality == "image":
        return images.read(paths, progress, schema.shape if schema else (), image_size, limit)
    if files.modality == "audio":
        length, rate = (schema.shape[0], schema.rate) if schema else (None, 0)
        return sounds.read(paths, progress, length, rate, limit)
    return texts.read(paths, progress, limit)


def _of(classes: Sequence[str], kept: np.ndarray) -> np.ndarray:
    return np.array(classes, object)[kept]


def _raw(files: Files, loaded: Loaded, schema: Schema, y: np.ndarray | None, notes: Sequence[str]) -> Raw:
    names = np.array(files.names, object)[loaded.kept].tolist()
    return Raw(schema, {schema.columns[0].name: loaded.values}, y, names, (*notes, *loaded.notes))

"""From a path or a DataFrame to `Raw`: what is there decides who reads it."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from autoopt import memory
from autoopt.data.files import arrays, columnar, delimited, fasta, folder, frame, images, json_lines, media
from autoopt.data.files.watched import watching
from autoopt.data.parts import Progress
from autoopt.data.tables import PASSES, Expected, Table, Wanted, inferred, read_again
from autoopt.data.tables.numerals import PERCENT
from autoopt.errors import DataError, nearest
from autoopt.schema import SPOKEN, Raw, Schema
from autoopt.spelling import named, spelled
from autoopt.untrusted import shown

Reader = Callable[[Path, Expected, Progress | None], Table]

TABLES: Mapping[str, Reader] = {
    ending: module.read
    for module in (delimited, columnar, json_lines, fasta, arrays)
    for ending in module.SUFFIXES
}
"""Who reads a file, by its ending."""

WHOLE: tuple[Reader, ...] = (json_lines.read, fasta.read)
"""Who has all rows in memory at once."""

FORMATS = "CSV, TSV, Parquet, Feather, JSON lines, FASTA, .npz, .npy, a DataFrame, or a folder with a folder for each class"


def read(
    data: Any, *, target: Any = None, task: Any = None, types: Any = None, drop: Any = (), groups: Any = None,
    schema: Schema | None = None, progress: Progress | None = None, limit: int | None = None,
) -> Raw:  # fmt: skip
    """Read rows, and tell what they are.

    A FASTA file has the columns id, sequence and label. Labels stand at the end of headers (`>id label`, `>id|label`,
    `>id label=…`, `>id class=…`), or beside NAME.fasta in a file NAME_labels.csv or labels.csv (or .tsv) with a column of ids
    and one of labels.

    Args:
        data: Path of a CSV, TSV, Parquet, Feather, JSON lines, FASTA, `.npz` or `.npy` file, or of a folder with a folder
            for each class; or a DataFrame of pandas or polars.
        target: Name of the column that is predicted, or names of several of 0 and 1. None takes one called target, label,
            class or y, else the last. A folder has no columns: target and drop are refused there.
        task: `binary`, `multiclass`, `multilabel`, `regression` or `counts`, of a folder one of the first two; None tells it
            from the labels.
        types: Kinds of columns by name: `number`, `category`, `text`, `date`; or, of letters that are learnt from alone, `dna`,
            `rna`, `protein` or `sequence`. The others are told from their values. Or `"series"` where each row is a series of
            numbers, one step a column, in their order. Of a folder of images the height and width that they are brought to,
            `{"image": "64x48"}`; without it the median, 128 pixels a side at most.
        drop: Names of columns that are not learnt from.
        groups: Name of a column that says which rows keep together; it is not learnt from.
        schema: Read the rows as this has them, to predict for them or to test on them. Then nothing above is needed.
        progress: Called with how much is done, of how much.
        limit: Bytes of memory that may be taken, None for what is available. Of what needs more, tables and images are put aside
            on disk; sounds and texts of a folder, and images where the disk has no room, are read when their rows are needed.

    Raises:
        DataError: The data cannot be read or learnt from as they are; the message says why and what to do.

    Example:
        >>> import pandas as pd
        >>> frame = pd.DataFrame({"size": ["1,200", "900", "n/a", "80"], "sort": ["a", "b", "a", "b"], "y": [1, 0, 1, 0]})
        >>> raw = read(frame, target="y")
        >>> raw.schema.task, [(column.name, column.kind) for column in raw.schema.columns]
        ('binary', [('size', 'number'), ('sort', 'category')])
        >>> read(frame[["sort", "size"]], schema=raw.schema).x["size"].tolist()
        [1200.0, 900.0, nan, 80.0]
    """
    given = {"target": target, "task": task, "types": types, "drop": drop or None, "groups": groups}
    if schema is not None:
        _check_alone(given)
        with watching(f"Reading {_named(data)}", progress) as told:
            return _again(data, schema, told, limit)
    if _is_folder(data):
        return _folder(Path(data), given, progress, limit)
    wanted = Wanted.of(target, task, types, drop, groups)
    letters = tuple(name for name, kind in wanted.types.items() if kind != "number")
    with watching(f"Reading {_named(data)}", progress) as told:
        table = _table(data, Expected(texts=letters, limit=limit), told)
    return inferred(table, wanted)


def _folder(path: Path, given: Mapping[str, Any], progress: Progress | None, limit: int | None) -> Raw:
    """Return the rows of a folder to learn from."""
    _check_no_columns(given, path)
    task = Wanted.of(None, given["task"], None, ()).task
    if folder.parts_of(path):
        raise DataError(
            f"{path} has parts ({', '.join(folder.parts_of(path))}). Expected one. Use read_parts, or pass {path / 'train'}."
        )
    with watching(f"Reading {path}", progress) as told:
        files = folder.listed(path, True)
        return media.learnt_from(files, task, _image_size(given["types"], files), told, limit)


def _image_size(types: Any, files: folder.Files) -> tuple[int, int] | None:
    """Return the height and width that a user asks for, None for what fits the files."""
    if types is None:
        return None
    if files.modality != "image" or not isinstance(types, Mapping) or set(types) != {"image"}:
        raise DataError(
            f"{named('types')} was given {shown(types)} for {files.folder}, a folder of {files.modality}. Expected it for a table, or "
            f"of images the size that they are brought to: {spelled('types', {'image': '64x48'})}. Leave {named('types')} out."
        )
    return images.size_of(types["image"])


def _again(data: Any, schema: Schema, progress: Progress | None, limit: int | None) -> Raw:
    """Return rows as a schema has them."""
    media_only = schema.modality in media.KINDS and not schema.target
    if isinstance(data, str | Path) and media_only and Path(data).is_file():
        path = Path(data)
        kind = folder.MODALITIES.get(path.suffix.lower())
        if kind is not None:
            return media.read_again(folder.Files(kind, (path,), path.parent, None), schema, progress, limit)
    if _is_folder(data):
        return media.read_again(folder.listed(Path(data), False), schema, progress, limit)
    if schema.modality in ("image", "audio"):
        raise DataError(
            f"{_named(data)} is a table. Expected {SPOKEN[schema.modality]}, as in training. Pass a file or a folder of them."
        )
    names = tuple(column.name for column in schema.columns)
    return read_again(_table(data, Expected(names, _letter_by_letter(schema), limit), progress), schema)


def _letter_by_letter(schema: Schema) -> tuple[str, ...]:
    """Return the columns of which it counts how a cell is written, whatever it looks like."""
    signed = [
        each.name
        for each in schema.columns
        if each.kind != "number" or each.written or PERCENT in (each.signs or "")
    ]
    target = schema.target if schema.written or PERCENT in (schema.signs or "") else ()
    return (*signed, *target)


def _table(data: Any, known: Expected, progress: Progress | None) -> Table:
    """Return rows as they stand."""
    if frame.recognizes(data):
        _check_room(_named(data), frame.size(data), known.limit)
        return frame.read(data)
    if not isinstance(data, str | Path):
        raise DataError(f"data is a {type(data).__name__}. Expected the path of {FORMATS}. Pass one of them.")
    path = Path(data)
    check_file(path)
    reader = TABLES[path.suffix.lower()]
    if reader in WHOLE:
        _check_room(str(path), PASSES * path.stat().st_size, known.limit)
    table = reader(path, known, progress)
    if reader is fasta.read and not known.names:
        fasta.check_labelled(table, path)
    return table


def _check_room(what: str, wanted: int, limit: int | None) -> None:
    """Raise where rows that cannot be put aside do not fit into memory."""
    room = memory.free(limit)
    if room is not None and wanted > room:
        raise DataError(
            f"{what} takes about {memory.spoken(wanted)} while it is read, and {memory.spoken(room)} may be taken. Expected less, "
            "or a format that is read piece by piece: CSV, TSV, Parquet, Feather. Write it as one of these and pass the path, or "
            "pass fewer rows."
        )


def check_file(path: Path) -> None:
    """Check that there is something that can be learnt from, without opening it; what a folder holds is not looked at.

    Raises:
        DataError: There is nothing, or it is of another format.
    """
    check_there(path)
    if path.is_file() and path.suffix.lower() not in TABLES:
        advice = "Save the sheet as CSV" if path.suffix.lower().startswith(".xls") else "Pass such a file"
        raise DataError(f"{path} is of a format that is not read here. Expected {FORMATS}. {advice}.")


def check_said(path: Path, target: Any = None, task: Any = None, types: Any = None, drop: Any = ()) -> None:
    """Check what is said of the columns of a table, as far as none of its rows are needed for that.

    Raises:
        DataError: There is no such task or kind.
    """
    if not path.is_dir():
        Wanted.of(target, task, types, drop)


def check_there(path: Path) -> None:
    """Check that a path names a file or a folder.

    Raises:
        DataError: It does not; the nearest names are given.
    """
    if path.is_file() or path.is_dir():
        return
    if path.exists():
        raise DataError(f"{path} is no file. Expected {FORMATS}. Pass one of them.")
    there = path.parent if path.parent.is_dir() else Path()
    names = sorted(each.name for each in there.iterdir() if not each.name.startswith("."))[:1_000]
    near = nearest(path.name, names) if 0 < len(names) <= 20 else nearest(path.name, _near(path.name, names))
    raise DataError(f"There is no file {path}. Expected the path of {FORMATS}.{near}")


def _near(name: str, names: list[str]) -> list[str]:
    import difflib

    return difflib.get_close_matches(name, names, n=5, cutoff=0)


def _check_alone(given: Mapping[str, Any]) -> None:
    for name, value in given.items():
        if value is not None:
            raise DataError(
                f"{name} was given along with a schema, which says that already. Expected one. Leave {name} out."
            )


def _check_no_columns(given: Mapping[str, Any], path: Path) -> None:
    for name in ("target", "drop", "groups"):
        if given[name] is not None:
            raise DataError(
                f"{named(name)} was given {shown(given[name])} for the folder {path}. Expected a table: of a folder, folders name "
                f"the classes, and there are no columns. Leave {named(name)} out. The task may be said: {spelled('task', 'binary')}, or multiclass."
            )


def _is_folder(data: Any) -> bool:
    return isinstance(data, str | Path) and Path(data).is_dir()


def _named(data: Any) -> str:
    return str(data) if isinstance(data, str | Path) else f"a {type(data).__name__}"

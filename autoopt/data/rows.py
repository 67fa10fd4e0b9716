"""Raw rows, of files, folders and DataFrames: read, told apart from others, and prepared once it is known which train."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from autoopt import memory
from autoopt.data.aside import Aside, NoRoom, has_room
from autoopt.data.deferred import Deferred
from autoopt.data.marks import mark
from autoopt.data.parts import Part, Progress, Stream
from autoopt.errors import DataError
from autoopt.schema import Raw, Schema, Stored
from autoopt.spelling import named
from autoopt.untrusted import shown

if TYPE_CHECKING:
    from autoopt.data.files import Parts
    from autoopt.preparing import Preparation

KEPT = (
    "What columns are prepared with (means, categories, words) is learnt from the rows that train alone; fresh cuts and "
    "folds keep it."
)


@dataclass(frozen=True, eq=False)
class Rows:
    """What a Dataset of raw rows was made of.

    Attributes:
        schema: What they are.
        described: What is shown of each column and the target, as `files.describe` has it.
        mark: A short text that tells these rows from others.
        preparation: What makes arrays of them; None before it is known which rows train.
    """

    schema: Schema
    described: Sequence[Mapping[str, str]]
    mark: str
    preparation: "Preparation | None" = None

    def fitted(self, part: Part, n: int) -> "Rows":
        """Return these with a preparation that knows the first `n` rows of a part alone."""
        from autoopt.preparing import Preparation  # loads the backend, which arrays may not need yet

        return replace(self, preparation=Preparation.fit(Raw(self.schema, part.x, part.y), np.arange(n)))

    def arrays(self, part: Part) -> Part:
        """Return a part of raw rows as what models take."""
        assert self.preparation is not None
        return replace(part, x=prepared(self.preparation, Raw(self.schema, part.x, part.y)))

    def said(self, part: Part) -> Iterator[str]:
        """Yield what is to be said of the preparation, which was fitted on a part."""
        from autoopt.data.tables.listing import some
        from autoopt.preparing import MOST_LETTERS, SAMPLE

        assert self.preparation is not None
        if self.preparation.wide:
            yield (
                f"Numbers of {some(self.preparation.wide)} are closer together than float32 can tell: best_model takes two for "
                "each, x.astype('float32') and what is left of x. predict does that for you."
            )
        texts = [each.name for each in self.schema.columns if each.kind == "text"]
        if any(isinstance(part.x[name], Stored) for name in texts):
            yield (
                f"Words are learnt from {SAMPLE:,} texts that train at most, or {MOST_LETTERS / 1e6:.0f} million letters of "
                "them, drawn at random: the others stay on disk."
            )

    def cut(self, part: Part) -> tuple[str, ...]:
        """Return what is to be said of raw rows of a part of which models take the beginning alone."""
        assert self.preparation is not None
        return self.preparation.cut(Raw(self.schema, part.x, part.y))

    def deferred(self, parts: Sequence[Part]) -> tuple[list[Stream], tuple[str, ...]]:
        """Return parts of raw rows as what comes in batches, from disk as arrays or prepared whenever rows are needed; and notes.

        Images stay what they are, which is a quarter of what is made of them.
        """
        assert self.preparation is not None
        found = [Deferred(Raw(self.schema, part.x, part.y), self.preparation) for part in parts]
        notes: tuple[str, ...] = ()
        if self.schema.modality != "image" and has_room(sum(each.nbytes for each in found)):
            try:
                found = _kept(found)
            except NoRoom as error:  # a quota, or somebody else has filled the disk meanwhile
                notes = (
                    f"{error} Until then they are prepared anew whenever they are needed, which takes longer.",
                )
        return [Stream(each, each.n) for each in found], notes

    def too_large(self, n: int, limit: int | None) -> str:
        """Return what is to be said of so many rows where they do not fit into memory once they are prepared, else nothing.

        Args:
            n: All rows that are to be prepared.
            limit: Bytes that may be taken; None for what is available.
        """
        assert self.preparation is not None
        wanted = n * self.preparation.row_bytes
        if memory.fits(wanted, limit):
            return ""
        return (
            f"{n:,} rows take {memory.spoken(wanted)} as arrays, {memory.COPIES} times that while they train, and "
            f"{memory.spoken(memory.free(limit) or 0)} may be taken: they are read batch by batch, on one cut of the rows, from the "
            "folder of temporary files as far as that has room."
        )


def prepared(preparation: "Preparation", raw: Raw) -> Any:
    """Return rows as what models take; who watches is told how far that has come."""
    from autoopt.data.files import watching

    with watching(f"Preparing {raw.n:,} rows", None) as told:
        return preparation.arrays(raw, told)


def _kept(sources: Sequence[Deferred]) -> list[Deferred]:
    """Return rows as they lie on disk from now on, prepared.

    Raises:
        NoRoom: The disk does not take them.
    """
    aside = Aside()
    return [replace(each, raw=replace(each.raw, x={}), kept=aside.kept(_pieces(each))) for each in sources]


def _pieces(source: Deferred) -> Iterator[Any]:
    """Yield all rows as what models take, some at a time; who watches is told how far that has come."""
    from autoopt.data.files import watching

    n, step = source.n, source.at_once
    with watching(f"Preparing {n:,} rows", None) as told:
        for first in range(0, n, step):
            end = min(first + step, n)
            yield source.preparation.arrays(source.raw.take(np.arange(first, end)))
            if told is not None:
                told(end, n)


def recognizes(data: Any) -> bool:
    """Say whether data is read as rows: a DataFrame alone, or a path that is no `.npz`."""
    if isinstance(data, str | Path):
        return Path(data).suffix.lower() != ".npz"
    from autoopt.data.files import frame

    return frame.recognizes(data)


def is_table(data: Any) -> bool:
    """Say whether data is rows in one file or frame, which have columns; no folder has."""
    return recognizes(data) and not (isinstance(data, str | Path) and Path(data).is_dir())


def check_unsaid(said: Mapping[str, Any], what: str) -> None:
    """Raise a DataError where something is said of columns, and there are none."""
    for name, given in said.items():
        if given is not None and not (name == "drop" and isinstance(given, list | tuple) and not given):
            advice = "Pass a label for each row" if name == "groups" else f"Leave {named(name)} out"
            raise DataError(
                f"{named(name)} was given {shown(given)} along with {what}. Expected a file, a folder or a DataFrame, labels "
                f"included, for that: here it is said by what was passed. {advice}."
            )


def read(
    data: Any,
    validation_data: Any,
    test_data: Any,
    said: Mapping[str, Any],
    limit: int | None = None,
    progress: Progress | None = None,
) -> tuple["Parts", Rows, tuple[str, ...]]:
    """Return raw rows by what they are for, what they are, and what is to be said of them.

    Args:
        data: As `files.read_parts` takes it.
        validation_data: Rows of the same columns, or None for those that a folder has.
        test_data: Likewise.
        said: `target`, `task`, `types`, `drop`, and `groups` where that names a column.
        limit: As `files.read` takes it.
        progress: Likewise.

    Raises:
        DataError: They cannot be read or learnt from as they are.
    """
    from autoopt.data import files  # readers load more than arrays need

    found = files.read_parts(data, **said, limit=limit, progress=progress)
    schema, left_out, sides = found.train.schema, list(found.left_out), {}
    for name, own, given in (
        ("validation", found.validation, validation_data),
        ("test", found.test, test_data),
    ):
        sides[name] = own if given is None else _beside(named(f"{name}_data"), given, schema, limit, progress)
        if own is not None and given is not None:
            left_out.append(f"The {name} part of {data} is left out: {named(f'{name}_data')} was given.")
    parts = files.Parts(found.train, **sides, left_out=tuple(left_out))
    described = tuple(files.describe(found.train))
    return parts, Rows(schema, described, mark(parts.there.values())), (*parts.told(), KEPT)


def labelled(raw: Raw, name: str) -> Raw:
    """Return the rows whose label is known.

    Args:
        raw: As they were read.
        name: What the user calls them.

    Raises:
        DataError: There are none.
    """
    from autoopt.data.tables import without_label

    kept = np.array([], int) if raw.y is None else np.flatnonzero(~without_label(raw.y))
    if raw.y is None and raw.schema.target:
        raise DataError(
            f"{name} has no column {', '.join(map(shown, raw.schema.target))}, which training had as its target. Expected "
            "labels in it. Add it: without labels rows can be predicted for, and not scored."
        )
    if not len(kept):
        where = f"column {', '.join(map(shown, raw.schema.target))}" if raw.schema.target else "folders"
        raise DataError(
            f"{name} has no row with a label that training had. Expected labels, in {where}: {_named(raw.schema)}. "
            "Pass rows that have them."
        )
    return raw if len(kept) == raw.n else raw.take(kept)


def _named(schema: Schema) -> str:
    """Return the first of the classes, or what else labels are."""
    return ", ".join(map(shown, schema.classes[:5])) or "numbers"


def _beside(name: str, given: Any, schema: Schema, limit: int | None, progress: Progress | None) -> Raw:
    """Return rows that were given beside others, as those are."""
    from autoopt.data import files

    if not isinstance(given, str | Path) and not recognizes(given):
        raise DataError(
            f"{name} is a {type(given).__name__}, and data are raw rows. Expected rows of the same columns, labels "
            f"included. Pass {name} as a file, a folder or a DataFrame."
        )
    try:
        return labelled(files.read(given, schema=schema, limit=limit, progress=progress), name)
    except DataError as error:
        raise DataError(str(error) if str(error).startswith(name) else f"In {name}, {error}") from error

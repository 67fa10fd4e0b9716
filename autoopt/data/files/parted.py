"""Rows by what they are for: as a folder has them, each part in a folder of its own."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from autoopt.data.files import folder, media
from autoopt.data.files.source import read
from autoopt.data.files.watched import watching
from autoopt.data.parts import Progress
from autoopt.data.tables import marks
from autoopt.data.tables.listing import some
from autoopt.errors import DataError
from autoopt.schema import Raw, Schema
from autoopt.untrusted import shown

DOES = {"train": "trains", "validation": "validates"}
"""What a row of each part does; the test part is the last."""


@dataclass(frozen=True, eq=False)
class Parts:
    """Rows by what they are for; a part that was not given is None.

    Attributes:
        train: What is learnt from.
        validation: What validates.
        test: What tests.
        left_out: What is to be said of parts that were left out, one sentence each.
    """

    train: Raw
    validation: Raw | None = None
    test: Raw | None = None
    left_out: tuple[str, ...] = ()

    @property
    def there(self) -> Mapping[str, Raw]:
        """The parts that there are, by name."""
        named = {"train": self.train, "validation": self.validation, "test": self.test}
        return {name: part for name, part in named.items() if part is not None}

    def told(self) -> tuple[str, ...]:
        """Return what is to be said of all parts, one sentence each, rows that stand in two of them included."""
        notes = [*self.train.notes, *self.left_out]
        for name, part in self.there.items():
            notes += [f"Of the {name} part: {note}" for note in part.notes if name != "train"]
        return (*notes, *_shared(self.there))


def read_parts(
    data: Any, *, target: Any = None, task: Any = None, types: Any = None, drop: Any = (), groups: Any = None,
    progress: Progress | None = None, limit: int | None = None,
) -> Parts:  # fmt: skip
    """Read rows as `read` does; of a folder that has train, test or val in it, each as a part of its own.

    The other parts are read by what the training part is. A row of theirs whose label training had not is left out, and so is
    a part without folders of classes.

    Example:
        >>> import pandas as pd
        >>> parts = read_parts(pd.DataFrame({"size": [1.0, 2.5, 3.0], "label": ["a", "b", "a"]}))
        >>> parts.train.n, parts.test
        (3, None)
    """
    whole = Path(data) if isinstance(data, str | Path) and Path(data).is_dir() else None
    found = {} if whole is None else folder.parts_of(whole)
    train = read(
        found.get("train", data), target=target, task=task, types=types, drop=drop, groups=groups,
        progress=progress, limit=limit,
    )  # fmt: skip
    others, notes = {}, [] if whole is None or not found else folder.beside_parts(whole)
    for part, path in found.items():
        if part != "train":
            classes = folder.classes_in(path)
            if classes:
                others[part] = _scored(path, train.schema, progress, limit)
            else:
                notes.append(f"{path.name} has no folders of classes: without labels it is no {part} part.")
    return Parts(train, **others, left_out=tuple(notes))


def _scored(path: Path, schema: Schema, progress: Progress | None, limit: int | None) -> Raw:
    """Return the rows of a part that have a label.

    Raises:
        DataError: There are none.
    """
    with watching(f"Reading {path}", progress) as told:
        part = media.read_again(folder.listed(path, True), schema, told, limit)
    if part.y is None:
        raise DataError(
            f"{path} has none of the classes of training ({', '.join(map(shown, schema.classes[:5]))}). Expected folders "
            "of the same names. Rename them."
        )
    kept = part.take(np.flatnonzero(part.y >= 0))
    assert kept.y is not None
    lacking = [name for place, name in enumerate(schema.classes) if place not in set(kept.y.tolist())]
    if not lacking:
        return kept
    return kept.noting(f"It has no file of {some(lacking)}: how well that is told is not seen.")


def _shared(parts: Mapping[str, Raw]) -> Iterator[str]:
    """Yield a sentence for each part with rows that an earlier part has too."""
    seen = np.array([], np.uint64)
    for place, (name, part) in enumerate(parts.items()):
        if len(parts) == 1:
            return
        found = marks(part.x, part.y)
        count = int(np.isin(found, seen).sum())
        if count:
            earlier = " or ".join(DOES[each] for each in list(parts)[:place])
            yield (
                f"Of the {name} part: {count:,} of {part.n:,} rows {'are' if count > 1 else 'is'} the same as one that {earlier}: "
                "a score on them is too good."
            )
        seen = np.concatenate([seen, found])

"""What the commands do that begin: new writes a starter as a model file, inspect shows what data hold or what may be edited."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from autoopt import flags
from autoopt.errors import UsageError
from autoopt.printing import print_json, print_lines, print_pieces
from autoopt.subject import is_model, subject_of

MOST_COLUMNS = 100
"""Columns that are shown on a screen; JSON has all."""


def new(starter: str | None, data: Path | None, options: Mapping[str, Any], path: Path | None) -> int:
    """Print a starter as a model file, or write it; without a name list the starters.

    Args:
        starter: Its name, or auto.
        data: What its shapes are taken from; None for an example's.
        options: What is said of the data.
        path: Of a file that is not there yet; None prints.

    Raises:
        UsageError: There is no such starter, or the file is there already.
    """
    from autoopt import starters

    if starter is None:
        print_lines(_listed())
        return 0
    if path is not None:
        _check_new(path)
    dataset = None if data is None else _dataset(starter, data, options)
    text = starters.source(starter) if dataset is None else starters.source_for(starter, dataset)
    if path is None:
        print_lines([text.rstrip("\n")])
        return 0
    with path.open("x", encoding="utf-8") as file:
        file.write(text)
    print_lines([str(path)])
    return 0


def inspect(word: str, data: Path | None, options: Mapping[str, Any], as_json: bool) -> int:
    """Print what data hold, or what of a model's structure can be searched.

    Args:
        word: A model file, a starter, or data.
        data: Behind a model: what it is built for.
        options: What is said of the data.
        as_json: Whether to print JSON, which data alone have.
    """
    if data is None and subject_of(word) == "data":
        return _data(Path(word), options, as_json)
    if as_json:
        raise UsageError(
            f"--json was given with the model {word!r}. Expected it with data alone. Leave it out."
        )
    return _model(word, data, options)


def _model(word: str, data: Path | None, options: Mapping[str, Any]) -> int:
    import autoopt
    from autoopt.data.files import watched
    from autoopt.reports import loading

    model_fn: Any = word
    given: Any = data
    if is_model(word):
        from autoopt import model_file

        defined = model_file.read(word)
        model_fn = defined.model_fn
        given = defined.data() if data is None and hasattr(defined.module, "data") else data
    with watched(loading):
        autoopt.inspect(model_fn, given, **flags.read(options).plain)
    return 0


def _data(path: Path, options: Mapping[str, Any], as_json: bool) -> int:
    """Print what was read of data."""
    parts = _read(path, options)
    if as_json:
        print_json(_told(path, parts))
    else:
        print_pieces(_shown(path, parts))
    return 0


def _told(path: Path, parts: Any) -> Mapping[str, Any]:
    """Return what was read as plain data."""
    from autoopt.data.files import describe
    from autoopt.starters import FITTING

    raw, schema = parts.train, parts.train.schema
    counts = {name: part.n for name, part in parts.there.items()}
    examples = {row["name"]: row["examples"] for row in describe(raw)}
    return {
        "data": str(path), "rows": counts, "modality": schema.modality, "task": schema.task, "target": list(schema.target),
        "shape": list(schema.shape), "rate": schema.rate, "alphabet": schema.alphabet,
        "columns": [
            {
                "name": each.name, "kind": each.kind, "missing": each.missing, "distinct": each.distinct,
                "examples": examples.get(each.name, ""),
            }
            for each in schema.columns
        ],
        "classes": [{"name": name, "rows": rows, "share": share} for name, rows, share in _classes(raw)],
        "notes": list(parts.told()), "starter": FITTING[schema.modality],
    }  # fmt: skip


def _shown(path: Path, parts: Any) -> Sequence[Any]:
    """Return what was read as sentences and tables."""
    from autoopt.data.files import describe
    from autoopt.reports import Grid
    from autoopt.starters import FITTING

    raw, schema = parts.train, parts.train.schema
    target = f", target {', '.join(schema.target)}" if schema.target else ", classes named by folders"
    rows = ", ".join(
        f"{part.n:,} rows" if name == "train" else f"{part.n:,} for {name}"
        for name, part in parts.there.items()
    )
    described = [tuple(row.values()) for row in describe(raw)]
    grids = [Grid("", ("column", "kind", "missing", "distinct", "examples"), described[:MOST_COLUMNS])]
    classes = [(name, f"{count:,}", f"{share:.1%}") for name, count, share in _classes(raw)]
    if classes:
        grids.append(Grid("", ("class", "rows", "share"), classes[:MOST_COLUMNS]))
    # Columns of numbers are a series to who names a starter for one.
    starter = FITTING[schema.modality]
    said = f"{starter} {path}" if starter == "sequence" and not schema.alphabet else str(path)
    more = len(described) - MOST_COLUMNS
    named = f" --target {schema.target[0]}" if len(schema.target) == 1 else ""
    return [
        f"{path}: {rows}, {schema.modality} data, task {schema.task}{target}.",
        *grids[:1],
        *([f"And {more:,} more columns: --json has all."] if more > 0 else []),
        *grids[1:],
        *parts.told(),
        f"The starter for such data is {starter}: autoopt tune {said}{named}",
    ]


def _classes(raw: Any) -> list[tuple[str, int, float]]:
    """Return each class with its rows and their share; of several labels a row, each with those that have it."""
    if raw.schema.task == "multilabel":
        counts = np.nansum(raw.y, axis=0)
    else:
        counts = np.bincount(raw.y, minlength=len(raw.schema.classes)) if raw.schema.classes else []
    return [
        (name, int(count), float(count) / raw.n)
        for name, count in zip(raw.schema.classes, counts, strict=True)
    ]


def _read(path: Path, options: Mapping[str, Any]) -> Any:
    from autoopt.data.files import read_parts, watched
    from autoopt.reports import loading

    with watched(loading):
        return read_parts(path, **flags.read(options).plain)


def _listed() -> Sequence[str]:
    """Return a line a starter, and how one is written out."""
    import inspect

    from autoopt.reports import table
    from autoopt.starters import STARTERS

    rows = [(name, inspect.getdoc(inspect.getmodule(starter)) or "") for name, starter in STARTERS.items()]
    return [
        *table(("starter", "what it is"), rows),
        "",
        "Write one out to start from: autoopt new mlp > model.py",
    ]


def _dataset(starter: str, data: Path, options: Mapping[str, Any]) -> Any:
    from autoopt import starters
    from autoopt.data import Dataset
    from autoopt.data.files import watched
    from autoopt.reports import loading

    with watched(loading):
        said = flags.read(options).plain
        types = starters.types_for(starter, data, said.get("types"))
        return Dataset.of(data, **{**said, "types": types})


def _check_new(path: Path) -> None:
    if path.exists():
        raise UsageError(
            f"{path} is there already. Expected a name that is free: nothing is overwritten. Name another."
        )
    if not path.parent.is_dir():
        raise UsageError(
            f"There is no folder {path.parent}. Expected one to write {path.name} to. Make it first."
        )

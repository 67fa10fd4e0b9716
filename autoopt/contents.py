"""Contents: what data hold, as `inspect` shows it: the task, the target, each column, classes, and what catches the eye."""

import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from autoopt.data.files import Parts, describe
from autoopt.reports import Grid
from autoopt.schema import Raw
from autoopt.spelling import spelled, typed
from autoopt.starters import FITTING

MOST_COLUMNS = 100
"""Columns that are shown on a screen; JSON has all."""


def told(data: Any, parts: Parts) -> Mapping[str, Any]:
    """Return what was read of data as plain data.

    Args:
        data: A DataFrame, or the path of a file or folder.
        parts: What it was read as.
    """
    raw, schema = parts.train, parts.train.schema
    counts = {name: part.n for name, part in parts.there.items()}
    examples = {row["name"]: row["examples"] for row in describe(raw)}
    return {
        "data": _name(data), "rows": counts, "modality": schema.modality, "task": schema.task, "target": list(schema.target),
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


def shown(data: Any, parts: Parts) -> Sequence[str | Grid]:
    """Return the same as sentences and tables."""
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
    more = len(described) - MOST_COLUMNS
    rest = typed(python="autoopt.Dataset.of(data).schema.columns", shell="--json")
    return [
        f"{_name(data)}: {rows}, {schema.modality} data, task {schema.task}{target}.",
        *grids[:1],
        *([f"And {more:,} more columns: {rest} has all."] if more > 0 else []),
        *grids[1:],
        *parts.told(),
        f"The starter for such data is {FITTING[schema.modality]}: {_next(data, parts)}",
    ]


def _next(data: Any, parts: Parts) -> str:
    """Return the call, or the command, that begins a search."""
    schema = parts.train.schema
    starter = FITTING[schema.modality]
    # Columns of numbers are a series to who names a starter for one.
    series = f"{starter} " if starter == "sequence" and not schema.alphabet else ""
    target = spelled("target", schema.target[0]) if len(schema.target) == 1 else ""
    given = repr(str(data)) if isinstance(data, str | Path) else "data"
    return typed(
        python=f"autoopt.tune({starter!r}, {given}{target and f', {target}'})",
        shell=f"autoopt tune {series}{shlex.quote(_name(data))}{target and f' {target}'}",
    )


def _name(data: Any) -> str:
    return str(data) if isinstance(data, str | Path) else f"The {type(data).__name__}"


def _classes(raw: Raw) -> list[tuple[str, int, float]]:
    """Return each class with its rows and their share; of several labels a row, each with those that have it."""
    assert raw.y is not None
    if raw.schema.task == "multilabel":
        counts = np.nansum(raw.y, axis=0)
    else:
        counts = np.bincount(raw.y, minlength=len(raw.schema.classes)) if raw.schema.classes else np.array([])
    return [
        (name, int(count), float(count) / raw.n)
        for name, count in zip(raw.schema.classes, counts, strict=True)
    ]

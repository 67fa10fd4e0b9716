"""Marks of raw rows: a short text that tells the rows of a run from any others, whether they are in memory or not."""

import hashlib
import json
from collections.abc import Iterable
from typing import Any

import numpy as np

from autoopt.rounding import Rounding
from autoopt.schema import Raw, Schema, pieces

BETWEEN = "\0"
"""What stands between texts."""


def mark(parts: Iterable[Raw]) -> str:
    """Return the mark of rows in parts."""
    found = hashlib.blake2b(digest_size=16)
    for part in parts:
        found.update(json.dumps([_held(part.schema), part.n], sort_keys=True).encode())
        for values in (*part.x.values(), part.y):
            if values is not None:
                _add(found, values)
    return found.hexdigest()


def lasting(kind: Any) -> Any:
    """Return what runs of before called a kind: a sequence was a text."""
    return "text" if kind == "sequence" else kind


def _add(found: Any, values: Any) -> None:
    """Add values to a mark, piece by piece where they stay in their files; the same either way.

    Numbers are added as float32, which earlier runs were marked by; those that it cannot tell apart as they are, too.
    """
    exact, rounding = hashlib.blake2b(digest_size=16), Rounding()
    for place, piece in enumerate(pieces(values)):
        if piece.dtype.hasobject:
            found.update(
                ((BETWEEN if place else "") + BETWEEN.join(map(str, piece.tolist()))).encode(
                    errors="surrogatepass"
                )
            )
        elif piece.dtype == np.float64:
            found.update(_bytes(piece.astype(np.float32)))
            exact.update(_bytes(piece))
            rounding = rounding.and_of(piece)
        else:
            found.update(_bytes(piece))
    if rounding.matters:
        found.update(exact.digest())


def _bytes(values: np.ndarray) -> Any:
    return np.ascontiguousarray(values).view(np.uint8).reshape(-1).data


def _held(schema: Schema) -> dict[str, Any]:
    """Return what rows hold as runs of before kept it, so that they go on: without how numbers were written."""
    told = {name: each for name, each in schema.told().items() if name not in ("written", "signs")}
    columns = [{name: each for name, each in column.items() if name != "signs"} for column in told["columns"]]
    return {**told, "columns": [{**column, "kind": lasting(column["kind"])} for column in columns]}

"""`schema.json` of a stranger's run: whether rows can be read by it, each number of it within bounds."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from autoopt.schema import DATES, MOST_VALUES, RATES, SIGNS, STYLES
from autoopt.untrusted import Unreadable, shown

SIDES = {"image": 3, "audio": 1}
"""Of one example, by kind of data; others have none, or of a series its steps."""


def check_schema(found: Mapping[str, Any]) -> None:
    """Check that rows can be read by a schema.

    Raises:
        Unreadable: It has no columns, one twice, a side that no data has, a number out of bounds, or no classes where there
            have to be some.
    """
    _check_columns(found)
    _check_example(found)
    _check_classes(found)
    _check_written("its target", "number", found.get("written") or "", found.get("signs"))
    names = [column["name"] for column in found["columns"]]
    strange = [name for name in found["preparation"]["names"] if name not in names]
    if strange:
        raise Unreadable(
            f"Its preparation reads {shown(strange[0])}, which is no column. Expected one of them."
        )
    inputs = found["preparation"]["inputs"]
    for name in ("numbers", "categories", "values", "vocabulary"):
        _demand(0 <= inputs[name] <= MOST_VALUES, f"preparation.inputs.{name}", inputs[name], "a count")
    _check_sides("preparation.inputs.shape", inputs["shape"])


def _check_columns(found: Mapping[str, Any]) -> None:
    columns, modality = found["columns"], found["modality"]
    names = [column["name"] for column in columns]
    several = modality == "table" or (modality == "sequence" and not found["alphabet"])
    if not names or len(set(names)) < len(names) or (len(names) > 1 and not several):
        raise Unreadable(f"It has {len(names)} columns for a {modality}. Expected some, each once.")
    for place, column in enumerate(columns):
        missing, distinct = column.get("missing", 0.0), column.get("distinct", 0)
        _demand(0 <= missing <= 1, f"columns[{place}].missing", missing, "a share from 0 to 1")
        _demand(distinct >= 0, f"columns[{place}].distinct", distinct, "a count")
        written, signs = column.get("written", ""), column.get("signs")
        _check_written(f"columns[{place}]", column["kind"], written, signs)


def _check_written(place: str, kind: str, written: str, signs: str | None) -> None:
    """Check how numbers and dates are written."""
    known = {"number": STYLES, "date": ("", *DATES)}.get(kind, ("",))
    _demand(written in known, f"{place}.written", written, f"a way to write a {kind}, as {known[-1]}")
    if signs is not None:
        _demand(bool(signs) and set(signs) <= set(SIGNS), f"{place}.signs", signs, f"some of {SIGNS}")


def _check_example(found: Mapping[str, Any]) -> None:
    """Check shape and rate of one example, and letters."""
    modality, shape, rate = found["modality"], found["shape"], found["rate"]
    sides = SIDES.get(modality, len(shape) if modality == "sequence" and len(shape) < 2 else 0)
    if len(shape) != sides:
        raise Unreadable(f"Its shape is {shape} for {modality}. Expected {sides} sides of a common size.")
    _check_sides("shape", shape)
    if modality == "image":
        _demand(shape[-1] in (1, 3), "shape", shape, "1 or 3 channels, as its last side")
    fits = rate in RATES if modality == "audio" else rate == 0
    expected = (
        f"samples a second, from {RATES.start:,} to {RATES.stop - 1:,}"
        if modality == "audio"
        else f"0 for {modality}"
    )
    _demand(fits, "rate", rate, expected)
    letters = found["alphabet"]
    once = len(set(letters)) == len(letters) and (not letters or modality == "sequence")
    _demand(once, "alphabet", letters, "letters of a sequence, each once")


def _check_sides(place: str, sides: Sequence[int]) -> None:
    fits = all(side > 0 for side in sides) and math.prod(sides) <= MOST_VALUES
    _demand(fits, place, sides, f"sides of 1 or more, of {MOST_VALUES:,} values at most")


def _check_classes(found: Mapping[str, Any]) -> None:
    task, classes = found["task"], found["classes"]
    if task in ("binary", "multiclass", "multilabel") and not classes:
        raise Unreadable(f"It names no classes, and the task is {task}. Expected some.")
    least, most = {"binary": (2, 2), "regression": (0, 0), "counts": (0, 0)}.get(task, (2, MOST_VALUES))
    fits = least <= len(classes) <= most and len(set(classes)) == len(classes)
    _demand(
        fits,
        "classes",
        classes,
        f"{least or 'none'}{' or more' if most > least else ''} for {task}, each once",
    )


def _demand(fits: bool, place: str, value: Any, expected: str) -> None:
    if not fits:
        raise Unreadable(f"Its {place} is {shown(value)}. Expected {expected}.")

"""`data(batch_size)`: a function of the user's own that makes batches of a size, so that the size can be searched."""

import inspect
from collections.abc import Iterator
from typing import Any

from autoopt.data import dataloader, pydataset, tfdata
from autoopt.errors import DataError

NAME = "data(batch_size)"
SEEDED = False
USUAL_SIZE = 32
"""Examples a batch where none are asked for: Keras's own."""

PARAMETER = "batch_size"
"""What the argument of a function that needs none is called, if it is one."""

MAKES = (tfdata, pydataset, dataloader)
"""What it may return."""

POSITIONAL = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)


def recognizes(value: Any) -> bool:
    """Say whether `value` is a function that needs one argument, or none and takes a batch size."""
    return _parameter(value) is not None


def usual_size(source: Any) -> int:
    """Return the examples a batch where none are asked for: what the function itself has for that, else Keras's own."""
    parameter = _parameter(source)
    given = None if parameter is None else parameter.default
    return given if isinstance(given, int) and not isinstance(given, bool) else USUAL_SIZE


def check(source: Any) -> None:
    """Raise a DataError when it returns nothing that batches can be read of, or what never ends."""
    made, form = _made(source, None)
    form.check(made)


def size(source: Any) -> int | None:
    """Return the number of examples, None where it is not known."""
    made, form = _made(source, None)
    found: int | None = form.size(made)
    return found


def steps(source: Any) -> int | None:
    """Return the number of batches of the usual size, None where it is not known."""
    made, form = _made(source, None)
    found: int | None = form.steps(made)
    return found


def batches(source: Any, seed: int | None) -> Iterator[Any]:
    """Yield one pass of batches of the usual size."""
    made, form = _made(source, None)
    yield from form.batches(made, seed)


def batched(source: Any, batch_size: int | None) -> Any:
    """Return what it makes for a size."""
    made, form = _made(source, batch_size)
    return form.batched(made, None)


def _parameter(value: Any) -> inspect.Parameter | None:
    """Return the parameter that takes the batch size, None where there is none."""
    if isinstance(value, type) or not callable(value):
        return None
    try:
        parameters = inspect.signature(value).parameters.values()
    except (TypeError, ValueError):  # of some that are written in C
        return None
    asked = [each for each in parameters if each.kind in POSITIONAL]
    needed = [each for each in asked if each.default is each.empty]
    if not needed and asked and asked[0].name == PARAMETER:
        return asked[0]
    return needed[0] if len(needed) == 1 else None


def _made(source: Any, batch_size: int | None) -> tuple[Any, Any]:
    """Return batches of a size, and whose they are."""
    size = usual_size(source) if batch_size is None else batch_size
    made = source(size)
    form = next((each for each in MAKES if each.recognizes(made)), None)
    if form is None:
        raise DataError(
            f"data({size}) returned a {type(made).__name__}. Expected batches of that size: "
            f"{', '.join(each.NAME for each in MAKES)}. Return one of these, or pass arrays (x, y)."
        )
    return made, form

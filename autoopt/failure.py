"""Failure: why an exception ended a trial, in one line, and whether memory had run out."""

import gc
import re
import time
import traceback
from collections.abc import Iterator
from dataclasses import replace

from autoopt.records import Trial

LONGEST = 300
"""Characters of a reason; the whole text is in `Trial.error`."""

OUT_OF_MEMORY = "Out of memory"
"""How a reason begins where memory had run out."""

KINDS = ("MemoryError", "ResourceExhaustedError", "OutOfMemoryError")
"""Classes that say so: Python's and numpy's, TensorFlow's, PyTorch's on accelerators."""

PHRASES = re.compile(
    r"RESOURCE_EXHAUSTED|OOM when allocating|out of memory|can't allocate memory|not enough memory|"
    r"Cannot allocate memory|std::bad_alloc|ALLOC_FAILED",
    re.IGNORECASE,
)
"""What others say: JAX, PyTorch on a CPU, and the libraries below them."""

VARYING = re.compile(r"0x[0-9a-fA-F]+|-?\d+(\.\d+)?([eE][+-]?\d+)?|-?\b(nan|inf)\b")

LIBRARIES = ("RuntimeError", "OSError", "OpError")
"""Classes of what libraries raise; TensorFlow's is the last."""

WRAPPINGS = (
    "Graph execution error", "Detected at node", "File ", "Exception encountered when calling", "Arguments received",
    "Stack trace for op", "Original stack trace",
)  # fmt: skip
"""How lines begin in which Keras and TensorFlow say where, and not what."""

DECORATION = re.compile(r"\x1b\[[0-9;]*m|\{\{function_node [^}]*\}\}|\[Op:\w+\].*")
"""Colours, and the inner names of TensorFlow."""


def failed(trial: Trial, error: BaseException) -> Trial:
    """Return a trial as an exception has ended it, with its reason and its traceback."""
    text = "".join(traceback.format_exception(error))
    return replace(trial, status="failed", finished=time.time(), error=text, note=reason(error))


def reason(error: BaseException) -> str:
    """Return why something failed, in one line.

    Example:
        >>> reason(ValueError("no model today"))
        'ValueError: no model today'
        >>> reason(MemoryError("Unable to allocate 128. TiB"))
        'Out of memory: MemoryError: Unable to allocate 128. TiB'
    """
    telling = [each for each in _chain(error) if _tells_of_memory(each)]
    told = telling[-1] if telling else error  # Keras raises another kind where it cannot make the same again
    line = _telling_line(str(told))
    text = f"{type(told).__name__.lstrip('_')}: {line}" if line else type(told).__name__
    text = f"{OUT_OF_MEMORY}: {text}" if telling else text
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def cause(note: str) -> str:
    """Return a reason without what differs from one trial to the next: numbers, addresses, whether NaN or infinite.

    Example:
        >>> cause("The loss became nan in epoch 1 of 50.") == cause("The loss became inf in epoch 12 of 50.")
        True
    """
    return VARYING.sub("#", note)


def out_of_memory(error: BaseException) -> bool:
    """Say whether an exception, or what led to it, tells that memory had run out."""
    return any(map(_tells_of_memory, _chain(error)))


def release(error: BaseException) -> None:
    """Free what the calls that have ended in an exception still hold: their arrays would fill the memory."""
    for each in _chain(error):
        traceback.clear_frames(each.__traceback__)
    gc.collect()


def _tells_of_memory(error: BaseException) -> bool:
    names = {kind.__name__ for kind in type(error).__mro__}
    if names.intersection(KINDS):
        return True
    return bool(names.intersection(LIBRARIES)) and PHRASES.search(str(error)) is not None


def _chain(error: BaseException) -> Iterator[BaseException]:
    """Yield an exception and those that led to it."""
    seen, following = set[int](), [error]
    while following:
        each = following.pop()
        if id(each) not in seen:
            seen.add(id(each))
            yield each
            following += [link for link in (each.__cause__, each.__context__) if link is not None]


def _telling_line(text: str) -> str:
    """Return the first line that says what has happened; any line where all say where."""
    inner = text.rpartition("Error encountered:")[2]  # Keras, where a shape cannot be inferred
    lines = [DECORATION.sub("", line).strip() for line in inner.splitlines()]
    lines = [line for line in lines if line]
    return next((line for line in lines if not line.startswith(WRAPPINGS)), lines[0] if lines else "")

"""TensorFlow stays out of a process that has not loaded it: importing it takes seconds and 300 MB.

Keras's serialization imports it, on every backend, to ask whether an object is one of its shapes.
"""

import contextlib
import sys
from collections.abc import Iterator
from typing import Any

from keras.src.saving import serialization_lib


class _IfLoaded:
    """Keras's lazy module, available to serialization only where somebody else has loaded it."""

    def __init__(self, module: Any) -> None:
        self._module = module

    def __getattr__(self, name: str) -> Any:
        if name == "available" and "tensorflow" not in sys.modules:
            return False  # there can be no object of a library that is not loaded
        return getattr(self._module, name)


@contextlib.contextmanager
def tensorflow_unloaded() -> Iterator[None]:
    """Keep Keras's serialization from loading TensorFlow for a while."""
    module = vars(serialization_lib).get("tf")
    if module is None:  # another version of Keras
        yield
        return
    serialization_lib.tf = _IfLoaded(module)
    try:
        yield
    finally:
        serialization_lib.tf = module

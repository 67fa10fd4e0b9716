"""Models without values of weights: where only shapes are asked for, drawing the weights takes most of the time."""

import contextlib
from collections.abc import Callable, Iterator
from typing import TypeVar

import keras
from keras.src.backend.common import global_state

from autoopt.surgery.template import SurgeryError

Made = TypeVar("Made")

UNINITIALIZED = "uninitialized_variables"
"""Keras's list of variables that are to get their values when no scope forbids it any more."""


def weightless(make: Callable[[], Made]) -> Made:
    """Return what a function makes of models that it builds; their weights have shapes and no values.

    Args:
        make: Builds models. It is called again, as ever, where a layer cannot be made this way: one may begin
            with an array.

    Raises:
        SurgeryError: As `make` does.
    """
    try:
        with _without_values():
            return make()
    except SurgeryError:
        return make()


@contextlib.contextmanager
def _without_values() -> Iterator[None]:
    before = global_state.get_global_attribute(UNINITIALIZED)
    global_state.set_global_attribute(UNINITIALIZED, [])
    try:
        with keras.StatelessScope(initialize_variables=False):
            yield
    finally:
        global_state.set_global_attribute(UNINITIALIZED, before)

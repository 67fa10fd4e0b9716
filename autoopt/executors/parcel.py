"""Parcel: duties as bytes and arrays, packed once for many workers, with the user's own modules in them."""

import logging
import pickle
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import cloudpickle
import numpy as np

from autoopt.data import Part
from autoopt.executors.process import Unsendable
from autoopt.executors.surroundings import Surroundings, by_value, own_modules
from autoopt.worker import Duties

Packed = tuple[bytes, Sequence[np.ndarray[Any, Any]]]
"""An object: its bytes, and the arrays in it as they lie in memory."""

Parcel = Sequence[Packed]
"""A logging level, surroundings and duties, in this order."""


def packed(duties: Duties) -> Parcel:
    """Return duties for workers, without what trials do not touch.

    Raises:
        Unsendable: Why they cannot be sent, as the end of a sentence.
    """
    parts = (duties.dataset.train, duties.dataset.validation)
    if not all(isinstance(part, Part) for part in parts):
        raise Unsendable(
            "the data comes batch by batch, and where it comes from cannot be sent to another process"
        )
    callbacks = [duties.callbacks] if callable(duties.callbacks) else duties.callbacks
    own = own_modules([duties.model_fn, *callbacks])
    told = replace(duties, dataset=replace(duties.dataset, test=None, whole=None))
    level = logging.getLogger("autoopt").getEffectiveLevel()
    try:
        with by_value(own):
            return [_packed(each) for each in (level, Surroundings.here(own), told)]
    except Exception as error:  # a user's class may raise anything where it is pickled
        reason = (str(error).strip().splitlines() or [""])[0]
        raise Unsendable(f"it cannot be sent there ({type(error).__name__}: {reason})") from error


def is_sendable(model_fn: Any, callbacks: Any) -> bool:
    """Whether what a user has written can be sent to another process."""
    some = [model_fn, *([callbacks] if callable(callbacks) else callbacks)]
    try:
        with by_value(own_modules(some)):
            cloudpickle.dumps(some)
    except Exception:  # a user's class may raise anything where it is pickled
        return False
    return True


def unpacked(parcel: Parcel) -> tuple[int, Duties]:
    """Return the logging level and the duties of a parcel, once this process is like where it comes from."""
    level, surroundings, duties = parcel
    _unpacked(surroundings).take_over()
    return _unpacked(level), _unpacked(duties)


def _packed(given: Any) -> Packed:
    buffers: list[pickle.PickleBuffer] = []
    payload = cloudpickle.dumps(given, protocol=5, buffer_callback=buffers.append)
    return payload, [np.asarray(buffer.raw()) for buffer in buffers]


def _unpacked(packed: Packed) -> Any:
    payload, arrays = packed
    return pickle.loads(payload, buffers=arrays)

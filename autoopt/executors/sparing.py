"""Sparing: frameworks take a GPU's memory as they need it, so that several processes can share one."""

import contextlib
import functools
import os
from collections.abc import Callable, Iterator, Mapping
from typing import Any, ParamSpec, TypeVar

SPARING: Mapping[str, str] = {"TF_FORCE_GPU_ALLOW_GROWTH": "true", "XLA_PYTHON_CLIENT_PREALLOCATE": "false"}
"""Variables by which TensorFlow and JAX are told so; PyTorch does it by itself."""

Arguments = ParamSpec("Arguments")
Returned = TypeVar("Returned")


def leaving_room(call: Callable[Arguments, Returned]) -> Callable[Arguments, Returned]:
    """Have a function that takes `workers` leave room on GPUs for others, where there are to be several.

    A framework that has taken a GPU before keeps what it has.
    """

    @functools.wraps(call)
    def called(*given: Arguments.args, **named: Arguments.kwargs) -> Returned:
        with _told({} if _is_one(named.get("workers", 1)) else SPARING):
            return call(*given, **named)

    return called


def _is_one(workers: Any) -> bool:
    return isinstance(workers, int) and workers == 1


@contextlib.contextmanager
def _told(variables: Mapping[str, str]) -> Iterator[None]:
    """Set variables for a while that the user has not set."""
    fresh = [name for name in variables if name not in os.environ]
    os.environ.update({name: variables[name] for name in fresh})
    try:
        yield
    finally:
        for name in fresh:
            os.environ.pop(name, None)

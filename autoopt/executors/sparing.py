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
        with set_meanwhile({} if _is_one(named.get("workers", 1)) else SPARING):
            return call(*given, **named)

    return called


def _is_one(workers: Any) -> bool:
    return isinstance(workers, int) and workers == 1


@contextlib.contextmanager
def set_meanwhile(variables: Mapping[str, str], over: bool = False) -> Iterator[None]:
    """Set variables of the environment for a while.

    Args:
        variables: Name to value.
        over: Whether those are set too that the user has set.
    """
    before = {name: os.environ.get(name) for name in variables if over or name not in os.environ}
    os.environ.update({name: variables[name] for name in before})
    try:
        yield
    finally:
        for name, known in before.items():
            os.environ.pop(name, None)
            if known is not None:
                os.environ[name] = known

"""What trials may use, and what a candidate may cost."""

from dataclasses import dataclass
from typing import Any, Literal

from autoopt.errors import UsageError, nearest

ENGINES = ("auto", "keras")


@dataclass(frozen=True)
class Resources:
    """What trials run on.

    Args:
        engine: `"auto"`, or the name of the one engine to use; this version has `"keras"`.
        backend: Keras's backend in workers; this version takes None, the one that is loaded.
        isolate: Trials in a process of their own; this version takes False.
        address: A cluster; this version takes None.
        gpus: GPUs a worker; this version takes None.
        memory: Memory a worker; this version takes None.
        dtype_policy: `"auto"` leaves Keras's policy as it is.

    Raises:
        UsageError: An argument is none of what this version takes.

    Example:
        >>> import autoopt
        >>> autoopt.Resources(engine="keras").engine
        'keras'
    """

    engine: str = "auto"
    backend: str | None = None
    isolate: bool = False
    address: str | None = None
    gpus: float | None = None
    memory: str | None = None
    dtype_policy: Literal["auto"] = "auto"

    def __post_init__(self) -> None:
        if self.engine not in ENGINES:
            raise UsageError(f"engine was given {self.engine!r}.{nearest(str(self.engine), ENGINES)}")
        _refuse_others(self, "engine")


@dataclass(frozen=True)
class Constraints:
    """Limits on what a candidate may cost. This version has none of them yet: each is refused.

    Args:
        max_params: Most parameters.
        max_latency_ms: Most milliseconds for one prediction.
        max_seconds_per_epoch: Most seconds for one epoch.

    Raises:
        UsageError: A limit is given.

    Example:
        >>> import autoopt
        >>> autoopt.Constraints().max_params is None
        True
    """

    max_params: int | None = None
    max_latency_ms: float | None = None
    max_seconds_per_epoch: float | None = None

    def __post_init__(self) -> None:
        _refuse_others(self)


def _refuse_others(given: Any, *taken: str) -> None:
    """Raise where a field that this version does not have is set."""
    for name, field in type(given).__dataclass_fields__.items():
        value = getattr(given, name)
        if name not in taken and value != field.default:
            raise UsageError(
                f"{type(given).__name__}({name}={value!r}) is not in this version. Leave {name} out."
            )

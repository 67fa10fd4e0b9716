"""What trials may use."""

import math
from dataclasses import dataclass
from typing import Any

from autoopt import memory
from autoopt.arguments import KnownArguments, as_plain
from autoopt.errors import UsageError, nearest
from autoopt.spelling import named

ENGINES = ("auto", "keras")
BACKENDS = ("tensorflow", "jax", "torch")
DTYPE_POLICIES = ("auto", "float32", "mixed_bfloat16", "mixed_float16", "bfloat16", "float16", "float64")

LEAST_MEMORY = 10**6
"""Bytes; below it the unit was forgotten."""

LEAST_DISK = 10**7
"""Bytes that a run takes for its journal, its log and a small model."""


@dataclass(frozen=True)
class Resources(KnownArguments):
    """What trials run on.

    Args:
        engine: `"auto"`, or `"keras"` for plain `fit`, whatever could be compiled.
        backend: Keras's backend in workers, `"tensorflow"`, `"jax"` or `"torch"`; None for the one that is loaded.
            Another one trains in worker processes, and the winner is a model of the one that is loaded.
        isolate: Whether every training runs in a worker process from the first trial on. What ends that process, a
            crash of native code or the system when memory runs out, costs one trial; a fresh one follows. Programs are
            not compiled ahead then. Your model function is still called in this process, to be read before the first
            trial and with each new set of its own hyperparameters, and so is the winner's model built here. Refused
            where no trial can run there: on data that streams, with what cannot be sent to another process, and on a
            GPU with TensorFlow or JAX.
        address: Of a running Ray cluster, whose machines have autoopt and what your model needs: `"auto"` on one of
            them, `"HOST:6379"`, or `"ray://HOST:10001"`. None: workers are processes of this machine.
        gpus: GPUs a worker: a whole number, or a part of one below 1; 0 for none. None: one, or a part where there are
            more workers than GPUs.
        memory: `"4GB"`, `"500MB"`, or bytes. Trials run in this process until it has more than that in
            memory; from then on in a worker process, which gives way to a fresh one when it has grown past it
            too. At once, where this process has more already. None: half of what the machine has. Callbacks
            go where their trial goes: what they change in objects of this process shows only until then.
            On a GPU with TensorFlow or JAX, and on data that streams, all trials stay in this process. Of several
            workers: what each may have before a fresh one follows it; None: half of its machine, divided by those there.
            Raw rows that would take more than a third of it as arrays, or of what is free, stream: they are read and
            prepared batch by batch.
        dtype_policy: The Keras policy under which models are built: `"auto"` takes `"mixed_bfloat16"` on a
            GPU that has it and leaves Keras's own anywhere else; or a policy's name, `"float32"` for example.
        max_disk: `"2GB"`, `"500MB"`, or bytes that the run folder may take, log and earlier sessions included;
            TensorBoard's logs lie elsewhere and do not count. The weights of the best few give way first, the worst of
            them before: they stay in memory, so that the search goes on as it would, and end with this process. What
            is always written, the journal, what was asked and found, the log and the winner's model, may take more:
            then that is said. None: as much as the best few take.
        compilation_cache: Whether JAX keeps compiled programs in the user's cache folder for later runs.

    Raises:
        UsageError: An argument is none of what this version takes.

    Example:
        >>> import autoopt
        >>> autoopt.Resources(engine="keras").engine
        'keras'
        >>> autoopt.Resources(memory="4GB").memory_limit
        4000000000
    """

    engine: str = "auto"
    backend: str | None = None
    isolate: bool = False
    address: str | None = None
    gpus: float | None = None
    memory: str | int | None = None
    dtype_policy: str = "auto"
    compilation_cache: bool = True
    max_disk: str | int | None = None

    def __post_init__(self) -> None:
        as_plain(self)
        if self.engine not in ENGINES:
            raise UsageError(
                f"{named('engine')} was given {self.engine!r}.{nearest(str(self.engine), ENGINES)}"
            )
        if self.memory is not None and (_bytes(self.memory) or 0) < LEAST_MEMORY:
            raise UsageError(
                f'{named("memory")} was given {self.memory!r}. Expected a text as "4GB" or "500MB", or bytes as a whole '
                f"number from {LEAST_MEMORY:,}. Leave {named('memory')} out for half of what the machine has."
            )
        if self.max_disk is not None and (_bytes(self.max_disk) or 0) < LEAST_DISK:
            raise UsageError(
                f'{named("max_disk")} was given {self.max_disk!r}. Expected a text as "2GB" or "500MB", or bytes as a whole '
                f"number from {LEAST_DISK:,}. Leave {named('max_disk')} out for as much as the best few trials take."
            )
        if self.dtype_policy not in DTYPE_POLICIES:
            raise UsageError(
                f"dtype_policy was given {self.dtype_policy!r}.{nearest(str(self.dtype_policy), DTYPE_POLICIES)}"
            )
        if self.backend is not None and self.backend not in BACKENDS:
            raise UsageError(
                f"{named('backend')} was given {self.backend!r}.{nearest(str(self.backend), BACKENDS)}"
            )
        if self.address is not None and not (isinstance(self.address, str) and self.address.strip()):
            raise UsageError(
                f"{named('address')} was given {self.address!r}. Expected that of a running Ray cluster, as a text: "
                '"auto" on one of its machines, "HOST:6379", or "ray://HOST:10001". '
                f"Leave {named('address')} out for this machine."
            )
        if self.gpus is not None and not _is_share(self.gpus):
            raise UsageError(
                f"{named('gpus')} was given {self.gpus!r}. Expected how many GPUs each worker gets: a whole number, or a part of "
                f"one above 0 and below 1, as 0.5. Leave {named('gpus')} out for one each."
            )
        for name in ("isolate", "compilation_cache"):
            if not isinstance(getattr(self, name), bool):
                raise UsageError(f"{name} was given {getattr(self, name)!r}. Expected True or False.")

    @property
    def memory_limit(self) -> int | None:
        """Bytes in memory past which trials leave a process; None where the platform does not tell its memory."""
        given = _bytes(self.memory)
        whole = memory.total() if given is None else None
        return given if whole is None else whole // 2

    @property
    def disk_limit(self) -> int | None:
        """Bytes that the run folder may take; None where that is not limited."""
        return _bytes(self.max_disk)

    def room(self, workers: int = 1) -> int | None:
        """Return the bytes that what layers put out in one step may take: half of the limit, the rest is for all else.

        Args:
            workers: How many share the machine; each has a limit of its own where `memory` is given.
        """
        limit = self.memory_limit
        return None if limit is None else limit // 2 // (workers if self.memory is None else 1)


def _bytes(given: Any) -> int | None:
    """Return a size in bytes, None where it is none."""
    if isinstance(given, str):
        return memory.size(given)
    return given if isinstance(given, int) and not isinstance(given, bool) else None


def _is_share(given: Any) -> bool:
    """Whether a number of GPUs can be given to a worker: several whole ones, or a part of one."""
    if isinstance(given, bool) or not isinstance(given, int | float):
        return False
    return 0 <= given < math.inf and (given < 1 or given == int(given))

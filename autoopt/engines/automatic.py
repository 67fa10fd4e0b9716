"""The engine that is used unless another one is asked for: compiled where it can be, `fit` where it cannot."""

import contextlib
import logging
from collections.abc import Hashable

import keras

from autoopt.engines.candidate import Candidate
from autoopt.engines.compiled import CompiledEngine
from autoopt.engines.engine import Assignment, Engine, Fitting, Unfit
from autoopt.engines.keras import KerasEngine
from autoopt.engines.rule import refused

logger = logging.getLogger(__name__)


class AutomaticEngine(Engine):
    """Hands each candidate to the first engine that takes it, and says why one did not.

    Args:
        compiled: The backend's own engine; None where there is none.
    """

    name = "auto"

    def __init__(self, compiled: Engine | None) -> None:
        self._compiled = compiled
        self.prepares = compiled is not None and compiled.prepares
        self._unfit: dict[Hashable, str] = {}

    def fitting(self, candidate: Candidate, assignment: Assignment) -> Fitting:
        """Begin to train with the engine that takes it."""
        reason = self._refusal(candidate, assignment)
        if self._compiled is not None and not reason:
            try:
                return self._compiled.fitting(candidate, assignment)
            except Unfit as refusal:
                reason = self._unfit[candidate.key] = str(refusal)
                logger.info("trained by Keras's own fit: %s", reason)
        return KerasEngine(reason).fitting(candidate, assignment)

    def release(self) -> None:
        """Forget the compiled programs."""
        if self._compiled is not None:
            self._compiled.release()

    def _refusal(self, candidate: Candidate, assignment: Assignment) -> str:
        if self._compiled is None:
            return f"the {keras.backend.backend()} backend compiles no epochs"
        return refused(assignment) or self._unfit.get(candidate.key, "")


def engine_named(name: str) -> Engine:
    """Return an engine: `"auto"`, or `"keras"` for plain `fit`."""
    return KerasEngine() if name == "keras" else AutomaticEngine(_compiled())


def dtype_policy(asked: str) -> str | None:
    """Return the name of the Keras policy to build models under, None to leave it as it is.

    Args:
        asked: A policy's name, or `"auto"`: mixed precision on a GPU that has it, unless the user has chosen.
    """
    if asked != "auto":
        return asked
    own = keras.config.dtype_policy().name
    return "mixed_bfloat16" if own == "float32" and _has_bfloat16() else None


def _has_bfloat16() -> bool:
    """Whether the device is a GPU with tensor cores for bfloat16: NVIDIA's since Ampere, capability 8.0."""
    backend = keras.backend.backend()
    if backend == "jax":
        from autoopt.engines import jax

        return jax.capability() >= 8
    if backend == "tensorflow":
        from autoopt.engines import tensorflow

        return tensorflow.capability() >= 8
    return False


def compilations_kept(wanted: bool) -> contextlib.AbstractContextManager[None]:
    """Return what keeps compiled programs on disk while it is entered, where the backend can: JAX."""
    if wanted and keras.backend.backend() == "jax":
        from autoopt.engines import jax

        return jax.compilations_kept()
    return contextlib.nullcontext()


def _compiled() -> Engine | None:
    """Return the engine of the backend that is loaded; only that backend's library is imported."""
    backend = keras.backend.backend()
    if backend == "tensorflow":
        from autoopt.engines import tensorflow

        return CompiledEngine(tensorflow.compiler())
    if backend == "jax":
        from autoopt.engines import jax

        return CompiledEngine(jax.compiler())
    return None

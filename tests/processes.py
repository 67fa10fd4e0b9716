"""Processes of their own that the tests start: what is in their environment."""

import importlib.util
import os
from pathlib import Path

ROOT = str(Path(__file__).parent.parent)


def environment(**more: str) -> dict[str, str]:
    """Return this process's environment, in which autoopt and the tests can be imported."""
    return {**os.environ, "PYTHONPATH": ROOT, "TF_CPP_MIN_LOG_LEVEL": "3", **more}


def quick() -> dict[str, str]:
    """Return one for what is the same on every backend: JAX is loaded in a third of TensorFlow's time, where it is there."""
    if importlib.util.find_spec("jax") is None:
        return environment()
    return environment(KERAS_BACKEND="jax", JAX_DISABLE_MOST_OPTIMIZATIONS="1")

"""Seeds: one number for each (seed, trial, repeat), and the process's own generators left as they were."""

import contextlib
import random
import sys
import threading
from collections.abc import Iterator

import numpy as np

from autoopt.errors import UsageError
from autoopt.spelling import named

# Places in the tree of seeds. The first two follow (seed, trial, repeat), those after them the seed or a trial of it.
INITIAL = 0
"""Initial weights and random states."""

ORDER = 1
"""The order of the examples, and what a `fit` of the user's own draws."""

SAMPLING = 2
"""Proposals."""

SPLITTING = 3
"""Which rows validate and test."""

FOLDING = 4
"""Which rows are in which fold."""

CUTTING = 1_000_003
"""The cut of each repeat of confirmation; no trial has this number."""

_GENERATORS = threading.RLock()
"""Held while the process's generators are seeded: a candidate is built in one thread while another trains."""


def derive(seed: int, *path: int) -> int:
    """Return a 31-bit seed for one place in a search, for example `derive(seed, trial, repeat)`."""
    return int(np.random.SeedSequence([seed, *path]).generate_state(1)[0] >> 1)


def checked(seed: int | None) -> int:
    """Return the seed to use; a fresh one where none was given, so that it can be written down.

    Raises:
        UsageError: The seed is no whole number from 0.
    """
    if seed is None:
        return int(np.random.SeedSequence().generate_state(1)[0] >> 1)
    if isinstance(seed, bool) or not isinstance(seed, int | np.integer) or seed < 0:
        raise UsageError(
            f"{named('seed')} was given {seed!r}. Expected a whole number from 0, or None for a fresh one. Leave "
            f"{named('seed')} out for that."
        )
    return int(seed)


@contextlib.contextmanager
def preserved() -> Iterator[None]:
    """Put the global generators of Python, NumPy and, where it is loaded, torch back at the end."""
    python, legacy = random.getstate(), np.random.get_state()
    torch = sys.modules.get("torch")
    state = None if torch is None else torch.get_rng_state()
    try:
        yield
    finally:
        random.setstate(python)
        np.random.set_state(legacy)
        if torch is not None:
            torch.set_rng_state(state)


@contextlib.contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Seed the same generators for a while, then put them back.

    Keras draws the seed of each initializer and dropout layer from Python's generator when it is made, and
    the order of a `PyDataset`'s batches; a torch `DataLoader` draws the order of its examples from torch's.
    """
    with _GENERATORS, preserved():
        random.seed(seed)
        np.random.seed(seed % 2**32)
        torch = sys.modules.get("torch")
        if torch is not None:
            torch.default_generator.manual_seed(seed)  # torch.manual_seed would seed the GPUs' too
        yield


@contextlib.contextmanager
def drawn_from(seed: int) -> Iterator[None]:
    """Do as `seeded`, and have `keras.random` begin anew where it is given no seed; nothing may be traced in it.

    Keras keeps a generator for each thread, which it seeds from Python's when it is first asked for.
    """
    from keras.src.backend.common import global_state  # a seed is checked before Keras is loaded
    from keras.src.random.seed_generator import GLOBAL_SEED_GENERATOR as KERAS_GENERATOR

    before = global_state.get_global_attribute(KERAS_GENERATOR)
    global_state.set_global_attribute(KERAS_GENERATOR, None)
    try:
        with seeded(seed):
            yield
    finally:
        global_state.set_global_attribute(KERAS_GENERATOR, before)

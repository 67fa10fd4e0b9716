"""Whether a test part can say anything."""

import math

import numpy as np

from autoopt.data.parts import Part, Stream
from autoopt.data.splits import classes
from autoopt.errors import DataError

FEWEST = 25
"""Examples of a test part: from here on the standard error of a share, at most 1 / (2 √n), is 0.1 or less."""

FEWEST_ROWS = 20
"""Examples to train and validate on: a fifth of them, 4, has a standard error of a quarter at worst."""


def few(train: Part | Stream, validation: Part | Stream) -> tuple[str, ...]:
    """Return what is to be said where scores mean next to nothing, as a sentence; none where there are examples enough."""
    if train.n is None or validation.n is None or train.n + validation.n >= FEWEST_ROWS:
        return ()
    n = train.n + validation.n
    return (
        f"{n} example{'' if n == 1 else 's'} to train and validate on {'is' if n == 1 else 'are'} so few that scores mean little: "
        f"they are measured on {validation.n}. Expected {FEWEST_ROWS} or more. Add some before trusting a score.",
    )


def check_test(test: Part | Stream, train: Part | Stream, name: str) -> None:
    """Raise a DataError where a score on the test part would say nothing.

    Args:
        test: Its examples; of a stream that does not know how many it has nothing is said.
        train: Knows how many classes there are.
        name: What the user calls the test part.
    """
    n = test.n
    if n is not None and n < FEWEST:
        raise DataError(
            f"{name} has {n} example{'' if n == 1 else 's'}: a score on it is good to ± {1 / math.sqrt(n):.2f}, two "
            f"standard errors of a share. Expected at least {FEWEST} examples (± {1 / math.sqrt(FEWEST):.2f}). "
            "Pass more, or leave it out."
        )
    if not isinstance(test, Part) or not isinstance(train, Part):
        return
    tested, trained = (
        np.unique(found) if found is not None else None for found in map(classes, (test.y, train.y))
    )
    if tested is not None and trained is not None and len(tested) < 2 <= len(trained):
        raise DataError(
            f"{name} has {n} examples, all of one class: a model that knows nothing may score 1 on it. "
            f"Expected examples of two classes or more, as there are {len(trained)} to train on. "
            "Pass such, or leave it out."
        )

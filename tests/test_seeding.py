"""Seeds: a number for each place in a search, and generators that are left as they were."""

import random
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autoopt import seeding
from autoopt.errors import UsageError

PLACES = st.lists(st.integers(0, 1000), max_size=3)


@given(st.integers(0, 2**40), PLACES)
def test_a_place_has_one_seed_that_fits_31_bits(seed: int, place: list[int]) -> None:
    found = seeding.derive(seed, *place)

    assert found == seeding.derive(seed, *place)
    assert 0 <= found < 2**31


def test_trials_repeats_and_seeds_all_have_seeds_of_their_own() -> None:
    found = {
        seeding.derive(seed, trial, repeat) for seed in range(5) for trial in range(20) for repeat in range(5)
    }

    assert len(found) == 500


def test_zero_is_a_seed() -> None:
    assert seeding.checked(0) == 0


def test_none_takes_a_fresh_seed_each_time() -> None:
    assert len({seeding.checked(None) for _ in range(5)}) == 5


def test_a_numpy_integer_is_a_seed() -> None:
    assert seeding.checked(np.int64(7)) == 7


@pytest.mark.parametrize("given", ["0", 1.5, -1, True, [1]])
def test_what_is_no_seed_is_refused(given: Any) -> None:
    with pytest.raises(UsageError, match="Expected a whole number from 0"):
        seeding.checked(given)


def test_the_generators_are_put_back_also_after_an_error() -> None:
    before = (random.getstate(), np.random.get_state()[1].tolist())
    with pytest.raises(ZeroDivisionError), seeding.seeded(3):
        1 / (0 * random.random() * np.random.rand())

    assert (random.getstate(), np.random.get_state()[1].tolist()) == before


def test_the_generators_are_put_back_after_whatever_was_drawn() -> None:
    before = (random.getstate(), np.random.get_state()[1].tolist())
    with seeding.preserved():
        random.random()
        np.random.rand()

    assert (random.getstate(), np.random.get_state()[1].tolist()) == before


def test_equal_seeds_draw_equal_numbers_inside() -> None:
    drawn = []
    for seed in (3, 3, 4):
        with seeding.seeded(seed):
            drawn.append((random.random(), np.random.rand()))

    assert drawn[0] == drawn[1] != drawn[2]

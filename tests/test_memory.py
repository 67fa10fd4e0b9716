"""Memory as the platform tells it, and sizes as users write them."""

import numpy as np
import pytest

from autoopt import Resources, memory
from autoopt.errors import UsageError


@pytest.mark.parametrize(
    ("given", "count"),
    [
        ("4GB", 4e9),
        ("500MB", 5e8),
        ("1.5 gb", 1.5e9),
        ("2GiB", 2**31),
        ("1TB", 1e12),
        (123_456_789, 123_456_789),
    ],
)
def test_a_limit_is_read_in_the_units_that_users_write(given: str | int, count: float) -> None:
    assert Resources(memory=given).memory_limit == count


@pytest.mark.parametrize("given", ["4", "lots", "GB", "-1GB", "4 bytes", "0GB", 4, 0, -1, True, 4e9, [4]])
def test_what_is_no_size_is_refused_with_what_to_write(given: object) -> None:
    with pytest.raises(
        UsageError, match=r'memory was given .*Expected a text as "4GB".*Leave memory out'
    ) as raised:
        Resources(memory=given)  # type: ignore[arg-type]
    assert repr(given) in str(raised.value)


def test_the_limit_is_half_of_the_machine_unless_another_is_given() -> None:
    whole = memory.total()
    assert Resources().memory_limit == (None if whole is None else whole // 2)


@pytest.mark.skipif(memory.resident() is None, reason="the platform does not tell its memory")
def test_what_a_process_takes_shows_in_its_resident_memory() -> None:
    before = memory.resident() or 0
    taken = np.ones(2**24)
    after = memory.resident() or 0

    assert after - before > 0.9 * taken.nbytes
    assert after < (memory.total() or 0)


@pytest.mark.skipif(memory.total() is None, reason="the platform does not tell its memory")
def test_no_more_is_available_than_there_is() -> None:
    assert 0 < (memory.available() or 0) < (memory.total() or 0)

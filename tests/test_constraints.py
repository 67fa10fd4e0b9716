"""Constraints: which values are limits, and that others are refused with what to do."""

import re
from typing import Any

import numpy as np
import pytest

from autoopt import Constraints
from autoopt.errors import UsageError

NAMES = ("max_params", "max_latency_ms", "max_seconds_per_epoch")


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("value", [0, -1, True, "5", float("nan"), float("inf"), [3]])
def test_what_is_no_limit_is_refused(name: str, value: Any) -> None:
    shown = re.escape(repr(value))
    with pytest.raises(
        UsageError, match=rf"{name} was given {shown}\. Expected .*example {name}=.*Leave {name}"
    ):
        Constraints(**{name: value})


@pytest.mark.parametrize("value", [0.5, 100.0, np.float64(3)])
def test_a_share_of_a_parameter_is_refused(value: Any) -> None:
    with pytest.raises(UsageError, match=r"Expected a whole number from 1"):
        Constraints(max_params=value)


@pytest.mark.parametrize("value", [1, 0.001, 2.5, np.float64(3)])
def test_any_number_above_0_limits_time(value: Any) -> None:
    assert Constraints(max_latency_ms=value, max_seconds_per_epoch=value).max_latency_ms == value


def test_nothing_is_limited_unless_it_is_asked_for() -> None:
    assert [getattr(Constraints(), name) for name in NAMES] == [None, None, None]

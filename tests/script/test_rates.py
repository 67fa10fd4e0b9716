from typing import Any

import keras
import numpy as np
import pytest

from autoopt.schedules import SHAPES, Schedule
from autoopt.script.expression import flat
from autoopt.script.rates import rate_of

STEPS = 20
MOVING = [name for name in SHAPES if name not in ("constant", "plateau")]


def run(schedule: Schedule, total_steps: int = STEPS) -> Any:
    """Return what the script gives its optimizer, made."""
    import math

    rate, space = rate_of(schedule), {"keras": keras, "math": math, "total_steps": total_steps}
    for code in (*rate.definitions, *(line.strip() for line in rate.before)):
        exec(code, space)
    return eval(flat(rate.value), space)


@pytest.mark.parametrize("steps", [1, 2, 3, STEPS])
@pytest.mark.parametrize("warmup", [0.0, 0.1, 0.5])
@pytest.mark.parametrize("name", [*MOVING, "constant"])
def test_a_scripts_rate_is_the_searchs_at_each_step(name: str, warmup: float, steps: int) -> None:
    schedule = Schedule(name, 0.02, steps, warmup)
    made = run(schedule, steps)
    found = [float(made(step)) for step in range(steps)] if callable(made) else [made] * steps
    np.testing.assert_allclose(found, schedule.rates(np.arange(steps)), rtol=1e-4, atol=1e-9)


def test_a_scripts_rate_follows_the_steps_of_other_data() -> None:
    made = run(Schedule("linear", 0.02, STEPS, 0.1), total_steps=40)
    expected = Schedule("linear", 0.02, 40, 0.1).rates(np.arange(40))
    np.testing.assert_allclose([float(made(step)) for step in range(40)], expected, rtol=1e-4)


@pytest.mark.parametrize("warmup", [0.0, 0.1])
def test_reduction_on_plateaus_is_left_to_kerass_callback(warmup: float) -> None:
    rate = rate_of(Schedule("plateau", 0.02, STEPS, warmup))
    names = [flat(each).partition("(")[0] for each in rate.callbacks]
    assert rate.value == "0.02"
    assert names == [*(["WarmUp"] if warmup else []), "keras.callbacks.ReduceLROnPlateau"]

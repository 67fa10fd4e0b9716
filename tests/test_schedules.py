"""Schedules: values computed by hand, Keras's own, and what a plain optimizer is given in their place."""

from typing import Any

import keras
import numpy as np
import pytest

from autoopt import schedules
from autoopt.schedules import SHAPES, Schedule, plateau
from tests import toys

# α = 0.1 over T = 100 steps, at t = 0, 25, 50, 75, 100.
BY_HAND = {
    "constant": [0.1] * 5,
    # α (1 − t/T)
    "linear": [0.1, 0.075, 0.05, 0.025, 0.0],
    # α (1 − t/T)²
    "polynomial": [0.1, 0.05625, 0.025, 0.00625, 0.0],
    # α γ^(t/T), γ = 0.01: 0.1, 0.1·10^-0.5, 0.1·10^-1, 0.1·10^-1.5, 0.1·10^-2
    "exponential": [0.1, 0.0316227766, 0.01, 0.00316227766, 0.001],
    # α (1 + cos πt/T) / 2
    "cosine": [0.1, 0.0853553391, 0.05, 0.0146446609, 0.0],
    # Cycles of T/7, 2T/7, 4T/7. 25 is 3/8 into the second, 50 is 1/8 and 75 is 9/16 into the third:
    # α (1 + cos 3π/8) / 2, α (1 + cos π/8) / 2, α (1 + cos 9π/16) / 2
    "cosine_restarts": [0.1, 0.0691341716, 0.0961939766, 0.0402454839, 0.0],
    # divided by 10 from the middle on, and again from three quarters on
    "step": [0.1, 0.1, 0.01, 0.001, 0.001],
    # From α/25 = 0.004: 0.004 + 0.096·25/30; then a cosine down to α/25·10^-4 = 4e-7 over 70 steps:
    # at 20/70, 45/70 and 70/70
    "one_cycle": [0.004, 0.084, 0.0811745654, 0.0283060998, 4e-7],
    "plateau": [0.1] * 5,  # while the loss falls
}
FIVE = np.array([0, 25, 50, 75, 100])


@pytest.mark.parametrize("name", SHAPES)
def test_a_schedule_has_the_values_computed_by_hand(name: str) -> None:
    assert Schedule(name, 0.1, 100).rates(FIVE) == pytest.approx(BY_HAND[name], abs=1e-9)


@pytest.mark.parametrize("total_steps", [1, 2, 3, 7, 100, 160, None])
@pytest.mark.parametrize("name", sorted(set(SHAPES) - {"plateau"}))
def test_kerass_own_schedules_give_the_same_rates(name: str, total_steps: int | None) -> None:
    count = total_steps or 20
    steps, found = np.arange(0, count, max(1, count // 20)), Schedule(name, 0.3, total_steps)
    plain = found.keras()
    expected = [float(plain(step)) if callable(plain) else plain for step in steps]

    coarse = name == "step" and total_steps == 160  # more steps than pieces
    assert found.rates(steps) == pytest.approx(expected, rel=1e-5, abs=0.28 if coarse else 1e-7)
    assert not callable(plain) or type(plain).__module__.startswith("keras.")


@pytest.mark.parametrize("warmup", [0.1, 0.5, 1.0])
@pytest.mark.parametrize("total_steps", [1, 2, 3])
@pytest.mark.parametrize("name", sorted(set(SHAPES) - {"plateau"}))
def test_trainings_of_a_few_steps_warm_up_alike_in_keras(name: str, total_steps: int, warmup: float) -> None:
    found, steps = Schedule(name, 0.3, total_steps, warmup), np.arange(total_steps)
    plain = found.keras()

    expected = [float(plain(step)) if callable(plain) else plain for step in steps]
    assert found.rates(steps) == pytest.approx(expected, rel=1e-5, abs=1e-7)


@pytest.mark.parametrize("name", sorted(set(SHAPES) - {"one_cycle"}))
def test_a_warm_up_rises_linearly_and_the_schedule_fills_the_rest(name: str) -> None:
    # Goyal et al. 2017: with 20 of 120 steps, (t + 1) / 20 of α; then as over 100 steps
    rates = Schedule(name, 0.1, 120, warmup=1 / 6).rates(np.arange(121))

    assert rates[:20] == pytest.approx(0.1 * np.arange(1, 21) / 20)
    assert rates[20 + FIVE] == pytest.approx(BY_HAND[name], abs=1e-9)


@pytest.mark.parametrize("name", sorted(set(SHAPES) - {"plateau"}))
def test_a_warm_up_reads_back_as_a_step_function_of_kerass_own(name: str) -> None:
    found = Schedule(name, 0.1, 640, warmup=0.25)
    plain = keras.optimizers.schedules.deserialize(keras.optimizers.schedules.serialize(found.keras()))

    steps = np.arange(0, 640, 61)
    away = np.abs(found.rates(steps) - [float(plain(step)) for step in steps])
    assert np.median(away) <= 0.002


@pytest.mark.parametrize("name", SHAPES)
def test_without_a_number_of_steps_the_rate_stands_still(name: str) -> None:
    found = Schedule(name, 0.1, None, warmup=0.1)

    assert found.rates(FIVE) == pytest.approx([0.1] * 5)
    assert not found.moves


def test_a_constant_rate_is_a_number_to_keras() -> None:
    assert Schedule("constant", 0.1, 100).keras() == 0.1


@pytest.mark.parametrize("name", ["linear", "polynomial", "exponential", "cosine"])
def test_the_schedule_ends_with_the_last_step_of_the_training(name: str) -> None:
    from autoopt.recipe import Recipe

    hypermodel = toys.hypermodel(toys.eager)
    recipe = Recipe().plus(optimizer="sgd", learning_rate=0.1, schedule=name, batch_size=50)
    model = hypermodel.assemble(recipe, {}, total_steps=8, seed=0)  # 4 steps an epoch, the last of 30
    x, y = toys.digits(180)
    model.fit(x, y, batch_size=50, epochs=2, verbose=0)

    assert float(keras.ops.convert_to_numpy(model.optimizer.iterations)) == 8
    assert float(model.optimizer.learning_rate) == pytest.approx(BY_HAND[name][-1], abs=1e-7)


LOSSES = {
    "falling": [1.0, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4],
    "flat": [1.0] * 14,
    "better by too little": [1.0 - 1e-5 * i for i in range(12)],
    "in waves": [1.0, 1.1, 1.2, 1.1, 1.2, 1.3, 0.9, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0],
}


@pytest.mark.parametrize("losses", LOSSES)
def test_a_plateau_reduces_the_rate_as_kerass_callback_does(losses: str) -> None:
    model = toys.compiled(keras.optimizers.SGD(1.0))
    callback = keras.callbacks.ReduceLROnPlateau(
        factor=schedules.REDUCTION, patience=schedules.PATIENCE, min_delta=schedules.MIN_DELTA
    )
    callback.set_model(model)
    callback.on_train_begin()
    expected: list[Any] = []
    for epoch, loss in enumerate(LOSSES[losses]):
        callback.on_epoch_end(epoch, {"val_loss": loss})
        expected.append(float(model.optimizer.learning_rate))

    assert [plateau(LOSSES[losses][: n + 1]) for n in range(len(expected))] == pytest.approx(expected)


def test_the_rate_of_an_epoch_depends_on_the_losses_before_it() -> None:
    # six epochs that are no better than the first: reduced once, to a fifth
    assert Schedule("plateau", 0.1, 100).rates(FIVE, [1.0] * 6) == pytest.approx([0.02] * 5)

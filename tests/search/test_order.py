"""Whether settings or structure is changed next: by what either gained, for its price."""

from typing import Any

import pytest

from autoopt.records import Objective, Trial
from autoopt.search.order import Order

ACCURACY = Objective("val_accuracy", "max")
CHEAP, DEAR = 10.0, 1_000.0
"""Of a program, where ten epochs cost 100."""


def trial(number: int, score: float | None, width: int = 1, origin: int | None = 0, **rest: Any) -> Trial:
    values = {"structure/width": width, "optimizer/learning_rate": 0.1 / (number + 1)}
    history = {"loss": [1.0] * 10}
    status = "completed" if score is not None else "failed"
    return Trial(
        number, status, score, values, history, 0, 0.0, 1.0, price=10.0, origin=origin if number else None, **rest
    )  # fmt: skip


def order(program: float, examples: int | None = 100) -> Order:
    return Order(ACCURACY, examples, program, lambda name: name.startswith("structure/"))


PARENT = trial(0, 0.9)


def wanted(made: list[Trial], program: float) -> bool:
    return order(program).wants_structure([PARENT, *made], PARENT)


def test_where_nothing_gains_structure_is_tried_as_much_less_often_as_it_costs_more() -> None:
    made: list[Trial] = []
    for number in range(1, 34):
        structure = wanted(made, program=700.0)  # a structure costs 800, settings 100
        made.append(trial(number, 0.9, width=2 if structure else 1))

    assert sum(each.hyperparameters["structure/width"] == 2 for each in made) == pytest.approx(
        33 / 9, abs=1.5
    )


def test_what_gained_is_tried_again() -> None:
    dull = [trial(number, 0.9) for number in (1, 2, 3)]
    assert wanted([*dull, trial(4, 0.95, width=2)], program=300.0)
    assert not wanted([*dull, trial(4, 0.9, width=2)], program=300.0)
    assert not wanted([trial(1, 0.95), trial(2, 0.9, width=2)], CHEAP)


def test_a_loss_and_a_failure_gain_nothing() -> None:
    made = [trial(1, 0.2, width=2), trial(2, None, width=2), trial(3, 0.95)]

    assert [change.gain for change in order(CHEAP).changes([PARENT, *made], 9)] == [
        pytest.approx(0.05),
        0.0,
        0.0,
    ]


def test_a_structure_costs_its_program_too() -> None:
    structure, settings = order(DEAR).changes([PARENT, trial(1, 0.9), trial(2, 0.9, width=2)], 9)

    assert (settings.price, structure.price) == (100.0, 100.0 + DEAR)


def test_what_was_made_from_no_trial_is_no_change() -> None:
    assert order(CHEAP).changes([PARENT, trial(1, 0.95, origin=None), trial(2, 0.95, origin=7)], 9) == []


def test_a_score_that_is_no_share_is_weighed_too() -> None:
    loss = Order(Objective("val_loss", "min"), 100, CHEAP, lambda name: name.startswith("structure/"))

    assert not loss.wants_structure([PARENT], PARENT)
    assert loss.wants_structure([PARENT, trial(1, 0.9), trial(2, 0.5, width=2)], PARENT)

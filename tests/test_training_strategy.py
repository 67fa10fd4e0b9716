"""What decides how a structure learns is the same to every engine, and numbers alone make no other program."""

from typing import Any

import numpy as np
import pytest

from autoopt.engines import engine_named
from autoopt.hypermodel import AutoHyperModel
from autoopt.recipe import Recipe
from autoopt.records import Objective
from autoopt.surgery import footprint
from autoopt.worker import Job, Outcome, Worker
from tests import toys

EPOCHS = 3

CHANGES: dict[str, dict[str, Any]] = {
    "nesterov, warm-up and a line": {
        "optimizer": "nesterov", "learning_rate": 0.05, "momentum": 0.8, "schedule": "linear", "warmup": 0.2,
    },
    "lion, clipped, weight decay": {
        "optimizer": "lion", "learning_rate": 1e-3, "weight_decay": 0.1, "global_clipnorm": 0.1,
    },
    "moving average": {"use_ema": True, "learning_rate": 0.01, "schedule": "one_cycle"},
    "gradient descent": {"optimizer": "gd", "full_batch": True, "learning_rate": 0.5},
}  # fmt: skip


def worker(engine: str = "auto", room: int | None = None, optimizer: Any = "adam") -> Worker:
    data = toys.halves(*toys.digits())
    hypermodel = AutoHyperModel(lambda: toys.compiled(optimizer), "auto", data, room=room)
    return Worker(hypermodel, data, engine_named(engine), Objective("val_loss", "min"))


def ran(work: Worker, epochs: int = EPOCHS, **changes: Any) -> Outcome:
    outcome = work.run(
        Job(1, Recipe().plus(**changes), {}, epochs, epochs, 0), lambda epoch, logs: "continue"
    )
    assert outcome.trial.status == "completed", outcome.trial.error
    return outcome


@pytest.mark.parametrize("changes", CHANGES)
def test_every_engine_trains_alike(changes: str) -> None:
    runs = [ran(worker(engine), **CHANGES[changes]) for engine in ("keras", "auto")]

    for name, values in runs[0].trial.history.items():
        assert runs[1].trial.history[name] == pytest.approx(values, abs=1e-4), name
    assert all(
        np.allclose(*pair, atol=1e-4) for pair in zip(*(run.weights or () for run in runs), strict=True)
    )


@pytest.mark.parametrize("engine", ["keras", "auto"])
def test_what_is_scored_and_kept_is_the_moving_average(engine: str) -> None:
    # One step an epoch: after two, 0.99 w₁ + 0.01 w₂, the average having begun at w₁.
    descent = {"optimizer": "gd", "full_batch": True, "learning_rate": 0.1}
    work = worker(engine)
    first, second = (ran(work, epochs, **descent).weights or () for epochs in (1, 2))
    averaged = ran(work, 2, **descent, use_ema=True)

    for one, other, average in zip(first, second, averaged.weights or (), strict=True):
        assert average == pytest.approx(0.99 * one + 0.01 * other, abs=1e-6)
    model = work.hypermodel.assemble(Recipe(), {}, seed=0)
    model.set_weights(averaged.weights)
    x, y = toys.digits()
    logs = model.evaluate(x[180:], y[180:], return_dict=True, verbose=0)
    assert averaged.trial.score == pytest.approx(logs["loss"], abs=1e-6)


@pytest.mark.parametrize("engine", ["keras", "auto"])
def test_the_rate_falls_where_the_loss_stays(engine: str) -> None:
    # So small a rate makes no epoch better by 1e-4: after six of them a fifth of it is left. Biases start at 0, and
    # the gradient hardly changes: 8 steps, beside 6 and 2 fifths.
    low = {"optimizer": "gd", "full_batch": True, "learning_rate": 1e-5}
    steady, reduced = (
        ran(worker(engine), 8, **low, schedule=name).weights or () for name in ("constant", "plateau")
    )

    assert reduced[3] == pytest.approx(6.4 / 8 * steady[3], rel=1e-3)


NUMBERS = {
    "schedules": [
        {"schedule": name, "learning_rate": 0.01} for name in ("step", "plateau", "cosine_restarts")
    ],
    "warm-up": [{"schedule": "linear", "learning_rate": 0.01, "warmup": share} for share in (0.1, 0.5)],
    "clipping": [{"global_clipnorm": norm} for norm in (0.1, 2.0)],
    "batch sizes": [{"batch_size": size} for size in (30, 60)],
}


@pytest.mark.parametrize("numbers", NUMBERS)
def test_what_differs_in_numbers_alone_is_one_program(numbers: str) -> None:
    work = worker()
    programs = {ran(work, 1, **changes).trial.program for changes in NUMBERS[numbers]}

    assert len(programs) == 1 and None not in programs


@pytest.mark.parametrize("engine", ["keras", "auto"])
def test_a_step_that_does_not_fit_into_memory_is_the_same_step_in_parts(engine: str) -> None:
    # 64 + 8 + 10 numbers an example, 8 bytes each: 50 of 180 examples fit, so four parts of 45.
    room = 50 * 8 * (64 + 8 + 10)
    descent = {"optimizer": "gd", "full_batch": True, "learning_rate": 0.3}
    whole, parts = ran(worker(engine), **descent), ran(worker(engine, room), **descent)

    assert worker(engine, room).hypermodel.parts(Recipe().plus(**descent), {}) == 4
    assert parts.trial.history["val_loss"] == pytest.approx(whole.trial.history["val_loss"], abs=1e-5)


def test_batch_sizes_are_those_that_fit_into_memory() -> None:
    room = 40 * 8 * (64 + 8 + 10)
    origin = worker(room=room).hypermodel.reading().origin

    assert footprint(toys.dense()) == 64 + 8 + 10
    assert origin.most == 40

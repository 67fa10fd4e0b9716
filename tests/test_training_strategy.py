"""What decides how a structure learns is the same to every engine, and numbers alone make no other program."""

import functools
from pathlib import Path
from typing import Any

import keras
import keras_tuner
import numpy as np
import pytest

from autoopt import axes, compiling, optimizers
from autoopt.engines import Knobs, engine_named
from autoopt.hypermodel import AutoHyperModel
from autoopt.recipe import Recipe
from autoopt.records import Objective
from autoopt.space import Space
from autoopt.surgery import footprint
from autoopt.task import classes, scores
from autoopt.worker import Job, Outcome, Worker
from tests import toys
from tests.counts import FULL, at_full_counts
from tests.engines.laboratory import Fit

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


DATA = toys.halves(*toys.digits())


@functools.cache
def worker(engine: str = "auto", room: int | None = None) -> Worker:
    """Return one for all tests: what it compiled for one of them trains others' recipes too."""
    made = Fit() if engine == "keras" else engine_named(engine)
    hypermodel = AutoHyperModel(toys.compiled, "auto", DATA, room=room)
    return Worker(hypermodel, DATA, made, Objective("val_loss", "min"))


def ran(work: Worker, epochs: int = EPOCHS, **changes: Any) -> Outcome:
    outcome = work.run(
        Job(1, Recipe().plus(**changes), {}, epochs, epochs, 0), lambda epoch, logs: "continue"
    )
    assert outcome.trial.status == "completed", outcome.trial.error
    return outcome


@pytest.mark.slow
@pytest.mark.parametrize("changes", [name for name in CHANGES if FULL or name != "gradient descent"])
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


def test_labels_are_smoothed_beside_a_score_that_only_the_objective_names() -> None:
    data = toys.halves(*toys.digits())
    hypermodel = AutoHyperModel(toys.compiled, "auto", data)
    model = hypermodel.assemble(Recipe(), {}, seed=0)
    score = scores(classes(model, data.train.y, "sparse_categorical_crossentropy", data.train.x), False)["f1"]
    work = Worker(hypermodel, data, engine_named("auto"), Objective("val_f1", "max"), score=score)
    plain, smoothed = (ran(work, 1, label_smoothing=amount).trial.history for amount in (0.0, 0.2))

    assert plain["loss"] != smoothed["loss"]
    assert "val_f1" in plain


@at_full_counts
@pytest.mark.parametrize("engine", ["keras", "auto"])
def test_the_average_of_a_step_in_parts_moves_as_that_of_the_whole_step(engine: str) -> None:
    descent = {"optimizer": "gd", "full_batch": True, "learning_rate": 0.3, "use_ema": True}
    whole, parts = (ran(worker(engine, room), **descent) for room in (None, 50 * 8 * (64 + 8 + 10)))

    for one, other in zip(whole.weights or (), parts.weights or (), strict=True):
        assert one == pytest.approx(other, abs=1e-3)  # it lags by less than a step


def without_loss() -> Any:
    class Silent(keras.Model):  # type: ignore[misc]
        def test_step(self, *given: Any) -> Any:
            found = super().test_step(*given)
            logs = found[0] if isinstance(found, tuple) else found
            kept = {name: value for name, value in logs.items() if name != "loss"}
            return (kept, found[1]) if isinstance(found, tuple) else kept

    inputs = keras.Input((64,))
    model = Silent(inputs, keras.layers.Dense(10, activation="softmax")(inputs))
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def test_a_model_that_leaves_its_loss_out_of_evaluation_trains() -> None:
    data = toys.halves(*toys.digits())
    work = Worker(
        AutoHyperModel(without_loss, "auto", data),
        data,
        engine_named("auto"),
        Objective("val_accuracy", "max"),
    )

    assert len(ran(work, 2).trial.history["val_accuracy"]) == 2


def test_a_model_saved_while_fit_is_told_its_rates_reads_back_with_the_schedule(tmp_path: Path) -> None:
    data = toys.halves(*toys.digits())
    checkpoint = keras.callbacks.ModelCheckpoint(str(tmp_path / "model.keras"))
    work = Worker(
        AutoHyperModel(toys.compiled, "auto", data), data, engine_named("keras"), Objective("val_loss", "min"),
        lambda trial: [checkpoint],
    )  # fmt: skip
    ran(work, 2, schedule="cosine", learning_rate=0.01)

    found = keras.models.load_model(tmp_path / "model.keras")
    assert type(found.optimizer._learning_rate) is keras.optimizers.schedules.CosineDecay
    assert int(found.optimizer.iterations) == 12


@at_full_counts
def test_a_tuner_of_keras_tuner_follows_plateaus_and_averages() -> None:
    x, y = toys.digits()
    space = Space(optimizer=axes.Optimizer(learning_rate=(1e-7, 0.1)))
    hypermodel = AutoHyperModel(lambda: toys.compiled("sgd"), space, toys.halves(x, y))
    hp = keras_tuner.HyperParameters()
    hp.values = {"optimizer/schedule": "plateau", "optimizer/learning_rate": 1e-7, "optimizer/use_ema": True}
    model = hypermodel.build(hp)
    history = hypermodel.fit(hp, model, x, y, epochs=8, validation_data=(x, y), verbose=0).history

    # No epoch is better by 1e-4: a fifth of the rate is left after six.
    assert float(model.optimizer.learning_rate) == pytest.approx(2e-8)
    assert history["val_loss"][-1] == pytest.approx(model.evaluate(x, y, verbose=0)[0], abs=1e-6)


def test_muon_decays_every_weight_by_the_number_that_is_drawn() -> None:
    plan = optimizers.plan(
        Recipe().plus(optimizer="muon", weight_decay=0.1, learning_rate=0.01),
        compiling.written(toys.compiled()),
        None,
    )
    knobs = Knobs()
    knobs.turn({**plan.inputs, "learning_rate": 0.01})

    assert plan.config["adam_weight_decay"] == 0.1
    assert plan.traced(knobs).adam_weight_decay == 0.1
    assert plan.key == optimizers.plan(
        Recipe().plus(optimizer="muon", weight_decay=0.2), compiling.written(toys.compiled()), None
    ).key  # fmt: skip

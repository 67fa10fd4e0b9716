"""The epoch loop, around every engine: seeds, data, the best epoch, and how a training ends."""

import math
from dataclasses import replace
from typing import Any

import keras
import numpy as np
import pytest

from autoopt.data import Part, Stream
from autoopt.engines import KerasEngine, Training, candidate_of, evaluate, note_epoch, train
from autoopt.records import Objective
from tests import toys
from tests.engines import zoo
from tests.engines.laboratory import ACCURACY, ENGINES, EPOCHS, EVERY_ENGINE, assigned, made, ran, trained


@EVERY_ENGINE
def test_later_epochs_leave_the_weights_of_the_best_one_alone(engine: str) -> None:
    model = made(zoo.dense)
    found = trained(engine, model, zoo.images(), objective=Objective("val_loss", "max"))
    model.set_weights(found.weights)

    assert found.best_epoch == 0 and found.history["val_loss"][0] == max(found.history["val_loss"])
    assert evaluate(model, zoo.images())["loss"] == pytest.approx(found.history["val_loss"][0], abs=1e-6)


@EVERY_ENGINE
def test_an_engine_repeats_itself_under_the_same_seed(engine: str) -> None:
    part = zoo.images()
    runs = [trained(engine, made(zoo.dense), part, seed=seed).history for seed in (3, 3, 4)]

    assert runs[0] == runs[1] != runs[2]


@EVERY_ENGINE
def test_every_example_is_in_an_epoch_once(engine: str) -> None:
    x = np.arange(75, dtype="float32").reshape(-1, 1)
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1, kernel_initializer="ones")])
    model.compile(keras.optimizers.SGD(0.0), "mae")
    found = trained(engine, model, Part(x, 0 * x), epochs=1)

    assert found.history["loss"] == pytest.approx([37.0])


@EVERY_ENGINE
def test_the_optimizer_goes_on_from_epoch_to_epoch(engine: str) -> None:
    decay = keras.optimizers.schedules.PolynomialDecay(0.1, 9, end_learning_rate=0.0)
    model = made(lambda: zoo.dense(keras.optimizers.SGD(decay)))
    trained(engine, model, zoo.images(), callbacks=[keras.callbacks.Callback()])  # so that the model is shown

    assert int(model.optimizer.iterations) == 9
    assert float(model.optimizer.learning_rate) == pytest.approx(0.0)


class Batches(keras.utils.PyDataset):  # type: ignore[misc]
    """Digits, ten a batch, in their own order."""

    def __len__(self) -> int:
        return 3

    def __getitem__(self, index: int) -> Any:
        x, y = toys.digits(30)
        return x[10 * index : 10 * (index + 1)], y[10 * index : 10 * (index + 1)]


def test_a_stream_is_trained_in_its_own_batches() -> None:
    model = toys.compiled(keras.optimizers.SGD(0.0), run_eagerly=True)
    found = trained("keras", model, Stream(Batches(), 30), size=None)
    x, y = toys.digits(30)

    assert int(model.optimizer.iterations) == 3 * EPOCHS
    expected = model.evaluate(x, y, return_dict=True, verbose=0)["loss"]
    assert found.history["loss"] == pytest.approx([expected] * EPOCHS, abs=1e-5)


def test_a_shuffled_stream_repeats_itself_under_the_same_seed() -> None:
    runs = [
        trained("keras", made(toys.eager), Stream(Batches(), 30), size=None, seed=seed).history
        for seed in (3, 3)
    ]

    assert runs[0] == runs[1]


def exploding() -> keras.Model:
    return toys.regressor(keras.optimizers.SGD(1e18), run_eagerly=False)


@EVERY_ENGINE
@pytest.mark.parametrize("callbacks", [[], [keras.callbacks.TerminateOnNaN()]], ids=["alone", "terminated"])
def test_a_loss_that_is_no_number_ends_the_trial_as_failed(engine: str, callbacks: Any) -> None:
    assignment = assigned(Part(*toys.line(75)), epochs=9, callbacks=callbacks)
    found, _ = ran(ENGINES[engine](), candidate_of(made(exploding)), assignment)

    assert found.status == "failed"
    assert found.note.startswith("The loss became ")
    assert len(found.history["loss"]) < 9


@EVERY_ENGINE
def test_a_score_that_is_never_a_number_ends_the_trial_as_failed(engine: str) -> None:
    x, y = toys.line(75)
    validation = Part(np.full_like(x, np.inf), y)
    model = made(lambda: toys.regressor(run_eagerly=False))
    found = trained(engine, model, Part(x, y), epochs=2, validation=validation)

    assert (found.status, found.score, found.weights) == ("failed", None, None)
    assert "val_loss" in found.note
    assert all(math.isfinite(loss) for loss in found.history["loss"])


class Ended(keras.callbacks.Callback):  # type: ignore[misc]
    """Knows whether training has ended."""

    ended = False

    def on_train_end(self, logs: Any = None) -> None:
        self.ended = True


@EVERY_ENGINE
def test_on_train_end_is_called_also_when_the_trial_is_pruned(engine: str) -> None:
    callback = Ended()
    assignment = assigned(zoo.images(), callbacks=[callback])
    fitting = ENGINES[engine]().fitting(candidate_of(made(zoo.dense)), assignment)
    found = train(fitting, assignment, ACCURACY, lambda epoch, logs: "prune")

    assert (found.status, found.note) == ("pruned", "Pruned after epoch 1 of 3.")
    assert callback.ended


def test_a_search_that_ends_with_the_last_epoch_leaves_the_trial_complete() -> None:
    assignment = assigned(zoo.images(), epochs=1)
    fitting = KerasEngine().fitting(candidate_of(made(toys.eager)), assignment)
    found = train(fitting, assignment, ACCURACY, lambda epoch, logs: "stop")

    assert (found.status, found.note) == ("completed", "")


PATIENT = {"none": (None, 4), "one epoch": (1, 2), "two epochs": (2, 3), "as many as there are": (4, 4)}


@pytest.mark.parametrize("patience", PATIENT)
def test_a_trial_ends_as_completed_when_it_has_not_become_better_for_so_many_epochs(patience: str) -> None:
    epochs, expected = PATIENT[patience]
    assignment = replace(assigned(Part(*toys.digits(4)), epochs=4), patience=epochs)
    model = made(
        lambda: toys.compiled(keras.optimizers.SGD(0.0), run_eagerly=True)
    )  # the first epoch is the best
    found, _ = ran(KerasEngine(), candidate_of(model), assignment)

    note = f"val_loss had not become better for {epochs} epochs: ended after epoch {expected} of 4."
    assert (found.status, len(found.history["loss"]), found.best_epoch) == ("completed", expected, 0)
    assert found.note == (note if expected < 4 else "")


def averaged() -> keras.Model:
    return zoo.dense(keras.optimizers.SGD(0.5, use_ema=True, ema_momentum=0.5))


@EVERY_ENGINE
def test_weights_that_averaging_leaves_behind_do_not_replace_those_that_were_scored(engine: str) -> None:
    model = made(averaged)
    found = trained(engine, model, zoo.images())
    model.set_weights(found.weights)

    assert evaluate(model, zoo.images())["loss"] == pytest.approx(found.score, abs=1e-6)


def test_among_equal_scores_the_epoch_of_the_lowest_validation_loss_is_the_best() -> None:
    reached = Training()
    for number, (score, loss) in enumerate([(0.5, 0.9), (1.0, 0.4), (1.0, 0.5), (1.0, 0.2), (0.9, 0.1)]):
        logs = {"val_accuracy": score, "val_loss": loss}
        note_epoch(reached, number, logs, Objective("val_accuracy", "max"), lambda number=number: [number])

    assert (reached.best_epoch, reached.score, reached.weights) == (3, 1.0, [3])
    assert reached.improved == 1  # patience counts from here

"""Trainings that may go on: the loop takes them up where they stood, from memory or from disk, or ends them."""

import logging
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from autoopt.engines import Assignment, Fitting, KerasEngine, Paused, PausedTrainings, Training, candidate_of
from autoopt.records import Objective
from tests import toys
from tests.counts import FULL
from tests.engines import zoo
from tests.engines.laboratory import assigned, made

LOSS = Objective("val_loss", "min")
HALF = 2 if FULL else 1
PATIENCE = 3 if FULL else 2


def slow() -> keras.Model:
    return toys.compiled(keras.optimizers.SGD(0.01), run_eagerly=True)


def begun(epochs: int, callbacks: Any = (), patience: int | None = None) -> tuple[Fitting, Assignment]:
    part = zoo.images()
    assignment = Assignment(part, part, 43, epochs, 5, None, callbacks, patience)
    return KerasEngine().fitting(candidate_of(made(slow)), assignment), assignment


def trained(
    kept: PausedTrainings, epochs: int, earlier: Paused | None = None, key: Any = None, **rest: Any
) -> Training:
    return kept.train(*begun(epochs, **rest), LOSS, lambda epoch, logs: "continue", earlier, key)


@pytest.fixture(scope="module")
def whole() -> Training:
    """Return a training without a break."""
    return trained(PausedTrainings(), 2 * HALF)


@pytest.mark.parametrize("most", [2**30, 0], ids=["in memory", "on disk"])
def test_a_training_goes_on_where_it_was_kept(most: int, whole: Training) -> None:
    kept = PausedTrainings(most)
    first = trained(kept, HALF, key=(7, 0))
    second = trained(kept, 2 * HALF, kept.take((7, 0)))
    kept.clear()

    assert first.history["loss"] == whole.history["loss"][:HALF]
    assert (second.history, second.best_epoch, second.first) == (whole.history, whole.best_epoch, HALF)
    for one, other in zip(second.weights or (), whole.weights or (), strict=True):
        np.testing.assert_array_equal(one, other)


def test_what_was_written_is_removed() -> None:
    kept = PausedTrainings(0)
    trained(kept, 1, key=(7, 0))
    folder = Path(kept._path((7, 0))).parent
    assert len(list(folder.iterdir())) == 1
    kept.clear()

    assert not folder.exists()


def test_a_training_is_taken_once() -> None:
    kept = PausedTrainings()
    trained(kept, 1, key=(7, 0))

    assert kept.take((7, 1)) is None
    assert kept.take((7, 0)) is not None
    assert kept.take((7, 0)) is None


class Stopping(keras.callbacks.Callback):  # type: ignore[misc]
    """Stops after half of the epochs."""

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        self.model.stop_training = epoch == HALF - 1


def test_a_training_that_a_callback_has_stopped_does_not_go_on() -> None:
    kept, callbacks = PausedTrainings(), [Stopping()]
    trained(kept, HALF, key=(7, 0), callbacks=callbacks)
    second = trained(kept, 2 * HALF, kept.take((7, 0)), callbacks=callbacks)

    assert second.epochs == HALF
    assert second.note.startswith(f"A callback stopped it after epoch {HALF}")


def test_patience_goes_on_waiting() -> None:
    """The first epoch is best where the score is to be large."""
    kept, objective = PausedTrainings(), Objective("val_loss", "max")

    def run(epochs: int, earlier: Paused | None, key: Any) -> Training:
        fitting, assignment = begun(epochs, patience=PATIENCE)
        return kept.train(fitting, assignment, objective, lambda epoch, logs: "continue", earlier, key)

    whole = run(8, None, None)
    run(PATIENCE - 1, None, (7, 0))
    second = run(8, kept.take((7, 0)), None)

    assert (second.epochs, second.note) == (whole.epochs, whole.note) == (PATIENCE + 1, whole.note)


class Failing(keras.callbacks.Callback):  # type: ignore[misc]
    """Cannot end."""

    def on_train_end(self, logs: Any = None) -> None:
        raise ValueError("no end")


def test_a_callback_that_fails_at_the_end_of_what_will_not_go_on_ends_nothing_else(
    caplog: pytest.LogCaptureFixture,
) -> None:
    kept = PausedTrainings()
    for number in (7, 8):
        trained(kept, 1, key=(number, 0), callbacks=[Failing()])
    with caplog.at_level(logging.WARNING, "autoopt"):
        kept.forget([7])

    assert [record.getMessage() for record in caplog.records] == [
        "A callback of trial 7 failed in on_train_end: no end"
    ]
    assert kept.take((8, 0)) is not None


def test_a_state_that_does_not_fit_is_trained_anew(caplog: pytest.LogCaptureFixture) -> None:
    kept = PausedTrainings()
    first = trained(kept, 1, key=(7, 0))
    paused = kept.take((7, 0))
    assert paused is not None
    smaller = KerasEngine().fitting(
        candidate_of(made(lambda: toys.compiled(units=5, run_eagerly=True))), assigned(zoo.images(), epochs=2)
    )
    with caplog.at_level(logging.INFO, "autoopt"):
        found = kept.train(
            smaller, assigned(zoo.images(), epochs=2), LOSS, lambda epoch, logs: "continue", paused, None
        )

    assert (found.first, found.epochs, first.epochs) == (0, 2, 1)
    assert "repeated from its beginning: its weights have the shapes" in caplog.text

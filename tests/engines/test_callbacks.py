"""Callbacks around every engine: called as `fit` calls them, and what they change counts."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from autoopt.engines import candidate_of, evaluate
from tests.counts import FULL
from tests.engines import zoo
from tests.engines.laboratory import (
    BACKEND,
    BATCH,
    ENGINES,
    EVERY_ENGINE,
    MODES,
    apart,
    assigned,
    made,
    ran,
    trained,
)


def recorder(*hooks: str) -> tuple[keras.callbacks.Callback, list[Any]]:
    """Return a callback that writes down each of some hooks that is called, its number and the names in its logs."""
    calls: list[Any] = []

    def hook(name: str) -> Callable[..., None]:
        def called(self: Any, *given: Any, **named: Any) -> None:
            number = given[0] if given and isinstance(given[0], int) else None
            logs = named.get("logs", given[-1] if given else None)
            calls.append((name, number, sorted(logs) if isinstance(logs, dict) else []))

        return called

    kind = type("Recorder", (keras.callbacks.Callback,), {name: hook(name) for name in hooks})
    return kind(), calls


def hooks(*kinds: str) -> list[str]:
    return [f"on_{kind}_{when}" for kind in kinds for when in ("begin", "end")]


EPOCH_HOOKS, ALL_HOOKS = hooks("train", "epoch"), hooks("train", "test", "epoch", "train_batch", "test_batch")


@pytest.mark.parametrize(
    ("engine", "names"), [("keras", ALL_HOOKS), ("automatic", EPOCH_HOOKS)], ids=["keras", "automatic"]
)
def test_callbacks_are_called_as_fit_calls_them(engine: str, names: list[str]) -> None:
    (ours, calls), (theirs, expected), part = recorder(*names), recorder(*names), zoo.images()
    trained(engine, made(zoo.dense), part, epochs=2, callbacks=[ours])
    made(zoo.dense).fit(
        part.x, part.y, batch_size=BATCH, epochs=2, shuffle=False, verbose=0, callbacks=[theirs],
        validation_data=(part.x, part.y), validation_batch_size=256,
    )  # fmt: skip

    assert calls == expected


@EVERY_ENGINE
def test_callbacks_have_the_model_and_the_parameters_that_fit_gives(engine: str) -> None:
    ours, theirs = keras.callbacks.Callback(), keras.callbacks.Callback()
    part, model = zoo.images(), made(zoo.dense)
    trained(engine, model, part, epochs=2, callbacks=[ours])
    model.fit(part.x, part.y, batch_size=BATCH, epochs=2, verbose=0, callbacks=[theirs])

    assert ours.model is model
    assert ours.params == theirs.params


class Nudge(keras.callbacks.Callback):  # type: ignore[misc]
    """Halves all weights after each epoch."""

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        self.model.set_weights([weight / 2 for weight in self.model.get_weights()])


CHANGING: dict[str, Callable[[], keras.callbacks.Callback]] = {
    "ReduceLROnPlateau": lambda: keras.callbacks.ReduceLROnPlateau("val_loss", 0.1, 1, min_delta=1e9),
    "EarlyStopping": lambda: keras.callbacks.EarlyStopping("val_loss", 1e9, 1, restore_best_weights=True),
    "one that changes weights": Nudge,
}  # fmt: skip
if FULL:  # sets the rate as ReduceLROnPlateau does
    CHANGING["LearningRateScheduler"] = lambda: keras.callbacks.LearningRateScheduler(
        lambda epoch, rate: 0.3 / (epoch + 1)
    )


def averaging() -> keras.Model:
    return zoo.dense(keras.optimizers.SGD(0.3, momentum=0.5, use_ema=True, ema_momentum=0.5))


CALLED_BY_BATCH: dict[str, Callable[[], keras.callbacks.Callback]] = {
    "SwapEMAWeights": lambda: keras.callbacks.SwapEMAWeights(swap_on_epoch=True),
    "TerminateOnNaN": keras.callbacks.TerminateOnNaN,
    "ModelCheckpoint": lambda: keras.callbacks.ModelCheckpoint(
        "batch.weights.h5", save_freq=2, save_weights_only=True
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", CHANGING)
def test_what_a_callback_changes_counts_on_every_engine_alike(name: str) -> None:
    runs = []
    for engine in ("keras", "automatic"):
        model = made(averaging)
        found = trained(engine, model, zoo.images(), epochs=4, callbacks=[CHANGING[name]()])
        runs.append((found, model))
    (expected, theirs), (found, ours) = runs

    for key, values in expected.history.items():
        assert found.history[key] == pytest.approx(values, abs=1e-4), key
    assert float(ours.optimizer.learning_rate) == pytest.approx(float(theirs.optimizer.learning_rate))
    assert apart(ours.get_weights(), theirs.get_weights()) <= 1e-4
    assert (found.note, found.best_epoch) == (expected.note, expected.best_epoch)


@EVERY_ENGINE
def test_a_checkpoint_holds_the_weights_of_its_epoch(engine: str, tmp_path: Path) -> None:
    path = tmp_path / "best.weights.h5"
    save = keras.callbacks.ModelCheckpoint(path, save_best_only=True, save_weights_only=True, verbose=0)
    found, model = trained(engine, made(zoo.dense), zoo.images(), callbacks=[save]), made(zoo.dense)
    model.load_weights(path)

    assert all(map(np.array_equal, model.get_weights(), found.weights))


@EVERY_ENGINE
def test_early_stopping_stops(engine: str) -> None:
    stop = keras.callbacks.EarlyStopping("val_loss", patience=1, min_delta=1e9)
    found = trained(engine, made(zoo.dense), zoo.images(), epochs=9, callbacks=[stop])

    assert (found.status, len(found.history["loss"])) == ("completed", 2)
    assert found.note == "A callback stopped it after epoch 2 of 9."


@EVERY_ENGINE
def test_a_callback_that_stops_within_an_epoch_ends_the_trial_there(engine: str) -> None:
    class AtOnce(keras.callbacks.Callback):  # type: ignore[misc]
        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
            self.model.stop_training = batch == 1

    model = made(zoo.dense)
    found, _ = ran(ENGINES[engine](), candidate_of(model), assigned(zoo.images(), callbacks=[AtOnce()]))

    assert (int(model.optimizer.iterations), found.status) == (2, "completed")


@pytest.mark.parametrize("name", CALLED_BY_BATCH)
def test_a_callback_that_looks_at_batches_or_evaluations_is_trained_by_fit(name: str) -> None:
    assignment = assigned(zoo.images(), callbacks=[CALLED_BY_BATCH[name]()])
    fitting = ENGINES["automatic"]().fitting(candidate_of(made(averaging)), assignment)

    reason = (
        f"callbacks look at single batches ({name})" if MODES else f"the {BACKEND} backend compiles no epochs"
    )
    assert fitting.engine == f"keras, {reason}"


@EVERY_ENGINE
def test_averaged_weights_that_a_callback_swaps_in_are_the_ones_that_were_scored(engine: str) -> None:
    model = made(averaging)
    swap = keras.callbacks.SwapEMAWeights(swap_on_epoch=True)
    assignment = assigned(zoo.images(), callbacks=[swap])
    found, _ = ran(ENGINES[engine](), candidate_of(model), assignment)
    model.set_weights(found.weights)

    assert evaluate(model, zoo.images())["loss"] == pytest.approx(found.score, abs=1e-6)

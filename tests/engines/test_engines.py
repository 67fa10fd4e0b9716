"""Laws that every engine keeps, and the epoch loop around them: both do what `keras.Model.fit` does."""

import math
from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np
import pytest

from autoopt.data import Part, Stream
from autoopt.engines import Engine, KerasEngine, Training, evaluate, train
from autoopt.records import Objective
from tests import toys

ENGINES = {"keras": KerasEngine()}  # a new engine is one line here
EVERY_ENGINE = pytest.mark.parametrize("engine", ENGINES.values(), ids=ENGINES)
EPOCHS, BATCH, SEED = 3, 16, 5
ACCURACY, LOSS = Objective("val_accuracy", "max"), Objective("val_loss", "min")


def two_headed() -> keras.Model:
    left, right = keras.Input((4,), name="left"), keras.Input((4,), name="right")
    x = keras.layers.Dense(6, activation="tanh")(keras.layers.Concatenate()([left, right]))
    outputs = {
        "number": keras.layers.Dense(1, name="number")(x),
        "side": keras.layers.Dense(1, activation="sigmoid", name="side")(x),
    }
    model = keras.Model({"left": left, "right": right}, outputs)
    model.compile("sgd", {"number": "mse", "side": "binary_crossentropy"}, metrics={"side": ["accuracy"]})
    return model


def normalized() -> keras.Model:
    model = keras.Sequential(
        [keras.Input((64,)), keras.layers.Dense(8), keras.layers.BatchNormalization(),
         keras.layers.ReLU(), keras.layers.Dense(10, "softmax")]
    )  # fmt: skip
    model.compile("sgd", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def images() -> Part:
    return Part(*toys.digits(43))  # the last batch of 16 has 11


def weighted_images() -> Part:
    return Part(*toys.digits(43), np.linspace(0, 2, 43, dtype="float32"))


def pairs() -> Part:
    x, y = toys.line(43)
    return Part({"left": x, "right": -x}, {"number": y, "side": (y > 0).astype("float32")})


CASES: dict[str, tuple[Callable[[], keras.Model], Callable[[], Part], Any]] = {
    "dense": (lambda: toys.compiled("sgd"), images, None),
    "batch normalization": (normalized, images, None),
    "sample weights": (lambda: toys.compiled("sgd"), weighted_images, None),
    "class weights": (lambda: toys.compiled("sgd"), images, {i: 1.0 + i for i in range(10)}),
    "two inputs and two outputs": (two_headed, pairs, None),
    "regression": (lambda: toys.regressor(run_eagerly=False), lambda: Part(*toys.line(43)), None),
}  # fmt: skip


def made(make: Callable[[], keras.Model]) -> keras.Model:
    keras.utils.set_random_seed(1)
    return make()


def trained(
    engine: Engine, model: keras.Model, part: Part | Stream, weights: Any = None, epochs: int = EPOCHS,
    callbacks: Sequence[Any] = (), objective: Objective = LOSS, seed: int = SEED, validation: Any = None,
    size: int | None = BATCH,
) -> Training:  # fmt: skip
    program = engine.program(model, part, validation or part, size, weights, seed)
    return train(program, epochs, objective, callbacks, lambda epoch, logs: "continue")


def fitted(model: keras.Model, part: Part, weights: Any, epochs: int = EPOCHS) -> dict[str, list[float]]:
    """Train with plain `fit` on the same batches in the same order."""
    gathered: dict[str, list[float]] = {}
    for epoch in range(epochs):
        order = np.random.default_rng([SEED, epoch]).permutation(part.n)
        some = part.take(order)
        logs = model.fit(
            some.x, some.y, sample_weight=some.sample_weight, class_weight=weights, batch_size=BATCH,
            shuffle=False, verbose=0, validation_data=(part.x, part.y, part.sample_weight),
            validation_batch_size=256,
        ).history  # fmt: skip
        for name, values in logs.items():
            gathered.setdefault(name, []).extend(values)
    return gathered


@pytest.fixture(scope="module", params=[(engine, case) for engine in ENGINES for case in CASES], ids=" ".join)
def outcome(request: pytest.FixtureRequest) -> tuple[str, keras.Model, Training]:
    """Each case trained by each engine."""
    engine, case = request.param
    make, data, weights = CASES[case]
    model = made(make)
    return case, model, trained(ENGINES[engine], model, data(), weights)


def test_an_engine_agrees_with_fit_on_the_same_batches(outcome: Any) -> None:
    case, _, found = outcome
    make, data, weights = CASES[case]
    expected = fitted(made(make), data(), weights)

    assert set(found.history) == set(expected)
    for name, values in expected.items():
        assert found.history[name] == pytest.approx(values, abs=1e-5), name


def test_the_weights_kept_score_what_their_epoch_scored(outcome: Any) -> None:
    case, model, found = outcome
    model.set_weights(found.weights)

    assert evaluate(model, CASES[case][1]())["loss"] == pytest.approx(found.score, abs=1e-6)
    assert found.score == min(found.history["val_loss"])
    assert found.best_epoch == int(np.argmin(found.history["val_loss"]))


@EVERY_ENGINE
def test_later_epochs_leave_the_weights_of_the_best_one_alone(engine: Engine) -> None:
    model = made(toys.eager)
    found = trained(engine, model, images(), objective=Objective("val_loss", "max"))
    model.set_weights(found.weights)

    assert found.best_epoch == 0 and found.history["val_loss"][0] == max(found.history["val_loss"])
    assert evaluate(model, images())["loss"] == pytest.approx(found.history["val_loss"][0], abs=1e-6)


@EVERY_ENGINE
def test_an_engine_repeats_itself_under_the_same_seed(engine: Engine) -> None:
    runs = [trained(engine, made(toys.eager), images(), seed=seed).history for seed in (3, 3, 4)]

    assert runs[0] == runs[1] != runs[2]


@EVERY_ENGINE
def test_sample_weights_and_class_weights_have_an_effect(engine: Engine) -> None:
    make = toys.eager
    plain = trained(engine, made(make), images()).history["loss"]
    by_row = trained(engine, made(make), weighted_images()).history["loss"]
    by_class = trained(engine, made(make), images(), {i: 1.0 + i for i in range(10)}).history["loss"]

    assert plain != pytest.approx(by_row) and plain != pytest.approx(by_class)


@EVERY_ENGINE
def test_every_example_is_in_an_epoch_once(engine: Engine) -> None:
    x = np.arange(75, dtype="float32").reshape(-1, 1)
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1, kernel_initializer="ones")])
    model.compile(keras.optimizers.SGD(0.0), "mae")
    found = trained(engine, model, Part(x, 0 * x), epochs=1)

    assert found.history["loss"] == pytest.approx([37.0])
    assert int(model.optimizer.iterations) == 5


@EVERY_ENGINE
def test_the_optimizer_goes_on_from_epoch_to_epoch(engine: Engine) -> None:
    decay = keras.optimizers.schedules.PolynomialDecay(0.1, 9, end_learning_rate=0.0)
    model = toys.compiled(keras.optimizers.SGD(decay), run_eagerly=True)
    trained(engine, model, images())

    assert int(model.optimizer.iterations) == 9
    assert float(model.optimizer.learning_rate) == pytest.approx(0.0)


class Batches(keras.utils.PyDataset):  # type: ignore[misc]
    """Digits, ten a batch, in their own order."""

    def __len__(self) -> int:
        return 3

    def __getitem__(self, index: int) -> Any:
        x, y = toys.digits(30)
        return x[10 * index : 10 * (index + 1)], y[10 * index : 10 * (index + 1)]


@EVERY_ENGINE
def test_a_stream_is_trained_in_its_own_batches(engine: Engine) -> None:
    model = toys.compiled(keras.optimizers.SGD(0.0), run_eagerly=True)
    found = trained(engine, model, Stream(Batches(), 30), size=None)
    x, y = toys.digits(30)

    assert int(model.optimizer.iterations) == 3 * EPOCHS
    expected = model.evaluate(x, y, return_dict=True, verbose=0)["loss"]
    assert found.history["loss"] == pytest.approx([expected] * EPOCHS, abs=1e-5)


@EVERY_ENGINE
def test_a_shuffled_stream_repeats_itself_under_the_same_seed(engine: Engine) -> None:
    runs = [
        trained(engine, made(toys.eager), Stream(Batches(), 30), size=None, seed=seed).history
        for seed in (3, 3)
    ]

    assert runs[0] == runs[1]


class Recorder(keras.callbacks.Callback):  # type: ignore[misc]
    """Writes down each hook that is called, with its number and the names in its logs."""

    def __init__(self) -> None:
        super().__init__()
        self.calls: list[Any] = []


def _hook(name: str) -> Callable[..., None]:
    def called(self: Recorder, *given: Any, **named: Any) -> None:
        number = given[0] if given and isinstance(given[0], int) else None
        logs = named.get("logs", given[-1] if given else None)
        self.calls.append((name, number, sorted(logs) if isinstance(logs, dict) else []))

    return called


HOOKS = [f"on_{what}_{when}" for what in ("train", "test", "epoch", "train_batch", "test_batch")
         for when in ("begin", "end")]  # fmt: skip
for hook in HOOKS:
    setattr(Recorder, hook, _hook(hook))


@EVERY_ENGINE
def test_callbacks_are_called_as_fit_calls_them(engine: Engine) -> None:
    ours, theirs = Recorder(), Recorder()
    part = images()
    trained(engine, made(toys.eager), part, epochs=2, callbacks=[ours])
    made(toys.eager).fit(
        part.x, part.y, batch_size=BATCH, epochs=2, shuffle=False, verbose=0, callbacks=[theirs],
        validation_data=(part.x, part.y), validation_batch_size=256,
    )  # fmt: skip

    assert ours.calls == theirs.calls


@EVERY_ENGINE
def test_callbacks_have_the_model_and_the_parameters_that_fit_gives(engine: Engine) -> None:
    ours, theirs = keras.callbacks.Callback(), keras.callbacks.Callback()
    part, model = images(), made(toys.eager)
    trained(engine, model, part, epochs=2, callbacks=[ours])
    model.fit(part.x, part.y, batch_size=BATCH, epochs=2, verbose=0, callbacks=[theirs])

    assert ours.model is model
    assert ours.params == theirs.params


@EVERY_ENGINE
def test_early_stopping_stops(engine: Engine) -> None:
    stop = keras.callbacks.EarlyStopping("val_loss", patience=1, min_delta=1e9)
    found = trained(engine, made(toys.eager), images(), epochs=9, callbacks=[stop])

    assert (found.status, len(found.history["loss"])) == ("completed", 2)
    assert found.note == "A callback stopped it after epoch 2 of 9."


@EVERY_ENGINE
def test_a_callback_may_lower_the_rate(engine: Engine) -> None:
    model = made(toys.eager)
    lower = keras.callbacks.LearningRateScheduler(lambda epoch, rate: 0.1 / (epoch + 1))
    trained(engine, model, images(), callbacks=[lower])

    assert float(model.optimizer.learning_rate) == pytest.approx(0.1 / 3)


@EVERY_ENGINE
def test_a_callback_that_stops_within_an_epoch_ends_the_trial_there(engine: Engine) -> None:
    class AtOnce(keras.callbacks.Callback):  # type: ignore[misc]
        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
            self.model.stop_training = batch == 1

    model = made(toys.eager)
    found = trained(engine, model, images(), callbacks=[AtOnce()])

    assert (int(model.optimizer.iterations), found.status) == (2, "completed")


def exploding() -> keras.Model:
    return toys.regressor(keras.optimizers.SGD(1e18))


@EVERY_ENGINE
@pytest.mark.parametrize("callbacks", [[], [keras.callbacks.TerminateOnNaN()]], ids=["alone", "terminated"])
def test_a_loss_that_is_no_number_ends_the_trial_as_failed(engine: Engine, callbacks: Any) -> None:
    found = trained(engine, made(exploding), Part(*toys.line(75)), epochs=9, callbacks=callbacks)

    assert found.status == "failed"
    assert found.note.startswith("The loss became ")
    assert len(found.history["loss"]) < 9


@EVERY_ENGINE
def test_a_score_that_is_never_a_number_ends_the_trial_as_failed(engine: Engine) -> None:
    x, y = toys.line(75)
    validation = Part(np.full_like(x, np.inf), y)
    found = trained(engine, made(toys.regressor), Part(x, y), epochs=2, validation=validation)

    assert (found.status, found.score, found.weights) == ("failed", None, None)
    assert "val_loss" in found.note
    assert all(math.isfinite(loss) for loss in found.history["loss"])


@EVERY_ENGINE
def test_on_train_end_is_called_also_when_the_trial_is_pruned(engine: Engine) -> None:
    recorder = Recorder()
    program = engine.program(made(toys.eager), images(), images(), BATCH, None, SEED)
    found = train(program, EPOCHS, ACCURACY, [recorder], lambda epoch, logs: "prune")

    assert (found.status, found.note) == ("pruned", "Pruned after epoch 1 of 3.")
    assert recorder.calls[-1][0] == "on_train_end"


@EVERY_ENGINE
def test_a_search_that_ends_with_the_last_epoch_leaves_the_trial_complete(engine: Engine) -> None:
    program = engine.program(made(toys.eager), images(), images(), BATCH, None, SEED)
    found = train(program, 1, ACCURACY, [], lambda epoch, logs: "stop")

    assert (found.status, found.note) == ("completed", "")


@EVERY_ENGINE
def test_weights_that_averaging_leaves_behind_do_not_replace_those_that_were_scored(engine: Engine) -> None:
    model = made(
        lambda: toys.compiled(keras.optimizers.SGD(0.5, use_ema=True, ema_momentum=0.5), run_eagerly=True)
    )
    found = trained(engine, model, images())
    model.set_weights(found.weights)

    assert evaluate(model, images())["loss"] == pytest.approx(found.score, abs=1e-6)


@EVERY_ENGINE
def test_averaged_weights_that_a_callback_swaps_in_are_the_ones_that_were_scored(engine: Engine) -> None:
    model = made(
        lambda: toys.compiled(keras.optimizers.SGD(0.5, use_ema=True, ema_momentum=0.5), run_eagerly=True)
    )
    swap = keras.callbacks.SwapEMAWeights(swap_on_epoch=True)
    found = trained(engine, model, images(), callbacks=[swap])
    model.set_weights(found.weights)

    assert evaluate(model, images())["loss"] == pytest.approx(found.score, abs=1e-6)

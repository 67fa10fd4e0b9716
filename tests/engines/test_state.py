"""A training that goes on in another fitting is, to the last bit, what it would have been without a break."""

import pickle
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import keras
import numpy as np
import pytest

from autoopt.data import Dataset
from autoopt.engines import Candidate, CompiledEngine, Engine, Mismatch, State, candidate_of
from autoopt.recipe import Recipe
from tests import toys
from tests.counts import FULL, at_full_counts, in_turn
from tests.engines import zoo
from tests.engines.laboratory import BACKEND, ENGINES, MODES, assigned, made

SIZE = 16
EPOCHS = 4 if FULL else 2
COMPILED = "automatic" if FULL or not MODES else MODES[-1]
"""What takes least time to compile; what the rule chooses is among the cases below."""

EACH_ENGINE = pytest.mark.parametrize("engine", ["keras", COMPILED] if FULL else [COMPILED])

CASES: Mapping[str, Mapping[str, Any]] = {  # a new kind of state is one line
    "averaged weights": {"optimizer": "adamw", "use_ema": True, "dropout": 0.3},
    "steps in parts": {"optimizer": "adam", "dropout": 0.5, "schedule": "one_cycle"},
    "momentum and a cosine": {"optimizer": "sgd", "momentum": 0.9, "schedule": "cosine", "dropout": 0.2},
    "lion": {"optimizer": "lion", "weight_decay": 0.1, "schedule": "plateau"},
    "dropout and a warm-up": {"optimizer": "adam", "dropout": 0.5, "warmup": 0.5, "label_smoothing": 0.1},
}
PARTS: Mapping[str, int] = {"steps in parts": 3}
ELSEWHERE = ("dropout and a warm-up",)
"""Cases that go on in an engine which has another program."""

TELLING = ("steps in parts", *ELSEWHERE, "averaged weights")
"""Cases that differ in what a state has to hold."""

PAIRS = in_turn(CASES, list(ENGINES)) if FULL else in_turn(TELLING, ["keras", *MODES[-1:]])


def wide() -> keras.Model:
    return toys.dense(12)


def fitting_of(engine: Engine, candidate: Candidate, epochs: int, callbacks: Any = ()) -> Any:
    return engine.fitting(candidate, assigned(zoo.images(), size=SIZE, epochs=epochs, callbacks=callbacks))


def run(fitting: Any, first: int, end: int) -> list[Mapping[str, float]]:
    return [dict(fitting.epoch(number)) for number in range(first, end)]


def broken(engines: Sequence[Engine], candidate: Callable[[], Candidate], epochs: int) -> tuple[Any, Any]:
    """Return history and weights of a whole training, and of one that goes on in another fitting.

    Another candidate trains in between, where the engine keeps programs.

    Args:
        engines: Of the whole training, and of the first and the second half.
        candidate: Makes what is trained.
        epochs: Of the whole training.
    """
    whole = fitting_of(engines[0], candidate(), epochs)
    expected = run(whole, 0, epochs), whole.weights()
    half = epochs // 2
    first = fitting_of(engines[1], candidate(), epochs)
    logs = run(first, 0, half)
    state: State = pickle.loads(pickle.dumps(first.state()))
    run(fitting_of(engines[2], candidate(), epochs), 0, 1)
    second = fitting_of(engines[2], candidate(), epochs)
    second.restore(state)
    assert state.epochs == half
    return expected, (logs + run(second, half, epochs), second.weights())


def assert_equal(expected: Any, found: Any) -> None:
    assert found[0] == expected[0]
    for one, other in zip(expected[1], found[1], strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.slow
@pytest.mark.parametrize(("case", "engine"), PAIRS, ids=[" on ".join(pair) for pair in PAIRS])
def test_a_training_goes_on_in_another_fitting_as_if_there_had_been_no_break(case: str, engine: str) -> None:
    part = zoo.images()
    hypermodel = toys.hypermodel(wide, data=Dataset(part, part))
    recipe, parts, steps = Recipe().plus(**CASES[case]), PARTS.get(case, 1), EPOCHS * part.steps(SIZE)
    same = ENGINES[engine]()
    another = ENGINES[engine]() if case in ELSEWHERE else same
    expected, found = broken(
        (same, same, another), lambda: hypermodel.candidate(recipe, {}, steps, 3, parts=parts), EPOCHS
    )

    assert_equal(expected, found)


@at_full_counts
@EACH_ENGINE
def test_losses_of_the_epochs_before_count_for_a_plateau(engine: str) -> None:
    hypermodel = toys.hypermodel(data=Dataset(zoo.images(), zoo.images()))
    recipe, same = Recipe().plus(schedule="plateau", learning_rate=0.1, optimizer="sgd"), ENGINES[engine]()

    def fitting() -> Any:
        return fitting_of(same, hypermodel.candidate(recipe, {}, 24, 3), 8)

    first = fitting()
    run(first, 0, 1)
    state = first.state()
    logs = []
    for losses in ([1.0] * 6, [1.0, 0.9, 0.8, 0.7, 0.6, 0.5]):
        second = fitting()
        second.restore(replace(state, losses=losses))
        logs.append(run(second, 6, 7))

    assert logs[0] != logs[1]


class Halved(keras.callbacks.Callback):  # type: ignore[misc]
    """Changes what it sees: the rate, and a weight."""

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        self.model.optimizer.learning_rate = 0.5 * float(self.model.optimizer.learning_rate)
        first, *rest = self.model.get_weights()
        self.model.set_weights([0.9 * first, *rest])


def hooked(fitting: Any, first: int, end: int, callback: Any) -> list[Mapping[str, float]]:
    callback.set_model(fitting.model)
    logs = []
    for number in range(first, end):
        logs.append(dict(fitting.epoch(number)))
        callback.on_epoch_end(number)
    return logs


@EACH_ENGINE
def test_what_callbacks_have_changed_goes_on_as_well(engine: str) -> None:
    part, callback = zoo.images(), Halved()
    hypermodel = toys.hypermodel(lambda: toys.compiled("adam"), data=Dataset(part, part))
    same = ENGINES[engine]()

    def fitting() -> Any:
        candidate = hypermodel.candidate(Recipe().plus(dropout=0.2), {}, 12, 3)
        return fitting_of(same, candidate, EPOCHS, [callback])

    whole = fitting()
    expected = hooked(whole, 0, EPOCHS, callback), whole.weights()
    first = fitting()
    logs = hooked(first, 0, EPOCHS // 2, callback)
    second = fitting()
    second.restore(first.state())

    assert_equal(expected, (logs + hooked(second, EPOCHS // 2, EPOCHS, callback), second.weights()))


ALONE: Mapping[str, Callable[[], keras.Model]] = {
    "running means": zoo.normalized,
    "a loss scale": zoo.scaled,
    "accumulated gradients": lambda: zoo.dense(keras.optimizers.SGD(0.1, gradient_accumulation_steps=2)),
}


@pytest.mark.parametrize(("model", "engine"), in_turn(ALONE, ["keras", COMPILED]), ids=lambda each: str(each))
def test_a_models_own_variables_go_on(model: str, engine: str) -> None:
    same = ENGINES[engine]()
    assert_equal(*broken((same, same, same), lambda: candidate_of(made(ALONE[model])), EPOCHS))


@pytest.mark.skipif(BACKEND != "tensorflow", reason="only TensorFlow has such variables")
@EACH_ENGINE
def test_variables_that_keras_does_not_list_go_on(engine: str) -> None:
    same = ENGINES[engine]()
    expected, found = broken((same, same, same), lambda: candidate_of(made(zoo.counting)), EPOCHS)

    assert_equal(expected, found)
    assert found[0][-1]["steps"] == 3.0 * EPOCHS


@pytest.mark.skipif(not FULL, reason="the law of the cases above in one more mode: AUTOOPT_FULL=1 runs it")
def test_a_training_that_began_without_xla_goes_on_without_it() -> None:
    """TensorFlow's first training on a program goes without XLA where one alone does not pay for it."""
    if BACKEND != "tensorflow":
        pytest.skip("only TensorFlow changes its mode")

    def late() -> Engine:
        return CompiledEngine(tensorflow.compiler(), mode="epoch", late=True)

    from autoopt.engines import tensorflow

    hypermodel = toys.hypermodel(wide, data=Dataset(zoo.images(), zoo.images()))
    whole, broken_off = late(), late()

    assert_equal(
        *broken((whole, broken_off, broken_off), lambda: hypermodel.candidate(Recipe(), {}, 12, 3), EPOCHS)
    )


@EACH_ENGINE
def test_a_state_of_another_model_is_refused(engine: str) -> None:
    first = fitting_of(ENGINES[engine](), candidate_of(made(zoo.dense)), 2)
    run(first, 0, 1)
    other = fitting_of(ENGINES[engine](), candidate_of(made(lambda: toys.compiled(units=5))), 2)

    with pytest.raises(Mismatch, match="have the shapes"):
        other.restore(first.state())


def test_a_state_of_another_engine_is_refused() -> None:
    if BACKEND == "torch":
        pytest.skip("there is one engine alone")
    first = fitting_of(ENGINES["keras"](), candidate_of(made(zoo.dense)), 2)
    run(first, 0, 1)

    with pytest.raises(Mismatch, match="was trained by keras, and would go on by"):
        fitting_of(ENGINES["automatic"](), candidate_of(made(zoo.dense)), 2).restore(first.state())


def test_a_state_says_how_much_memory_it_takes() -> None:
    first = fitting_of(ENGINES["keras"](), candidate_of(made(lambda: zoo.dense("adam"))), 2)
    run(first, 0, 1)

    weights = sum(array.nbytes for array in first.weights())
    assert 3 * weights <= first.state().nbytes <= 3 * weights + 100

"""A failed trial is data: its reason is one line, memory that runs out is made do with, and the search goes on."""

import ctypes
import functools
import os
import random
from pathlib import Path
from typing import Any

import keras
import keras_tuner
import numpy as np
import pytest

import autoopt
from autoopt import axes
from autoopt.data import Dataset
from autoopt.engines import engine_named
from autoopt.errors import SearchError, UsageError
from autoopt.failure import LONGEST, out_of_memory, reason, release
from autoopt.records import Objective, Trial
from autoopt.space import Space
from autoopt.worker import Job, Outcome, Worker
from tests import toys
from tests.counts import at_full_counts, in_processes
from tests.executors.jobs import job

FITS = 20
"""So many examples a batch fit into memory, by the layer below."""


@keras.saving.register_keras_serializable("tests")
class Greedy(keras.layers.Layer):  # type: ignore[misc]
    """Asks for half a petabyte where a batch has more than so many examples: numpy refuses that at once."""

    def __init__(self, fits: int = FITS, **rest: Any) -> None:
        super().__init__(**rest)
        self.fits = fits

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "fits": self.fits}

    def compute_output_spec(self, x: Any) -> keras.KerasTensor:
        return keras.KerasTensor(x.shape, x.dtype)

    def call(self, x: Any) -> Any:
        if isinstance(x.shape[0], int) and x.shape[0] > self.fits:
            np.ones((2**26, 2**20))
        return x


@keras.saving.register_keras_serializable("tests")
class GreedyOnTheDevice(keras.layers.Layer):  # type: ignore[misc]
    """Likewise; TensorFlow waits for memory for 10 s."""

    def call(self, x: Any) -> Any:
        return x + keras.ops.sum(keras.ops.zeros((keras.ops.shape(x)[0] // (FITS + 1) * 2**26, 2**20)))


def linear(*layers: Any, run_eagerly: bool = True) -> keras.Model:
    model = keras.Sequential([keras.Input((64,)), *layers, keras.layers.Dense(10, "softmax")])
    model.compile("sgd", "sparse_categorical_crossentropy", metrics=["accuracy"], run_eagerly=run_eagerly)
    return model


def greedy() -> keras.Model:
    return linear(Greedy())


def content() -> keras.Model:
    return linear(Greedy(fits=10**6))


def ran(model_fn: Any, given: Job, report: Any = None, data: Dataset | None = None) -> Outcome:
    data = toys.halves(*toys.digits(40)) if data is None else data
    made = Worker(
        toys.hypermodel(model_fn, data=data), data, engine_named("auto"), Objective("val_loss", "min")
    )
    return made.run(given, report or (lambda epoch, logs: "continue"))


TRIALS = 8
"""Of searches in which something fails now and then."""


def lucky(failing: Any) -> Any:
    """Return a model function that asks for its luck, and does with a model what that luck is."""

    def model_fn(hp: Any) -> keras.Model:
        return failing(hp.Int("luck", 0, 99, default=99))

    return model_fn


def searched(tmp_path: Path, model_fn: Any, max_trials: int, **options: Any) -> list[Trial]:
    """Return the trials of a search for luck alone."""
    closed = {name: False for name in ("structure", "initialization", "regularization", "batch_size")}
    result = autoopt.tune(
        model_fn, toys.digits(60), objective="val_loss", epochs=1, max_trials=max_trials, seed=0, verbose=0,
        space=Space(**closed, optimizer=False), directory=tmp_path / "runs", logdir=tmp_path / "logs",
        search=options.pop("search", autoopt.Search(confirm=0)), **options,
    )  # fmt: skip
    return list(result.trials)


@at_full_counts
def test_a_model_function_that_fails_at_random_ends_a_search_with_all_its_trials_and_a_model(
    tmp_path: Path,
) -> None:
    chance, told = random.Random(0), list[bool]()

    def model_fn() -> keras.Model:
        told.append(chance.random() < 0.3)
        if told[-1]:
            raise OSError("no model at this moment")
        return toys.eager()

    result = autoopt.tune(
        model_fn, toys.digits(60), epochs=1, max_trials=TRIALS, seed=0, verbose=0, directory=tmp_path / "runs",
        logdir=tmp_path / "logs", space=Space(structure=False), search=autoopt.Search(confirm=2, confirm_repeats=2),
    )  # fmt: skip
    failed = [trial for trial in result.trials if trial.status == "failed"]

    assert len(result.trials) == TRIALS and 0 < len(failed) < sum(told)
    assert {trial.note for trial in failed} == {failed[0].note} and "no model at this moment" in failed[
        0
    ].note
    assert result.confirmed is not None and np.isfinite(result.confirmed.scores).all()
    assert result.best_model.count_params() == toys.dense().count_params()


def test_a_model_function_that_raises_in_the_end_loses_nothing(tmp_path: Path) -> None:
    ended = list[Any]()

    def model_fn() -> keras.Model:
        if len(ended) == 2:
            raise OSError("its file is gone")
        return toys.eager()

    def tune(function: Any) -> autoopt.Result:
        told = keras.callbacks.LambdaCallback(on_train_end=ended.append)
        return autoopt.tune(
            function, toys.digits(60), epochs=1, max_trials=2, seed=0, verbose=0, directory=tmp_path / "runs",
            logdir=tmp_path / "logs", project_name="one", resume=True, search=autoopt.Search(confirm=0),
            callbacks=lambda trial: [told],
        )  # fmt: skip

    with pytest.raises(
        SearchError, match=r"cannot be built any more: .* its file is gone.* Mend the model function"
    ):
        tune(model_fn)
    assert len(tune(toys.eager).trials) == 2


def statuses(trials: list[Trial]) -> list[str]:
    return [trial.status for trial in trials]


def unlucky(luck: int) -> keras.Model:
    if luck % 10 < 3:
        raise OSError(f"no model for luck {luck}")
    return toys.eager()


def not_a_number(luck: int) -> keras.Model:
    model = toys.eager()
    if luck % 10 < 4:
        model.compile("sgd", lambda y, found: keras.ops.mean(found) * float("nan"), run_eagerly=True)
    return model


def wide(luck: int) -> keras.Model:
    units = 8 if luck % 10 > 2 else 2**42
    drawn = np.random.default_rng(0).normal(size=(64, units))  # initial weights of the user's own
    layer = keras.layers.Dense(units, "relu", kernel_initializer=keras.initializers.Constant(drawn))
    return linear(layer)


@pytest.mark.parametrize(
    ("failing", "most", "text"),
    [
        (unlucky, 3, "OSError: no model for luck "),
        (not_a_number, 4, "The loss became nan in epoch 1 of 1."),
        (wide, 3, "Out of memory: "),
    ],
)
def test_what_fails_for_some_values_ends_with_all_its_trials_and_each_failure_told(
    failing: Any, most: int, text: str, tmp_path: Path
) -> None:
    trials = searched(tmp_path, lucky(failing), TRIALS)
    failed = [trial for trial in trials if trial.status == "failed"]

    assert len(trials) == TRIALS
    assert failed == [trial for trial in trials if trial.hyperparameters["luck"] % 10 < most] != []
    assert all(text in trial.note and trial.error for trial in failed)


def ends_its_process(here: int, luck: int) -> keras.Model:
    if os.getpid() != here:
        if luck == 1:
            os._exit(3)
        if luck == 2:
            ctypes.string_at(0)
    return toys.eager()


@in_processes
def test_what_ends_its_own_process_costs_one_trial_each_where_trials_are_isolated(tmp_path: Path) -> None:
    search = autoopt.Search(confirm=0, start=[{"luck": luck} for luck in (1, 50, 2, 51)])
    resources = autoopt.Resources(isolate=True)
    model_fn = lucky(functools.partial(ends_its_process, os.getpid()))
    trials = searched(tmp_path, model_fn, 5, search=search, resources=resources)

    assert statuses(trials) == ["completed", *["failed", "completed"] * (len(trials) // 2)]
    assert trials[0].engine.endswith(", in a worker process")
    for trial, how in zip(trials[1::2], ("with exit code 3", "was ended by SIGSEGV"), strict=False):
        assert how in trial.note


def test_what_cannot_be_isolated_is_refused_before_there_is_a_run(tmp_path: Path) -> None:
    def numbers() -> Any:
        yield 1

    running = numbers()

    def model_fn() -> keras.Model:
        next(running, None)
        return toys.eager()

    with pytest.raises(
        UsageError, match=r"isolate=True.*cannot pickle 'generator' object.*leave isolate out"
    ):
        searched(tmp_path, model_fn, 2, resources=autoopt.Resources(isolate=True))
    assert not (tmp_path / "runs").exists()


@at_full_counts
def test_another_oracle_is_told_of_failures_and_goes_on(tmp_path: Path) -> None:
    oracle = keras_tuner.oracles.RandomSearchOracle(max_trials=8, max_retries_per_trial=2, seed=0)
    trials = searched(tmp_path, lucky(unlucky), 8, search=autoopt.Search(confirm=0, oracle=oracle))
    told = [trial.status == "FAILED" for trial in oracle.trials.values()]

    assert told == [trial.status == "failed" for trial in trials]
    assert len(trials) == 8 and any(told)


def test_three_failures_in_a_row_for_one_cause_stop_the_search_which_is_said_first(tmp_path: Path) -> None:
    calls: list[int] = []

    class Failing(keras.callbacks.Callback):  # type: ignore[misc]
        def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
            calls.append(1)
            raise ValueError(f"tensor {len(calls)} at {hex(id(self))} has shape ({len(calls)}, 8)")

    with pytest.raises(SearchError, match=r"^ValueError: tensor 1 at 0x\w+ has shape \(1, 8\): so trial 0"):
        searched(tmp_path, lucky(lambda luck: toys.eager()), 9, callbacks=[Failing()])
    assert len(calls) == 3


@at_full_counts
def test_where_the_device_s_memory_runs_out_the_step_is_taken_in_two_batches() -> None:
    eagerly = keras.backend.backend() != "tensorflow"  # JAX compiles such a layer away
    trial = ran(lambda: linear(GreedyOnTheDevice(), run_eagerly=eagerly), job(batch_size=32, epochs=2)).trial

    assert (trial.status, trial.parts, trial.halved, trial.epochs) == ("completed", 2, True, 2)
    assert trial.engine.startswith("keras" if eagerly else "tensorflow")


@at_full_counts
def test_the_recipe_is_kept_where_batches_are_halved() -> None:
    recipe = {"batch_size": 32, "learning_rate": 0.1, "optimizer": "momentum"}
    data = toys.halves(*toys.digits(43))  # 32 examples train: one step an epoch
    halved, whole = (ran(each, job(epochs=3, **recipe), data=data) for each in (greedy, content))

    assert (halved.trial.parts, halved.trial.halved, whole.trial.parts) == (2, True, 1)
    assert halved.trial.history["loss"] == pytest.approx(whole.trial.history["loss"], abs=1e-5)
    for ours, theirs in zip(halved.weights or (), whole.weights or (), strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-5)


@at_full_counts
def test_memory_that_runs_out_twice_is_the_reason_of_a_failed_trial() -> None:
    trial = ran(greedy, job(batch_size=64), data=toys.halves(*toys.digits(100))).trial

    assert trial.status == "failed"
    assert trial.note.startswith("Out of memory, also with half of each batch: ")
    assert len(trial.note.splitlines()) == 1 and "Greedy" in (trial.error or "")


@at_full_counts
def test_an_epoch_is_told_once_where_a_training_begins_again() -> None:
    told: list[int] = []

    class Late(keras.callbacks.Callback):  # type: ignore[misc]
        raised = False

        def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
            if epoch == 1 and not Late.raised:
                Late.raised = True
                np.ones((2**24, 2**24))

    data = toys.halves(*toys.digits(40))
    made = toys.hypermodel(toys.eager, data=data)
    found = Worker(made, data, engine_named("auto"), Objective("val_loss", "min"), [Late()])
    trial = found.run(job(epochs=3), lambda epoch, logs: told.append(epoch) or "continue").trial

    assert (trial.status, trial.halved, told) == ("completed", True, [0, 1, 2])


def test_what_was_found_of_memory_cuts_later_steps_from_the_start(tmp_path: Path) -> None:
    start = [{"batch_size": size} for size in (8, 36)]
    result = autoopt.tune(
        greedy, toys.digits(48), validation_split=0.25, objective="val_loss", epochs=1, max_trials=3, seed=0,
        verbose=0, search=autoopt.Search(confirm=0, start=start), directory=tmp_path / "runs",
        logdir=tmp_path / "logs", space=Space(batch_size=axes.BatchSize([8, 36]), optimizer=False),
        callbacks=[keras.callbacks.TerminateOnNaN()],  # nothing is proposed ahead
    )  # fmt: skip

    assert [(trial.parts, trial.halved) for trial in result.trials] == [(2, True), (1, False), (2, False)]
    assert result.trials[0].note.startswith("Memory ran out: each step was cut into 2 batches")
    assert result.trials[2].note == ""


def test_a_reason_is_one_line_whatever_a_library_raises() -> None:
    wrapped = ValueError(
        "Exception encountered when calling A.call().\n\n\x1b[1mshapes differ\x1b[0m\n\nArguments"
    )

    assert reason(wrapped) == "ValueError: shapes differ"
    assert reason(KeyError()) == "KeyError"
    assert len(reason(ValueError("x" * 1000))) == LONGEST


def test_memory_is_told_from_other_failures_through_what_led_to_them() -> None:
    try:
        try:
            np.ones((2**24, 2**24))
        except MemoryError as error:
            raise ValueError("no layer") from error
    except ValueError as error:
        raised = error

    assert out_of_memory(raised)
    assert not out_of_memory(ValueError("no layer"))
    assert not out_of_memory(RuntimeError("the disk is full"))


def test_what_failed_calls_hold_can_be_freed() -> None:
    freed: list[int] = []

    class Held:
        def __del__(self) -> None:
            freed.append(1)

    def fails() -> None:
        held = Held()
        raise ValueError(str(held))

    try:
        fails()
    except ValueError as error:
        release(error)
        assert freed == [1]

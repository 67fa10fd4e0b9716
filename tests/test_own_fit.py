"""A HyperModel's own `fit`: called once a trial, followed by a callback, read by KerasTuner's rules, searched."""

from collections.abc import Callable
from typing import Any

import keras
import keras_tuner
import numpy as np
import pytest

import autoopt
from autoopt.data import Cut, Dataset
from autoopt.engines import KerasEngine
from autoopt.errors import SpaceError, UsageError
from autoopt.hypermodel import AutoHyperModel
from autoopt.own_training import scored
from autoopt.recipe import Recipe
from autoopt.records import Objective, Trial
from autoopt.rehearsal import rehearse
from autoopt.worker import Job, Outcome, Worker
from tests import toys
from tests.counts import at_full_counts

LOSS = Objective("val_loss", "min")
NONE_CONFIRMED = autoopt.Search(confirm=0)


class Own(keras_tuner.HyperModel):  # type: ignore[misc]
    """A small net with a given `fit`, a function of (hp, model, x, y, options)."""

    def __init__(self, train: Callable[..., Any], compiled: bool = True) -> None:
        self.train, self.compiled = train, compiled
        super().__init__()

    def build(self, hp: Any) -> keras.Model:
        return toys.eager() if self.compiled else toys.dense()

    def fit(self, hp: Any, model: keras.Model, x: Any, y: Any, **options: Any) -> Any:
        return self.train(hp, model, x, y, options)


def by_keras(hp: Any, model: keras.Model, x: Any, y: Any, options: Any) -> Any:
    return model.fit(x, y, batch_size=hp.Choice("size", [45, 15]), shuffle=False, **options)


def at_once(hp: Any, model: keras.Model, x: Any, y: Any, options: Any) -> Any:
    """Train nothing, and score the larger of two sizes best."""
    return {"val_accuracy": hp.Choice("size", [15, 45]) / 100}


def by_hand(losses: list[float]) -> Callable[..., Any]:
    """Return a training loop of the user's own that tells callbacks of these losses, and never stops."""

    def train(hp: Any, model: keras.Model, x: Any, y: Any, options: Any) -> Any:
        for epoch, loss in enumerate(losses):
            model.set_weights([np.full_like(weights, loss) for weights in model.get_weights()])
            for callback in options["callbacks"]:
                callback.on_epoch_end(epoch, logs={"val_loss": loss})
        return min(losses)

    return train


def dataset() -> Dataset:
    return toys.halves(*toys.digits(60))


def trained(
    train: Callable[..., Any],
    report: Any = lambda epoch, logs: "continue",
    objective: Objective = LOSS,
    assumed: bool = False,
    space: Any = "auto",
    **changes: Any,
) -> Outcome:
    """Return what becomes of one trial."""
    hypermodel = AutoHyperModel(Own(train), space, dataset())
    worker = Worker(hypermodel, dataset(), KerasEngine(), objective, assumed=assumed)
    job = {"number": 0, "recipe": Recipe(), "values": {}, "epochs": 3, "horizon": 3, "seed": 0, **changes}
    return worker.run(Job(**job), report)


def test_fit_of_keras_is_followed_epoch_by_epoch() -> None:
    told: list[int] = []

    def report(epoch: int, logs: Any) -> Any:
        told.append(epoch)
        return "continue"

    outcome = trained(by_keras, report)
    trial = outcome.trial

    assert (trial.status, trial.engine, told) == ("completed", "your own fit", [0, 1, 2])
    assert trial.score == min(trial.history["val_loss"])
    assert [hp.name for hp in outcome.asked] == ["size"]
    assert trial.hyperparameters["size"] == 45


@at_full_counts
def test_equal_seeds_train_equally_and_other_executions_otherwise() -> None:
    one, same, other = (trained(by_keras, execution=execution, epochs=1).trial for execution in (0, 0, 1))

    assert one.history == same.history != other.history


@pytest.mark.parametrize("verdict", ["prune", "stop"])
def test_a_verdict_ends_it(verdict: str) -> None:
    trial = trained(by_keras, lambda epoch, logs: verdict).trial

    assert (trial.status, trial.epochs) == ("pruned", 1)


def test_a_loop_that_does_not_look_at_stop_training_is_left_at_its_next_epoch() -> None:
    trial = trained(by_hand([3.0, 2.0, 1.0]), lambda epoch, logs: "prune").trial

    assert (trial.status, trial.score, trial.epochs) == ("pruned", 3.0, 1)


def test_the_weights_of_the_best_epoch_of_a_loop_are_kept() -> None:
    outcome = trained(by_hand([3.0, 1.0, 2.0]))

    assert (outcome.trial.score, outcome.trial.best_epoch) == (1.0, 1)
    assert all((np.asarray(weights) == 1.0).all() for weights in outcome.weights or ())


PATIENT = autoopt.Space(regularization=autoopt.axes.Regularization(patience=2))


def test_patience_ends_a_loop_as_completed_and_leaves_confirmation_runs_their_epochs() -> None:
    losses = by_hand([3.0, 1.0, 2.0, 2.0, 0.5, 2.0])
    outcome, again = (trained(losses, space=PATIENT, epochs=6, repeat=repeat) for repeat in (0, 1))

    assert (outcome.trial.status, outcome.trial.epochs, outcome.trial.score) == ("completed", 4, 1.0)
    assert "ended after epoch 4 of 6" in outcome.trial.note
    assert all((np.asarray(weights) == 1.0).all() for weights in outcome.weights or ())
    assert (again.trial.epochs, again.trial.note) == (6, "")


@at_full_counts
def test_patience_begins_anew_with_each_part_of_a_training_and_what_fit_returns_counts() -> None:
    def train(hp: Any, model: keras.Model, x: Any, y: Any, options: Any) -> Any:
        model.optimizer.learning_rate = 0.0
        model.set_weights([np.zeros_like(each) for each in model.get_weights()])  # no two ways to round
        parts = [model.fit(x, y, **options) for _ in range(2)]
        return {"val_loss": sum(len(part.epoch) for part in parts)}

    trial = trained(train, space=PATIENT, epochs=5).trial

    assert (trial.status, trial.epochs, trial.score) == ("completed", 3 + 3, 6.0)


def untold(hp: Any, model: keras.Model, x: Any, y: Any, options: Any) -> Any:
    for epoch in range(4):
        options["callbacks"][-1].on_epoch_end(epoch, logs={"loss": 1.0})
    return 0.5


def test_patience_counts_the_epochs_that_tell_of_the_objective() -> None:
    trial = trained(by_hand([1.0, np.nan, 1.0, 1.0]), space=PATIENT, epochs=4).trial
    silent = trained(untold, space=PATIENT, epochs=4).trial

    assert (trial.epochs, silent.epochs) == (3, 4)


def test_a_loss_that_is_no_number_fails_the_trial() -> None:
    def train(hp: Any, model: keras.Model, x: Any, y: Any, options: Any) -> Any:
        options["callbacks"][-1].on_epoch_end(0, logs={"loss": np.nan, "val_loss": np.nan})
        return 1.0

    trial = trained(train).trial

    assert (trial.status, trial.note) == ("failed", "The loss became nan in epoch 1 of 3.")


def test_a_run_that_is_to_end_early_is_told_the_whole_length_and_stopped() -> None:
    seen: list[Any] = []

    def train(hp: Any, model: keras.Model, x: Any, y: Any, options: Any) -> Any:
        seen.append(options["epochs"])
        return model.fit(x, y, **options)

    trial = trained(train, repeat=1, epochs=2, horizon=5).trial

    assert (seen, trial.status, trial.epochs) == ([5], "completed", 2)


def silent(result: Any) -> Callable[..., Any]:
    """Return a training that tells no callback and returns something."""
    return lambda hp, model, x, y, options: result


def history(**columns: Any) -> keras.callbacks.History:
    found = keras.callbacks.History()
    found.history = columns
    return found


RESULTS: dict[str, tuple[Any, float]] = {
    "a number": (0.5, 0.5),
    "a number of NumPy": (np.float32(0.5), 0.5),
    "a dict": ({"val_loss": 0.5, "other": 2.0}, 0.5),
    "a History": (history(val_loss=[0.75, 0.5, 1.0]), 0.5),
    "a list": ([0.25, {"val_loss": 0.75}, history(val_loss=[0.5, 1.0])], 0.5),
}


@pytest.mark.parametrize("kind", RESULTS)
def test_what_fit_returns_is_the_score_where_no_callback_was_told(kind: str) -> None:
    result, score = RESULTS[kind]
    told: list[Any] = []
    trial = trained(silent(result), lambda epoch, logs: told.append(logs) or "continue").trial

    assert scored(result, LOSS) == score == trial.score
    assert [logs["val_loss"] for logs in told] == [score]


def test_keras_tuner_reads_the_same_scores() -> None:
    from keras_tuner.src.engine.tuner_utils import convert_to_metrics_dict

    theirs = keras_tuner.Objective("val_loss", "min")
    for result, score in RESULTS.values():
        assert convert_to_metrics_dict(result, theirs)["val_loss"] == score


NO_RESULTS: dict[str, tuple[Any, str]] = {
    "nothing": (None, r"fit returned None.*does it end with `return model.fit\(...\)`"),
    "a text": ("good", "fit returned 'good' of type str"),
    "other metrics": ({"mae": 1.0}, "Expected 'val_loss' among them"),
    "a History without it": (history(loss=[1.0]), "pass the validation_data that fit is given on"),
    "no number": (np.nan, "val_loss was no number"),
}


@pytest.mark.parametrize("kind", NO_RESULTS)
def test_what_is_no_result_fails_the_trial_and_says_what_to_return(kind: str) -> None:
    result, message = NO_RESULTS[kind]
    trial = trained(silent(result)).trial

    assert trial.status == "failed"
    with pytest.raises(UsageError, match=f"(?s){message}"):
        raise UsageError(trial.note)


def test_a_bare_number_under_an_objective_that_nobody_named_is_refused() -> None:
    assert 'Pass objective=("score", "min")' in trained(silent(0.5), assumed=True).trial.note


def test_what_fit_sets_itself_is_not_given_to_it() -> None:
    def train(hp: Any, model: keras.Model, x: Any, y: Any, options: Any) -> Any:
        return model.fit(x, y, epochs=2, verbose=0, **options)

    assert trained(train).trial.epochs == 2


def test_a_fit_without_room_for_more_is_given_what_it_takes() -> None:
    class Narrow(Own):
        def fit(self, hp: Any, model: keras.Model, x: Any, y: Any, validation_data: Any) -> Any:
            return float(len(x) + len(validation_data[0]))

    worker = Worker(AutoHyperModel(Narrow(by_keras), "auto", dataset()), dataset(), KerasEngine(), LOSS)

    assert worker.run(Job(0, Recipe(), {}, 1, 1, 0), lambda epoch, logs: "continue").trial.score == 60.0


@pytest.mark.parametrize("compiled", [True, False])
def test_axes_that_fit_decides_on_are_closed(compiled: bool) -> None:
    hypermodel = AutoHyperModel(Own(by_keras, compiled), "auto", dataset())
    hp = toys.asking()
    hypermodel.draw(hp)
    optimizer = [known for known in hp.space if known.name.startswith("optimizer/")]

    assert "batch_size" not in hp.values
    assert bool(optimizer) is compiled
    assert all(known.values == ["constant"] for known in optimizer if known.name == "optimizer/schedule")
    assert all("gd" not in known.values for known in optimizer if known.name == "optimizer/name")


def tuned(train: Callable[..., Any], **options: Any) -> autoopt.Result:
    chosen = {"max_trials": 4, "epochs": 1, "seed": 0, "verbose": 0, "search": NONE_CONFIRMED, **options}
    return autoopt.tune(Own(train), toys.digits(60), **chosen)


def values(trials: Any, name: str) -> list[Any]:
    return [trial.hyperparameters[name] for trial in trials]


def test_a_hyperparameter_that_fit_asks_for_is_searched_and_a_run_that_goes_on_knows_it() -> None:
    space = autoopt.Space(structure=False, initialization=False, regularization=False, optimizer=False)
    options = {"space": space, "project_name": "own"}
    first = values(tuned(at_once, max_trials=2, **options).trials, "size")
    result = tuned(at_once, max_trials=3, resume=True, **options)

    assert first == [15, 45]
    assert values(result.trials, "size")[:2] == first
    assert result.best_hyperparameters.values == {"size": 45}
    assert [hp.name for hp in result.best_hyperparameters.space] == ["size"]


def test_what_fit_asks_for_can_be_pinned_and_a_wrong_name_of_ours_is_refused() -> None:
    result = tuned(at_once, max_trials=2, space=autoopt.Space(fix={"size": 45}))

    assert values(result.trials, "size") == [45, 45]
    with pytest.raises(SpaceError, match="Did you mean 'optimizer/name'"):
        tuned(at_once, space=autoopt.Space(fix={"optimizer/nam": "sgd"}))


def test_the_winner_is_confirmed_and_scored_on_the_test_part_where_it_measures_the_data_as_it_is() -> None:
    test = toys.digits(30)
    search = autoopt.Search(confirm=1, confirm_repeats=1)
    options = {"max_trials": 1, "test_data": test, "objective": "val_loss"}
    plain = tuned(by_keras, search=search, **options)

    def halved(hp: Any, model: keras.Model, x: Any, y: Any, options: Any) -> Any:
        x_val, y_val = options.pop("validation_data")
        return model.fit(x / 2, y, validation_data=(x_val / 2, y_val), **options)

    other = tuned(halved, **options)

    assert plain.confirmed is not None
    assert plain.confirmed.n == 1
    assert set(plain.test_metrics or {}) == {"loss", "accuracy"}
    assert other.test_metrics is None
    assert other.best_score == other.trials[0].score


def test_the_search_says_that_fit_is_the_users_own() -> None:
    notes = " ".join(rehearse(AutoHyperModel(Own(at_once), "auto", dataset()), dataset()).notes)

    assert "batch_size stays as written: your own fit decides how a trial is trained." in notes
    assert "Each trial is trained by your own fit" in notes


def test_a_tuner_of_keras_tuner_calls_the_users_own_fit() -> None:
    hypermodel, hp = AutoHyperModel(Own(silent(0.25)), "auto", dataset()), keras_tuner.HyperParameters()

    assert hypermodel.fit(hp, hypermodel.build(hp), *toys.digits(60), epochs=1) == 0.25


def test_a_trial_that_was_never_told_of_its_objective_is_not_pruned() -> None:
    def late(hp: Any, model: keras.Model, x: Any, y: Any, options: Any) -> Any:
        for epoch in range(3):
            options["callbacks"][-1].on_epoch_end(epoch, logs={"loss": 1.0})
        return {"score": hp.Float("score", 0.0, 1.0)}

    objective = keras_tuner.Objective("score", "max")
    result = tuned(late, epochs=3, objective=objective)
    trials: list[Trial] = list(result.trials)

    assert {trial.status for trial in trials} == {"completed"}
    assert result.best_score == max(values(trials, "score"))


def test_a_cut_is_what_it_is_given() -> None:
    seen = []

    def watch(hp: Any, model: keras.Model, x: Any, y: Any, options: Any) -> Any:
        seen.append((x, options["validation_data"][0]))
        return {"val_loss": 1.0}

    trained(watch, cut=Cut(np.arange(20), np.arange(50, 60)))
    (x, validating), pool = seen[0], dataset().pool

    assert (x == pool.x[:20]).all() and (validating == pool.x[50:]).all()

"""Ensembles: members chosen on the validation part, one plain Keras file, never worse than the best member."""

import json
import zipfile
from typing import Any

import keras
import numpy as np
import pytest

import autoopt
from autoopt import Search, Source
from autoopt.afterwards.averaging import averaged, scorer, unaverageable
from autoopt.afterwards.ensemble import chosen
from autoopt.data import Part
from autoopt.engines import evaluate
from autoopt.errors import RunError, UsageError
from autoopt.records import Objective
from tests import toys
from tests.counts import at_full_counts


def mean_error(target: np.ndarray) -> Any:
    return lambda given: (float(np.mean((given[0] - target) ** 2)), 0.0)


def test_members_whose_errors_cancel_are_averaged_with_weights() -> None:
    target = np.array([0.0, 0.0])
    given = [[np.array([3.0, 0.0])], [np.array([-6.0, 0.0])], [np.array([9.0, 9.0])]]
    picked, single = chosen(given, mean_error(target), Objective("val_loss", "min"), k=5)
    assert sorted(picked) == [0, 0, 1] and single == 4.5


def test_the_best_one_stays_alone_where_nothing_helps() -> None:
    given = [[np.array([5.0])], [np.array([1.0])], [np.array([2.0])]]
    assert chosen(given, mean_error(np.zeros(1)), Objective("val_loss", "min"), k=4)[0] == [1]


def test_of_equal_means_the_one_of_the_smaller_loss_is_better() -> None:
    given = [[np.array([2.0])], [np.array([-4.0])]]
    picked, single = chosen(
        given, lambda mean: (0.9, abs(float(mean[0][0]))), Objective("val_accuracy", "max"), k=3
    )
    assert sorted(picked) == [0, 0, 1] and single == 0.9


def run_of(model_fn: Any, data: Any, place: Any = ".", **given: Any) -> Any:
    options = {"epochs": 2, "max_trials": 4, "seed": 0, "verbose": 0, **given}
    return autoopt.tune(
        model_fn,
        data,
        search=Search(confirm=0, keep=4),
        directory=f"{place}/runs",
        logdir=f"{place}/logs",
        **options,
    )


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Return a run of a net with penalties that keeps the weights of four trials."""
    return run_of(penalized, toys.digits(), tmp_path_factory.mktemp("ensemble"), objective="val_loss")


def penalized() -> keras.Model:
    model = keras.Sequential(
        [
            keras.Input((64,)),
            keras.layers.Dense(8, "relu", kernel_regularizer="l2"),
            keras.layers.Dense(10, "softmax"),
        ]
    )
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"], run_eagerly=True)
    return model


def test_an_ensemble_is_one_plain_model_not_worse_than_the_best_of_its_members(run: Any, capsys: Any) -> None:
    model = run.ensemble(k=6)
    told, kept = capsys.readouterr().out, json.loads((run.run_dir / "ensemble.json").read_text())
    part = run._again.worker.dataset.validation
    reached = evaluate(model, part)
    assert reached["loss"] == pytest.approx(kept["score"]) and kept["score"] <= kept["best_single"]
    assert np.isclose(sum(kept["weights"].values()), 1.0) and 1 <= len(kept["weights"]) <= 4
    assert "their probabilities are averaged" in told and "a little too good" in told
    members = {layer.name: layer for layer in model.layers if layer.name.startswith("trial_")}
    assert set(members) == {f"trial_{number}" for number in kept["weights"]}
    mean = sum(
        kept["weights"][name[6:]] * layer.predict(part.x, verbose=0) for name, layer in members.items()
    )
    assert np.allclose(model.predict(part.x, verbose=0), mean, atol=1e-6)
    assert all(type(layer).__module__.startswith("keras.") for layer in model.layers)


def test_the_file_holds_keras_alone_and_scores_the_same(run: Any) -> None:
    model, part = run.ensemble(k=3, verbose=0), run._again.worker.dataset.validation
    with zipfile.ZipFile(run.run_dir / "ensemble.keras") as file:
        assert b"autoopt" not in file.read("config.json")
    read = keras.models.load_model(run.run_dir / "ensemble.keras")
    assert evaluate(read, part) == pytest.approx(evaluate(model, part), rel=1e-5)


@at_full_counts
def test_a_loaded_run_has_its_ensemble_and_makes_another_with_what_it_was_made_of(run: Any) -> None:
    model, x = run.ensemble(k=3, verbose=0), toys.digits()[0][:5]
    read = autoopt.load(run.run_dir).ensemble(k=3)
    assert np.allclose(read.predict(x, verbose=0), model.predict(x, verbose=0), atol=1e-6)
    (run.run_dir / "ensemble.json").unlink()
    with pytest.raises(RunError, match="An ensemble takes the model function and the data"):
        autoopt.load(run.run_dir).ensemble()
    again = autoopt.load(run.run_dir, source=Source(penalized, toys.digits())).ensemble(k=3, verbose=0)
    assert np.allclose(again.predict(x, verbose=0), model.predict(x, verbose=0), atol=1e-6)


def two_heads() -> keras.Model:
    """Return a net of two inputs by name and two outputs by name."""
    given = {"left": keras.Input((2,), name="left"), "right": keras.Input((2,), name="right")}
    hidden = keras.layers.Dense(4, "tanh", name="hidden")(keras.layers.Concatenate()([*given.values()]))
    made = {
        "size": keras.layers.Dense(1, name="size")(hidden),
        "kind": keras.layers.Dense(3, name="kind")(hidden),
    }
    model = keras.Model(given, made)
    loss = {"size": "mse", "kind": keras.losses.SparseCategoricalCrossentropy(from_logits=True)}
    model.compile("adam", loss, metrics={"kind": ["accuracy"]})
    return model


@at_full_counts
def test_each_output_of_several_is_averaged_by_itself(tmp_path: Any) -> None:
    x, y = toys.line(20)
    part = Part({"left": x[:, :2], "right": x[:, 2:]}, {"size": y, "kind": np.arange(20) % 3})
    one, other = two_heads(), two_heads()
    model = averaged({"one": (one, 4), "other": (other, 2)}, like=one)
    model.save(tmp_path / "both.keras")
    given = [each.predict(part.x, verbose=0) for each in (one, other)]
    for each in (model, keras.models.load_model(tmp_path / "both.keras")):
        found = each.predict(part.x, verbose=0)
        for name in ("size", "kind"):
            assert np.allclose(found[name], (2 * given[0][name] + given[1][name]) / 3, atol=1e-6)
        assert set(evaluate(each, part)) == set(evaluate(one, part))
    judged = evaluate(scorer(one), Part(keras.tree.flatten(given[0]), part.y))
    assert judged == pytest.approx(evaluate(one, part), rel=1e-5)


@at_full_counts
def test_a_score_beside_the_models_metrics_chooses_too() -> None:
    result = run_of(toys.eager, toys.digits(120), max_trials=2, objective="val_f1")
    result.ensemble(k=2, verbose=0)
    kept = json.loads((result.run_dir / "ensemble.json").read_text())
    assert kept["score"] >= kept["best_single"] == pytest.approx(max(trial.score for trial in result.trials))


def test_too_few_kept_weights_are_refused_with_how_to_keep_more() -> None:
    result = autoopt.tune(
        toys.eager, toys.digits(80), epochs=1, max_trials=1, verbose=0, search=Search(confirm=0)
    )
    with pytest.raises(RunError, match=r"kept the weights of 1 trials.*Search\(keep=10\)"):
        result.ensemble()
    with pytest.raises(UsageError, match="k was given 1"):
        result.ensemble(k=1)


class Own(keras.Model):  # type: ignore[misc]
    """A functional model with a class of its own."""


def own() -> keras.Model:
    x = keras.Input((64,))
    return Own(x, keras.layers.Dense(10, "softmax")(x))


def test_models_of_the_users_own_class_are_left_out() -> None:
    assert unaverageable(own()) == "its class Own may do more than its layers say"
    assert unaverageable(penalized()) == ""

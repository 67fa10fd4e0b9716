"""What each example says of a score: the mean is the score that the engine reported, whatever model and objective."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import keras
import numpy as np
import pytest

from autoopt import compiling, task
from autoopt.data import Dataset, Part, Stream
from autoopt.engines import AutomaticEngine, KerasEngine, engine_named, evaluate
from autoopt.hyperparameters import AskingHyperParameters
from autoopt.records import Objective, Trial
from autoopt.search import Evidence
from autoopt.search.chance import Run as Confirming
from autoopt.search.chance import Values, pulls
from autoopt.search.examples import GROUPS, Predicted, _pseudo_values, measured, predicted, values
from autoopt.worker import Job, Worker
from tests import toys
from tests.counts import at_full_counts

SIZE = 96


@pytest.fixture(autouse=True)
def seeded() -> None:
    """Initializers of models that are built here draw the same in every order of the tests."""
    keras.utils.set_random_seed(0)


def weights(n: int) -> np.ndarray:
    return np.random.default_rng(0).uniform(0.5, 2.0, n).astype("float32")


several_classes = keras.initializers.RandomNormal(stddev=0.7, seed=0)
"""A model that says one class of all examples has a balanced accuracy that no group changes; Keras clips one that is too sure."""


def classifier(
    metrics: Any = ("accuracy",), weighted: Any = None, loss: Any = "sparse_categorical_crossentropy"
) -> keras.Model:
    model = keras.Sequential(
        [
            keras.Input((64,)),
            keras.layers.Dense(8, "relu", kernel_regularizer="l2"),
            keras.layers.Dense(10, "softmax", kernel_initializer=several_classes),
        ]
    )
    model.compile("adam", loss, metrics=list(metrics), weighted_metrics=weighted, run_eagerly=True)
    return model


def one_unit() -> keras.Model:
    model = keras.Sequential([keras.Input((64,)), keras.layers.Dense(1, "sigmoid")])
    metrics = ["accuracy", keras.metrics.AUC(name="auc")]
    model.compile("adam", "binary_crossentropy", metrics=metrics, run_eagerly=True)
    return model


def line(loss: Any = "mse") -> keras.Model:
    model = keras.Sequential([keras.Input((64,)), keras.layers.Dense(4, "tanh"), keras.layers.Dense(1)])
    metrics = ["mae", keras.metrics.RootMeanSquaredError(name="rmse")]
    model.compile("adam", loss, metrics=metrics, run_eagerly=True)
    return model


def two_outputs() -> keras.Model:
    inputs = keras.Input((64,))
    hidden = keras.layers.Dense(8, "relu")(inputs)
    outputs = {
        "digit": keras.layers.Dense(10, "softmax", name="digit")(hidden),
        "size": keras.layers.Dense(1, name="size")(hidden),
    }
    model = keras.Model(inputs, outputs)
    losses = {"digit": "sparse_categorical_crossentropy", "size": "mse"}
    model.compile("adam", losses, loss_weights={"digit": 1.0, "size": 0.5}, metrics={"digit": ["accuracy"]})
    return model


def part(y: Callable[[np.ndarray], Any], weighted: bool = False) -> Part:
    x, labels = toys.digits(SIZE)
    return Part(x, y(labels), weights(SIZE) if weighted else None)


def numbers(labels: np.ndarray) -> Any:
    return labels


def sizes(labels: np.ndarray) -> Any:
    return labels.astype("float32")


def both(labels: np.ndarray) -> Any:
    return {"digit": labels, "size": labels.astype("float32")[:, None]}


# name: model, part, score, whether each example has a value of its own
CASES: dict[str, tuple[Callable[[], keras.Model], Part, str, bool]] = {
    "accuracy": (classifier, part(numbers), "accuracy", True),
    "loss with penalties": (classifier, part(numbers), "loss", True),
    "weighted loss": (classifier, part(numbers, True), "loss", True),
    "weighted accuracy": (lambda: classifier((), ["accuracy"]), part(numbers, True), "accuracy", True),
    "one-hot": (
        lambda: classifier(loss=keras.losses.CategoricalCrossentropy(label_smoothing=0.1)),
        part(lambda labels: np.eye(10, dtype="float32")[labels]), "loss", True,
    ),
    "binary accuracy": (one_unit, part(lambda labels: labels % 2), "accuracy", True),
    "area": (one_unit, part(lambda labels: labels % 2), "auc", False),
    "mse": (line, part(sizes), "loss", True),
    "mae": (line, part(sizes, True), "mae", True),
    "root of a mean": (line, part(sizes), "rmse", False),
    "mean by weight": (
        lambda: line(keras.losses.MeanSquaredError(reduction="mean_with_sample_weight")), part(sizes, True), "loss", False,
    ),
    "a function of the user's": (
        lambda: line(lambda y, given: keras.ops.mean(keras.ops.abs(y - given), axis=-1)), part(sizes), "loss", True,
    ),
    "several outputs": (two_outputs, part(both), "loss", False),
    "one of several outputs": (two_outputs, part(both), "digit_accuracy", False),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_the_mean_of_what_examples_say_is_the_score_that_was_reported(name: str) -> None:
    model_fn, data, score, own = CASES[name]
    model = model_fn()
    reported = evaluate(model, data)[score]
    found = predicted(model, data)
    told = values(model, found, score, reported)

    assert measured(model, found, score) == pytest.approx(reported, rel=1e-5, abs=1e-6)
    assert told is not None
    assert told.each.mean() == pytest.approx(reported, rel=1e-5, abs=1e-6)
    assert len(told.units) == (SIZE if own else GROUPS)


def test_each_value_is_the_score_of_its_example_alone() -> None:
    model, data = classifier(), part(numbers, True)
    told = values(model, predicted(model, data), "loss", evaluate(model, data)["loss"])

    assert told is not None
    for row in (0, 7):
        alone = evaluate(model, data.take(np.array([row])))["loss"]
        assert told.each[row] == pytest.approx(alone, rel=1e-4)


def test_pseudo_values_of_a_mean_vary_as_its_own_values_do() -> None:
    """The jackknife of groups is tried on what is known: the accuracy of a part of several outputs."""
    model, data = two_outputs(), part(both)
    found = predicted(model, data)
    score = evaluate(model, data)["digit_accuracy"]
    told = values(model, found, "digit_accuracy", score)
    right = found.outputs["digit"].argmax(-1) == data.y["digit"]
    pulled = pulls([Confirming(score, told)])

    assert pulled is not None
    assert np.square(pulled).sum() == pytest.approx(right.var() / SIZE, rel=0.8)


def test_what_a_group_of_rows_does_in_one_cut_it_does_in_every_other() -> None:
    random = np.random.default_rng(0)
    effect = random.normal(size=400)  # of each row of the data
    by_group: list[dict[int, float]] = []
    for _ in range(2):
        rows = np.sort(random.permutation(400)[:320])
        told = _pseudo_values(
            lambda kept, rows=rows: float(effect[rows[kept]].mean()), rows, effect[rows].mean()
        )
        by_group.append(dict(zip(told.units, told.each, strict=True)))

    one, other = by_group
    shared = sorted(one.keys() & other.keys())
    assert len(shared) == GROUPS
    assert np.corrcoef([one[unit] for unit in shared], [other[unit] for unit in shared])[0, 1] > 0.5


def test_pseudo_values_of_a_mean_tell_its_variance_also_in_groups_of_unequal_size() -> None:
    random, found = np.random.default_rng(0), []
    for _ in range(300):
        rows, effect = np.sort(random.permutation(400)[:80]), random.normal(size=80)
        told = _pseudo_values(
            lambda kept, effect=effect: float(effect[kept].mean()), rows, float(effect.mean())
        )
        found.append(float(np.square(pulls([Confirming(float(effect.mean()), told)])).sum()))

    assert np.mean(found) == pytest.approx(1 / 80, rel=0.05)


@pytest.mark.parametrize("kind", ["f1", "auc", "balanced_accuracy"])
def test_scores_that_only_the_objective_names_have_pseudo_values(kind: str) -> None:
    model, data = classifier(), part(numbers)
    known = task.scores(task.classes(model, data.y, "sparse_categorical_crossentropy"))
    compiling.measure(model, known[kind])
    reported = evaluate(model, data)[kind]
    told = values(model, predicted(model, data), kind, reported)

    assert told is not None
    assert told.each.mean() == pytest.approx(reported)
    assert len(told.units) == GROUPS and told.each.std() > 0


def test_what_predictions_do_not_give_has_no_values() -> None:
    class Own(keras.Model):  # type: ignore[misc]
        def compute_loss(self, *args: Any, **kwargs: Any) -> Any:
            return super().compute_loss(*args, **kwargs)

    inputs = keras.Input((64,))
    own = Own(inputs, keras.layers.Dense(1)(inputs))
    own.compile("adam", "mse")
    model, data = line(), part(sizes)

    assert values(own, predicted(own, data), "loss", evaluate(own, data)["loss"]) is None
    assert values(model, predicted(model, data), "loss", evaluate(model, data)["loss"] + 1.0) is None


def test_three_examples_are_too_few_for_groups() -> None:
    model = two_outputs()
    few = part(both).take(np.arange(3))

    assert values(model, predicted(model, few), "loss", evaluate(model, few)["loss"]) is None


class Halves(keras.utils.PyDataset):  # type: ignore[misc]
    """The digits in batches, in the same order in each pass unless told otherwise."""

    def __init__(self, shuffled: bool = False) -> None:
        super().__init__()
        self._x, self._y = toys.digits(SIZE)
        self._shuffled, self._passes = shuffled, 0

    def __len__(self) -> int:
        return 4

    def __getitem__(self, index: int) -> Any:
        self._passes += index == 0
        order = np.random.default_rng(self._passes if self._shuffled else 0).permutation(SIZE)
        rows = order[index * 24 : (index + 1) * 24]
        return self._x[rows], self._y[rows]


def trained(
    dataset: Dataset, engine: Any, cut_seed: int | None = None, name: str = "val_accuracy"
) -> Iterator[Values | None]:
    """Yield the values of two runs of one trial."""
    model_fn = toys.eager if isinstance(engine, KerasEngine) else toys.compiled
    worker = Worker(toys.hypermodel(model_fn, data=dataset), dataset, engine, Objective(name, "max"))
    evidence = Evidence(worker, lambda trial: model_fn())
    recipe = worker.hypermodel.draw(AskingHyperParameters(lambda hp: hp.default))
    for repeat in (1, 2):
        cut = None if cut_seed is None else dataset.recut(cut_seed + repeat)
        done = worker.run(Job(0, recipe, {}, 2, 2, 0, repeat, cut=cut), lambda epoch, logs: "continue")
        score = done.trial.history[name][-1]
        found = evidence.of(done.trial, done.weights or (), cut, score)
        if found is not None:
            assert found.each.mean() == pytest.approx(score, abs=1e-6)
        yield found


@pytest.mark.parametrize("engine", ["keras", "auto"])
def test_the_examples_of_a_run_are_the_rows_of_its_cut(engine: str) -> None:
    dataset = Dataset.of(toys.digits(200))
    found = list(trained(dataset, engine_named(engine), cut_seed=5))

    for repeat, told in enumerate(found, 1):
        assert told is not None
        assert np.array_equal(told.units, dataset.recut(5 + repeat).validation)


@at_full_counts
def test_a_stream_is_read_in_its_order_and_says_nothing_where_it_has_none() -> None:
    train = Part(*toys.digits(60))
    ordered = Dataset(train, Stream(Halves(), SIZE))
    shuffled = replace(ordered, validation=Stream(Halves(shuffled=True), SIZE))

    assert all(told is not None and len(told.units) == SIZE for told in trained(ordered, KerasEngine()))
    assert list(trained(shuffled, KerasEngine()))[1] is None


def test_a_run_is_known_by_the_weights_of_its_last_epoch() -> None:
    dataset = toys.halves(*toys.digits(80))
    worker = Worker(
        toys.hypermodel(toys.eager, data=dataset),
        dataset,
        AutomaticEngine(None),
        Objective("val_loss", "max"),
    )
    recipe = worker.hypermodel.draw(AskingHyperParameters(lambda hp: hp.default))
    # The larger the loss the better: the first epoch is the best one.
    done = worker.run(Job(0, recipe, {}, 3, 3, 0, 1), lambda epoch, logs: "continue")
    model = toys.eager()
    model.set_weights(done.weights)

    assert done.trial.best_epoch == 0
    assert evaluate(model, dataset.validation)["loss"] == pytest.approx(
        done.trial.history["val_loss"][-1], rel=1e-5
    )


def test_what_fails_is_no_evidence_and_ends_nothing() -> None:
    def broken(trial: Trial) -> keras.Model:
        raise ValueError("no such model")

    dataset = toys.halves(*toys.digits(80))
    worker = Worker(toys.hypermodel(data=dataset), dataset, KerasEngine(), Objective("val_accuracy", "max"))
    trial = Trial(0, "completed", 0.5, {}, {}, 0, 0.0, 1.0)

    assert Evidence(worker, broken).of(trial, (), None, 0.5) is None


def test_parts_of_predictions_are_those_of_each_output() -> None:
    some = Predicted({"a": np.arange(4)}, {"a": np.arange(8).reshape(4, 2)}, None).take(np.array([1, 3]))

    assert some.n == 2
    assert some.y["a"].tolist() == [1, 3] and some.outputs["a"].tolist() == [[2, 3], [6, 7]]

"""Refits: trained on both parts, to the last epoch, weighted as the search was, and never silently."""

import json
from typing import Any

import keras
import numpy as np
import pytest

import autoopt
from autoopt import Search, Source, Space
from autoopt.data import Part, joined
from autoopt.engines import evaluate
from autoopt.errors import RunError, SearchError, UsageError
from tests import toys
from tests.counts import at_full_counts

AS_WRITTEN = Space(
    structure=False,
    initialization=False,
    regularization=False,
    augmentation=False,
    optimizer=False,
    batch_size=False,
)


def test_weights_of_one_part_are_ones_in_the_other() -> None:
    plain = Part({"a": np.zeros((2, 3))}, np.zeros(2))
    weighted = Part({"a": np.ones((1, 3))}, np.ones(1), np.array([5.0]))
    both = joined(plain, weighted)
    assert (
        both.n == 3 and both.sample_weight.tolist() == [1.0, 1.0, 5.0] and both.y.tolist() == [0.0, 0.0, 1.0]
    )
    assert joined(weighted, plain).sample_weight.tolist() == [5.0, 1.0, 1.0]
    assert joined(plain, plain).sample_weight is None


class Kept(keras.callbacks.Callback):  # type: ignore[misc]
    """Keeps the weights of each epoch, for all trainings of this process."""

    trainings: list[list[Any]] = []

    def on_train_begin(self, logs: Any = None) -> None:
        Kept.trainings.append([])

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        Kept.trainings[-1].append((self.model.get_weights(), dict(logs or {})))


def diverging(rate: float = 1.05) -> keras.Model:
    """Return a model that becomes worse with each step."""
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
    model.compile(keras.optimizers.SGD(rate), "mse", run_eagerly=True)
    return model


def quick() -> keras.Model:
    """Return a classifier that learns in a few epochs."""
    return toys.compiled(keras.optimizers.Adam(0.03))


def run(model_fn: Any = diverging, data: Any = None, **given: Any) -> Any:
    options = {"epochs": 2, "max_trials": 1, "seed": 0, "verbose": 0, "space": AS_WRITTEN, **given}
    return autoopt.tune(model_fn, toys.line() if data is None else data, search=Search(confirm=0), **options)


def test_a_refit_learns_from_both_parts_and_has_the_weights_of_its_last_epoch(capsys: Any) -> None:
    Kept.trainings.clear()
    result = run(callbacks=[Kept()])
    model = result.refit(epochs=3)
    _, refitted = Kept.trainings
    assert len(refitted) == 3 and refitted[2][1]["loss"] > refitted[0][1]["loss"]
    for found, wanted in zip(model.get_weights(), refitted[2][0], strict=True):
        assert np.allclose(found, wanted)
    read = keras.models.load_model(result.run_dir / "refit.keras")
    assert np.allclose(read.get_weights()[0], model.get_weights()[0])
    told = capsys.readouterr().out
    assert "trial 0 for 3 epochs on 120 examples, train and validation together" in told
    assert "Nothing is left to validate on" in told


def test_it_takes_the_epochs_that_the_winner_took_to_its_best_one() -> None:
    result = run()
    assert result.best_trial.best_epoch == 0
    result.refit(verbose=0)
    assert json.loads((result.run_dir / "refit.json").read_text())["epochs"] == 1


def test_what_only_the_validation_part_has_is_learnt() -> None:
    x, y = toys.digits(200)
    old, new = y < 9, y == 9
    result = run(quick, (x[old], y[old]), validation_data=(x[new], y[new]), epochs=1)
    model = result.refit(epochs=12, verbose=0)
    assert evaluate(result.best_model, Part(x[new], y[new]))["accuracy"] < 0.5
    assert evaluate(model, Part(x[new], y[new]))["accuracy"] > 0.5


@at_full_counts
@pytest.mark.parametrize("sample_weight", [False, True])
def test_classes_weigh_in_both_parts(sample_weight: bool) -> None:
    x, y = toys.digits(120)
    data = (x, y, np.ones(120)) if sample_weight else (x, y)
    weights = {int(digit): float(digit == 3) for digit in range(10)}
    result = run(quick, data, class_weight=weights, epochs=1)
    model = result.refit(epochs=15, verbose=0)
    assert (model.predict(x, verbose=0).argmax(1) == 3).mean() > 0.9


def test_the_test_part_is_looked_at_only_when_asked(capsys: Any) -> None:
    result = run(test_data=toys.line(40))
    result.refit(verbose=0)
    assert json.loads((result.run_dir / "refit.json").read_text())["test_metrics"] is None
    model = result.refit(test=True)
    kept = json.loads((result.run_dir / "refit.json").read_text())["test_metrics"]
    assert kept["loss"] == pytest.approx(evaluate(model, Part(*toys.line(40)))["loss"])
    assert "This is the second look at it" in capsys.readouterr().out


def test_a_loaded_run_has_its_refit_and_makes_another_with_what_it_was_made_of() -> None:
    result = run()
    model = result.refit(epochs=2, verbose=0)
    assert np.allclose(autoopt.load(result.run_dir).refit(epochs=2).get_weights()[0], model.get_weights()[0])
    with pytest.raises(RunError, match="A refit takes the model function and the data"):
        autoopt.load(result.run_dir).refit(epochs=1)
    again = autoopt.load(result.run_dir, source=Source(diverging, toys.line())).refit(epochs=2, verbose=0)
    assert np.allclose(again.get_weights()[0], model.get_weights()[0])


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"epochs": 0}, "epochs was given 0"),
        ({"test": 1}, "test was given 1"),
        ({"test": True}, "this run has no test part"),
    ],
)
def test_bad_arguments_are_refused(given: Any, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        run(epochs=1).refit(**given)


def test_a_loss_that_is_no_number_is_an_error() -> None:
    with pytest.raises(SearchError, match="The refit failed: The loss became"):
        run(lambda: diverging(1e3), epochs=1).refit(epochs=6, verbose=0)


def test_data_in_batches_is_refused() -> None:
    x, y = toys.line(64)

    class Batches(keras.utils.PyDataset):  # type: ignore[misc]
        def __len__(self) -> int:
            return 2

        def __getitem__(self, index: int) -> Any:
            return x[32 * index : 32 * index + 32], y[32 * index : 32 * index + 32]

    result = run(data=Batches(), validation_data=(x, y), epochs=1)
    with pytest.raises(RunError, match=r"comes in batches.*Expected \(x, y\)"):
        result.refit()

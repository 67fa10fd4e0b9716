"""Proposals that are wider or deeper than their parent start from its weights, if that is asked for."""

from pathlib import Path
from typing import Any

import keras_tuner
import pytest

import autoopt
from autoopt.errors import UsageError
from autoopt.heritage import Heritage
from autoopt.recipe import Recipe
from autoopt.search import Heirs, OptunaOracle
from tests import toys
from tests.counts import FULL, at_full_counts


def searched(path: Path, trials: int, **options: Any) -> autoopt.Result:
    grown = autoopt.axes.Structure(activation=False, normalization=False, pooling=False)
    space = autoopt.Space(
        structure=grown, optimizer=False, regularization=False, initialization=False, batch_size=False
    )
    model_fn, size, epochs, confirm = (
        (lambda: toys.compiled("adam"), 200, 2, 1) if FULL else (toys.eager, 60, 1, 0)
    )
    search = autoopt.Search(confirm=confirm, confirm_repeats=1, keep=3 - 2 * confirm, **options)
    return autoopt.tune(
        model_fn, toys.digits(size), validation_data=toys.digits(80 + 220 * confirm), space=space, epochs=epochs,
        max_trials=trials, search=search, seed=3, directory=path / "runs", logdir=path / "logs", verbose=0,
    )  # fmt: skip


@pytest.fixture(scope="module")
def inherited(tmp_path_factory: pytest.TempPathFactory) -> autoopt.Result:
    return searched(tmp_path_factory.mktemp("inherited"), 8, inherit=True)


@pytest.mark.slow
def test_trials_say_whose_weights_they_started_from(inherited: autoopt.Result) -> None:
    result = inherited
    heirs = [trial for trial in result.trials if trial.inherited is not None]

    assert heirs
    for heir in heirs:
        parent = result.trials[heir.inherited]
        names = [name for name in heir.hyperparameters if name.startswith("structure/")]
        assert all(heir.hyperparameters[name] >= parent.hyperparameters[name] for name in names)
        assert heir.history["loss"][0] < result.trials[0].history["loss"][0]
    again = autoopt.load(result.run_dir)
    assert [trial.inherited for trial in again.trials] == [trial.inherited for trial in result.trials]


@at_full_counts
def test_equal_seeds_inherit_the_same(inherited: autoopt.Result, tmp_path: Path) -> None:
    again = searched(tmp_path, 8, inherit=True)

    found = [[(trial.inherited, trial.score) for trial in each.trials] for each in (inherited, again)]
    assert found[0] == found[1]
    assert any(parent is not None for parent, _ in found[1])


@pytest.mark.slow
def test_nothing_is_inherited_where_nobody_asks_for_it(tmp_path: Path) -> None:
    assert all(trial.inherited is None for trial in searched(tmp_path, 8 if FULL else 4).trials)


def oracle(trials: int) -> OptunaOracle:
    """Return an oracle that has been told of some trials of the user's model, and has proposed one more."""
    made = OptunaOracle(keras_tuner.Objective("val_loss", "min"), seed=0)
    for number in range(trials + 1):
        trial = made.create_trial(str(number))
        trial.hyperparameters.Float("learning_rate", 0.1, 1.0)
        if number < trials:
            made.update_trial(trial.trial_id, {"val_loss": 0.5})
            trial.status = "COMPLETED"
            made.end_trial(trial)
    return made


def test_a_proposal_starts_fresh_where_its_parents_weights_are_gone_or_it_is_no_larger() -> None:
    hypermodel, kept, wider = toys.hypermodel(), {0: ["weights"]}, Recipe().plus(width={"dense": 2.0})

    found = Heirs(oracle(1), hypermodel, kept.get).heritage(1, wider, {})
    assert found == Heritage(0, Recipe(), ["weights"])
    assert Heirs(oracle(0), hypermodel, kept.get).heritage(0, wider, {}) is None
    assert Heirs(oracle(1), hypermodel, {}.get).heritage(1, wider, {}) is None
    assert Heirs(oracle(1), hypermodel, kept.get).heritage(1, Recipe(), {}) is None


def test_an_oracle_that_names_no_parent_is_refused() -> None:
    with pytest.raises(UsageError, match="does not say from which trial"):
        autoopt.Search(oracle=keras_tuner.oracles.RandomSearchOracle(max_trials=2), inherit=True)

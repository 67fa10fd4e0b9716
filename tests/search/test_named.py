"""Samplers, oracles and pruners by name."""

from pathlib import Path
from typing import Any

import keras_tuner
import optuna
import pytest

import autoopt
from autoopt.errors import UsageError
from autoopt.flags import read
from autoopt.search import NAMES, Search, made
from autoopt.search_options import OURS
from tests import toys
from tests.counts import at_full_counts, first_of

KINDS = {
    "oracle": keras_tuner.Oracle,
    "sampler": optuna.samplers.BaseSampler,
    "pruner": optuna.pruners.BasePruner,
}


@pytest.mark.parametrize(("which", "name"), [(which, name) for which in NAMES for name in NAMES[which]])
def test_every_name_becomes_an_object_and_ours_stay_the_default(which: str, name: str) -> None:
    found = getattr(made(Search(**{which: name}), seed=0, max_trials=None, epochs=3), which)

    assert (found is None) if OURS.get(which) == name else isinstance(found, KINDS[which])


@pytest.mark.parametrize("which", list(NAMES))
def test_a_name_that_is_not_known_is_refused_with_the_nearest(which: str) -> None:
    name = NAMES[which][0]
    with pytest.raises(UsageError, match=f"Did you mean '{name}'"):
        Search(**{which: f"{name}x"})


def test_an_object_of_another_kind_is_refused_with_the_names() -> None:
    with pytest.raises(UsageError, match="or a name: tpe, random, gp"):
        Search(sampler=optuna.pruners.NopPruner())


@pytest.mark.parametrize("which", list(NAMES))
def test_the_command_line_knows_the_names(which: str) -> None:
    found = read({which: NAMES[which][1]}).arguments({"search": Search(confirm=1)})["search"]

    assert (getattr(found, which), found.confirm) == (NAMES[which][1], 1)


@pytest.mark.parametrize("options", first_of({"sampler": "qmc", "pruner": "none"}, {"oracle": "random"}))
def test_what_is_named_proposes(options: dict[str, Any], tmp_path: Path) -> None:
    def values(run: str) -> list[Any]:
        result = autoopt.tune(
            toys.eager, toys.digits(60), epochs=1, max_trials=2, seed=0, verbose=0, project_name=run,
            search=Search(**options, confirm=0), directory=tmp_path / "runs", logdir=tmp_path / "logs",
            space=autoopt.Space(structure=False, optimizer=False, initialization=False, batch_size=False),
        )  # fmt: skip
        return [trial.hyperparameters for trial in result.trials]

    one = values("one")
    assert len(one) == 2
    assert one == values("two")


@at_full_counts
def test_a_search_that_goes_on_is_not_proposed_its_first_points_again(tmp_path: Path) -> None:
    def trials(most: int) -> list[Any]:
        return autoopt.tune(
            toys.eager, toys.digits(60), epochs=1, max_trials=most, seed=0, verbose=0, project_name="one",
            search=Search(sampler="random", confirm=0), directory=tmp_path / "runs", logdir=tmp_path / "logs",
            space=autoopt.Space(structure=False, initialization=False, batch_size=False), resume=True,
        ).trials  # fmt: skip

    trials(2)
    rates = [trial.hyperparameters["optimizer/learning_rate"] for trial in trials(4)]
    assert len(set(rates)) == 4


@pytest.mark.parametrize(("which", "name"), [(which, name) for which in NAMES for name in NAMES[which]])
def test_a_seed_of_any_size_is_a_seed(which: str, name: str) -> None:
    made(Search(**{which: name}), seed=2**40, max_trials=3, epochs=3)


@pytest.mark.parametrize("name", NAMES["oracle"])
def test_equal_seeds_make_equal_oracles_and_those_of_a_run_that_goes_on_are_others(name: str) -> None:
    def seed(earlier: int) -> Any:
        return made(Search(oracle=name), seed=0, max_trials=3, epochs=3, earlier=earlier).oracle.seed

    assert seed(0) == seed(0) != seed(4)
    assert seed(0) > 0  # KerasTuner takes 0 for no seed


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ({"oracle": "random", "sampler": "gp"}, "sampler was given 'gp' together with the oracle 'random'"),
        ({"oracle": keras_tuner.oracles.GridSearchOracle(), "sampler": "tpe"}, "sampler was given 'tpe' together"),
        ({"oracle": "hyperband", "pruner": "median"}, "pruner was given 'median' together with the oracle 'hyperband'"),
    ],
    ids=["two names", "an object and a name", "a pruner for what prunes"],
)  # fmt: skip
def test_two_that_do_one_thing_are_refused(given: dict[str, Any], text: str) -> None:
    with pytest.raises(UsageError, match=f"{text}.* Expected one of the two. Leave one out."):
        Search(**given)

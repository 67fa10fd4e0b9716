"""Proposals that are refused: another is drawn for the same place, and nothing is left of the first."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras_tuner
import optuna
import pytest

from autoopt.records import Objective, Trial
from autoopt.search import OptunaOracle
from autoopt.search.proposal import DRAWS, smallest
from autoopt.storage import Journal

LOSS = Objective("val_loss", "min")
OBJECTIVE = keras_tuner.Objective("val_loss", "min")
WIDTHS = [0.5, 1.0, 2.0, 4.0]
PLACES = 14  # into the proposals of the sampler's model
Values = dict[str, Any]


def build(hp: keras_tuner.HyperParameters) -> Values:
    """Ask as a model of two stages does."""
    for stage in ("a", "b"):
        hp.Choice(f"structure/{stage}/width", WIDTHS, default=1.0)
        hp.Int(f"structure/{stage}/depth", 1, 4, default=2)
    hp.Float("optimizer/learning_rate", 1e-4, 1.0, sampling="log", default=0.01)
    hp.Choice("batch_size", [8, 16, 32], default=32)
    return dict(hp.values)


def size(values: Values) -> float:
    return sum(values[f"structure/{stage}/width"] * values[f"structure/{stage}/depth"] for stage in "ab")


def loss(values: Values) -> float:
    """Return a loss that only larger models make smaller."""
    return 1.0 / size(values) + abs(values["optimizer/learning_rate"] - 0.1)


def oracle(seed: int = 0, **rest: Any) -> OptunaOracle:
    return OptunaOracle(OBJECTIVE, seed=seed, **rest)


def step(found: OptunaOracle, fits: Callable[[Values], bool]) -> tuple[Values, int]:
    """Run one trial and return its values, and how many proposals were refused before it."""
    for refused in range(DRAWS):
        trial = found.create_trial("tuner")
        values = build(trial.hyperparameters)
        first = int(trial.trial_id) == 0
        if not first and not fits(values):
            found.refuse(trial)
            continue
        number = int(trial.trial_id)
        excess = "" if fits(values) else "is too large"
        found._journal.close(Trial(number, "completed", loss(values), values, {}, 0, 0.0, 1.0, excess=excess))
        found.update_trial(trial.trial_id, {"val_loss": loss(values)})
        trial.status = "COMPLETED"
        found.end_trial(trial)
        return values, refused
    raise AssertionError("nothing fits")


def steps(found: OptunaOracle, limit: float, n: int = PLACES) -> list[Values]:
    return [step(found, lambda values: size(values) <= limit)[0] for _ in range(n)]


@pytest.mark.parametrize("limit", [1.0, 3.0, 4.0])
@pytest.mark.parametrize("seed", [0, 1])
def test_whatever_fits_is_found_however_little_it_is(limit: float, seed: int) -> None:
    found = steps(oracle(seed), limit)

    assert [size(values) <= limit for values in found] == [limit >= 4.0, *[True] * (PLACES - 1)]


def test_the_same_seed_draws_the_same_again() -> None:
    assert steps(oracle(3), 4.0) == steps(oracle(3), 4.0) != steps(oracle(4), 4.0)


def test_without_a_refusal_nothing_changes() -> None:
    assert steps(oracle(0), 32.0) == [
        step(found, lambda _: True)[0] for found in [oracle(0)] for _ in range(PLACES)
    ]


@pytest.mark.parametrize("stop", [1, 4, 12])
def test_a_search_that_goes_on_draws_what_it_would_have(stop: int, tmp_path: Path) -> None:
    whole = steps(oracle(5), 3.0)
    steps(oracle(5, journal=Journal(tmp_path / "journal.log", LOSS)), 3.0, stop)
    resumed = oracle(5, journal=Journal(tmp_path / "journal.log", LOSS))

    assert steps(resumed, 3.0, PLACES - stop) == whole[stop:]


def test_a_refused_proposal_is_no_trial_and_teaches_the_sampler_nothing(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal.log", LOSS)
    found = oracle(0, journal=journal)
    steps(found, 2.0)
    told = [trial.state for trial in journal._study.get_trials() if trial.number not in found._finished]

    assert len(journal.trials()) == PLACES
    assert journal.opened > PLACES
    assert set(told) == {optuna.trial.TrialState.FAIL}
    assert all(trial.status == "completed" for trial in journal.trials())


def test_what_is_over_a_limit_is_no_example_to_follow() -> None:
    found = oracle(0)
    step(found, lambda values: False)
    found.create_trial("tuner")

    assert found.parent_of(1) is None


def test_a_starting_point_keeps_its_settings_and_has_its_structure_drawn_again() -> None:
    point = {"structure/a/width": 4.0, "optimizer/learning_rate": 0.5, "batch_size": 8}
    found = oracle(0, start=[point])
    step(found, lambda _: True)
    values, refused = step(found, lambda values: values["structure/a/width"] < 4.0)

    assert refused >= 1
    assert (values["optimizer/learning_rate"], values["batch_size"]) == (0.5, 8)


def test_the_last_draw_is_the_parents_model_with_other_settings() -> None:
    found = oracle(0)
    fits = {
        "structure/a/width": 1.0,
        "structure/a/depth": 2,
        "structure/b/width": 1.0,
        "structure/b/depth": 2,
    }
    ended = [step(found, lambda values: fits.items() <= values.items()) for _ in range(PLACES)]

    assert max(refused for _, refused in ended) == DRAWS - 1
    assert len({values["optimizer/learning_rate"] for values, _ in ended}) > PLACES // 2


def test_a_sampler_of_the_users_is_asked_again() -> None:
    found = oracle(0, sampler=optuna.samplers.RandomSampler(seed=0))
    values = steps(found, 9.0, 6)

    assert all(size(each) <= 9.0 for each in values)
    assert found.draws > DRAWS


def test_only_what_may_shape_the_model_has_a_smallest_value() -> None:
    hp = keras_tuner.HyperParameters()
    build(hp)
    hp.Int("units", 8, 64)
    hp.Choice("kind", ["lstm", "gru"])
    found = {each.name: smallest(each) for each in hp.space}

    assert found == {
        "structure/a/width": 0.5, "structure/a/depth": 1, "structure/b/width": 0.5, "structure/b/depth": 1,
        "optimizer/learning_rate": None, "batch_size": None, "units": 8, "kind": None,
    }  # fmt: skip

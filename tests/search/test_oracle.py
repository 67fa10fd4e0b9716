"""The oracle: KerasTuner's interface, Optuna's sampling, and proposals that repeat themselves."""

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras_tuner
import optuna
import pytest
from keras_tuner.engine import hyperparameters as kinds

from autoopt.hyperparameters import Ranged, ranged
from autoopt.records import Objective, Trial
from autoopt.search import OptunaOracle
from autoopt.storage import Journal
from tests import toys

OBJECTIVE = keras_tuner.Objective("val_loss", "min")
OBJECTIVE_ = Objective("val_loss", "min")
DEFAULTS = {"kind": "plain", "rate": 0.01}
TRIALS = 20  # beyond the proposals that change the best trial, into those of the sampler's model


def build(hp: keras_tuner.HyperParameters) -> float:
    """Ask as a model with a conditional scope does; return a loss with its best at a known place."""
    kind = hp.Choice("kind", ["plain", "deep"])
    rate = hp.Float("rate", 1e-4, 1.0, sampling="log", default=0.01)
    with hp.conditional_scope("kind", ["deep"]):
        depth = hp.Int("depth", 1, 9, default=2)
    return abs(rate - 0.1) + (0.0 if kind == "plain" else abs((depth or 0) - 5))


def oracle(seed: int | None = 0, **rest: Any) -> OptunaOracle:
    return OptunaOracle(OBJECTIVE, seed=seed, **rest)


def step(found: OptunaOracle, score: Callable[[float], float | None] = lambda loss: loss) -> dict[str, Any]:
    """Run one trial and return the values that it asked for."""
    trial = found.create_trial("tuner")
    loss = score(build(trial.hyperparameters))
    if loss is None:
        trial.status = "FAILED"
    else:
        found.update_trial(trial.trial_id, {"val_loss": loss})
        trial.status = "COMPLETED"
    found.end_trial(trial)
    return dict(trial.hyperparameters.values)


def steps(found: OptunaOracle, n: int = TRIALS) -> list[dict[str, Any]]:
    return [step(found) for _ in range(n)]


def test_the_first_trial_takes_every_default() -> None:
    assert step(oracle()) == DEFAULTS


@pytest.mark.parametrize("seed", [0, 7])
def test_the_same_seed_proposes_the_same(seed: int) -> None:
    assert steps(oracle(seed)) == steps(oracle(seed))


def test_zero_is_a_seed_of_its_own() -> None:
    assert steps(oracle(0)) != steps(oracle(1))


def test_without_a_seed_each_search_is_another() -> None:
    assert steps(oracle(None)) != steps(oracle(None))


def test_the_generators_of_the_process_neither_matter_nor_move() -> None:
    random.seed(1)
    first = steps(oracle(0))
    random.seed(2)
    before = random.getstate()

    assert steps(oracle(0)) == first
    assert random.getstate() == before


@pytest.mark.parametrize("stop", [1, 6, 15])
def test_a_proposal_depends_on_seed_number_and_finished_trials_alone(stop: int, tmp_path: Path) -> None:
    whole = steps(oracle(3))
    objective = Objective("val_loss", "min")
    steps(oracle(3, journal=Journal(tmp_path / "journal.log", objective)), stop)
    resumed = oracle(3, journal=Journal(tmp_path / "journal.log", objective))

    assert steps(resumed, TRIALS - stop) == whole[stop:]


def rate(low: float, high: float) -> Ranged:
    """Return a learning rate as it is asked for where its range depends on others."""
    return Ranged(kinds.Float("optimizer/learning_rate", low, high, None, "log"), low, high, low)


# The middle of the earlier range is 0.001, and 0.01 in the wider one.
@pytest.mark.parametrize(("span", "kept"), [((1e-4, 1e-2), 0.001), ((1e-4, 1.0), 0.001), ((0.1, 1.0), 0.1)])
def test_where_the_range_is_another_one_now_the_parents_value_is_kept_and_not_its_place(
    span: tuple[float, float], kept: float, tmp_path: Path
) -> None:
    journal = Journal(tmp_path / "journal.log", OBJECTIVE_)
    earlier = journal.suggest(journal.open(guided=True), rate(1e-4, 1e-2), wanted=0.001)
    journal.close(Trial(0, "completed", 0.5, {"optimizer/learning_rate": earlier}, {}, 0, 1.0, 2.0))
    resumed = oracle(0, journal=Journal(tmp_path / "journal.log", OBJECTIVE_))
    proposals = [resumed.create_trial(str(each)).hyperparameters for each in range(6)]

    asked = [hp._retrieve(rate(*span)) for hp in proposals]
    assert sum(found == pytest.approx(kept) for found in asked) > 1
    assert all(span[0] <= found <= span[1] for found in asked)


def test_a_failed_trial_is_no_example_to_follow(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal.log", Objective("val_loss", "min"))
    for status, score in (("completed", 0.5), ("failed", 0.1)):
        number = journal.open()
        journal.close(Trial(number, status, score, {"kind": status}, {}, 0, 1.0, 2.0))
    found = oracle(0, journal=journal)
    found.create_trial("tuner")

    made_from = found.parent_of(2)
    assert made_from is not None and made_from.hyperparameters == {"kind": "completed"}


def test_a_start_point_that_was_taken_back_is_tried_when_the_search_goes_on(tmp_path: Path) -> None:
    points = [{"rate": 0.1}, {"rate": 0.2}, {"rate": 0.3}]
    journal = Journal(tmp_path / "journal.log", Objective("val_loss", "min"))
    first = oracle(0, journal=journal, start=points)
    step(first)
    taken_back = first.create_trial("tuner")
    journal.drop(int(taken_back.trial_id))
    resumed = oracle(0, journal=Journal(tmp_path / "journal.log", Objective("val_loss", "min")), start=points)

    assert [step(resumed)["rate"] for _ in points] == [0.1, 0.2, 0.3]


SEARCHED = (
    "optimizer/name",
    "optimizer/learning_rate",
    "structure/dense/width",
    "structure/dense/activation",
    "structure/pooling",
    "regularization/l2",
    "batch_size",
)


def changed(number: int, seed: int) -> set[str]:
    """Return what a late proposal changes of its parent, whose every value is 1."""
    journal = Journal(None, OBJECTIVE_)
    values = dict.fromkeys(SEARCHED, 1)
    for each in range(number):
        hp = keras_tuner.HyperParameters()
        journal.open(guided=True)
        asked = {name: journal.suggest(each, hp_of(hp, name), wanted=1) for name in SEARCHED}
        journal.close(Trial(each, "completed", 0.5 + each, asked, {}, 0, 1.0, 2.0))
    found = oracle(seed, journal=journal).create_trial("tuner").hyperparameters
    return {name for name in SEARCHED if found.Int(name, 0, 9) != values[name]}


def hp_of(hp: keras_tuner.HyperParameters, name: str) -> Any:
    hp.Int(name, 0, 9)
    return hp.space[-1]


def test_a_proposal_changes_settings_or_what_is_compiled_and_an_algorithm_with_its_rate() -> None:
    by_place = {number: [changed(number, seed) for seed in range(6)] for number in (2, 3)}
    structure = {name for name in SEARCHED if name.startswith("structure/")}
    compiled, optimizer = structure | {"optimizer/name"}, {"optimizer/learning_rate"}

    assert all(found <= compiled | optimizer for found in by_place[3])
    assert not any(found & compiled for found in by_place[2])
    assert all(found & structure for found in by_place[3])  # never the same once more
    assert any("batch_size" in found for found in by_place[2])


def test_inactive_values_are_absent() -> None:
    for values in steps(oracle(1)):
        assert ("depth" in values) == (values["kind"] == "deep")


def test_the_sampler_finds_its_way() -> None:
    losses = [step(oracle_, lambda loss: loss) for oracle_ in [oracle(0)] for _ in range(40)]

    best = min(abs(values["rate"] - 0.1) for values in losses if values["kind"] == "plain")
    assert best < 0.02


def test_start_points_come_right_after_the_users_model() -> None:
    points = [{"kind": "deep", "depth": 7}, {"rate": 0.5}]
    found = steps(oracle(0, start=points), 3)

    assert found == [DEFAULTS, {"kind": "deep", "rate": 0.01, "depth": 7}, {"kind": "plain", "rate": 0.5}]


@pytest.mark.parametrize(
    "sampler",
    [optuna.samplers.RandomSampler, optuna.samplers.TPESampler],
)
def test_a_sampler_of_optuna_is_used_as_it_is(sampler: Any) -> None:
    found = [steps(oracle(0, sampler=sampler(seed=4)), 8) for _ in range(2)]

    assert found[0] == found[1]
    assert found[0][0] == DEFAULTS
    assert len({values["rate"] for values in found[0]}) == 8


def test_it_stops_after_its_most_trials() -> None:
    found = oracle(0, max_trials=2)
    steps(found, 2)

    assert found.create_trial("tuner").status == "STOPPED"


def test_failures_in_a_row_end_nothing() -> None:
    found = oracle(0)
    for _ in range(12):
        step(found, lambda loss: None)

    assert len(found.trials) == 12


def test_it_writes_no_file_beside_its_journal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    steps(oracle(0), 3)

    assert list(tmp_path.iterdir()) == []


def test_optuna_speaks_as_it_spoke_before(caplog: pytest.LogCaptureFixture) -> None:
    before = optuna.logging.get_verbosity()
    steps(oracle(0))

    assert optuna.logging.get_verbosity() == before
    assert not [record for record in caplog.records if record.levelname == "WARNING"]


def test_it_drives_a_tuner_of_keras_tuner(tmp_path: Path) -> None:
    class Tuner(keras_tuner.Tuner):  # type: ignore[misc]
        def run_trial(self, trial: Any, *args: Any, **kwargs: Any) -> Any:
            return {"val_loss": build(trial.hyperparameters)}

    tuner = Tuner(oracle(0, max_trials=5), directory=tmp_path, project_name="own")
    tuner.search(verbose=0)

    assert len(tuner.oracle.trials) == 5
    assert tuner.get_best_hyperparameters()[0].values["kind"] in ("plain", "deep")


def test_numbers_of_autoopts_own_space_are_all_within_range() -> None:
    hypermodel = toys.hypermodel()
    found = OptunaOracle(OBJECTIVE, seed=0)
    for number in range(14):
        trial = found.create_trial("tuner")
        hypermodel.draw(trial.hyperparameters)
        found.update_trial(trial.trial_id, {"val_loss": 1.0 / (number + 1)})
        trial.status = "COMPLETED"
        found.end_trial(trial)
        for hp in trial.hyperparameters.space:
            value = trial.hyperparameters.values.get(hp.name)
            if value is not None and hasattr(hp, "min_value"):
                assert hp.min_value <= value <= hp.max_value


@pytest.mark.parametrize("seed", range(3))
def test_a_proposal_of_the_user_s_own_hyperparameters_alone_changes_something(seed: int) -> None:
    found = oracle(seed)
    for number in range(8):
        trial = found.create_trial("tuner")
        asked = trial.hyperparameters
        loss = (
            asked.Int("units", 1, 4) + asked.Boolean("dropout") + asked.Choice("act", ["a", "b"]).count("b")
        )
        before = found.parent_of(number)
        found.update_trial(trial.trial_id, {"val_loss": loss})
        trial.status = "COMPLETED"
        found.end_trial(trial)

        assert before is None or before.hyperparameters != asked.values


def test_a_rate_that_is_kept_of_a_parent_is_its_rate_to_the_last_bit() -> None:
    # Neither 0.005 nor 0.001 comes back as it was from its place in these ranges.
    found = oracle(start=[{"optimizer/learning_rate": 0.005}])
    rates = []
    for _ in range(TRIALS):
        trial = found.create_trial("tuner")
        hp = trial.hyperparameters
        hp.Choice("structure/width", [1, 2, 4])
        rates.append(ranged(hp, "optimizer/learning_rate", (1e-4, 3e-2, 1e-3), (1e-5, 1.0, 1e-3)))
        found.update_trial(trial.trial_id, {"val_loss": abs(rates[-1] - 0.005)})
        trial.status = "COMPLETED"
        found.end_trial(trial)

    assert rates[:2] == [0.001, 0.005]
    # The starting point has it with one of three widths, and no point is proposed twice.
    assert rates[2:].count(0.005) == 2
    assert not any(0 < abs(rate - 0.005) < 1e-9 for rate in rates)


def test_usual_points_keep_to_a_range_and_starting_points_are_taken_as_they_are() -> None:
    point = {"optimizer/learning_rate": 0.5}
    found = oracle(start=[point], usual=[point])
    rates = []
    for number in range(3):
        hp = found.create_trial(f"tuner {number}").hyperparameters
        rates.append(ranged(hp, "optimizer/learning_rate", (1e-4, 1e-2, 1e-3), (1e-5, 1.0, 1e-3)))

    assert rates == [0.001, 0.5, 0.01]


def test_of_several_objectives_proposals_are_made_from_all_over_the_front() -> None:
    size = Objective("size", "min")
    journal = Journal(None, OBJECTIVE_, others=[size])
    for loss, least in ((0.5, 5.0), (0.1, 9.0), (0.9, 1.0), (0.6, 6.0)):
        scores = {"val_loss": loss, "size": least}
        number = journal.open(guided=True)
        journal.close(Trial(number, "completed", loss, DEFAULTS, {}, 0, 0.0, 1.0, scores=scores))
    found = oracle(journal=journal, others=[size])
    for _ in range(12):
        step(found, lambda loss: None)
    parents = [found.parent_of(number) for number in range(4, 16)]

    assert {each.number for each in parents if each is not None} == {0, 1, 2}


def test_where_several_trials_run_what_is_proposed_meanwhile_lies_elsewhere() -> None:
    def nearest(workers: int) -> float:
        """Return the mean distance of eight proposals that are made in one instant to the nearest other one."""
        oracle = OptunaOracle(keras_tuner.Objective("val_loss", "min"), seed=0, workers=workers)
        rate, rates = kinds.Float("rate", 0.0, 1.0, default=0.9), []
        for each in range(48):
            trial = oracle.create_trial(str(each))
            rates.append(trial.hyperparameters._retrieve(rate))
            if each < 40:
                trial.status = "COMPLETED"
                oracle.update_trial(trial.trial_id, {"val_loss": abs(rates[-1] - 0.3)})
                oracle.end_trial(trial)
        last = rates[-8:]
        return sum(min(abs(a - b) for b in last if b is not a) for a in last) / len(last)

    assert nearest(8) > 2 * nearest(1)

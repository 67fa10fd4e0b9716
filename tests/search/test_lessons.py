"""What our own sampler learns from: all that ended, failed trials as the worst, and the journal as it is."""

from pathlib import Path
from typing import Any

import keras_tuner
import optuna
import pytest
from keras_tuner.engine import hyperparameters as kinds

from autoopt.records import Objective
from autoopt.search import OptunaOracle
from autoopt.search.lessons import Lessons
from autoopt.storage import Journal, quiet

LOSS = Objective("val_loss", "min")
RATE = kinds.Float("rate", 0.0, 1.0, default=0.9)


def proposed(trials: int, journal: Journal | None = None, failing: float = 0.5) -> list[float]:
    """Return what our own oracle proposes: the lower the rate the better, and below a limit a trial fails."""
    wanted = keras_tuner.Objective("val_loss", "min")
    oracle, rates = OptunaOracle(wanted, seed=0, journal=journal), []
    for each in range(trials):
        trial = oracle.create_trial(str(each))
        rates.append(trial.hyperparameters._retrieve(RATE))
        trial.status = "FAILED" if rates[-1] < failing else "COMPLETED"
        oracle.update_trial(trial.trial_id, {"val_loss": rates[-1]})
        oracle.end_trial(trial)
    return rates


def test_what_failed_is_no_place_to_go_on() -> None:
    failed = [rate < 0.5 for rate in proposed(50)]

    assert (
        sum(failed[-20:]) < 14
    )  # all of them where nothing is learnt from failures: better scores lie behind


def test_the_journal_shows_failed_trials_as_failed(tmp_path: Path) -> None:
    path = tmp_path / "journal.log"
    proposed(12, Journal(path, LOSS))
    found = Journal(path, LOSS, read_only=True).drawn()

    assert {(trial.status, kept.state.name) for trial, kept in found} == {
        ("failed", "FAIL"),
        ("completed", "COMPLETE"),
    }


def test_a_trial_that_was_taken_back_or_interrupted_teaches_nothing(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal.log", LOSS)
    journal.drop(journal.open())
    journal.open()
    again = Journal(tmp_path / "journal.log", LOSS)
    again.give_up()

    assert again.opened == 2 and again.trials() == []
    assert Lessons().of(again._study, 0).get_trials() == []


@pytest.mark.parametrize("directions", [["minimize"], ["minimize", "maximize"]])
def test_a_failed_trial_is_worse_than_every_other(directions: list[str]) -> None:
    def ended(value: Any, status: str) -> Any:
        return optuna.trial.create_trial(
            state=optuna.trial.TrialState.FAIL if value is None else optuna.trial.TrialState.COMPLETE,
            values=None if value is None else [value] * len(directions),
            params={"rate": 0.1 if value is None else 0.9},
            distributions={"rate": optuna.distributions.FloatDistribution(0.0, 1.0)},
            user_attrs={"trial": {"status": status}},
        )

    with quiet():
        study = optuna.create_study(directions=directions)
        study.add_trials([*[ended(None, "failed")] * 20, *[ended(1.0, "completed")] * 4])
        base = optuna.samplers.TPESampler(seed=0, multivariate=True, n_startup_trials=1, constant_liar=False)
        space = {"rate": optuna.distributions.FloatDistribution(0.0, 1.0)}
        learnt_from, asked = Lessons().of(study, 0), study.ask()
        trial = study.get_trials()[asked.number]
        rates = [base.sample_relative(learnt_from, trial, space)["rate"] for _ in range(5)]

    assert min(rates) > 0.4


def test_one_proposal_learns_from_the_same_trials_throughout() -> None:
    study, lessons = optuna.create_study(), Lessons()
    study.add_trial(optuna.trial.create_trial(value=1.0))
    assert len(lessons.of(study, 1).get_trials()) == 1

    study.add_trial(optuna.trial.create_trial(value=2.0))

    assert len(lessons.of(study, 1).get_trials()) == 1
    assert len(lessons.of(study, 2).get_trials()) == 2

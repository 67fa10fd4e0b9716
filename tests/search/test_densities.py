"""Densities: what is drawn is what Optuna draws, and lies away from what counts as others."""

from typing import Any

import numpy as np
import optuna
import pytest
from optuna.distributions import FloatDistribution
from optuna.trial import TrialState, create_trial

from autoopt.search.densities import Densities, DensitySampler
from autoopt.search.grouped import GroupedSampler, Groups
from autoopt.search.lessons import Lessons
from autoopt.storage import quiet
from tests.search.test_grouped import ask

STARTUP = 5
RATE = {"rate": FloatDistribution(0.0, 1.0)}


def lessons(direction: str) -> optuna.Study:
    """Return what is learnt from 70 trials, some of them pruned, failed, or of the same score."""
    found = optuna.create_study(direction=direction, sampler=optuna.samplers.RandomSampler(seed=0))
    for number in range(70):
        trial = found.ask()
        score = round(ask(trial), 2)
        if number % 5 == 4:
            for step in range(number % 3):
                trial.report(float("nan") if number % 10 == 9 else score, step)
            found.tell(trial, state=TrialState.PRUNED)
        elif number % 7 == 6:
            trial.set_constraint("failed", 1.0)
            found.tell(trial, state=TrialState.PRUNED)
        else:
            found.tell(trial, score)
    return found


def drawn(study: optuna.Study, base: Any) -> dict[str, Any]:
    """Return the values of one proposal, group by group and one by one."""
    sampler, trial = GroupedSampler(base, Groups(), Lessons()), study.ask()
    space = sampler.infer_relative_search_space(study, trial)
    free = {name: found for name, found in space.items() if name != "rate"}
    alone = sampler.sample_independent(study, trial, "rate", space["rate"]) if space else None
    study.tell(trial, state=TrialState.FAIL)
    return {
        "alone": alone,
        **sampler.sample_relative(study, trial, free),
        **sampler.sample_relative(study, trial, space),
    }


@pytest.mark.parametrize("direction", ["minimize", "maximize"])
def test_what_is_drawn_is_what_optuna_draws_to_the_last_bit(direction: str) -> None:
    with quiet():
        known, study = lessons(direction), optuna.create_study(direction=direction)
        densities = Densities(direction[:3])
        for count, trial in enumerate(known.get_trials(deepcopy=False)):
            study.add_trial(trial)
            if count in (2, 6, 30, 69):
                optunas = optuna.samplers.TPESampler(
                    seed=count, multivariate=True, n_startup_trials=STARTUP, constant_liar=False
                )
                ours = DensitySampler(densities, count, STARTUP, dict)
                assert drawn(study, ours) == drawn(study, optunas)


def test_what_counts_as_others_is_kept_away_from() -> None:
    densities, beside = Densities("min"), {each: {"rate": 0.45 + 0.01 * each} for each in range(11)}
    rates = np.linspace(0.0, 1.0, 41)
    densities.learn(
        [create_trial(value=abs(rate - 0.5), params={"rate": rate}, distributions=RATE) for rate in rates]
    )

    def distance(others: Any) -> float:
        drawn = [densities.draw(RATE, others, np.random.RandomState(seed))["rate"] for seed in range(40)]
        return float(np.mean(np.abs(np.array(drawn) - 0.5)))

    assert distance(beside) > 1.2 * distance({})


def test_what_runs_and_lacks_a_dimension_does_not_count() -> None:
    densities = Densities("max")
    densities.learn(
        [create_trial(value=each, params={"rate": each / 10}, distributions=RATE) for each in range(10)]
    )

    alone, beside = (
        densities.draw(RATE, others, np.random.RandomState(0)) for others in ({}, {7: {"momentum": 0.9}})
    )

    assert alone == beside

"""Groups of dimensions: those that are active in the same trials, as Optuna finds them."""

import random
from typing import Any

import optuna
import pytest
from optuna.search_space.group_decomposed import _GroupDecomposedSearchSpace

from autoopt.search.grouped import GroupedSampler, Groups
from autoopt.search.lessons import Lessons
from autoopt.storage import quiet


def ask(trial: optuna.Trial) -> float:
    """Ask as a model with conditional scopes does."""
    kind = trial.suggest_categorical("kind", ["plain", "deep", "wide"])
    rate = trial.suggest_float("rate", 1e-4, 1.0, log=True)
    trial.suggest_int("only", 3, 3)
    if kind == "deep":
        trial.suggest_int("depth", 1, 9)
        trial.suggest_int("skips", 0, 3)
    if kind != "plain":
        trial.suggest_float("dropout", 0.0, 0.5)
    return abs(rate - 0.1)


def study(trials: int, sampler: Any = None) -> optuna.Study:
    with quiet():
        found = optuna.create_study(sampler=sampler or optuna.samplers.RandomSampler(seed=0))
        for number in range(trials):
            trial = found.ask()
            score = ask(trial)
            state = optuna.trial.TrialState.FAIL if number % 7 == 6 else optuna.trial.TrialState.COMPLETE
            found.tell(trial, score if state is optuna.trial.TrialState.COMPLETE else None, state=state)
    return found


def ended(found: optuna.Study) -> list[optuna.trial.FrozenTrial]:
    """Return the trials that tell groups."""
    return found.get_trials(states=(optuna.trial.TrialState.COMPLETE, optuna.trial.TrialState.PRUNED))


@pytest.mark.parametrize("trials", [0, 1, 5, 30])
def test_groups_are_those_that_optuna_finds(trials: int) -> None:
    found = study(trials)
    expected = _GroupDecomposedSearchSpace(True).calculate(found).search_spaces

    assert {frozenset(group) for group in Groups().of(ended(found))} == {
        frozenset(each) for each in expected if each
    }


def test_what_was_learnt_before_is_as_good_as_all_at_once() -> None:
    groups, lessons, sampler = Groups(), Lessons(), optuna.samplers.RandomSampler(seed=1)
    with quiet():
        found = optuna.create_study(sampler=sampler)
        waiting = []
        for _ in range(40):
            trial = found.ask()
            waiting.append((trial, ask(trial)))
            random.Random(len(waiting)).shuffle(waiting)
            if len(waiting) > 3:
                found.tell(*waiting.pop())
            groups.of(lessons.of(found, trial.number).get_trials())

        known = groups.of(lessons.of(found, -1).get_trials())
    assert [list(group) for group in known] == [list(group) for group in Groups().of(ended(found))]


def test_held_values_are_held_and_the_rest_is_sampled() -> None:
    found, held = study(30), {"rate": 0.1, "kind": "deep"}
    with quiet():
        base = optuna.samplers.TPESampler(seed=0, multivariate=True, n_startup_trials=5, constant_liar=False)
        found.sampler = optuna.samplers.PartialFixedSampler(held, GroupedSampler(base, Groups(), Lessons()))
        trials = [found.ask() for _ in range(5)]
        for trial in trials:
            ask(trial)

    assert all({name: trial.params[name] for name in held} == held for trial in trials)
    assert len({trial.params["dropout"] for trial in trials}) == 5

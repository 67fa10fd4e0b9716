"""Who may win and who does: by the one objective, or as the knee of the front."""

from autoopt.records import Objective, Trial
from autoopt.search import Confirmed, best_first, chosen, contenders, ranked, winner

GOALS = Objective("val_accuracy", "max"), Objective("parameters", "min")
VALUES = [(0.5, 100), (0.4, 300), (0.9, 200), (0.92, 10_000), (0.6, 250)]
TRIALS = [
    Trial(n, "completed", a, {}, {}, 0, 0.0, 1.0, scores={"val_accuracy": a, "parameters": p})
    for n, (a, p) in enumerate(VALUES)
]


def numbers(trials: list[Trial]) -> list[int]:
    return [trial.number for trial in trials]


def test_of_several_objectives_the_front_contends_and_the_knee_leads() -> None:
    assert numbers(contenders(TRIALS, GOALS)) == [2, 0, 3]


def test_the_rest_follows_by_the_first_objective() -> None:
    assert numbers(ranked(TRIALS, GOALS)) == [2, 0, 3, 4, 1]


def test_without_confirmation_the_knee_wins_and_with_it_the_knee_of_confirmed_means() -> None:
    front = contenders(TRIALS, GOALS)
    confirmed = {2: Confirmed((0.4, 0.5)), 0: Confirmed((0.5, 0.5))}

    assert chosen(front, {}, GOALS) == TRIALS[2]
    assert chosen(front, confirmed, GOALS) == TRIALS[0]
    assert chosen([], {}, GOALS) is None


def test_one_objective_is_ranked_and_won_as_ever() -> None:
    one, confirmed = GOALS[:1], {3: Confirmed((0.1,)), 2: Confirmed((0.8,))}

    assert contenders(TRIALS, one) == ranked(TRIALS, one) == best_first(TRIALS, one[0])
    assert chosen(TRIALS, confirmed, one) == winner(TRIALS, confirmed, one[0]) == TRIALS[2]

"""The tally of confirmation runs: rounds count whole, and the next one only where there is time for it."""

from autoopt.search.chance import Run
from autoopt.search.tally import Tally


def run(score: float = 0.5) -> Run:
    return Run(score, None)


def test_a_round_that_lacks_a_run_counts_for_nobody() -> None:
    tally = Tally([3, 0], 3, lambda number, repeat: None)
    for key in ((3, 1), (0, 1), (3, 2), (3, 3), (0, 3)):
        tally.add(*key, run(key[1]))

    assert tally.whole == 1
    assert {number: [each.score for each in runs] for number, runs in tally.runs.items()} == {3: [1], 0: [1]}


def test_without_a_whole_round_there_are_no_runs() -> None:
    tally = Tally([3, 0], 2, lambda number, repeat: run() if number else None)

    assert (tally.whole, tally.runs) == (0, {})


def test_runs_of_an_earlier_process_count_and_take_no_time() -> None:
    tally = Tally([3, 0], 3, lambda number, repeat: run() if repeat < 3 else None)

    assert tally.whole == 2 and (3, 2) in tally and (3, 3) not in tally
    assert tally.has_time(0.0)


def test_there_is_time_for_another_round_as_long_as_the_last_one() -> None:
    tally = Tally([3], 2, lambda number, repeat: None)
    tally.begin(1)
    tally.add(3, 1, run())

    assert tally.has_time(None) and tally.has_time(60.0) and not tally.has_time(-1.0)


def test_what_a_round_has_behind_it_counts() -> None:
    tally = Tally([3], 2, lambda number, repeat: None)
    tally.begin(1)
    tally.begin(2)
    tally.add(3, 1, run())

    assert tally.has_time(1e-3)  # it began as early as the round that has ended by now

"""When a search ends: budgets as people write them, the reserve for what follows, and Ctrl-C."""

import os
import signal
import threading
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autoopt.errors import UsageError
from autoopt.search import Interrupts, Limits, seconds

BUDGETS = {
    30: 30.0, 0.5: 0.5, "90s": 90.0, "10m": 600.0, "2h": 7200.0, "1d": 86400.0, "1.5m": 90.0, "45": 45.0,
    " 10M ": 600.0, "1e2s": 100.0, None: None,
}  # fmt: skip


@pytest.mark.parametrize("budget", BUDGETS)
def test_a_budget_is_read_as_seconds(budget: Any) -> None:
    assert seconds(budget) == BUDGETS[budget]


@pytest.mark.parametrize(
    "budget",
    ["soon", "", "s", "-5m", 0, -1, "0s", True, "nan", "inf", float("nan"), [60], "5 minutes", "10x"],
)
def test_what_is_no_budget_is_refused(budget: Any) -> None:
    with pytest.raises(UsageError, match='Expected seconds above 0, or a text as "90s", "10m" or "2h"'):
        seconds(budget)


def limits(
    max_trials: int | None = None, budget: float | None = None, ago: float = 0.0, runs: int = 9
) -> Limits:
    return Limits(max_trials, budget, time.time() - ago, runs)


def test_the_number_of_trials_ends_a_search() -> None:
    found = limits(max_trials=3)

    assert [found.reached(n) is None for n in range(5)] == [True, True, True, False, False]
    assert found.reached(3) == "all 3 trials are done"


def test_without_a_budget_nothing_is_cut() -> None:
    found = limits(max_trials=3)

    assert (found.cut(), found.left(), found.over(), found.deadline) == (None, None, False, None)


def test_a_used_up_budget_cuts_the_running_trial() -> None:
    found = limits(budget=10, ago=11)

    assert (found.cut(), found.reached(1), found.over()) == ("the budget is used up",) * 2 + (True,)


def test_the_users_model_is_begun_whatever_the_budget() -> None:
    assert limits(budget=10, ago=11).reached(0) is None


@given(st.floats(1, 1e5), st.floats(0, 1e5), st.integers(0, 20))
def test_what_follows_the_search_gets_a_quarter_of_the_budget_at_most(
    budget: float, longest: float, runs: int
) -> None:
    found = limits(budget=budget, runs=runs)
    found.note_run(longest)

    assert found._reserve() == pytest.approx(min(budget / 4, runs * longest + found._ending()))
    assert found._ending() <= min(3.0, 0.05 * budget) + 1e-9


def test_what_follows_the_search_has_as_long_as_was_kept_for_it() -> None:
    found = limits(budget=100.0, ago=10.0)
    found.conclude()

    left = found.left()
    assert left is not None and left == pytest.approx(found.kept, abs=0.1)


def test_short_trials_leave_the_search_more_time() -> None:
    found = limits(budget=100, ago=80)
    found.note_run(0.1)
    assert found.cut() is None

    found.note_run(30.0)
    assert found.cut() == "the budget is used up"
    assert not found.over()


def test_what_is_known_of_confirmation_counts_more_than_the_longest_trial() -> None:
    found = limits(budget=100.0, ago=90.0, runs=9)
    found.note_run(30.0)
    assert found.cut() is not None and found.late()

    found.expect(1.0)
    assert found.cut() is None
    found.expect(0.0)
    assert found._reserve() == found._ending()
    found.expect(1000.0)
    assert found._reserve() - found._ending() == found.kept == 22.0


def test_how_long_confirmation_takes_matters_in_the_last_part_alone() -> None:
    assert not limits(budget=100.0, ago=70.0, runs=9).late()
    assert not limits(budget=None, ago=70.0, runs=9).late()


def test_what_follows_the_search_gets_a_quarter_also_where_more_is_left() -> None:
    found = limits(budget=100, ago=10)
    assert found.left() == pytest.approx(87, abs=0.5)

    found.conclude()
    assert found.left() == pytest.approx(22, abs=0.5)
    late = limits(budget=100, ago=90)
    late.conclude()
    assert late.left() == pytest.approx(7, abs=0.5)


def test_an_interrupt_ends_everything_also_before_the_first_trial() -> None:
    found = limits(budget=100)
    found.interrupted = True

    assert (found.reached(0), found.cut(), found.left(), found.over()) == (
        "interrupted",
        "interrupted",
        0.0,
        True,
    )


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_one_signal_finishes_the_search_and_a_second_quits(number: int) -> None:
    found, said = limits(), []
    with pytest.raises(KeyboardInterrupt), Interrupts(found, said.append):
        os.kill(os.getpid(), number)
        time.sleep(0.01)
        assert found.interrupted and len(said) == 1
        os.kill(os.getpid(), number)
        time.sleep(0.01)


def test_the_handlers_are_put_back_also_after_an_error() -> None:
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    with pytest.raises(ValueError), Interrupts(limits(), print):
        assert signal.getsignal(signal.SIGINT) != before[0]
        raise ValueError

    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == before


def test_another_thread_than_the_main_one_touches_no_handler() -> None:
    before, inside = signal.getsignal(signal.SIGINT), []

    def enter() -> None:
        with Interrupts(limits(), print):
            inside.append(signal.getsignal(signal.SIGINT))

    thread = threading.Thread(target=enter)
    thread.start()
    thread.join()

    assert inside == [before]

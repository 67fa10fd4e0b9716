"""The driver: trials ahead where their programs can be made meanwhile, and nothing left of one never trained."""

import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import keras_tuner
import pytest

from autoopt.engines import engine_named
from autoopt.executors import InlineExecutor
from autoopt.records import Objective, Trial, TrialEnded
from autoopt.search import AHEAD, Driver, Limits, OptunaOracle, explore
from autoopt.search.foreign import adopt
from autoopt.space import Space
from autoopt.storage import Journal
from autoopt.worker import Worker
from tests import toys

LOSS = Objective("val_loss", "min")


SETTINGS = Space(structure=False, optimizer=False)
"""All trials share a program."""


class Search:
    """A search on the digits whose user interrupts it after some trials."""

    def __init__(self, path: Path, trials: int | None = None, stop_after: int | None = None) -> None:
        data = toys.halves(*toys.digits(60))
        self.hypermodel = toys.hypermodel(lambda: toys.compiled("sgd", 4), SETTINGS, data)
        self.executor = InlineExecutor(Worker(self.hypermodel, data, engine_named("auto"), LOSS))
        self.journal = Journal(path, LOSS)
        self.limits = Limits(trials, None, 0.0, 0)
        self.ended: list[int] = []
        self.asked: list[list[str]] = []
        self.stop_after = stop_after
        self.confirming: Any = None

    def tell(self, event: Any) -> None:
        if isinstance(event, TrialEnded):
            self.ended.append(event.trial.number)
            self.limits.interrupted = len(self.ended) == self.stop_after

    def run(self, oracle: Any = None) -> str:
        wanted = keras_tuner.Objective("val_loss", "min")
        oracle = oracle or OptunaOracle(wanted, seed=0, journal=self.journal, ahead=AHEAD)
        driver = Driver(
            oracle, self.hypermodel, self.executor, self.journal, self.limits, LOSS, 1, 0, self.tell,
            lambda outcome: None, confirming=self.confirming,
        )  # fmt: skip
        try:
            return driver.run(self.journal.trials())
        finally:
            self.executor.close()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.log"


def test_a_trial_that_was_proposed_ahead_and_never_trained_is_no_trial(path: Path) -> None:
    search = Search(path, stop_after=2)

    assert search.executor.prepares
    assert search.run() == "interrupted"
    assert [trial.number for trial in search.journal.trials()] == search.ended == [0, 1]
    assert search.journal.opened == 2 + AHEAD
    with pytest.raises(LookupError):
        search.executor.wait(lambda job, epoch, logs: "continue")


def test_no_trial_is_proposed_beyond_the_last(path: Path) -> None:
    search = Search(path, trials=3)
    search.run()

    assert search.ended == [0, 1, 2]
    assert search.journal.opened == 3


def in_the_last_part(path: Path, confirming: float) -> Search:
    """Return a search that has come to where it matters how long confirmation takes: 200 s are left of 1,000."""
    search = Search(path)
    search.limits = Limits(3, 1000.0, time.time() - 800.0, 9)
    search.limits.note_run(1000.0)  # by the longest trial all that is left would be kept
    search.confirming = lambda trials: search.asked.append([trial.status for trial in trials]) or confirming
    return search


def test_where_there_is_no_time_for_confirmation_the_search_goes_on_and_cuts_nothing(path: Path) -> None:
    search = in_the_last_part(path, 0.0)

    assert search.run() == "all 3 trials are done"
    assert [trial.status for trial in search.journal.trials()] == ["completed"] * 3
    assert search.asked[0] == [] and max(map(len, search.asked)) == 3


def test_where_confirmation_takes_all_that_is_left_the_search_ends(path: Path) -> None:
    search = in_the_last_part(path, 240.0)

    assert search.run() == "the budget is used up"
    assert search.ended == [0]


class SlowToCompile(InlineExecutor):
    """Says that each program took longer to compile than any search lasts."""

    def wait(self, report: Any, *others: Any) -> Any:
        outcome = super().wait(report, *others)
        return replace(outcome, trial=replace(outcome.trial, costs={"compile": 1e6}))


def test_nothing_is_made_ahead_that_would_not_be_ready_before_the_search_ends(path: Path) -> None:
    search = Search(path, stop_after=3)
    search.limits = Limits(None, 1000.0, time.time(), 0)
    search.executor = SlowToCompile(search.executor._worker)

    assert search.run() == "interrupted"
    # Those beside trial 0 were proposed before anything was known, and then one was run without another.
    assert search.ended == [0, 1, 2] and search.journal.opened == 1 + AHEAD


@pytest.fixture(scope="module")
def later(tmp_path_factory: pytest.TempPathFactory) -> Search:
    """A search that went on after it had been interrupted."""
    path = tmp_path_factory.mktemp("later") / "journal.log"
    Search(path, stop_after=2).run()
    search = Search(path, trials=4)
    search.run()
    return search


def test_a_search_goes_on_after_a_trial_that_was_taken_back(later: Search) -> None:
    assert [trial.number for trial in later.journal.trials()] == [0, 1, 2 + AHEAD, 3 + AHEAD]
    assert all(trial.status == "completed" for trial in later.journal.trials())


def test_programs_of_a_later_session_have_numbers_of_their_own(later: Search) -> None:
    numbers = [trial.program for trial in later.journal.trials()]
    before, after = numbers[:2], numbers[2:]

    assert None not in (*before, *after)
    assert not set(before) & set(after)


def test_a_trial_that_was_taken_back_leaves_no_number_to_be_given_twice(path: Path) -> None:
    earlier = [Trial(number, "completed", 0.5, {}, {}, 0, 1.0, 2.0) for number in (0, 2)]
    space = keras_tuner.HyperParameters()
    space.Float("rate", 0.0, 1.0)
    oracle = keras_tuner.oracles.RandomSearchOracle(objective="val_loss", max_trials=9, seed=1)
    adopt(oracle, LOSS, space, earlier, str(path.parent))

    before = set(oracle.trials)
    assert oracle.create_trial("one").trial_id not in before
    assert len(oracle.trials) == 3


def test_another_oracle_is_told_of_a_trial_before_it_proposes_the_next(path: Path) -> None:
    search = Search(path, stop_after=2)
    oracle = keras_tuner.oracles.RandomSearchOracle(objective="val_loss", max_trials=9, seed=1)
    adopt(oracle, LOSS, explore(search.hypermodel), (), str(path.parent))
    search.run(oracle)

    assert search.journal.opened == 2

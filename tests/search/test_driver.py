"""The driver: trials ahead where their programs can be made meanwhile, and nothing left of one never trained."""

from pathlib import Path
from typing import Any

import keras_tuner
import pytest

from autoopt.engines import engine_named
from autoopt.executors import InlineExecutor
from autoopt.records import Objective, TrialEnded
from autoopt.search import AHEAD, Driver, Limits, OptunaOracle, explore
from autoopt.search.foreign import adopt
from autoopt.storage import Journal
from autoopt.worker import Worker
from tests import toys

LOSS = Objective("val_loss", "min")


class Search:
    """A search on the digits whose user interrupts it after some trials."""

    def __init__(self, path: Path, trials: int | None = None, stop_after: int | None = None) -> None:
        data = toys.halves(*toys.digits(60))
        self.hypermodel = toys.hypermodel(lambda: toys.compiled("sgd", 4), data=data)
        self.executor = InlineExecutor(Worker(self.hypermodel, data, engine_named("auto"), LOSS))
        self.journal = Journal(path, LOSS)
        self.limits = Limits(trials, None, 0.0, 0)
        self.ended: list[int] = []
        self.stop_after = stop_after

    def tell(self, event: Any) -> None:
        if isinstance(event, TrialEnded):
            self.ended.append(event.trial.number)
            self.limits.interrupted = len(self.ended) == self.stop_after

    def run(self, oracle: Any = None) -> str:
        wanted = keras_tuner.Objective("val_loss", "min")
        oracle = oracle or OptunaOracle(wanted, seed=0, journal=self.journal, ahead=AHEAD)
        driver = Driver(
            oracle, self.hypermodel, self.executor, self.journal, self.limits, LOSS, 1, 0, self.tell,
            lambda outcome: None,
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


def test_another_oracle_is_told_of_a_trial_before_it_proposes_the_next(path: Path) -> None:
    search = Search(path, stop_after=2)
    oracle = keras_tuner.oracles.RandomSearchOracle(objective="val_loss", max_trials=9, seed=1)
    adopt(oracle, LOSS, explore(search.hypermodel), (), str(path.parent))
    search.run(oracle)

    assert search.journal.opened == 2

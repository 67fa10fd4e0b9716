"""Trials that run at once and end out of order: none is lost, none is counted twice, and a run goes on where it was."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import keras_tuner
import pytest

from autoopt.engines import KerasEngine
from autoopt.executors import Executions, RepeatingExecutor
from autoopt.recipe import Recipe
from autoopt.records import Objective, Trial, TrialEnded, TrialStarted
from autoopt.search import (
    Confirmation,
    Driver,
    Evidence,
    Forecast,
    Limits,
    OptunaOracle,
    Plan,
    Search,
    affordable,
    explore,
)
from autoopt.search.foreign import adopt
from autoopt.space import Space
from autoopt.storage import Journal
from autoopt.worker import Job, Worker
from tests import toys
from tests.counts import first_of
from tests.search.at_once import AtOnce

LOSS = Objective("val_loss", "min")
WANTED = keras_tuner.Objective("val_loss", "min")


SPACE = Space(structure=False, augmentation=False, optimizer=False)
RATES = Space(structure=False, augmentation=False, regularization=False)


class Searching:
    """A search on the digits of which several trials run at once."""

    def __init__(
        self,
        path: Path,
        trials: int | None = None,
        seed: int = 0,
        model_fn: Any = toys.eager,
        space: Space = SPACE,
    ) -> None:
        data = toys.halves(*toys.digits(40))
        self.hypermodel = toys.hypermodel(model_fn, space, data)
        self.executor = AtOnce(Worker(self.hypermodel, data, KerasEngine(), LOSS), seed=seed)
        self.journal = Journal(path, LOSS)
        self.limits = Limits(trials, None, 0.0, 0)
        self.events: list[Any] = []
        self.after: Callable[[Any], None] = self.events.append

    def run(self, oracle: Any = None, epochs: int = 1) -> str:
        oracle = oracle or OptunaOracle(WANTED, seed=0, journal=self.journal)
        driver = Driver(
            oracle, self.hypermodel, self.executor, self.journal, self.limits, LOSS, epochs, 0, self.after,
            lambda outcome: None,
        )  # fmt: skip
        return driver.run(self.journal.trials())

    def numbers(self) -> list[int]:
        return [trial.number for trial in self.journal.trials()]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.log"


def test_as_many_trials_run_at_once_as_there_are_slots_and_no_more_than_were_asked_for(path: Path) -> None:
    search = Searching(path, trials=7)

    assert search.run() == "all 7 trials are done"
    assert search.executor.most == 3
    assert search.executor.ended != sorted(search.executor.ended)
    assert search.numbers() == list(range(7))
    assert search.journal.opened == 7


def test_each_trial_begins_once_and_ends_once(path: Path) -> None:
    search = Searching(path, trials=5)
    search.run()
    begun = [event.number for event in search.events if isinstance(event, TrialStarted)]
    ended = [event.trial.number for event in search.events if isinstance(event, TrialEnded)]

    assert begun == list(range(5))
    assert ended == search.executor.ended
    assert sorted(ended) == begun


def test_where_the_search_ends_what_runs_is_kept_and_what_waits_is_no_trial(path: Path) -> None:
    search = Searching(path)

    def interrupt(event: Any) -> None:
        search.limits.interrupted |= isinstance(event, TrialEnded)

    search.after = interrupt
    reason = search.run(epochs=3)
    statuses = [trial.status for trial in search.journal.trials()]

    assert reason == "interrupted"
    assert sorted(statuses) == ["completed", "pruned", "pruned"]
    assert search.journal.opened == 6 and not Journal(path, LOSS).interrupted


def test_trials_that_were_cut_off_are_run_again_with_their_values_although_later_ones_had_ended(
    path: Path,
) -> None:
    search = Searching(path, trials=9, seed=1, space=RATES)

    def killed(event: Any) -> None:
        search.events.append(event)
        if len([each for each in search.events if isinstance(each, TrialEnded)]) == 3:
            raise KeyboardInterrupt

    search.after = killed
    with pytest.raises(KeyboardInterrupt):
        search.run()
    begun = {each.number: each.hyperparameters for each in search.events if isinstance(each, TrialStarted)}
    ended = set(search.numbers())
    again = Searching(path, trials=9, space=RATES)
    cut = sorted(again.journal.interrupted)
    again.run()
    values = {trial.number: trial.hyperparameters for trial in again.journal.trials()}

    assert cut and max(ended) > min(cut)
    assert len(again.numbers()) == 9
    assert {number: values[number] for number in begun} == begun


def test_several_first_failures_end_the_search(path: Path) -> None:
    def model_fn() -> Any:
        model = toys.eager()
        model.compile("sgd", lambda truth, guess: 1 / 0, run_eagerly=True)
        return model

    search = Searching(path, trials=20, model_fn=model_fn)

    assert search.run() == "the first trials all failed for the same cause"
    assert len(search.numbers()) < 9


@pytest.mark.parametrize("name", first_of("hyperband", "random"))
def test_oracles_of_keras_tuner_propose_for_all_slots(path: Path, name: str) -> None:
    search, oracles = Searching(path, trials=6), keras_tuner.oracles
    oracle = (
        oracles.RandomSearchOracle(objective=WANTED, max_trials=6, seed=1)
        if name == "random"
        else oracles.HyperbandOracle(objective=WANTED, max_epochs=2, factor=2, seed=1)
    )
    adopt(oracle, LOSS, explore(search.hypermodel), (), str(path.parent))
    search.run(oracle, epochs=2)

    assert search.executor.most == 3
    # Hyperband's brackets of two epochs have 2, 1 and 2 trials.
    assert len(search.numbers()) == (6 if name == "random" else 5)


def test_trials_of_several_trainings_run_at_once(path: Path) -> None:
    search = Searching(path, trials=4)
    search.executor = base = search.executor  # type: ignore[assignment]
    search.executor = RepeatingExecutor(base, Executions(2), LOSS)  # type: ignore[assignment]
    search.run()

    assert base.most == 3
    assert sorted(base.ended) == sorted([*range(4)] * 2)
    assert [trial.executions for trial in search.journal.trials()] == [2] * 4


def test_what_was_recalled_between_two_trainings_ends_with_those_that_it_has() -> None:
    data = toys.halves(*toys.digits(40))
    worker = Worker(toys.hypermodel(toys.eager, data=data), data, KerasEngine(), LOSS)
    executor = RepeatingExecutor(AtOnce(worker, slots=2), Executions(3), LOSS)
    for number in range(3):
        executor.submit(Job(number, Recipe(), {}, 1, 1, 0))
    trainings = [executor.wait(lambda job, epoch, logs: "continue").trial]
    back = [job.number for job in executor.recall()]
    while len(trainings) + len(back) < 3:
        trainings.append(executor.wait(lambda job, epoch, logs: "continue").trial)

    assert trainings[0].missing == 0
    assert {*back, *(trial.number for trial in trainings)} == {0, 1, 2}


def confirmed(
    slots: int, limits: Limits | None = None, repeats: int = 2, numbers: Sequence[int] = (4, 3, 2, 0),
    plan: Any = None,
) -> tuple[AtOnce, Any, list[Any]]:  # fmt: skip
    """Return where runs were confirmed, what was found, and what was told."""
    data, told = toys.halves(*toys.digits(60)), list[Any]()
    hypermodel = toys.hypermodel(toys.eager, data=data)
    worker = Worker(hypermodel, data, KerasEngine(), LOSS)
    base = AtOnce(worker, slots)
    executor: Any = base if plan is None else RepeatingExecutor(base, plan, LOSS)
    evidence = Evidence(worker, lambda trial: toys.eager())
    confirmation = Confirmation(
        hypermodel,
        executor,
        limits or Limits(None, None, 0.0, 9),
        LOSS,
        1,
        0,
        told.append,
        data.recut,
        evidence.of,
    )
    best = [Trial(number, "completed", 0.5, {}, {}, 0, 1.0, 2.0) for number in numbers]
    return base, confirmation.run(best, repeats), told


def test_the_runs_of_a_round_of_confirmation_run_at_once() -> None:
    executor, found, told = confirmed(3)

    assert executor.most == 3
    assert {number: len(runs) for number, runs in found.items()} == {4: 2, 3: 2, 2: 2, 0: 2}
    assert [event.repeat for event in told if isinstance(event, TrialStarted)] == [1] * 4 + [2] * 4


def test_workers_without_a_run_in_a_round_begin_with_the_next_and_it_comes_out_the_same() -> None:
    (alone, one, _), (beside, several, told) = (confirmed(slots, numbers=(4, 0)) for slots in (1, 4))

    assert (alone.most, beside.most) == (1, 4)
    assert [(run.score, run.values.each.tolist()) for runs in several.values() for run in runs] == [
        (run.score, run.values.each.tolist()) for runs in one.values() for run in runs
    ]
    assert sorted((event.trial.number, event.repeat) for event in told if isinstance(event, TrialEnded)) == [
        (0, 1),
        (0, 2),
        (4, 1),
        (4, 2),
    ]


def test_runs_of_one_trial_in_two_rounds_are_told_apart_where_trainings_are_planned() -> None:
    executor, found, _ = confirmed(4, numbers=(4, 0), plan=Executions(2))

    assert executor.most == 4 and sorted(executor.ended) == [0, 0, 4, 4]
    assert len({run.score for runs in found.values() for run in runs}) == 4


def test_a_round_for_which_there_is_no_time_counts_for_nobody_although_it_has_begun() -> None:
    class Hasty(Limits):
        """Leaves next to no time, and never ends what runs."""

        def over(self) -> bool:
            return False

        def left(self) -> float:
            return -1e9

    _, found, told = confirmed(3, Hasty(None, None, 0.0, 9), repeats=3, numbers=(4, 0))

    assert {number: len(runs) for number, runs in found.items()} == {4: 1, 0: 1}
    assert max(event.repeat for event in told if isinstance(event, TrialStarted)) > 1
    begun = [(event.number, event.repeat) for event in told if isinstance(event, TrialStarted)]
    ended = [(event.trial.number, event.repeat) for event in told if isinstance(event, TrialEnded)]
    assert sorted(begun) == sorted(ended)


def test_what_confirmation_takes_is_foreseen_by_how_many_run_at_once() -> None:
    best = [
        Trial(number, "completed", 0.5, {}, {"val_loss": [1.0]}, 0, 10.0, 11.0) for number in (3, 2, 1, 0)
    ]
    seconds = [affordable(best, best[-1], Search(), 100.0, slots=slots).seconds for slots in (1, 2, 4)]

    assert seconds == pytest.approx([12.0, 6.0, 3.0])


def test_how_far_the_search_comes_is_foreseen_by_how_many_run_at_once() -> None:
    ended = [TrialEnded(Trial(n, "completed", 0.5, {}, {"val_loss": [1.0]}, 0, 10.0, 12.0)) for n in range(4)]
    foreseen = []
    for slots in (1, 2):
        forecast = Forecast(Plan(1), Limits(24, None, 0.0, 0), slots)
        foreseen.append([found for event in ended if (found := forecast.after(event)) is not None])

    assert [(each.trials, each.seconds) for (each,) in foreseen] == [(24, 48.0), (24, 24.0)]

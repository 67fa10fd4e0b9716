"""A trial that Hyperband promotes goes on with the training that it names, as if that had never stopped."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import keras
import keras_tuner
import numpy as np
import pytest

from autoopt import Search, Space, axes
from autoopt.engines import engine_named
from autoopt.errors import UsageError
from autoopt.executors import InlineExecutor
from autoopt.records import EpochEnded, Objective, Trial, TrialEnded
from autoopt.search import Driver, Limits, explore
from autoopt.search.foreign import adopt
from autoopt.search.promotions import Promotions, best_within, known
from autoopt.storage import Journal
from autoopt.worker import Continuation, Job, Outcome, Worker
from tests import toys
from tests.counts import at_full_counts

LOSS = Objective("val_loss", "min")
EPOCHS, RUNGS, SEED = 6, (1, 2, 4), 3
BRACKET = 7  # trials: four of one epoch, the best two of them go on to two, the best of these to four


class Counting(keras.callbacks.Callback):  # type: ignore[misc]
    """Counts what it is told."""

    def __init__(self) -> None:
        super().__init__()
        self.told: list[str] = []

    def on_train_begin(self, logs: Any = None) -> None:
        self.told.append("begin")

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        self.told.append(str(epoch))

    def on_train_end(self, logs: Any = None) -> None:
        self.told.append("end")


class Hyperband:
    """One bracket of Hyperband on a few digits, whose trainings may be lost amid it."""

    def __init__(self, folder: Path, lost: bool = False) -> None:
        data = toys.halves(*toys.digits(60))
        space = Space(
            structure=False, initialization=False, batch_size=False,
            optimizer=axes.Optimizer(["adam"]), fix={"optimizer/use_ema": False, "regularization/l2": 0.0},
        )  # fmt: skip
        self.hypermodel = toys.hypermodel(lambda: toys.compiled("adam"), space, data)
        self.counters: list[Counting] = []
        self.worker = Worker(self.hypermodel, data, engine_named("auto"), LOSS, self.callbacks)
        self.executor = InlineExecutor(self.worker)
        self.journal = Journal(folder / "journal.log", LOSS)
        self.epochs: list[tuple[int, int]] = []
        self.outcomes: list[Outcome] = []
        self.waiting: list[int] = []
        self.lost = lost
        oracle = keras_tuner.oracles.HyperbandOracle("val_loss", max_epochs=4, factor=2, seed=1)
        adopt(oracle, LOSS, explore(self.hypermodel), (), str(folder))
        self.driver = Driver(
            oracle, self.hypermodel, self.executor, self.journal, Limits(BRACKET, None, 0.0, 0), LOSS, EPOCHS,
            SEED, self.tell, self.outcomes.append,
        )  # fmt: skip

    def callbacks(self, trial: Trial) -> list[Any]:
        self.counters.append(Counting())
        return [self.counters[-1]]

    def tell(self, event: Any) -> None:
        if isinstance(event, EpochEnded):
            self.epochs.append((event.number, event.epoch))
        if isinstance(event, TrialEnded):
            self.waiting.append(len(self.worker.paused._kept))
            if self.lost:
                self.worker.paused.clear()

    def uninterrupted(self, number: int) -> Outcome:
        """Train what a trial is the last part of, in one go."""
        trial = self.journal.trial(number)
        origin = trial
        while origin.continues is not None:
            origin = self.journal.trial(origin.continues)
        hp = toys.asking(dict(trial.hyperparameters))
        recipe = self.hypermodel.draw(hp)
        job = Job(origin.number, recipe, dict(hp.values), trial.epochs, EPOCHS, SEED)
        return self.worker.run(job, lambda epoch, logs: "continue")


@pytest.fixture(scope="module")
def bracket(tmp_path_factory: pytest.TempPathFactory) -> Hyperband:
    found = Hyperband(tmp_path_factory.mktemp("hyperband"))
    found.driver.run([])
    return found


def promoted(bracket: Hyperband) -> list[Trial]:
    return [trial for trial in bracket.journal.trials() if trial.continues is not None]


def test_a_promoted_trial_is_what_an_uninterrupted_training_would_have_been(bracket: Hyperband) -> None:
    trials = [trial for trial in promoted(bracket) if trial.first_epoch < trial.epochs]

    assert len(trials) >= 2
    for trial in trials:
        whole = bracket.uninterrupted(trial.number)
        assert trial.epochs in RUNGS[1:]
        assert trial.history == whole.trial.history
        weights = next(each.weights for each in bracket.outcomes if each.trial.number == trial.number)
        for one, other in zip(weights or (), whole.weights or (), strict=True):
            np.testing.assert_array_equal(one, other)


def test_a_promoted_trial_has_the_hyperparameters_of_the_one_that_it_names(bracket: Hyperband) -> None:
    for trial in promoted(bracket):
        earlier = bracket.journal.trial(trial.continues or 0)
        assert trial.hyperparameters == earlier.hyperparameters


def test_no_epoch_is_trained_twice(bracket: Hyperband) -> None:
    for trial in promoted(bracket):
        told = [epoch for number, epoch in bracket.epochs if number == trial.number]
        assert told == list(range(trial.first_epoch, trial.epochs))


def test_a_promoted_trial_says_what_it_continues(bracket: Hyperband) -> None:
    for trial in promoted(bracket):
        assert trial.note.endswith(f"Continues trial {trial.continues} from epoch {trial.first_epoch}.")


def test_callbacks_begin_once_and_go_on_and_end_once(bracket: Hyperband) -> None:
    counters = bracket.counters[: BRACKET - len(promoted(bracket))]  # the others are of uninterrupted ones
    for counter in counters:
        first, *epochs, last = counter.told
        assert (first, last) == ("begin", "end")
        assert epochs == [str(epoch) for epoch in range(len(epochs))]
    assert sum(len(counter.told) - 2 for counter in counters) == len(bracket.epochs)


def test_what_can_no_longer_be_promoted_is_freed(bracket: Hyperband) -> None:
    assert max(bracket.waiting) == 3  # of the first round, in which the user's own model trains all epochs
    assert bracket.waiting[-1] < 3
    assert not bracket.worker.paused._kept


@at_full_counts
def test_a_training_that_is_not_at_hand_is_repeated_and_comes_to_the_same(
    bracket: Hyperband, tmp_path: Path
) -> None:
    lost = Hyperband(tmp_path, lost=True)
    lost.driver.run([])
    histories = [[trial.history for trial in each.journal.trials()] for each in (bracket, lost)]

    assert histories[0] == histories[1]
    notes = [trial.note for trial in promoted(lost) if trial.first_epoch == 0]
    assert notes and all(note.startswith("Repeats and continues trial ") for note in notes)


def ended(epochs: int, losses: list[float]) -> Trial:
    best = int(np.argmin(losses))
    return Trial(0, "completed", losses[best], {}, {"val_loss": losses}, best, 0.0, 1.0)


def continuing(first: int, epochs: int) -> Job:
    return Job(7, None, {}, epochs, 9, 0, continues=Continuation(0, 0, first))  # type: ignore[arg-type]


LEFT = {
    "more epochs behind it than are asked for": (ended(4, [4.0, 3.0, 2.0, 1.0]), continuing(1, 2), (3.0, 1)),
    "ended by patience": (ended(2, [2.0, 3.0]), continuing(4, 8), (2.0, 0)),
    "no epochs left below the search's most": (ended(2, [2.0, 1.0]), continuing(2, 2), (1.0, 1)),
}


@pytest.mark.parametrize("case", LEFT)
def test_a_training_with_no_epoch_left_is_answered_at_once(case: str) -> None:
    earlier, job, expected = LEFT[case]
    outcome = known(job, lambda number: earlier, LOSS)

    assert outcome is not None and outcome.weights is None
    assert (outcome.trial.score, outcome.trial.best_epoch) == expected
    assert outcome.trial.epochs == min(earlier.epochs, job.epochs)


def test_the_users_model_is_not_trained_again_however_often_it_is_promoted() -> None:
    trials = {0: ended(9, [9.0, 8.0, 7.0, 6.0, 5.0]), 4: ended(2, [9.0, 8.0])}
    job = replace(continuing(2, 4), continues=Continuation(4, 0, 2))
    outcome = known(job, trials.__getitem__, LOSS)

    assert outcome is not None
    assert (outcome.trial.score, outcome.trial.epochs, outcome.trial.own_epochs) == (6.0, 4, 0)


def test_a_training_with_epochs_left_is_not_answered() -> None:
    earlier = ended(2, [2.0, 1.0])

    pruned = replace(earlier, status="pruned")

    assert known(continuing(2, 4), lambda number: earlier, LOSS) is None
    assert known(continuing(2, 4), lambda number: pruned, LOSS) is None


def test_trials_are_compared_at_equal_epochs() -> None:
    whole = ended(4, [4.0, 3.0, 5.0, 1.0])

    assert [best_within(whole, epochs, LOSS) for epochs in (1, 2, 3, 4)] == [
        (4.0, 0),
        (3.0, 1),
        (3.0, 1),
        (1.0, 3),
    ]


def test_a_pruner_beside_an_oracle_that_ends_trials_itself_is_refused() -> None:
    import optuna

    oracle = keras_tuner.oracles.HyperbandOracle("val_loss", max_epochs=4)
    with pytest.raises(UsageError, match=r"ends trials early by itself\. Expected one of the two"):
        Search(oracle=oracle, pruner=optuna.pruners.MedianPruner())


def test_a_job_of_any_other_oracle_is_left_as_it_is() -> None:
    trial = keras_tuner.engine.trial.Trial(keras_tuner.HyperParameters(), "0", "RUNNING")
    job = Job(7, None, {}, 2, 9, 0)  # type: ignore[arg-type]

    assert Promotions().linked(job, trial) == job

"""A worker turns a job into an outcome: schedules as long as the training, failures as part of the outcome."""

from collections.abc import Callable
from typing import Any

import keras
import pytest

from autoopt import axes
from autoopt.data import Dataset, Part, Stream
from autoopt.engines import Assignment, KerasEngine
from autoopt.recipe import Recipe
from autoopt.records import Objective, Trial
from autoopt.space import Space
from autoopt.worker import Job, Worker
from tests import toys
from tests.counts import FULL


def worker(model_fn: Any = toys.eager, data: Dataset | None = None, callbacks: Any = ()) -> Worker:
    dataset = toys.halves(*toys.digits(100)) if data is None else data
    hypermodel = toys.hypermodel(model_fn, data=dataset)
    return Worker(hypermodel, dataset, KerasEngine(), Objective("val_loss", "min"), callbacks)


def job(recipe: Recipe | None = None, epochs: int = 2, horizon: int | None = None, **rest: Any) -> Job:
    return Job(0, recipe or Recipe(), {}, epochs, horizon or epochs, seed=0, **rest)


def go_on(epoch: int, logs: Any) -> Any:
    return "continue"


def test_patience_ends_a_trial_and_leaves_confirmation_runs_their_epochs() -> None:
    data = toys.halves(*toys.digits(100))
    space = Space(regularization=axes.Regularization(patience=1))
    hypermodel = toys.hypermodel(
        lambda: toys.compiled(keras.optimizers.SGD(0.0), run_eagerly=True), space, data
    )
    found = Worker(hypermodel, data, KerasEngine(), Objective("val_loss", "min"))
    first, again = (found.run(job(epochs=4, repeat=repeat), go_on).trial for repeat in (0, 1))

    assert (first.status, first.epochs) == ("completed", 2)
    assert "ended after epoch 2 of 4" in first.note
    assert (again.epochs, again.note) == (4, "")


class Tens(keras.utils.PyDataset):  # type: ignore[misc]
    """Forty digits, ten a batch."""

    def __len__(self) -> int:
        return 4

    def __getitem__(self, index: int) -> Any:
        x, y = toys.digits(40)
        return x[10 * index : 10 * index + 10], y[10 * index : 10 * index + 10]


def loader() -> Any:
    torch = pytest.importorskip("torch")
    x, y = toys.digits(40)
    rows = torch.utils.data.TensorDataset(torch.tensor(x), torch.tensor(y))
    return torch.utils.data.DataLoader(rows, batch_size=10, shuffle=True)


def tf_batches() -> Any:
    tf = pytest.importorskip("tensorflow")
    return tf.data.Dataset.from_tensor_slices(toys.digits(40)).batch(10)


def tf_of_unknown_size() -> Any:
    tf = pytest.importorskip("tensorflow")
    return tf.data.Dataset.from_tensor_slices(toys.digits(40)).filter(lambda x, y: True).batch(10)


STREAMS: dict[str, Callable[[], Any]] = {
    "PyDataset": Tens,
    "DataLoader": loader,
    **({"tf.data": tf_batches} if FULL else {}),
    "tf.data of unknown size": tf_of_unknown_size,
}


def last_rate(dataset: Dataset, **changes: Any) -> float:
    """Return the share of the first learning rate that is left after the last step."""
    found = worker(toys.eager, dataset)
    recipe = Recipe().plus(optimizer="sgd", learning_rate=0.5, schedule="exponential", **changes)
    size = found.hypermodel.batch_size(recipe)
    candidate = found.hypermodel.candidate(recipe, {}, dataset.train.steps(size) * 2, 0)
    fitting = found.engine.fitting(candidate, Assignment(dataset.train, dataset.validation, size, 1, seed=0))
    fitting.epoch(0)
    return float(fitting.model.optimizer.learning_rate) / 0.5


@pytest.mark.parametrize("size", [5, 20, 32, 75])
def test_a_schedule_is_half_through_after_half_of_the_epochs(size: int) -> None:
    # exponential: γ^(t/T) with γ = 0.01, so 0.1 at half of the steps, whatever the batch size
    assert last_rate(toys.halves(*toys.digits(100)), batch_size=size) == pytest.approx(0.1, abs=1e-5)


@pytest.mark.slow
@pytest.mark.parametrize("stream", STREAMS)
def test_a_schedule_knows_the_batches_of_a_stream(stream: str) -> None:
    source = Stream(STREAMS[stream](), None)

    assert last_rate(Dataset(source, Part(*toys.digits(20)))) == pytest.approx(0.1, abs=1e-5)


@pytest.mark.slow
@pytest.mark.parametrize("stream", STREAMS)
def test_equal_seeds_give_equal_trials_on_every_stream(stream: str) -> None:
    data = Dataset(Stream(STREAMS[stream](), None), Part(*toys.digits(20)))
    found = [worker(toys.eager, data).run(job(), go_on).trial.history for _ in range(2)]

    assert found[0] == found[1] != {}


def test_equal_jobs_give_equal_trials_and_another_repeat_another() -> None:
    one = worker()
    found = [one.run(job(repeat=repeat), go_on).trial.history for repeat in (0, 0, 1)]

    assert found[0] == found[1] != found[2]


def test_a_longer_horizon_changes_the_schedule_and_not_the_number_of_epochs() -> None:
    recipe = Recipe().plus(optimizer="sgd", learning_rate=0.5, schedule="cosine")
    short, long = (worker().run(job(recipe, 2, horizon), go_on).trial for horizon in (2, 20))

    assert short.epochs == long.epochs == 2
    assert short.history["loss"] != long.history["loss"]


def test_a_model_function_that_raises_is_a_failed_outcome_with_its_traceback() -> None:
    calls = []

    def model_fn() -> keras.Model:
        calls.append(1)
        if len(calls) > 1:
            raise OSError("the disk is full")
        return toys.eager()

    outcome = worker(model_fn).run(job(), go_on)

    assert (outcome.trial.status, outcome.trial.score, outcome.weights) == ("failed", None, None)
    assert "the disk is full" in outcome.trial.error and "model_fn" in outcome.trial.error
    assert outcome.trial.finished >= outcome.trial.started


def test_an_interrupt_passes_through() -> None:
    def interrupted(epoch: int, logs: Any) -> Any:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        worker().run(job(), interrupted)


def test_a_callback_is_copied_for_each_trial() -> None:
    stop = keras.callbacks.EarlyStopping("val_loss", patience=0, min_delta=1e9)
    one = worker(callbacks=[stop])
    epochs = [one.run(job(epochs=5), go_on).trial.epochs for _ in range(2)]

    assert epochs == [2, 2] or epochs == [1, 1]
    assert stop.model is None


def test_a_function_of_the_trial_gives_its_callbacks() -> None:
    seen: list[Trial] = []

    def callbacks(trial: Trial) -> list[Any]:
        seen.append(trial)
        return []

    worker(callbacks=callbacks).run(job(), go_on)

    assert [(trial.number, trial.status) for trial in seen] == [(0, "running")]


def test_a_callback_that_raises_fails_its_trial() -> None:
    class Broken(keras.callbacks.Callback):  # type: ignore[misc]
        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            raise ValueError("broken callback")

    trial = worker(callbacks=[Broken()]).run(job(), go_on).trial

    assert (trial.status, trial.note) == ("failed", "ValueError: broken callback")

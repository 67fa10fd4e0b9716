"""A process may end after a trial was recorded and before its weights were written: they are trained again."""

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

import autoopt
from autoopt.result import Result
from tests import toys
from tests.counts import at_full_counts

SPACE = autoopt.Space(structure=False, augmentation=False)
"""All trials share a program."""


def run(folder: Path, trials: int, **options: Any) -> Result:
    search = options.pop("search", autoopt.Search(confirm=2, confirm_repeats=1))
    return autoopt.tune(
        toys.compiled, toys.digits(120), epochs=2, max_trials=trials, seed=0, verbose=0, project_name="run", resume=True, space=SPACE,
        directory=folder / "runs", logdir=folder / "logs", search=search, **options,
    )  # fmt: skip


def weights_of(folder: Path) -> dict[str, list[Any]]:
    """Return what lies on disk of each trial."""
    found = {}
    for path in (folder / "runs" / "run" / "weights").iterdir():
        with np.load(path, allow_pickle=False) as arrays:
            found[path.name] = [arrays[name] for name in arrays.files]
    return found


def test_lost_weights_come_back_the_same_and_the_run_ends_as_it_would_have(tmp_path: Path) -> None:
    first = run(tmp_path, 4)
    before, expected = weights_of(tmp_path), first.best_model.get_weights()
    for path in (tmp_path / "runs" / "run" / "weights").iterdir():
        path.unlink()
    again = run(tmp_path, 4)

    assert weights_of(tmp_path).keys() == before.keys()
    for name, arrays in weights_of(tmp_path).items():
        for one, other in zip(arrays, before[name], strict=True):
            np.testing.assert_array_equal(one, other)
    assert again.best_trial == first.best_trial
    for one, other in zip(again.best_model.get_weights(), expected, strict=True):
        np.testing.assert_array_equal(one, other)


class Different(keras.callbacks.Callback):  # type: ignore[misc]
    """Changes the weights otherwise each time that a training begins."""

    begun = 0

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        Different.begun += 1
        self.model.set_weights([weight + 0.01 * Different.begun for weight in self.model.get_weights()])


@at_full_counts
def test_what_comes_out_otherwise_is_not_handed_over(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    run(tmp_path, 2, callbacks=[Different()], objective="val_loss")
    lost = sorted((tmp_path / "runs" / "run" / "weights").iterdir())
    for path in (*lost, tmp_path / "runs" / "run" / "best.keras"):
        path.unlink()
    result = run(tmp_path, 3, callbacks=[Different()], objective="val_loss")

    assert caplog.text.count("were lost, and training it again gave others") == len(lost)
    assert result.best_trial.number == 2

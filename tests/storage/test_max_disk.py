"""What the run folder may take: the weights of the worst of the best few give way, to memory."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import autoopt
from autoopt.records import Objective, Trial
from autoopt.storage import BestWeights, RunFolder, create
from autoopt.storage.disk import WEIGHTS, Disk
from autoopt.storage.files import Files
from tests import toys

ACCURACY = Objective("val_accuracy", "max")
SIZE = 100_000
"""Bytes of a trial's weights, a little more on disk."""


@pytest.fixture
def folder(tmp_path: Path) -> RunFolder:
    found = create(tmp_path, "one", False, most=int(2.5 * SIZE))
    found.write("run", {"seed": 3})
    return found


def kept(folder: RunFolder, *scores: float) -> BestWeights:
    weights = BestWeights(folder, 3, ACCURACY, [])
    for number, score in enumerate(scores):
        trial = Trial(number, "completed", score, {}, {}, 0, 0.0, 1.0)
        weights.keep(trial, [np.full(SIZE // 8, score)])
    weights.finish()
    weights.close()
    return weights


def lying(folder: RunFolder) -> list[str]:
    return sorted(path.name for path in (folder.path / "weights").iterdir())


@pytest.mark.parametrize("scores", [(0.7, 0.5, 0.9), (0.9, 0.7, 0.5), (0.5, 0.1, 0.9, 0.7)])
def test_the_best_lie_on_disk_and_the_others_in_memory(folder: RunFolder, scores: tuple[float, ...]) -> None:
    weights = kept(folder, *scores)
    best = sorted(range(len(scores)), key=lambda number: -scores[number])

    assert lying(folder) == [f"trial-{number:04d}.weights.npz" for number in sorted(best[:2])]
    assert folder.size <= 2.5 * SIZE
    for number in best[:3]:
        np.testing.assert_array_equal((weights.of(number) or [])[0], np.full(SIZE // 8, scores[number]))


def test_what_gives_way_is_no_fault_of_the_disk(folder: RunFolder, caplog: pytest.LogCaptureFixture) -> None:
    with folder.held():
        kept(folder, 0.9, 0.7, 0.5)

    assert caplog.text == ""
    assert folder.in_memory == ["weights/trial-0002.weights.npz"]


def test_a_model_has_the_room_of_weights_and_those_of_its_own_trial_go_last(folder: RunFolder) -> None:
    kept(folder, 0.9, 0.7, 0.5)
    model = toys.dense(1000)
    assert folder.save_model(folder.best_model, model, size=int(1.4 * SIZE), number=1)

    assert lying(folder) == []  # it takes three times as much
    assert folder.best_model.exists() and folder.has_weights(0) and folder.has_weights(1)


def test_weights_that_cannot_be_read_stay_where_they_are(folder: RunFolder) -> None:
    kept(folder, 0.9, 0.7)
    again, path = RunFolder(folder.path, folder.most), folder.path / "weights" / "trial-0001.weights.npz"
    path.write_bytes(bytes(1000) + path.read_bytes()[1000:])  # the archive's directory is at its end
    again.keep_weights(2, [np.ones(SIZE // 8)])
    again.write_again([2, 0, 1])

    assert len(lying(again)) == 3 and again.in_memory == []


def test_what_has_room_again_stays_though_it_could_not_be_removed_meanwhile(tmp_path: Path) -> None:
    files, target = Files(Disk(tmp_path)), tmp_path / "file"

    def save(path: Path, content: str) -> None:
        if target.is_dir():  # which cannot be removed as a file is
            target.rmdir()
        path.write_text(content)

    files.keep(target, "content", save, WEIGHTS)
    files.write()
    files.put_aside(target)
    target.unlink()
    target.mkdir()
    files.put_aside(target, False)
    files.write()
    files.write()
    assert target.read_text() == "content" and not files.waiting


def test_what_is_always_written_may_take_more_and_that_is_told(
    folder: RunFolder, caplog: pytest.LogCaptureFixture
) -> None:
    with folder.held():
        kept(folder, 0.9)
        folder.write("result", {"long": "x" * 3 * SIZE})

    assert "more than max_disk, 250 kB" in caplog.text


@pytest.mark.parametrize("given", ["10KB", "5MB", 1000, -1, True, "lots"])
def test_a_limit_that_no_run_can_keep_is_refused(given: Any) -> None:
    with pytest.raises(autoopt.errors.UsageError, match=r"max_disk was given .* from 10,000,000. Leave"):
        autoopt.Resources(max_disk=given)


def test_a_search_keeps_to_it(tmp_path: Path) -> None:
    result = autoopt.tune(
        lambda: toys.compiled(units=4000), toys.digits(120), epochs=1, max_trials=8, seed=0, verbose=0,
        space=autoopt.Space(structure=False), directory=tmp_path / "runs", logdir=tmp_path / "logs",
        search=autoopt.Search(confirm=0, keep=8), resources=autoopt.Resources(max_disk="10MB"),
    )  # fmt: skip
    told = result.summary()

    assert 5e6 < told["disk"] <= 10e6
    assert told["in_memory"] and all(name.startswith("weights/") for name in told["in_memory"])
    assert result.folder.best_model.exists()
    assert all(result.folder.has_weights(trial.number) for trial in result.trials if trial.score is not None)

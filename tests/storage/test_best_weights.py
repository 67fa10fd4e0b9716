"""The weights of the best few trials are on disk, and no others."""

from dataclasses import replace
from pathlib import Path
from typing import Literal

import numpy as np
import pytest

from autoopt.records import Objective, Trial
from autoopt.storage import BestWeights, RunFolder, create

ACCURACY = Objective("val_accuracy", "max")


def trial(number: int, score: float, missing: int = 0) -> Trial:
    return Trial(number, "completed", score, {}, {}, 0, 0.0, 1.0, missing=missing)


@pytest.fixture
def folder(tmp_path: Path) -> RunFolder:
    return create(tmp_path / "runs", "one", False)


def lying(folder: RunFolder, most: int = 20) -> list[int]:
    return [number for number in range(most) if folder.has_weights(number)]


@pytest.mark.parametrize(("direction", "best"), [("max", [2, 4]), ("min", [1, 3])])
def test_the_best_few_are_kept_and_a_loser_is_never_written(
    folder: RunFolder, direction: Literal["max", "min"], best: list[int]
) -> None:
    weights = BestWeights(folder, 2, Objective("val_accuracy", direction), [])
    for number, score in enumerate([0.5, 0.2, 0.9, 0.3, 0.8]):
        weights.keep(trial(number, score), [np.full(2, score)])
    weights.finish()

    assert lying(folder) == best == [number for number in range(5) if number in weights]
    assert folder.load_weights(best[0])[0] == pytest.approx(np.full(2, [0.5, 0.2, 0.9, 0.3, 0.8][best[0]]))
    weights.close()


def test_what_is_always_kept_is_kept_beside_the_best_few(folder: RunFolder) -> None:
    weights = BestWeights(folder, 1, ACCURACY, [], always=(0,))
    for number, score in enumerate([0.1, 0.5, 0.9, 0.3]):
        weights.keep(trial(number, score), [np.full(2, score)])
    weights.finish()

    assert lying(folder) == [0, 2] == [number for number in range(4) if number in weights]
    weights.close()


def test_an_earlier_trial_wins_among_equals(folder: RunFolder) -> None:
    weights = BestWeights(folder, 1, ACCURACY, [])
    for number in (0, 1):
        weights.keep(trial(number, 0.5), [np.zeros(1)])
    weights.finish()

    assert lying(folder) == [0]
    weights.close()


def test_a_trial_that_lacks_executions_gives_way_to_any_that_has_them(folder: RunFolder) -> None:
    weights = BestWeights(folder, 1, ACCURACY, [])
    for each in (trial(0, 0.9, missing=1), trial(1, 0.5), trial(2, 0.8, missing=1)):
        weights.keep(each, [np.zeros(1)])
    weights.finish()

    assert lying(folder) == [1]
    weights.close()


def test_weights_of_an_earlier_session_give_way_to_better_ones(folder: RunFolder) -> None:
    folder.save_weights(7, [np.zeros(1)])
    weights = BestWeights(folder, 1, ACCURACY, [trial(7, 0.1)])
    weights.keep(trial(8, 0.5), [np.zeros(1)])
    weights.finish()

    assert lying(folder) == [8]
    weights.close()


def test_what_the_disk_refuses_stays_in_memory_and_is_told_once_and_is_written_later(
    folder: RunFolder, caplog: pytest.LogCaptureFixture
) -> None:
    weights = BestWeights(folder, 2, ACCURACY, [])
    (folder.path / "weights").write_text("a file where a folder should be")
    for number in range(3):
        weights.keep(trial(number, 0.5 + number), [np.full(2, number)])
        weights.finish()

    assert [number for number in range(3) if number in weights] == [1, 2]
    np.testing.assert_array_equal((weights.of(2) or [])[0], np.full(2, 2))
    assert caplog.text.count("Weights of the best trials cannot be written") == 1
    (folder.path / "weights").unlink()
    weights.finish()
    assert [path.name for path in sorted((folder.path / "weights").iterdir())] == [
        "trial-0001.weights.npz", "trial-0002.weights.npz",
    ]  # fmt: skip
    weights.close()


def test_weights_of_the_best_few_can_be_had_at_once_and_no_others(folder: RunFolder) -> None:
    weights = BestWeights(folder, 1, ACCURACY, [])
    weights.keep(trial(0, 0.5), [np.zeros(1)])
    weights.keep(trial(1, 0.6), [np.ones(2)])

    assert weights.of(0) is None
    np.testing.assert_array_equal((weights.of(1) or [])[0], np.ones(2))
    weights.close()


def test_of_several_objectives_the_whole_front_is_kept_and_what_leaves_it_goes(folder: RunFolder) -> None:
    weights = BestWeights(folder, 1, ACCURACY, [], [Objective("parameters", "min")])
    kept = []
    for number, (score, parameters) in enumerate([(0.5, 300), (0.6, 400), (0.4, 100), (0.7, 300)]):
        scores = {"val_accuracy": score, "parameters": parameters}
        weights.keep(replace(trial(number, score), scores=scores), [np.zeros(1)])
        weights.finish()
        kept.append(lying(folder))

    assert kept == [[0], [0, 1], [0, 1, 2], [2, 3]]
    weights.close()


def test_of_trials_that_are_one_point_the_best_is_kept_and_as_many_points_as_are_asked_for(
    folder: RunFolder,
) -> None:
    weights = BestWeights(folder, 3, ACCURACY, [trial(1, 0.80)])
    weights.note(replace(trial(2, 0.0), status="failed", score=None))
    for each in (
        replace(trial(3, 0.77), repeats=2), trial(4, 0.5), replace(trial(5, 0.85), continues=1),
        replace(trial(6, 0.78), repeats=2), replace(trial(7, 0.90), continues=5),
    ):  # fmt: skip
        weights.keep(each, [np.zeros(1)])
    weights.finish()

    assert lying(folder) == [4, 6, 7]
    weights.close()

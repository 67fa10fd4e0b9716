"""The benchmark of workers: trials a minute while all places are at work, and points that a search takes as they are."""

import pytest
from click.testing import CliRunner

from benchmarks.cli import main
from benchmarks.workers.__main__ import points
from benchmarks.workers.command import WAYS, per_minute, rows


def test_only_the_time_counts_in_which_all_places_are_at_work() -> None:
    spans = [("one", 0.0, 30.0), ("one", 30.0, 60.0), ("two", 30.0, 60.0), ("two", 60.0, 90.0)]

    assert per_minute(spans) == pytest.approx(60 * 2 / 30)


def test_a_trial_counts_by_its_share() -> None:
    assert per_minute([("one", 0.0, 60.0), ("two", 30.0, 90.0)]) == pytest.approx(60 * 1.0 / 30)


def test_the_median_round_is_compared() -> None:
    runs = [
        {"way": way, "trials a minute": minute, "seconds to the first": 1.0}
        for way, all_ in zip(WAYS, ((80, 90, 10), (100, 100, 100), (45, 45, 45)), strict=True)
        for minute in all_
    ]

    assert [row["workers=2 has of it"] for row in rows(runs)] == [1.0, 0.8, pytest.approx(80 / 45)]


def test_all_points_differ_and_have_eight_structures() -> None:
    found = points(80)
    structures = {(each["structure/dense/width"], each["structure/dense/depth"]) for each in found}

    assert len({tuple(each.values()) for each in found}) == 80
    assert len(structures) == 8


def test_the_command_is_there() -> None:
    assert CliRunner().invoke(main, ["workers", "--help"]).exit_code == 0

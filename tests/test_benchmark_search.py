"""The benchmarks of suggestions and of runs that repeat: what they compare, and one small run of each."""

import math

from click.testing import CliRunner

from benchmarks import repeatable, suggest
from benchmarks.cli import main
from tests.counts import at_full_counts

BOARD = [
    {"trial": 1, "score": 0.9, "hyperparameters": {"batch_size": 32}},
    {"best": 0.9, "confirmed": None, "test": {"accuracy": 0.8}},
]


def test_boards_that_are_equal_do_not_differ():
    assert repeatable.differing(BOARD, [dict(row) for row in BOARD]) == ""


def test_boards_differ_in_the_last_bit_of_a_score():
    other = [{**BOARD[0], "score": 0.9 + 2**-53}, BOARD[1]]
    assert repeatable.differing(BOARD, other) == "row 0, score: 0.9, 0.9000000000000001"


def test_no_number_is_no_difference():
    assert repeatable.differing([{"loss": [math.nan]}], [{"loss": [float("nan")]}]) == ""


def test_boards_differ_in_a_name_that_one_of_them_lacks():
    other = [BOARD[0], {**BOARD[1], "test": None}]
    assert repeatable.differing(BOARD, other).startswith("row 1, test: {'accuracy': 0.8}, None")
    assert repeatable.differing(BOARD[:1], [{**BOARD[0], "more": 1}]) == "row 0, more: None, 1"


def test_boards_of_different_lengths_differ():
    assert repeatable.differing(BOARD, BOARD[:1]) == "2 rows, 1 rows"


@at_full_counts
def test_a_board_has_no_seconds():
    found = repeatable.board("digits", 2, 1, 0)
    assert [row.get("trial") for row in found[:-1]] in ([0, 1], [1, 0])
    names = {name for row in found for name in row}
    assert not {name for name in names if "second" in name or name in ("started", "finished")}


def test_suggestions_are_timed_after_as_many_trials_as_are_asked_for():
    rows = suggest.measured((3, 12), 2)
    assert [row["finished trials"] for row in rows] == [3, 12]
    assert all(0 < row["median ms"] <= row["worst ms"] for row in rows)


def test_a_net_that_is_not_known_is_refused_with_those_that_are():
    found = CliRunner().invoke(main, ["cost", "--nets", "dense 9"])
    assert found.exit_code == 2 and "was given 'dense 9'. Known: dense 1 x 32" in found.output

"""The live view's lines: as many as there is room for, each cut to the width, whatever has happened."""

import math
from collections.abc import Sequence
from dataclasses import replace

import pytest

from autoopt.records import (
    EpochEnded,
    Event,
    ExecutionAdvanced,
    Objective,
    SearchStarted,
    Trial,
    TrialEnded,
    TrialStarted,
)
from autoopt.reports.console.curve import MOST, Curve, drawn
from autoopt.reports.console.frame import Frame, height
from autoopt.reports.console.progress import Progress
from autoopt.reports.console.status import Status
from tests.reports.replayed import events, started

SIZES = [(80, 24), (160, 50), (50, 14), (40, 10), (30, 5), (250, 80)]


def progress_of(*told: Event, search: SearchStarted | None = None) -> Progress:
    progress = Progress(started() if search is None else search)
    for event in told:
        progress.tell(event)
    return progress


def lines(
    progress: Progress, columns: int = 80, rows: int = 24, after: float = 3.0, plain: bool = False
) -> Sequence[str]:
    status = Status(progress, progress.since + after)
    return [line.plain for line in Frame(status, columns, height(columns, rows), plain).lines()]


def trial(number: int, score: float | None = 0.5, **more: object) -> TrialEnded:
    return TrialEnded(Trial(number, "completed", score, {}, {"val_accuracy": [0.5]}, 0, 0.0, 2.0, **more))  # type: ignore[arg-type]


@pytest.mark.parametrize(("columns", "rows"), SIZES)
def test_a_frame_has_the_size_that_is_asked_for_after_each_event(columns: int, rows: int) -> None:
    progress = Progress(started(40))
    for place, event in enumerate(events(40)):
        progress.tell(event)
        if place % 7 == 0 or place > 350:
            frame = Frame(Status(progress, progress.since + place), columns, height(columns, rows)).lines()
            assert len(frame) == height(columns, rows) < rows
            assert all(line.cell_len <= columns and "\n" not in line.plain for line in frame)


def test_wide_and_hostile_names_are_cut_and_written_out() -> None:
    search = replace(
        started(), project="宽" * 60 + "\x1b[2J\n", objective=Objective("val_" + "x" * 90, "max")
    )
    frame = Frame(Status(progress_of(search=search), 0.0), 80, 14).lines()
    assert frame[0].plain.startswith("── 宽") and frame[2].plain.endswith("…")
    assert all(line.cell_len <= 80 and line.plain.isprintable() for line in frame)


def test_where_the_encoding_has_no_blocks_all_is_drawn_in_ascii() -> None:
    search = replace(started(), project="x" * 100)
    assert all(line.isascii() for line in lines(progress_of(TrialStarted(0, {}), search=search), plain=True))


def test_a_large_terminal_has_taller_curves_and_a_longer_list() -> None:
    progress = progress_of(*list(events(40))[:380])
    small, large = lines(progress), lines(progress, 160, 50)
    listed = [sum("epochs" in line for line in each) for each in (small, large)]
    curves = [sum("█" in line for line in each) for each in (small, large)]
    assert listed[1] >= listed[0] + 8 and curves[1] >= curves[0] + 4


def test_one_line_leaves_out_what_does_not_fit() -> None:
    running = (TrialStarted(12, {}, 3), EpochEnded(12, 118, {"val_accuracy": 0.9757}, 3))
    progress = progress_of(trial(0, 0.8), trial(1, 0.9), *running)
    shown = [lines(progress, columns, 10)[0] for columns in (30, 49)]
    assert shown == ["confirming trial 12, run 3  e…", "confirming trial 12, run 3  epoch 119/12 0.9757"]


def test_trials_are_counted_and_not_their_numbers() -> None:
    shown = lines(progress_of(TrialStarted(0, {}), trial(0), TrialStarted(41, {})))
    assert "1 of 40 trials" in shown[1] and shown[4].startswith("trial 41 (2/40)  building and compiling")


def test_a_resumed_run_goes_on_from_what_it_had() -> None:
    earlier = tuple(trial(number, 0.5 + number / 10, costs={"train": 5.0}).trial for number in range(3))
    shown = lines(progress_of(search=replace(started(), earlier=earlier)))
    assert "3 of 40 trials" in shown[1] and "best 0.7000 (trial 2)  baseline 0.5000  gain +0.2000" in shown[2]
    assert "15s training" in shown[-1]


def test_a_budget_says_how_much_is_left_and_a_number_of_trials_about_how_much() -> None:
    budgeted, counted = replace(started(), max_trials=None), started(10)
    progress = progress_of(search=budgeted)
    progress.search = replace(budgeted, deadline=progress.since + 90)
    assert lines(progress)[1].endswith("0 trials  1m27s left")
    assert lines(progress_of(trial(0), trial(1), search=counted), after=4.0)[1].endswith("about 16s left")


def test_what_is_confirmed_is_said_with_how_much_there_is_to_confirm() -> None:
    shown = lines(progress_of(trial(0), trial(7), TrialStarted(7, {}, 2, repeats=3, run=4, runs=9)))
    assert (
        "confirming, run 4 of 9" in shown[1]
        and 0.3 < shown[1].count("━") / len(shown[1].split("  ")[0]) < 0.36
    )
    assert shown[4].startswith("confirming trial 7, run 2 of 3  building and compiling")


def test_a_run_that_began_and_never_ended_is_not_shown_beside_the_next() -> None:
    shown = lines(
        progress_of(TrialStarted(0, {}), trial(0), TrialStarted(1, {}), TrialStarted(2, {})), 160, 50
    )
    assert not any("trial 1 " in line for line in shown)
    assert any(line.startswith("trial 2 (2/40)") for line in shown)


def test_of_trials_that_run_at_once_the_first_is_shown_and_the_others_are_counted() -> None:
    begun = [TrialStarted(number, {}) for number in (3, 4, 5)]
    search = replace(started(), workers=3)
    progress = progress_of(
        *begun, EpochEnded(4, 0, {"val_accuracy": 0.25}), EpochEnded(3, 1, {}), search=search
    )

    assert any(line.startswith("trial 3 (1/40) and 2 more  epoch 2/") for line in lines(progress, 160, 50))
    progress.tell(trial(3))
    assert any("trial 4 (2/40) and 1 more" in line and "0.2500" in line for line in lines(progress, 160, 50))


def test_a_confirmation_run_is_called_the_same_while_it_runs_and_afterwards() -> None:
    progress = progress_of(
        TrialStarted(7, {}, 2), TrialEnded(trial(7).trial, repeat=2), TrialStarted(7, {}, 2)
    )
    shown = [line for line in lines(progress) if line.startswith("confirming trial 7, run 2  ")]
    assert len(shown) == 2


@pytest.mark.parametrize("note", ["", " \n", "\n\x0bno such file\nmore"])
def test_a_failure_is_told_whatever_its_reason_looks_like(note: str) -> None:
    failed = TrialEnded(Trial(1, "failed", None, {}, {}, None, 0.0, 1.0, note=note))
    told = next(line for line in lines(progress_of(failed)) if line.startswith("trial 1 "))
    assert told.endswith("failed: no such file" if note.strip() else "failed: no reason given")


def test_of_several_trainings_each_is_told() -> None:
    begun = (TrialStarted(1, {}), EpochEnded(1, 11, {"val_accuracy": 0.7}), ExecutionAdvanced(1, 2, 4))
    shown = lines(progress_of(*begun, search=replace(started(), trainings=5)))
    assert "training 3 of 5, epoch 5/12" in shown[4]


def test_of_several_objectives_the_front_is_counted_and_costs_stand_beside() -> None:
    search = replace(started(), others=(Objective("parameters", "min"),))
    ended = [
        trial(n, a, scores={"val_accuracy": a, "parameters": p})
        for n, a, p in [(0, 0.8, 200.0), (1, 0.6, 100.0)]
    ]
    shown = lines(progress_of(*ended, search=search))
    assert "2 trials on the front" in shown[2]
    assert shown[5].endswith("completed, on the front, parameters 100")


def test_a_curve_keeps_its_ends_however_long_it_is() -> None:
    curve = Curve()
    for value in range(100_000):
        curve.add(float(value))
    kept = curve.values()
    assert len(kept) <= MOST and kept[-1] == 99_999 and kept == sorted(kept)
    assert len(curve.values(20)) == 20 and curve.values(20)[-1] == 99_999


@pytest.mark.parametrize(
    ("values", "high", "shown"),
    [
        ([], 1, [""]),
        ([0.5], 1, ["▅"]),
        ([math.nan, 0.0, math.inf, 1.0], 1, [" ▁ █"]),
        ([0.0, 1.0], 2, [" █", "▁█"]),
        ([-1e308, 1e308], 1, ["▁█"]),
    ],
)
def test_a_curve_is_drawn_from_what_is_finite(
    values: Sequence[float], high: int, shown: Sequence[str]
) -> None:
    assert drawn(values, high) == shown

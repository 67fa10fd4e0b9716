"""What the console says while a search runs, on a terminal and elsewhere."""

import contextlib
import fcntl
import io
import os
import pty
import re
import struct
import termios
import threading
from collections.abc import Iterator
from dataclasses import replace
from typing import TextIO

import keras_tuner
import pytest

from autoopt.records import EpochEnded, Objective, SearchEnded, SearchStarted, Trial, TrialEnded, TrialStarted
from autoopt.reports import Console, duration, score_text

STARTED = SearchStarted(
    "mine",
    Objective("val_accuracy", "max"),
    keras_tuner.HyperParameters(),
    ["loss"],
    50,
    None,
    None,
    ["A note."],
)


def trial(number: int, score: float | None, status: str = "completed", note: str = "") -> Trial:
    return Trial(number, status, score, {}, {"loss": [1.0]}, 0, 0.0, 2.0, note or None, note)


def told(verbose: int, *events: object, started: SearchStarted = STARTED) -> str:
    stream = io.StringIO()
    console = Console(verbose, stream)
    for event in (started, *events, SearchEnded(None, "done")):
        console(event)
    console.close()
    return stream.getvalue()


def test_every_trial_has_a_line_away_from_a_terminal() -> None:
    ended = (TrialEnded(trial(0, 0.8)), TrialEnded(trial(1, 0.7)), TrialEnded(trial(2, 0.9)))
    assert told(1, TrialStarted(0, {}), EpochEnded(0, 0, {"val_accuracy": 0.8}), *ended).splitlines() == [
        "A note.",
        "Searching no hyperparameters for the best val_accuracy.",
        "trial 0, your model: val_accuracy 0.8000, 1 epoch, 2.0s",
        "trial 1: val_accuracy 0.7000, 1 epoch, 2.0s",
        "trial 2: val_accuracy 0.9000, 1 epoch, 2.0s  best so far",
    ]


def test_a_failed_trial_says_why() -> None:
    failed = TrialEnded(trial(1, None, "failed", "ValueError: too wide\nmore"))
    assert told(1, failed).splitlines()[-1] == "trial 1 failed: ValueError: too wide"


def test_a_trial_over_a_limit_is_no_best_so_far() -> None:
    over = replace(trial(1, 0.99), excess="took 3 s an epoch, more than max_seconds_per_epoch=1")
    lines = told(1, TrialEnded(over), TrialEnded(trial(2, 0.5))).splitlines()
    assert lines[-2].endswith("2.0s; it took 3 s an epoch, more than max_seconds_per_epoch=1")
    assert lines[-1].endswith("best so far")


def test_a_trial_that_lacks_executions_is_no_best_so_far_before_one_that_does_not() -> None:
    lacking = TrialEnded(replace(trial(1, 0.99), missing=1))
    lines = told(1, TrialEnded(trial(0, 0.4)), lacking, TrialEnded(trial(2, 0.5))).splitlines()
    assert [line.endswith("best so far") for line in lines[-2:]] == [False, True]


def test_a_confirmation_run_is_no_new_best() -> None:
    again = TrialEnded(trial(1, 0.99), repeat=2)
    assert told(1, again).splitlines()[-1].startswith("confirming trial 1, run 2: val_accuracy 0.9900")


def test_verbose_0_says_nothing() -> None:
    assert told(0, TrialEnded(trial(0, 0.8))) == ""


def test_at_2_every_epoch_has_a_line_away_from_a_terminal() -> None:
    lines = told(2, TrialStarted(1, {}), EpochEnded(1, 6, {"val_accuracy": 0.8}), TrialEnded(trial(1, 0.8)))
    assert lines.splitlines()[-2] == "trial 1, epoch 7/50: val_accuracy 0.8000"


def test_colours_that_are_asked_for_make_no_terminal_of_a_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert "\x1b[" not in told(1, TrialStarted(0, {}), TrialEnded(trial(0, 0.8)))


@pytest.mark.parametrize(
    ("seconds", "text"), [(3.24, "3.2s"), (42.6, "43s"), (59.9, "1m00s"), (125, "2m05s"), (4200, "1h10m")]
)
def test_seconds_are_told_as_people_say_them(seconds: float, text: str) -> None:
    assert duration(seconds) == text


@pytest.mark.parametrize(
    ("score", "text"), [(None, "-"), (0.98765, "0.9877"), (-12.5, "-12.5000"), (123456.7, "1.2346e+05")]
)
def test_scores_have_four_digits_that_count(score: float | None, text: str) -> None:
    assert score_text(score) == text


def test_of_several_objectives_a_trial_that_no_other_beats_is_on_the_front() -> None:
    others = (Objective("parameters", "min"), Objective("latency", "min"))
    started = replace(STARTED, others=others)
    values = [(0.8, 200.0, 0.5), (0.7, 300.0, 0.6), (0.6, 100.0, 0.5)]
    ended = [
        TrialEnded(replace(trial(n, a), scores={"val_accuracy": a, "parameters": p, "latency": ms}))
        for n, (a, p, ms) in enumerate(values)
    ]
    lines = told(1, *ended, started=started).splitlines()

    assert lines[1].endswith("trade-off of val_accuracy (max), parameters (min) and latency (min).")
    assert lines[-2:] == [
        "trial 1: val_accuracy 0.7000, parameters 300, latency 0.6, 1 epoch, 2.0s",
        "trial 2: val_accuracy 0.6000, parameters 100, latency 0.5, 1 epoch, 2.0s  on the front",
    ]


@contextlib.contextmanager
def terminal(rows: int = 24, columns: int = 80, encoding: str = "utf8") -> Iterator[tuple[TextIO, bytearray]]:
    """Open a terminal; what it is sent is whole once its stream is closed, with the block."""
    screen, line = pty.openpty()
    fcntl.ioctl(line, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
    sent = bytearray()

    def read() -> None:
        with contextlib.suppress(OSError):  # the other end is closed
            while True:
                sent.extend(os.read(screen, 10_000))

    reading = threading.Thread(target=read)
    reading.start()
    try:
        with open(line, "w", encoding=encoding) as stream:
            yield stream, sent
    finally:
        reading.join()
        os.close(screen)


def on_terminal(
    monkeypatch: pytest.MonkeyPatch, encoding: str = "utf8", rows: int = 24, **environment: str
) -> str:
    """Return what a terminal is sent while a short search is told."""
    for name, value in {"TERM": "xterm-256color", **environment}.items():
        monkeypatch.setenv(name, value)
    with terminal(rows, encoding=encoding) as (stream, sent):
        console = Console(1, stream)
        for event in (
            replace(STARTED, earlier=[trial(0, 0.7)]),
            TrialEnded(trial(1, 0.8)),
            SearchEnded(None, "done"),
        ):
            console(event)
        console.say("over")
    return sent.decode(encoding)


def test_a_terminal_gets_its_rows_and_its_wrapping_back(monkeypatch: pytest.MonkeyPatch) -> None:
    sent = on_terminal(monkeypatch)
    assert "\x1b[1;10r" in sent and sent.rindex("\x1b[r") > sent.rindex("\x1b[1;10r")
    assert sent.rindex("\x1b[?7h") > sent.rindex("\x1b[?7l") and sent.endswith("\x1b[Jover\r\n")


def test_no_color_is_heeded(monkeypatch: pytest.MonkeyPatch) -> None:
    coloured, plain = on_terminal(monkeypatch), on_terminal(monkeypatch, NO_COLOR="1")
    colour = re.compile(r"\x1b\[(\d+;)*3[0-9](;\d+)*m")
    assert colour.search(coloured) and not colour.search(plain) and "── mine" in plain


def test_an_encoding_without_blocks_gets_ascii(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "-- mine ---" in on_terminal(monkeypatch, encoding="ascii")


def test_a_terminal_without_control_sequences_gets_a_line_for_each_trial(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sent = on_terminal(monkeypatch, TERM="dumb")
    assert "\x1b" not in sent and "trial 1: val_accuracy 0.8000" in sent


def test_a_terminal_without_room_for_a_view_gets_a_line_for_each_trial(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sent = on_terminal(monkeypatch, rows=0)
    assert "\x1b[1;" not in sent and "trial 1: val_accuracy 0.8000" in sent


def test_a_second_search_at_a_time_leaves_the_view_of_the_first_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    with terminal() as (stream, sent):
        first, second = Console(1, stream), Console(1, stream)
        first(STARTED)
        for event in (STARTED, TrialEnded(trial(3, 0.8)), SearchEnded(None, "done")):
            second(event)
        second.say("SECOND OVER")
        first.close()
    before, after = sent.decode().split("SECOND OVER")
    assert "\x1b[r" not in before and "trial 3: val_accuracy 0.8000" in before and "\x1b[r" in after


def test_a_terminal_that_goes_away_ends_no_search(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    screen, line = pty.openpty()
    with open(line, "w", encoding="utf8") as stream:
        fcntl.ioctl(line, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        console = Console(2, stream)
        console(STARTED)
        os.close(screen)
        for event in (TrialEnded(trial(1, 0.8)), SearchEnded(None, "done")):
            console(event)


def test_a_pipe_that_is_closed_ends_no_search_and_is_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with contextlib.suppress(BrokenPipeError), open(writing, "w", encoding="utf8") as stream:
        console = Console(1, stream)
        for event in (STARTED, TrialEnded(trial(1, 0.8)), SearchEnded(None, "done")):
            console(event)
    assert [record.message.split(":")[0] for record in caplog.records] == [
        "The console cannot be written to any more (BrokenPipeError"
    ]


@pytest.mark.parametrize("closed", [False, True])
def test_standard_output_that_is_missing_or_closed_ends_no_search(closed: bool) -> None:
    stream = io.StringIO() if closed else None
    if stream is not None:
        stream.close()
    with contextlib.redirect_stdout(stream):
        console = Console(1)
        for event in (STARTED, TrialEnded(trial(1, 0.8)), SearchEnded(None, "done")):
            console(event)


def test_a_word_that_the_encoding_lacks_is_told_with_question_marks() -> None:
    stream = io.TextIOWrapper(io.BytesIO(), "ascii")
    console = Console(1, stream)
    for event in (STARTED, TrialEnded(trial(1, None, "failed", "ValueError: \u5bbd \udce4 wide"))):
        console(event)
    stream.seek(0)
    assert stream.read().splitlines()[-1] == "trial 1 failed: ValueError: ? \\udce4 wide"

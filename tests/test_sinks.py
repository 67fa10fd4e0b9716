"""Sinks of the user's own: what they are told, in which thread, what becomes of one that raises, and how they are closed."""

import logging
import threading
from pathlib import Path
from typing import Any

import pytest

import autoopt
from autoopt import Search, model_file
from autoopt.errors import SearchError
from autoopt.events import EpochEnded, Event, SearchEnded, SearchStarted, TrialEnded, TrialStarted
from autoopt.reports import own_sinks
from tests.counts import at_full_counts
from tests.toys import digits, eager


class Notes:
    """Keeps what it is told and where, and whether it was closed; raises where it is asked to."""

    def __init__(self, raises_at: type[Any] = int) -> None:
        self.events: list[Event] = []
        self.threads: set[int] = set()
        self.closed = 0
        self._raises_at = raises_at

    def __call__(self, event: Event) -> None:
        self.events.append(event)
        self.threads.add(threading.get_ident())
        if isinstance(event, self._raises_at):
            raise ZeroDivisionError("my own mistake")

    def close(self) -> None:
        self.closed += 1
        if self._raises_at is Notes:
            raise ZeroDivisionError("at my end")

    @property
    def kinds(self) -> list[str]:
        return [type(event).__name__ for event in self.events]


def tune(sinks: Any, **arguments: Any) -> autoopt.Result:
    given = {"epochs": 1, "max_trials": 1, "search": Search(confirm=0), "seed": 3, "verbose": 0}
    return autoopt.tune(eager, digits(40), sinks=sinks, **{**given, **arguments})


def test_a_sink_is_told_every_event_in_order_in_the_thread_that_calls() -> None:
    notes = Notes()
    tune(notes, epochs=2)
    assert notes.kinds == [
        "SearchStarted",
        "TrialStarted",
        "EpochEnded",
        "EpochEnded",
        "TrialEnded",
        "SearchEnded",
    ]
    assert (notes.threads, notes.closed) == ({threading.get_ident()}, 1)


def test_the_first_event_names_the_run_and_the_last_the_winner(tmp_path: Path) -> None:
    notes = Notes()
    result = tune([notes], project_name="mine")
    first, last = notes.events[0], notes.events[-1]
    assert isinstance(first, SearchStarted) and isinstance(last, SearchEnded)
    assert (first.project, first.run_dir, first.seed) == ("mine", tmp_path / result.run_dir, 3)
    assert last.best is not None and last.best.score == result.best_score


def test_runs_with_fresh_seeds_are_told_with_their_repeat() -> None:
    notes = Notes()
    tune(notes, search=Search(confirm=1, confirm_repeats=2))
    of_trials = [e for e in notes.events if isinstance(e, TrialStarted | TrialEnded)]
    assert [event.repeat for event in of_trials] == [0, 0, 1, 1, 2, 2]


@at_full_counts
def test_trials_in_a_worker_process_are_told_in_the_thread_that_calls() -> None:
    notes = Notes()
    tune(notes, resources=autoopt.Resources(isolate=True))
    assert "EpochEnded" in notes.kinds
    assert notes.threads == {threading.get_ident()}


@pytest.mark.parametrize("kind", [EpochEnded, SearchEnded])
def test_a_sink_that_raises_is_told_nothing_more_and_the_search_goes_on(
    kind: type[Any], caplog: pytest.LogCaptureFixture
) -> None:
    raising, other = Notes(kind), Notes()
    with caplog.at_level(logging.WARNING, "autoopt"):
        result = tune([raising, other], epochs=2)
    assert raising.kinds.count(kind.__name__) == 1 and raising.kinds[-1] == kind.__name__
    assert other.kinds[-1] == "SearchEnded"
    assert [record.message.partition(": ")[0] for record in caplog.records] == [
        f"The sink Notes raised ZeroDivisionError at {kind.__name__}"
    ]
    log = (result.run_dir / "log.txt").read_text()
    assert "WARNING" in log and 'raise ZeroDivisionError("my own mistake")' in log
    assert raising.closed == other.closed == 1


def test_what_a_sink_raises_when_it_is_closed_is_said_and_the_next_is_closed_too(
    caplog: pytest.LogCaptureFixture,
) -> None:
    raising, other = Notes(Notes), Notes()
    tune([raising, other])
    assert "raised ZeroDivisionError at close: at my end" in caplog.text
    assert raising.closed == other.closed == 1


def test_a_sink_is_closed_when_the_search_fails() -> None:
    notes = Notes()

    def callbacks(trial: Any) -> Any:
        raise ZeroDivisionError("no trial will do")

    with pytest.raises(SearchError, match="no trial will do"):
        tune(notes, callbacks=callbacks)
    assert notes.kinds == ["SearchStarted", "TrialStarted", "TrialEnded"]
    assert notes.closed == 1


def test_a_sink_that_interrupts_twice_is_closed_before_the_search_is_left() -> None:
    class Impatient(Notes):
        def __call__(self, event: Event) -> None:
            super().__call__(event)
            if isinstance(event, EpochEnded):
                raise KeyboardInterrupt

    impatient = Impatient()
    with pytest.raises(KeyboardInterrupt):
        tune(impatient)
    assert (impatient.kinds[-1], impatient.closed) == ("EpochEnded", 1)


def test_a_sink_of_a_call_that_is_refused_is_neither_told_nor_closed() -> None:
    notes = Notes()
    with pytest.raises(autoopt.errors.UsageError):
        tune(notes, epochs=0)
    assert (notes.kinds, notes.closed) == ([], 0)


def test_a_run_that_goes_on_tells_what_came_before_and_closes_again() -> None:
    notes = Notes()
    for trials in (1, 2):
        tune(notes, project_name="mine", resume=True, max_trials=trials)
    begun = [event for event in notes.events if isinstance(event, SearchStarted)]
    assert [[trial.number for trial in event.earlier] for event in begun] == [[], [0]]
    assert notes.closed == 2


def test_any_callable_and_any_iterable_of_them_are_taken() -> None:
    given = ([].append, iter([print]), (), {print: None}, lambda event: None)
    assert [len(own_sinks(each)) for each in given] == [1, 1, 0, 1, 1]


def test_the_tuner_takes_sinks_too() -> None:
    notes = Notes()
    options = {"objective": "val_loss", "max_trials": 1, "seed": 0, "sinks": [notes]}
    tuner = autoopt.Tuner(eager, **options)
    tuner.search(*digits(40), epochs=1, verbose=0)
    assert (notes.kinds[0], notes.kinds[-1], notes.closed) == ("SearchStarted", "SearchEnded", 1)


def test_a_model_file_may_define_sinks(tmp_path: Path) -> None:
    (tmp_path / "net_with_sinks.py").write_text("def model_fn(): ...\nsinks = [print]\n")
    assert model_file.read(str(tmp_path / "net_with_sinks.py")).options() == {"sinks": [print]}

"""The journal: what was written comes back, whoever opens it and however the process ended."""

import math
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras_tuner
import optuna
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from keras_tuner.engine import hyperparameters as kinds

from autoopt.errors import RunError
from autoopt.hyperparameters import Ranged
from autoopt.records import Objective, Trial
from autoopt.search import HalvingPruner
from autoopt.storage import Journal
from autoopt.storage.distributions import distribution, holds
from autoopt.storage.finished import from_plain, to_plain

OBJECTIVE = Objective("val_loss", "min")
FINITE = st.floats(allow_nan=False, allow_infinity=False)
TRIALS = st.builds(
    Trial,
    number=st.integers(0, 10**6),
    status=st.sampled_from(["completed", "pruned", "failed"]),
    score=st.none() | FINITE,
    hyperparameters=st.dictionaries(st.text(), st.integers() | FINITE | st.booleans() | st.text()),
    history=st.dictionaries(st.text(), st.lists(st.floats(allow_infinity=False))),
    best_epoch=st.none() | st.integers(0, 100),
    started=FINITE,
    finished=st.none() | FINITE,
    error=st.none() | st.text(),
    note=st.text(),
    scores=st.dictionaries(st.text(), FINITE),
)


def hp_of(make: Callable[[keras_tuner.HyperParameters], Any]) -> Any:
    hp = keras_tuner.HyperParameters()
    make(hp)
    return hp.space[0]


RATE = hp_of(lambda hp: hp.Float("rate", 1e-4, 1.0, sampling="log"))
UNITS = hp_of(lambda hp: hp.Int("units", 1, 9))


def finished(number: int, score: float | None = 0.5, status: Any = "completed", **changes: Any) -> Trial:
    values = {"hyperparameters": {}, "history": {"val_loss": [0.7, 0.5]}, "best_epoch": 1, **changes}
    return Trial(number, status, score, started=10.0, finished=12.0, **values)


def run(journal: Journal, **changes: Any) -> Trial:
    number = journal.open()
    trial = finished(number, **changes)
    journal.close(trial)
    return trial


@given(TRIALS)
def test_a_trial_comes_back_from_its_plain_form(trial: Trial) -> None:
    assert repr(from_plain(to_plain(trial))) == repr(trial)


@given(st.lists(st.tuples(st.sampled_from(["completed", "pruned", "failed"]), FINITE), max_size=6))
@settings(max_examples=15, deadline=None)
def test_every_trial_comes_back_when_the_journal_is_opened_again(
    tmp_path_factory: pytest.TempPathFactory, outcomes: Any
) -> None:
    path = tmp_path_factory.mktemp("run") / "journal.log"
    journal = Journal(path, OBJECTIVE)
    written = [
        run(journal, status=status, score=None if status == "failed" else score) for status, score in outcomes
    ]

    assert Journal(path, OBJECTIVE).trials() == journal.trials() == written


def test_history_that_is_no_number_comes_back(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal.log", OBJECTIVE)
    run(journal, status="failed", score=None, history={"loss": [1.0, math.nan, math.inf]}, error="NaN")

    history = Journal(tmp_path / "journal.log", OBJECTIVE).trials()[0].history["loss"]
    assert history[0] == 1.0 and not math.isfinite(history[1]) and not math.isfinite(history[2])


def test_a_completed_trial_without_a_score_is_kept(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal.log", OBJECTIVE)

    written = run(journal, score=None)
    assert journal.trials() == [written]


def interrupted(path: Path) -> Journal:
    """Return a journal whose last process was ended amid the second trial, after an epoch, and before the third."""
    journal = Journal(path, OBJECTIVE)
    run(journal)
    number = journal.open()
    journal.suggest(number, UNITS, wanted=3)
    journal.report(number, 0, 0.5)
    journal.open()
    return Journal(path, OBJECTIVE)


def test_trials_that_were_interrupted_are_begun_again_with_the_values_that_they_had(tmp_path: Path) -> None:
    again = interrupted(tmp_path / "journal.log")

    assert [trial.number for trial in again.trials()] == [0]
    assert [again.open(), again.open(), again.open()] == [1, 2, 3]
    assert again.suggest(1, UNITS, wanted=5) == 3


RATE = Ranged(kinds.Float("rate", 1e-5, 1.0, None, "log"), 3e-4, 0.3, 0.003)


def given_again(path: Path, first: float | None, then: float | None) -> tuple[float, float]:
    """Return the value of a rate in a trial that is interrupted, and the one that it has when it is begun again."""
    journal = Journal(path, OBJECTIVE)
    before = journal.suggest(journal.open(), RATE, wanted=first)
    journal.open()  # which writes down what was before it
    again = Journal(path, OBJECTIVE)
    return before, again.suggest(again.open(), RATE, wanted=then)


@pytest.mark.parametrize("value", [0.01, 0.010000000000000002, 1 / 300, 0.0288446244018639, None])
def test_a_rate_that_is_proposed_again_is_the_same_to_the_last_bit(
    tmp_path: Path, value: float | None
) -> None:
    before, after = given_again(tmp_path / "journal.log", value, value)

    assert after == before
    assert value is None or before == value


@pytest.mark.parametrize("then", [0.05, None])
def test_a_rate_that_was_given_stays_whatever_would_be_proposed_by_now(
    tmp_path: Path, then: float | None
) -> None:
    before, after = given_again(tmp_path / "journal.log", 1 / 300, then)

    assert after == pytest.approx(before, rel=1e-12)


def test_trials_that_were_interrupted_and_cannot_be_proposed_again_are_taken_back(tmp_path: Path) -> None:
    again = interrupted(tmp_path / "journal.log")
    again.give_up()

    assert [trial.number for trial in again.trials()] == [0]
    assert again.open() == 3


def test_a_journal_that_is_only_looked_at_leaves_a_running_trial_running(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal.log", OBJECTIVE)
    number = journal.open()

    before = (tmp_path / "journal.log").read_bytes()
    assert Journal(tmp_path / "journal.log", OBJECTIVE, read_only=True).trials() == []
    assert (tmp_path / "journal.log").read_bytes() == before
    journal.close(finished(number))
    assert [trial.status for trial in journal.trials()] == ["completed"]


def test_a_torn_last_line_is_cut_off(tmp_path: Path) -> None:
    path = tmp_path / "journal.log"
    written = run(Journal(path, OBJECTIVE))
    with path.open("a") as file:
        file.write('{"op_code": 4, "work')
    again = Journal(path, OBJECTIVE)

    assert again.trials() == [written]
    more = run(again)
    assert Journal(path, OBJECTIVE).trials() == [written, more]


def last_line(content: bytes) -> range:
    """Return the places at which the last record of a journal can be cut, its whole length left out."""
    return range(content.rfind(b"\n", 0, len(content) - 1) + 1, len(content))


def test_a_journal_cut_at_any_byte_of_its_last_record_opens_and_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "journal.log"
    first = run(Journal(path, OBJECTIVE))
    run(Journal(path, OBJECTIVE))
    content = path.read_bytes()
    for length in last_line(content):
        path.write_bytes(content[:length])
        assert Journal(path, OBJECTIVE, read_only=True).trials() == [first]
        assert path.read_bytes() == content[:length]
        again = Journal(path, OBJECTIVE)
        assert again.torn == (length != last_line(content).start)
        more = run(again)  # the second, begun again
        assert (more.number, Journal(path, OBJECTIVE).trials()) == (1, [first, more])


def test_a_journal_cut_at_any_byte_of_its_first_record_opens_as_a_new_one(tmp_path: Path) -> None:
    path = tmp_path / "journal.log"
    Journal(path, OBJECTIVE)
    content = path.read_bytes()
    content = content[: content.find(b"\n") + 1]
    for length in range(len(content)):
        path.write_bytes(content[:length])
        assert Journal(path, OBJECTIVE, read_only=True).trials() == []
        written = run(Journal(path, OBJECTIVE))
        assert Journal(path, OBJECTIVE).trials() == [written]


RECORDS = {
    "junk amid": (lambda lines: [lines[0], b"\x00\xff\x80", *lines[1:]], "cannot be read"),
    "JSON of another kind amid": (lambda lines: [lines[0], b"[1]", *lines[1:]], "cannot be read"),
    "an unknown operation": (lambda lines: [*lines, b'{"op_code": 99}'], "cannot be read"),
    "a study of another name": (lambda lines: [lines[0].replace(b"autoopt", b"other")], "cannot be read"),
    "a study of two directions": (
        lambda lines: [lines[0].replace(b'"directions":[1]', b'"directions":[1,1]'), *lines[1:]],
        r"It compares by min, min\. Expected min, as run\.json says",
    ),
    "a study of the other direction": (
        lambda lines: [lines[0].replace(b'"directions":[1]', b'"directions":[2]'), *lines[1:]],
        r"It compares by max\. Expected min",
    ),
    "no journal": (lambda lines: [b"never gonna"], r"It begins with b'n'\. Expected Optuna's records"),
    "deep": (lambda lines: [lines[0], b'{"a":' * 10**4, *lines[1:]], "cannot be read"),
}  # fmt: skip


@pytest.mark.parametrize("case", RECORDS)
def test_a_journal_of_other_records_is_refused_and_named(case: str, tmp_path: Path) -> None:
    path = tmp_path / "journal.log"
    run(Journal(path, OBJECTIVE))
    spoil, message = RECORDS[case]
    path.write_bytes(b"\n".join(spoil(path.read_bytes().splitlines())) + b"\n")
    with pytest.raises(RunError, match=rf"journal\.log is damaged\. .*{message}"):
        for looking in (True, False):
            Journal(path, OBJECTIVE, read_only=looking).trials()


def test_a_record_that_is_there_twice_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "journal.log"
    written = run(Journal(path, OBJECTIVE))
    with path.open("ab") as file:
        file.write(path.read_bytes().splitlines(keepends=True)[-1])
    assert Journal(path, OBJECTIVE).trials() == [written]


def test_a_lock_that_a_dead_process_left_does_not_stop_the_next(tmp_path: Path) -> None:
    path = tmp_path / "journal.log"
    run(Journal(path, OBJECTIVE))
    lock = tmp_path / "journal.log.lock"
    lock.write_text("")
    os.utime(lock, (time.time() - 60,) * 2)

    assert len(Journal(path, OBJECTIVE).trials()) == 1


def test_one_name_may_have_two_ranges(tmp_path: Path) -> None:
    wide = hp_of(lambda hp: hp.Choice("rate", [0.5, 0.25]))
    for journal in (Journal(tmp_path / "journal.log", OBJECTIVE) for _ in range(2)):
        first = journal.open()
        assert 1e-4 <= journal.suggest(first, RATE) <= 1.0
        second = journal.open()
        assert journal.suggest(second, wide) in (0.5, 0.25)
        for number in (first, second):
            journal.close(finished(number))


def test_a_wanted_value_is_taken_and_recorded(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal.log", OBJECTIVE)
    number = journal.open()

    assert journal.suggest(number, UNITS, wanted=7) == 7
    journal.close(finished(number))
    study = optuna.load_study(study_name="autoopt", storage=_optuna_storage(tmp_path / "journal.log"))
    assert study.trials[0].params == {"units": 7}


def test_a_wanted_value_outside_of_the_range_is_taken_and_not_recorded() -> None:
    journal = Journal(None, OBJECTIVE)

    assert journal.suggest(journal.open(), UNITS, wanted=100) == 100


def test_what_has_one_value_is_not_asked_of_the_sampler() -> None:
    journal = Journal(None, OBJECTIVE)
    number = journal.open()

    assert journal.suggest(number, hp_of(lambda hp: hp.Fixed("kind", "plain"))) == "plain"
    assert journal.suggest(number, hp_of(lambda hp: hp.Choice("kind", ["only"]))) == "only"
    assert journal.suggest(number, hp_of(lambda hp: hp.Int("n", 3, 3))) == 3


def test_optuna_reads_the_file_as_its_own(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal.log", Objective("val_accuracy", "max"))
    run(journal, score=0.75)
    study = optuna.load_study(study_name="autoopt", storage=_optuna_storage(tmp_path / "journal.log"))

    assert (study.direction.name, study.best_value) == ("MAXIMIZE", 0.75)


def test_the_pruner_is_asked_after_each_report() -> None:
    journal = Journal(None, OBJECTIVE, pruner=HalvingPruner(4))
    answers = []
    for score in (0.1, 0.2, 0.3, 0.4):
        number = journal.open()
        answers.append([journal.report(number, epoch, score) for epoch in range(3)])
        journal.close(finished(number, score=score))

    assert answers == [[False] * 3, [False] * 3, [False, True, False], [False, True, False]]


def _optuna_storage(path: Path) -> Any:
    backend = optuna.storages.journal.JournalFileBackend(str(path))
    return optuna.storages.JournalStorage(backend)


@given(st.integers(-50, 50), st.integers(0, 60), st.none() | st.integers(1, 20))
@settings(deadline=None)
def test_whole_numbers_are_sampled_on_their_step(low: int, width: int, step: int | None) -> None:
    journal = Journal(None, OBJECTIVE)
    value = journal.suggest(journal.open(), hp_of(lambda hp: hp.Int("n", low, low + width, step=step)))

    assert low <= value <= low + width and (value - low) % (step or 1) == 0


@given(st.floats(0, 1), st.floats(0.01, 2), st.none() | st.floats(0.01, 1))
@settings(deadline=None)
def test_numbers_are_sampled_inside_of_their_range(low: float, width: float, step: float | None) -> None:
    journal = Journal(None, OBJECTIVE)
    value = journal.suggest(journal.open(), hp_of(lambda hp: hp.Float("r", low, low + width, step=step)))

    assert low <= value <= low + width


@pytest.mark.parametrize(
    "make",
    [
        lambda hp: hp.Int("n", 2, 64, step=2, sampling="log"),
        lambda hp: hp.Float("rate", 1e-4, 1.0, step=10, sampling="log"),
        lambda hp: hp.Float("rate", 1e-4, 1.0, sampling="reverse_log"),
        lambda hp: hp.Int("n", 2, 64, sampling="reverse_log"),
        lambda hp: hp.Boolean("norm"),
        lambda hp: hp.Choice("kind", ["a", "b"]),
        lambda hp: hp.Int("n", 1, 100, sampling="log"),
    ],
)  # fmt: skip
def test_every_kind_of_hyperparameter_is_sampled_within_what_it_may_be(make: Any) -> None:
    hp = hp_of(make)
    found = distribution(hp)
    value = sampled(found)

    assert holds(found, value)
    assert type(value) is type(hp.default)
    assert not hasattr(hp, "min_value") or hp.min_value <= value <= hp.max_value


def test_a_logarithmic_step_has_the_values_that_keras_tuner_has() -> None:
    found = distribution(hp_of(lambda hp: hp.Int("n", 2, 64, step=2, sampling="log")))

    assert found.choices == (2, 4, 8, 16, 32, 64)


def sampled(found: Any) -> Any:
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0))
    return study.ask({"value": found}).params["value"]


def test_a_study_of_several_objectives_has_their_values_and_prunes_nothing(tmp_path: Path) -> None:
    others = [Objective("parameters", "min"), Objective("val_accuracy", "max")]
    journal = Journal(tmp_path / "journal.log", OBJECTIVE, pruner=HalvingPruner(6), others=others)
    scores = {OBJECTIVE.name: 0.75, "parameters": 610.0, "val_accuracy": 0.5}
    for number, status in enumerate(("completed", "pruned")):
        assert journal.open() == number
        assert not any(journal.report(number, epoch, 0.1) for epoch in range(4))
        journal.close(finished(number, score=0.75, status=status, scores=scores))
    study = optuna.load_study(study_name="autoopt", storage=_optuna_storage(tmp_path / "journal.log"))

    assert [each.name for each in study.directions] == ["MINIMIZE", "MINIMIZE", "MAXIMIZE"]
    assert [trial.values for trial in study.trials] == [[0.75, 610.0, 0.5], None]
    assert [dict(trial.scores) for trial in journal.trials()] == [scores, scores]

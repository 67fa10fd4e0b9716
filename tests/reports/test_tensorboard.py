"""The TensorBoard sink, read back through TensorBoard's own HParams backend and data provider."""

import os
import subprocess
import sys
import time
from dataclasses import replace

import keras_tuner
import numpy as np
import pytest
from tensorboard.plugins.hparams import api_pb2

from autoopt.errors import UsageError
from autoopt.records import EpochEnded, Objective, SearchEnded, TrialEnded, TrialStarted
from autoopt.reports.tensorboard import TensorBoard
from tests.counts import in_processes
from tests.reports.tensorboard_reader import (
    HISTORY,
    Reader,
    metrics,
    python_values,
    run_trial,
    search_started,
    space,
    trial,
)


@pytest.fixture
def sink(tmp_path):
    sink = TensorBoard(tmp_path / "digits")
    yield sink
    sink.close()


def test_the_full_space_is_there_before_the_first_trial(sink, tmp_path):
    sink(search_started(space()))

    domains = Reader(tmp_path).domains()

    assert set(domains) == {
        "optimizer/name",
        "optimizer/momentum",
        "optimizer/learning_rate",
        "batch_size",
        "structure/dense/width",
        "structure/fine_tune",
        "initialization/kernel",
    }


@pytest.mark.parametrize(
    ("name", "kind", "values"),
    [
        ("optimizer/name", "DATA_TYPE_STRING", ["adam", "sgd"]),
        ("batch_size", "DATA_TYPE_FLOAT64", [16, 32, 64]),
        ("structure/fine_tune", "DATA_TYPE_BOOL", [False, True]),
        ("initialization/kernel", "DATA_TYPE_STRING", ["he_normal"]),
    ],
)
def test_listed_values_become_a_discrete_domain(sink, tmp_path, name, kind, values):
    sink(search_started(space()))

    info = Reader(tmp_path).domains()[name]

    assert api_pb2.DataType.Name(info.type) == kind
    assert list(info.domain_discrete) == values


@pytest.mark.parametrize(
    ("name", "low", "high"),
    [("optimizer/learning_rate", 1e-4, 1e-1), ("structure/dense/width", 8, 64)],
)
def test_ranges_become_an_interval_of_numbers(sink, tmp_path, name, low, high):
    sink(search_started(space()))

    info = Reader(tmp_path).domains()[name]

    assert info.type == api_pb2.DATA_TYPE_FLOAT64
    assert (info.domain_interval.min_value, info.domain_interval.max_value) == (low, high)


def test_one_name_under_two_conditions_has_the_widest_interval(sink, tmp_path):
    hp = keras_tuner.HyperParameters()
    hp.Choice("kind", ["small", "large"])
    with hp.conditional_scope("kind", ["small"]):
        hp.Int("width", 4, 8)
    with hp.conditional_scope("kind", ["large"]):
        hp.Int("width", 6, 64)
    sink(search_started(hp))

    interval = Reader(tmp_path).domains()["width"].domain_interval

    assert (interval.min_value, interval.max_value) == (4, 64)


def test_one_name_under_two_conditions_has_the_union_of_choices(sink, tmp_path):
    hp = keras_tuner.HyperParameters()
    hp.Choice("kind", ["small", "large"])
    with hp.conditional_scope("kind", ["small"]):
        hp.Choice("activation", ["relu", "tanh"])
    with hp.conditional_scope("kind", ["large"]):
        hp.Choice("activation", ["relu", "gelu"])
    sink(search_started(hp))

    values = Reader(tmp_path).domains()["activation"].domain_discrete

    assert list(values) == ["gelu", "relu", "tanh"]


def test_one_name_with_two_types_is_text_in_every_trial(sink, tmp_path):
    hp = keras_tuner.HyperParameters()
    hp.Choice("kind", ["small", "large"])
    with hp.conditional_scope("kind", ["small"]):
        hp.Int("rate", 1, 3)
    with hp.conditional_scope("kind", ["large"]):
        hp.Choice("rate", ["auto"])
    sink(search_started(hp))
    run_trial(sink, trial(0, {"kind": "large", "rate": "auto"}))
    run_trial(sink, trial(1, {"kind": "small", "rate": 2}))
    reader = Reader(tmp_path)

    assert reader.domains()["rate"].type == api_pb2.DATA_TYPE_STRING
    assert [python_values(group)["rate"] for group in reader.sessions().values()] == ["auto", "2"]


def test_columns_that_are_fixed_or_conditional_come_last(sink, tmp_path):
    sink(search_started(space()))

    names = [info.name for info in Reader(tmp_path).experiment().hparam_infos]

    assert names[-2:] == ["initialization/kernel", "optimizer/momentum"]


def test_a_column_that_a_trial_went_without_comes_last(sink, tmp_path):
    sink(search_started(space()))
    values = {hp.name: hp.default for hp in space().space}
    run_trial(sink, trial(0, {name: value for name, value in values.items() if name != "batch_size"}))

    names = [info.name for info in Reader(tmp_path).experiment().hparam_infos]

    assert names[-3:] == ["batch_size", "initialization/kernel", "optimizer/momentum"]


def test_columns_that_trials_differ_in_come_first(sink, tmp_path):
    sink(search_started(space()))
    values = {hp.name: hp.default for hp in space().space}
    run_trial(sink, trial(0, values))
    run_trial(sink, trial(1, {**values, "structure/dense/width": 64}))

    assert Reader(tmp_path).experiment().hparam_infos[0].name == "structure/dense/width"


def test_the_score_is_the_first_metric_and_the_objective_comes_before_the_rest(sink, tmp_path):
    sink(search_started(space()))

    infos = Reader(tmp_path).experiment().metric_infos

    assert [(info.name.group, info.name.tag, info.display_name) for info in infos] == [
        ("", "score", "score (val_accuracy)"),
        ("validation", "epoch_accuracy", "validation accuracy"),
        ("validation", "epoch_loss", "validation loss"),
        ("train", "epoch_loss", "train loss"),
        ("train", "epoch_accuracy", "train accuracy"),
    ]


def test_every_trial_is_one_session_with_its_values_and_types(sink, tmp_path):
    given = [
        {"optimizer/name": "sgd", "optimizer/momentum": 0.5, "batch_size": 16, "structure/fine_tune": True},
        {"optimizer/name": "adam", "batch_size": np.int64(64), "structure/fine_tune": np.bool_(False)},
    ]
    sink(search_started(space()))
    for number, values in enumerate(given):
        run_trial(sink, trial(number, values))

    sessions = Reader(tmp_path).sessions()

    assert list(sessions) == ["digits/trial-0000", "digits/trial-0001"]
    assert [python_values(group) for group in sessions.values()] == [
        {"optimizer/name": "sgd", "optimizer/momentum": 0.5, "batch_size": 16.0, "structure/fine_tune": True},
        {"optimizer/name": "adam", "batch_size": 64.0, "structure/fine_tune": False},
    ]


@pytest.mark.parametrize("value", [None, float("nan"), float("inf")])
def test_a_value_that_would_spoil_its_column_is_left_out(sink, tmp_path, value):
    sink(search_started(space()))
    run_trial(sink, trial(0, {"batch_size": 32, "optimizer/momentum": value, "new": value}))
    reader = Reader(tmp_path)

    assert python_values(reader.sessions()["digits/trial-0000"]) == {"batch_size": 32.0}
    assert "new" not in reader.domains()


@pytest.mark.parametrize(
    ("status", "expected"),
    [("completed", "STATUS_SUCCESS"), ("pruned", "STATUS_SUCCESS"), ("failed", "STATUS_FAILURE")],
)
def test_a_session_ends_with_the_status_and_the_times_of_its_trial(sink, tmp_path, status, expected):
    sink(search_started(space()))
    sink(TrialEnded(trial(status=status)))

    [session] = Reader(tmp_path).sessions()["digits/trial-0000"].sessions

    assert api_pb2.Status.Name(session.status) == expected
    assert (session.start_time_secs, session.end_time_secs) == (1000.0, 1060.0)


def test_a_trial_that_failed_before_its_first_epoch_is_a_session_without_a_score(sink, tmp_path):
    sink(search_started(space()))
    run_trial(sink, trial(status="failed", score=None, history={}))

    group = Reader(tmp_path).sessions()["digits/trial-0000"]

    assert group.sessions[0].status == api_pb2.STATUS_FAILURE
    assert metrics(group) == {}


def test_a_session_has_the_score_and_the_last_value_of_every_metric(sink, tmp_path):
    sink(search_started(space()))
    run_trial(sink, trial(score=0.75))

    group = Reader(tmp_path).sessions()["digits/trial-0000"]

    assert metrics(group) == pytest.approx(
        {
            ("", "score"): 0.75,
            ("train", "epoch_loss"): 0.5,
            ("train", "epoch_accuracy"): 0.8,
            ("validation", "epoch_loss"): 0.75,
            ("validation", "epoch_accuracy"): 0.75,
        }
    )


def test_training_and_validation_share_their_tags_so_that_they_overlay(sink, tmp_path):
    sink(search_started(space()))
    run_trial(sink, trial())

    runs = Reader(tmp_path).runs()

    assert {run: tags for run, tags in runs.items() if run != "digits/search"} == {
        "digits/trial-0000": {"score"},
        "digits/trial-0000/train": {"epoch_loss", "epoch_accuracy"},
        "digits/trial-0000/validation": {"epoch_loss", "epoch_accuracy"},
    }


@pytest.mark.parametrize("key", list(HISTORY))
def test_a_curve_has_one_point_per_epoch(sink, tmp_path, key):
    sink(search_started(space()))
    run_trial(sink, trial())
    group = "validation" if key.startswith("val_") else "train"

    curve = Reader(tmp_path).evaluations("digits/trial-0000", f"epoch_{key.removeprefix('val_')}", group)

    assert curve == [(epoch, pytest.approx(value)) for epoch, value in enumerate(HISTORY[key])]


def test_epochs_that_were_not_told_are_taken_from_the_history(sink, tmp_path):
    sink(search_started(space()))
    sink(TrialStarted(0, {"batch_size": 32}))
    sink(EpochEnded(0, 0, {"loss": 0.9}))
    sink(TrialEnded(trial()))

    curve = Reader(tmp_path).evaluations("digits/trial-0000", "epoch_loss", "train")

    assert curve == [(0, pytest.approx(0.9)), (1, 0.5)]


def test_values_that_became_known_during_the_trial_are_in_its_session(sink, tmp_path):
    sink(search_started(space()))
    sink(TrialStarted(0, {"batch_size": 32}))
    sink(TrialEnded(trial(0, {"batch_size": 32, "optimizer/name": "sgd"})))

    values = python_values(Reader(tmp_path).sessions()["digits/trial-0000"])

    assert values == {"batch_size": 32.0, "optimizer/name": "sgd"}


def test_a_hyperparameter_that_shows_up_late_gets_its_column(sink, tmp_path):
    sink(search_started(space()))
    run_trial(sink, trial(0, {"batch_size": 32}))
    run_trial(sink, trial(1, {"batch_size": 32, "units_3": 48, "pool": "max", "skip": False}))
    reader = Reader(tmp_path)

    assert set(reader.domains()) == {hp.name for hp in space().space} | {"units_3", "pool", "skip"}
    assert python_values(reader.sessions()["digits/trial-0001"])["units_3"] == 48.0
    assert reader.experiment().metric_infos[0].display_name == "score (val_accuracy)"


def test_a_confirmation_adds_scalars_to_its_trial_and_no_session(sink, tmp_path):
    sink(search_started(space()))
    run_trial(sink, trial())
    for repeat, score in [(1, 0.5), (2, 1.0)]:
        sink(TrialStarted(0, {"batch_size": 32}, repeat))
        sink(EpochEnded(0, 0, {"loss": 9.0}, repeat))
        sink(TrialEnded(trial(score=score), repeat))
    reader = Reader(tmp_path)

    assert list(reader.sessions()) == ["digits/trial-0000"]
    assert reader.evaluations("digits/trial-0000", "score/confirmed") == [(1, 0.5), (2, 1.0)]
    assert reader.evaluations("digits/trial-0000", "epoch_loss", "train")[0][1] == pytest.approx(0.9)


def test_the_end_adds_what_is_known_of_the_winner_and_no_session(sink, tmp_path):
    sink(search_started(space()))
    run_trial(sink, trial())
    sink(
        SearchEnded(
            trial(), "done", (0.5,), {"accuracy": 0.75}, {"confirmed_error": 0.125, "gap_to_test": -0.25}
        )
    )
    reader = Reader(tmp_path)

    assert list(reader.sessions()) == ["digits/trial-0000"]
    found = [
        reader.evaluations("digits/winner", tag)
        for tag in ("winner/test_accuracy", "winner/confirmed_error", "winner/gap_to_test")
    ]
    assert found == [[(0, 0.75)], [(0, 0.125)], [(0, -0.25)]]


def test_a_trial_is_seen_while_it_runs(sink, tmp_path):
    sink(search_started(space()))
    sink(TrialStarted(0, {"batch_size": 32}))
    sink(EpochEnded(0, 0, {"loss": 0.9}))
    reader = Reader(tmp_path)

    assert reader.sessions()["digits/trial-0000"].sessions[0].status == api_pb2.STATUS_UNKNOWN
    assert reader.evaluations("digits/trial-0000", "epoch_loss", "train") == [(0, pytest.approx(0.9))]


def test_quick_epochs_are_seen_two_seconds_later_at_most(sink, tmp_path):
    sink(search_started(space()))
    sink(TrialStarted(0, {}))
    began = time.monotonic()
    epoch = 0
    while time.monotonic() - began < 2.0:
        sink(EpochEnded(0, epoch, {"loss": 0.9}))
        epoch += 1
        time.sleep(0.1)

    assert len(Reader(tmp_path).evaluations("digits/trial-0000", "epoch_loss", "train")) >= 8


def test_trials_that_run_at_once_keep_apart(sink, tmp_path):
    sink(search_started(space()))
    for number in (0, 1):
        sink(TrialStarted(number, {"batch_size": 32}))
    for number in (0, 1):
        sink(EpochEnded(number, 0, {"loss": float(number)}))
    sink.close()
    reader = Reader(tmp_path)

    curves = [reader.evaluations(f"digits/trial-000{number}", "epoch_loss", "train") for number in (0, 1)]
    assert curves == [[(0, 0.0)], [(0, 1.0)]]


@pytest.mark.parametrize(
    "finish", [TensorBoard.close, lambda sink: sink(SearchEnded(None, "interrupted"))], ids=["close", "event"]
)
def test_what_still_runs_is_ended_once(sink, tmp_path, finish):
    sink(search_started(space()))
    sink(TrialStarted(0, {"batch_size": 32}))
    sink(EpochEnded(0, 0, {"loss": 0.9}))
    finish(sink)
    sizes = {path: path.stat().st_size for path in tmp_path.rglob("*tfevents*")}
    sink.close()
    [session] = Reader(tmp_path).sessions()["digits/trial-0000"].sessions

    assert session.status == api_pb2.STATUS_UNKNOWN
    assert session.end_time_secs >= session.start_time_secs > 0
    assert {path: path.stat().st_size for path in tmp_path.rglob("*tfevents*")} == sizes


def test_an_interrupted_trial_that_is_resumed_stays_one_session_with_one_curve(tmp_path):
    first = TensorBoard(tmp_path / "digits")
    first(search_started(space()))
    first(TrialStarted(0, {"batch_size": 32}))
    for epoch, loss in enumerate([0.9, 0.4, 0.3]):
        first(EpochEnded(0, epoch, {"loss": loss}))
    first.close()

    second = TensorBoard(tmp_path / "digits")
    second(search_started(space()))
    second(TrialStarted(0, {"batch_size": 32}))
    second(EpochEnded(0, 1, {"loss": 0.5}))
    second(TrialEnded(trial()))
    second.close()
    reader = Reader(tmp_path)

    assert reader.sessions()["digits/trial-0000"].sessions[0].status == api_pb2.STATUS_SUCCESS
    assert reader.evaluations("digits/trial-0000", "epoch_loss", "train") == [
        (0, pytest.approx(0.9)),
        (1, 0.5),
    ]


def test_two_projects_under_one_logdir_keep_a_session_for_each_trial(tmp_path):
    for project in ("digits", "letters"):
        sink = TensorBoard(tmp_path / project)
        sink(search_started(space()))
        run_trial(sink, trial())
        sink.close()

    assert list(Reader(tmp_path).sessions()) == ["digits/trial-0000", "letters/trial-0000"]


def test_a_file_in_the_way_is_refused_before_the_search(tmp_path):
    (tmp_path / "digits").write_text("not a folder")

    with pytest.raises(UsageError, match=r"cannot be written to '.*digits'.*Pass another logdir"):
        TensorBoard(tmp_path / "digits")


def test_logs_that_can_no_longer_be_written_do_not_end_the_search(sink, tmp_path, caplog):
    sink(search_started(space()))
    (tmp_path / "digits" / "trial-0000").write_text("in the way")
    run_trial(sink, trial())
    run_trial(sink, trial(1))

    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert "the search goes on" in caplog.text


def test_what_a_library_raises_ends_the_logs_and_not_the_search(sink, tmp_path, caplog):
    sink(search_started(space()))
    run_trial(sink, trial(history={"loss\udce4": [0.5]}))  # which no record of TensorBoard's can hold
    run_trial(sink, trial(1))
    sink.close()

    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert "end here, the search goes on: " in caplog.text
    assert "digits/trial-0001" not in Reader(tmp_path).sessions()


def test_names_and_words_that_are_no_text_are_written_out(sink, tmp_path, caplog):
    hp = keras_tuner.HyperParameters()
    hp.Choice("kind\udce4", ["bad\udce4", "good"])
    sink(search_started(hp))
    run_trial(sink, trial(0, {"kind\udce4": "bad\udce4", "new\udce4": "odd\udce4"}))
    reader = Reader(tmp_path)

    assert caplog.records == []
    assert python_values(reader.sessions()["digits/trial-0000"]) == {
        r"kind\udce4": r"bad\udce4",
        r"new\udce4": r"odd\udce4",
    }
    assert list(reader.domains()[r"kind\udce4"].domain_discrete) == [r"bad\udce4", "good"]


def test_a_trial_of_thirty_epochs_takes_at_most_20_ms_to_write(sink):
    sink(search_started(space()))
    history = {key: [0.5] * 30 for key in HISTORY}
    seconds = []
    for number in range(5):
        began = time.perf_counter()
        run_trial(sink, trial(number, history=history))
        seconds.append(time.perf_counter() - began)

    assert min(seconds) < 0.020


WRITE = """
import sys, pathlib
{before}
import keras_tuner
from autoopt.records import Objective, SearchEnded, SearchStarted, Trial, TrialEnded
from autoopt.reports.tensorboard import TensorBoard
sink, space = TensorBoard(pathlib.Path(sys.argv[1])), keras_tuner.HyperParameters()
sink(SearchStarted("digits", Objective("loss", "min"), space, ["loss"], 1, None, None))
trials = [Trial(n, "completed", 0.5, {{"rate": n}}, {{"loss": [0.5]}}, 0, 1.0, 2.0) for n in range(5)]
for trial in trials:
    sink(TrialEnded(trial))
sink(SearchEnded(trials[0], "done"))
sink.close()
assert {unloaded}, "tensorflow was imported"
"""


@in_processes
@pytest.mark.parametrize(
    ("before", "unloaded", "pictures"),
    [
        ("", "'tensorflow' not in sys.modules", 1),
        ("sys.modules.update(tensorflow=None, matplotlib=None)", "True", 0),
    ],
    ids=["installed", "missing"],
)
def test_writing_needs_no_tensorflow_and_pictures_alone_need_matplotlib(tmp_path, before, unloaded, pictures):
    code = WRITE.format(before=before, unloaded=unloaded)
    environment = {**os.environ, "KERAS_BACKEND": "jax", "PYTHONPATH": os.pathsep.join(sys.path)}

    subprocess.run([sys.executable, "-c", code, str(tmp_path / "digits")], check=True, env=environment)
    reader = Reader(tmp_path)

    assert list(reader.sessions()) == [f"digits/trial-000{number}" for number in range(5)]
    assert len(reader.pictures()) == pictures


def test_each_of_several_objectives_is_a_metric_of_the_session(sink, tmp_path):
    started = replace(search_started(space()), others=(Objective("parameters", "min"),))
    sink(started)
    run_trial(sink, replace(trial(0), scores={"val_accuracy": 0.75, "parameters": 610.0}))
    sink.close()
    reader = Reader(tmp_path)

    shown = [info.display_name for info in reader.experiment().metric_infos]
    assert shown[:2] == ["score (val_accuracy)", "score (parameters)"]
    assert all(metrics(group)["", "score/parameters"] == 610.0 for group in reader.sessions().values())

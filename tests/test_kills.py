"""SIGKILL at random moments of a search: what was reported finished is there, once, and the end is as if nothing had been."""

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import autoopt
from autoopt.records import Trial
from autoopt.result import Result
from tests.counts import in_processes

KILLS, TRIALS = 30, 12

SEARCHES = """
import os, random, signal, sys, time

import autoopt
from tests import toys

folder, kills, trials, seed = sys.argv[1], *map(int, sys.argv[2:])

def search(name):
    with open(f"{folder}/{name}.out", "a") as out:
        os.dup2(out.fileno(), 1)
    autoopt.tune(
        toys.compiled, toys.digits(120), epochs=3, max_trials=trials, seed=5, project_name=name, resume=True,
        directory=f"{folder}/runs", logdir=f"{folder}/logs", search=autoopt.Search(confirm=2, confirm_repeats=1),
        space=autoopt.Space(),
    )
    sys.stdout.flush()
    os._exit(0)

def begun(name):  # this process has trained nothing yet: a copy of it is as good as a new one, and is there at once
    pid = os.fork()
    if pid == 0:
        search(name)
    return pid

started = time.monotonic()
assert os.waitpid(begun("undisturbed"), 0)[1] == 0
taken, moments = time.monotonic() - started, random.Random(seed)
for _ in range(kills):
    pid = begun("killed")
    time.sleep(moments.uniform(0.1, 0.8) * taken)
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
assert os.waitpid(begun("killed"), 0)[1] == 0
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return where one search was left alone, and another like it killed again and again."""
    found = tmp_path_factory.mktemp("kills")
    done = subprocess.run(
        [sys.executable, "-c", SEARCHES, str(found), str(KILLS), str(TRIALS), "1"], text=True, capture_output=True, timeout=900,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parent.parent), "TF_CPP_MIN_LOG_LEVEL": "3"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:] + (found / "killed.out").read_text()[-2000:]
    return found


@pytest.fixture(scope="module")
def runs(folder: Path) -> tuple[Result, Result]:
    undisturbed, killed = (autoopt.load(name, folder / "runs") for name in ("undisturbed", "killed"))
    return undisturbed, killed


def without_clocks(trial: Trial) -> dict[str, Any]:
    """Return what a trial is, but for what the clock and the process had to do with."""
    names = (
        "number",
        "status",
        "score",
        "hyperparameters",
        "best_epoch",
        "note",
        "price",
        "origin",
        "repeats",
    )
    history = {name: list(values) for name, values in trial.history.items()}
    return {name: getattr(trial, name) for name in names} | {"history": history}


@in_processes
def test_every_trial_that_was_reported_finished_is_there_once(
    folder: Path, runs: tuple[Result, Result]
) -> None:
    told = re.findall(
        r"^trial (\d+)(?:, your model)?: \S+ (\S+),", (folder / "killed.out").read_text(), re.MULTILINE
    )
    known = {trial.number: trial for trial in runs[1].trials}

    assert len(told) >= TRIALS
    for number, score in told:
        assert f"{known[int(number)].score:.4f}" == f"{float(score):.4f}"
    assert len(runs[1].trials) == len(known)


@in_processes
def test_the_leaderboard_is_that_of_a_search_that_was_left_alone(runs: tuple[Result, Result]) -> None:
    undisturbed, killed = ([without_clocks(trial) for trial in run.trials] for run in runs)

    assert killed == undisturbed
    assert runs[1].best_trial.number == runs[0].best_trial.number
    assert runs[1].confirmed == runs[0].confirmed


@in_processes
def test_the_model_handed_over_scores_what_it_says(runs: tuple[Result, Result]) -> None:
    for one, other in zip(runs[0].best_model.get_weights(), runs[1].best_model.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
    assert runs[1].best_score == runs[0].best_score

"""A disk that fills up, and a run folder that goes away, amid a search: it ends as if nothing had been."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

import autoopt
from tests.counts import in_processes

SEARCHES = """
import json, logging, resource, shutil, signal, sys
from pathlib import Path

import autoopt
from autoopt import commands
from tests import toys

folder = Path(sys.argv[1])
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)  # a write past the limit is an error then: "File too large"
SETTINGS = autoopt.Space(structure=False, augmentation=False)
warnings = []
listener = logging.Handler()
listener.emit = lambda record: warnings.append(record.getMessage())
logging.getLogger().addHandler(listener)

def files_may_have(size):
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))

def search(name, at=lambda trial: None):
    warnings.clear()
    result = autoopt.tune(
        toys.eager, toys.digits(120), space=SETTINGS, epochs=1, max_trials=4, seed=5, project_name=name, verbose=0,
        callbacks=lambda trial: at(trial.number) or [], directory=folder / "runs", logdir=folder / "logs",
        search=autoopt.Search(confirm=2, confirm_repeats=1),
    )
    files_may_have(resource.RLIM_INFINITY)
    told = {
        "trials": [[each.number, each.status, each.score, dict(each.hyperparameters)] for each in result.trials],
        "best": result.best_trial.number, "best_score": result.best_score, "summary": result.summary(),
        "leaderboard": json.loads(result.leaderboard().to_json(orient="records")),
        "confirmed": list(result.confirmed.scores),
    }
    told["warnings"] = list(warnings)
    (folder / f"{name}.json").write_text(json.dumps(told))
    result.export(folder / f"{name}.keras")
    return result

def full(trial):
    if trial == 1:
        files_may_have(300)

def full_for_a_while(trial):
    files_may_have(300 if trial in (1, 2) else resource.RLIM_INFINITY)

def gone(trial):
    if trial == 2:
        shutil.rmtree(folder / "runs" / "gone")
        (folder / "runs" / "gone").write_text("a file where the run was")

search("undisturbed")
search("full", full)
search("while", full_for_a_while)
search("gone", gone)
places = {"directory": folder / "runs", "project_name": "shell", "logdir": folder / "logs"}
options = {**places, "epochs": 1, "max_trials": 2, "verbose": 0}
sys.exit(commands.tune(str(folder / "model.py"), None, options, as_json=False))
"""

MODEL = """
import shutil
from pathlib import Path
from tests import toys

model_fn, data = toys.eager, toys.digits(120)
run = Path(__file__).parent / "runs" / "shell"

def callbacks(trial):
    if trial.number == 1:
        run.rename(run.with_name("away"))
    return []
"""

DISTURBED = ["full", "while", "gone"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return where one search was left alone, others like it had no disk for a while, and a command none in the end."""
    found = tmp_path_factory.mktemp("disk")
    (found / "model.py").write_text(MODEL)
    done = subprocess.run(
        [sys.executable, "-W", "error::ResourceWarning", "-c", SEARCHES, str(found)], text=True, capture_output=True, timeout=300,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parent.parent), "TF_CPP_MIN_LOG_LEVEL": "3", "TMPDIR": str(found)},
    )  # fmt: skip
    assert done.returncode == 1, done.stderr[-4000:]
    (found / "stderr.txt").write_text(done.stderr)
    assert "Exception ignored" not in done.stderr, done.stderr[-4000:]
    return found


def told(folder: Path, name: str) -> dict[str, Any]:
    return json.loads((folder / f"{name}.json").read_text())  # type: ignore[no-any-return]


@in_processes
@pytest.mark.parametrize("name", DISTURBED)
def test_the_result_is_that_of_a_search_that_was_left_alone(folder: Path, name: str) -> None:
    expected, found = told(folder, "undisturbed"), told(folder, name)

    for each in ("trials", "best", "best_score", "confirmed"):
        assert found[each] == expected[each]
    assert [row["trial"] for row in found["leaderboard"]] == [row["trial"] for row in expected["leaderboard"]]
    assert found["summary"]["changes"] == expected["summary"]["changes"]


@in_processes
@pytest.mark.parametrize("name", DISTURBED)
def test_the_winner_can_be_written_elsewhere(folder: Path, name: str) -> None:
    expected, found = (
        keras.models.load_model(folder / f"{each}.keras").get_weights() for each in ("undisturbed", name)
    )

    for one, other in zip(found, expected, strict=True):
        np.testing.assert_array_equal(one, other)


@in_processes
@pytest.mark.parametrize("name", DISTURBED)
def test_each_thing_that_is_not_written_is_told_once(folder: Path, name: str) -> None:
    lines = told(folder, name)["warnings"]

    for kind in ("Weights of the best trials", "The journal of trials"):
        assert sum(line.startswith(f"{kind} cannot be written") for line in lines) == 1, lines
    assert all("result.export(path)" in line or line.startswith("The TensorBoard logs") for line in lines)
    assert sum(line.startswith("The TensorBoard logs") for line in lines) == (name != "gone")


@in_processes
def test_what_is_in_memory_alone_in_the_end_is_told(folder: Path) -> None:
    full, whole = told(folder, "full")["summary"]["in_memory"], told(folder, "while")["summary"]["in_memory"]

    assert {"journal.log", "result.json", "best.keras"} <= set(full)
    assert whole == told(folder, "undisturbed")["summary"]["in_memory"] == []
    assert (folder / "runs" / "gone").read_text() == "a file where the run was"


@in_processes
def test_where_space_comes_back_the_folder_is_whole_in_the_end(folder: Path) -> None:
    expected, found = (autoopt.load(name, folder / "runs") for name in ("undisturbed", "while"))

    assert [trial.score for trial in found.trials] == [trial.score for trial in expected.trials]
    assert found.best_score == expected.best_score
    paths = [{path.relative_to(run.run_dir) for path in run.run_dir.rglob("*")} for run in (found, expected)]
    assert paths[0] - {Path("log.txt")} == paths[1] - {Path("log.txt")}


@in_processes
def test_a_full_disk_leaves_a_journal_without_half_records(folder: Path) -> None:
    lines = (folder / "runs" / "full" / "journal.log").read_bytes().splitlines(keepends=True)

    assert all(line.endswith(b"\n") and json.loads(line) for line in lines)


@in_processes
def test_a_command_that_cannot_write_its_model_writes_it_elsewhere_and_says_where(folder: Path) -> None:
    told = re.search(
        r"could not take the winner. It is in (\S+), and .* (\S+): move both",
        (folder / "stderr.txt").read_text(),
    )

    assert told is not None
    assert keras.models.load_model(told[1]).count_params() > 0
    assert json.loads(Path(told[2]).read_text())["best_score"] is not None

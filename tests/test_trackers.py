"""The recipes of docs/trackers.md, as they stand there, against the real MLflow and Weights & Biases, offline."""

import importlib.util
import json
import os
import re
import struct
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.counts import FULL

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not FULL, reason="MLflow alone sets up for ten seconds: AUTOOPT_FULL=1 runs it"),
]

DOCUMENT = Path(__file__).parent.parent / "docs" / "trackers.md"
SINKS = {"mlflow": "MLflow()", "wandb": 'WeightsAndBiases("digits")'}
SEARCH = """
import json, sys
import autoopt
from tests.toys import digits, eager

def callbacks(trial):
    if trial.number == 1:
        raise ZeroDivisionError("my own mistake")
    return []

if "mlflow" in sys.modules:
    mlflow.set_tracking_uri("sqlite:///mlflow.db")
    mlflow.set_experiment("digits")
search = autoopt.Search(confirm=1, confirm_repeats=2)
options = dict(epochs=2, max_trials=3, seed=0, project_name="mine", callbacks=callbacks, search=search)
result = autoopt.tune(eager, digits(40), sinks=SINKS, **options)
if "mlflow" in sys.modules:
    runs = mlflow.search_runs(order_by=["start_time"])
    open("mlflow.json", "w").write(runs.to_json(orient="records"))
    epochs = mlflow.MlflowClient().get_metric_history(runs.run_id[1], "val_loss")
    open("epochs.json", "w").write(json.dumps([each.step for each in epochs]))
"""


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder in which one search has told those of the two that are installed."""
    found = tmp_path_factory.mktemp("trackers")
    there = [name for name in SINKS if importlib.util.find_spec(name)]
    blocks = re.findall(r"```python\n(.*?)```", DOCUMENT.read_text(encoding="utf8"), flags=re.DOTALL)
    code = "\n".join(block for block in blocks if block.split()[1] in there)
    sinks = f"[{', '.join(SINKS[name] for name in there)}]"
    (found / "search.py").write_text(code + SEARCH.replace("SINKS", sinks))
    quiet = {"MLFLOW_DISABLE_TELEMETRY": "true", "WANDB_ERROR_REPORTING": "false", "WANDB_SILENT": "true"}
    place = {"HOME": str(found), "WANDB_MODE": "offline", "PYTHONPATH": str(DOCUMENT.parents[1])}
    done = subprocess.run(
        [sys.executable, "search.py"],
        cwd=found,
        env={**os.environ, **quiet, **place},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert "The sink " not in done.stderr
    return found


def told(place: Path) -> dict[str, Any]:
    return dict(json.loads((place / "autoopt_runs" / "mine" / "result.json").read_text()))


def test_mlflow_has_a_run_of_the_search_and_in_it_one_for_each_trial(place: Path) -> None:
    pytest.importorskip("mlflow")
    search, *trials = json.loads((place / "mlflow.json").read_text())
    assert [search["tags.mlflow.runName"], search["status"]] == ["mine", "FINISHED"]
    assert [each["tags.mlflow.runName"] for each in trials] == ["trial 0", "trial 1", "trial 2"]
    assert {each["tags.mlflow.parentRunId"] for each in trials} == {search["run_id"]}
    assert trials[1]["status"] == "FAILED" and "my own mistake" in trials[1]["tags.note"]
    assert trials[0]["params.optimizer/name"] == "adam"
    assert json.loads((place / "epochs.json").read_text()) == [0, 1]


def test_mlflow_has_the_confirmed_score_of_the_winner(place: Path) -> None:
    pytest.importorskip("mlflow")
    search, *trials = json.loads((place / "mlflow.json").read_text())
    best = told(place)["best"]
    scores = told(place)["confirmations"][str(best)]
    assert search["metrics.confirmed_mean"] == pytest.approx(sum(scores) / len(scores))
    assert trials[best]["metrics.confirmed_mean"] == search["metrics.confirmed_mean"]
    assert search["tags.best_trial"] == str(best)


def records(path: Path) -> Iterator[Any]:
    """Yield what an offline run holds: LevelDB's log behind seven bytes, of which each record is a message."""
    from wandb.proto.wandb_internal_pb2 import Record

    content, at, whole = path.read_bytes(), 7, b""
    while len(content) - at >= 7:
        left = 32768 - at % 32768
        if left < 7:  # the rest of a block that holds no header
            at += left
            continue
        length, kind = struct.unpack_from("<HB", content, at + 4)
        whole += content[at + 7 : at + 7 + length]
        at += 7 + length
        if kind in (1, 4):  # a whole one, or the last part of one
            yield Record.FromString(whole)
            whole = b""


def test_weights_and_biases_has_a_run_for_each_trial_and_one_for_the_winner(place: Path) -> None:
    pytest.importorskip("wandb")
    files = sorted((place / "wandb").glob("offline-run-*/*.wandb"), key=lambda path: path.stat().st_mtime)
    runs = [list(records(path)) for path in files]
    begun = [next(each.run for each in run if each.HasField("run")) for run in runs]
    assert [each.display_name for each in begun] == ["trial 0", "trial 1", "trial 2", "winner"]
    assert {(each.project, each.run_group) for each in begun} == {("digits", "mine")}
    assert [next(each.exit.exit_code for each in run if each.HasField("exit")) for run in runs] == [
        0,
        1,
        0,
        0,
    ]
    assert [sum(each.HasField("history") for each in run) for run in runs] == [2, 0, 2, 0]


def test_weights_and_biases_has_the_confirmed_score_of_the_winner(place: Path) -> None:
    pytest.importorskip("wandb")
    (last,) = [
        path
        for path in (place / "wandb").glob("offline-run-*/*.wandb")
        if b"confirmed_mean" in path.read_bytes()
    ]
    found = {
        item.key: json.loads(item.value_json)
        for each in records(last) if each.HasField("summary") for item in each.summary.update
    }  # fmt: skip
    scores = told(place)["confirmations"][str(found["trial"])]
    assert found["confirmed_mean"] == pytest.approx(sum(scores) / len(scores))

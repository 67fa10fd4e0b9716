"""The command line as a process of its own: what it loads, its two outputs, and signals."""

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

import autoopt
from tests.counts import FULL, in_processes
from tests.reports.tensorboard_reader import Reader, assert_whole

COMMAND = (sys.executable, "-m", "autoopt")
PATIENCE = 90
"""Seconds after which something that is waited for is taken not to come."""

MODEL = """
import time

import autoopt
import keras
import numpy as np

search = autoopt.Search(confirm=0)
x = np.linspace(-1, 1, 240, dtype="float32").reshape(60, 4)
data = (x, np.arange(60) % 2)

def model_fn():
    return keras.Sequential([keras.Input((4,)), keras.layers.Dense(2, "softmax")])
"""
QUICK = """
epochs = 2
"""
LONG = """
epochs = 100_000

def tell(epoch, logs):
    if epoch == 0:
        print("training", flush=True)

callbacks = [keras.callbacks.LambdaCallback(on_epoch_begin=tell)]
"""
ENDLESS = """
class Slow(keras.callbacks.Callback):
    def on_epoch_begin(self, epoch, logs=None):
        time.sleep(3600)

def callbacks(trial):
    return [Slow()] if trial.number else []
"""


class Lines:
    """The lines that a process writes, gathered while it runs."""

    def __init__(self, stream: Iterator[str]) -> None:
        self.seen: list[str] = []
        self._reader = threading.Thread(target=lambda: self.seen.extend(stream))
        self._reader.start()

    def wait_for(self, words: str) -> str:
        """Return the first line with these words."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            found = next((line for line in self.seen if words in line), None)
            if found is not None:
                return found
            time.sleep(0.05)
        raise AssertionError(f"no {words!r} in {self.seen}")

    def rest(self) -> list[str]:
        """Return every line, once the process has ended."""
        self._reader.join(PATIENCE)
        return self.seen


@contextlib.contextmanager
def started(*words: str, cwd: Path) -> Iterator[tuple[subprocess.Popen[str], Lines, Lines]]:
    """Run a command; give the process and the lines of its standard output and of stderr."""
    environment = {**os.environ, "PYTHONPATH": str(Path(autoopt.__file__).parents[1])}
    environment.pop("TF_CPP_MIN_LOG_LEVEL", None)
    process = subprocess.Popen(
        [*COMMAND, *words],
        cwd=cwd, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout is not None and process.stderr is not None
    out, err = Lines(process.stdout), Lines(process.stderr)
    with process:
        try:
            yield process, out, err
        finally:
            process.kill()
            out.rest(), err.rest()


FRAMEWORKS = {"keras", "keras_tuner", "tensorflow", "jax", "torch", "optuna", "sklearn", "tensorboard"}


def carried_out(code: str, *words: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Return what a fresh process has printed that carried out some code."""
    environment = {**os.environ, "PYTHONPATH": str(Path(autoopt.__file__).parents[1])}
    return subprocess.run(
        [sys.executable, "-c", code, *words], cwd=cwd, env=environment, capture_output=True, text=True, check=True
    )  # fmt: skip


def loaded_by(*words: str, cwd: Path) -> tuple[set[str], str]:
    """Return what a command loads, and what it prints."""
    code = (
        "import sys\nfrom autoopt.cli import main\n"
        "try:\n    main(sys.argv[1:], standalone_mode=False)\n"
        "finally:\n    print(*sys.modules, file=sys.stderr)"
    )
    ended = carried_out(code, *words, cwd=cwd)
    return set(ended.stderr.split()), ended.stdout


@pytest.mark.parametrize("words", [(), ("new",), ("predict",)], ids=["all", "new", "predict"])
def test_help_loads_no_framework(words: tuple[str, ...], tmp_path: Path) -> None:
    loaded, printed = loaded_by(*words, "--help", cwd=tmp_path)
    assert not (FRAMEWORKS | {"numpy", "pandas", "rich"}) & loaded
    assert len(loaded) < 300
    assert "Usage:" in printed


def test_a_starter_is_printed_without_loading_a_framework(tmp_path: Path) -> None:
    loaded, printed = loaded_by("new", "mlp", cwd=tmp_path)
    assert not (FRAMEWORKS | {"pandas", "rich"}) & loaded
    assert "def model_fn(hp):" in printed


def test_data_are_inspected_without_loading_a_framework(tmp_path: Path) -> None:
    (tmp_path / "rows.csv").write_text("a,label\n" + "1,x\n2,y\n" * 4)
    loaded, printed = loaded_by("inspect", "rows.csv", cwd=tmp_path)
    assert not FRAMEWORKS & loaded
    assert "task binary" in printed


WRONG = [
    "tune net.py --budget soon", "tune net.py --epochs 0", "tune net.py --max-trials 0", "tune net.py --workers none",
    "tune net.py --sampler tpee", "tune net.py --pruner medain", "tune net.py --oracle bayes", "tune net.py --engine kears",
    "tune net.py --memory lots", "tune net.py --gpus 1.5", "tune net.py --backend jacks", "tune net.py --max-params 0",
    "tune net.py --objective latency", "tune net.py --seed -1", "tune net.py --validation-split 2", "tune net.py --logdir net.py",
    "tune net.py --project-name ../x", "tune net.py --fix adam", "tune nett.py", "tune net.py nowhere.npz", "tune mlp nowhere.csv",
    "tune mlp book.xlsx", "tune mpl rows.csv", "tune nowhere.csv", "tune mlp rows.csv --types a",
    "tune mlp rows.csv --types a=txt", "tune mlp rows.csv --task binry", "resume nothing", "show nothing",
    "compare one two", "predict nothing rows.csv", "evaluate nothing rows.csv", "export nothing best.keras", "inspect nowhere.csv",
]  # fmt: skip


def test_wrong_words_are_told_before_keras_is_loaded(tmp_path: Path) -> None:
    for name in ("net.py", "rows.csv", "book.xlsx"):
        (tmp_path / name).write_text("a,b\n1,2\n")
    code = (
        "import sys, json\nfrom click.testing import CliRunner\nfrom autoopt.cli import main\n"
        "for line in json.loads(sys.argv[1]):\n    done = CliRunner().invoke(main, line.split())\n"
        "    print(done.exit_code, 'Error: ' in done.output, 'keras' in sys.modules, line)"
    )
    told = carried_out(code, json.dumps(WRONG), cwd=tmp_path).stdout
    assert told.splitlines() == [f"2 True False {line}" for line in WRONG]


@in_processes
def test_json_stands_alone_on_standard_output_and_progress_alone_on_stderr(tmp_path: Path) -> None:
    (tmp_path / "net.py").write_text(MODEL + QUICK + "print('loading my data')\n")
    words = ("tune", "net.py", "--max-trials", "2", "--json")
    with started(*words, cwd=tmp_path) as (process, out, err):
        assert process.wait(PATIENCE) == 0
        outcome = json.loads("".join(out.rest()))
        progress = err.rest()
    assert outcome["trials"]["completed"] + outcome["trials"]["pruned"] == 2
    table = r"hyperparameter +as written|[\w/]+  "
    known = (
        r"loading my data|\d+ examples|Each class|Searching|Compiled|Plan: |None of them|$|\d+ trials in|  (time|disk|baseline|best|confirmed|test) |  +(not )?better than|  +[\w/]+ +\S+ -> |Changed from|Nothing was|trial \d|confirming trial \d|\w+ stays|optimizer/"
        f"|{table}"
    )
    assert [line for line in progress if not re.match(known, line)] == []


@dataclass(frozen=True)
class Interrupted:
    """Where a search was interrupted, its exit code and what it printed."""

    place: Path
    code: int
    printed: str


# SIGINT is that of a test below, and of tests/test_tuning.py.
@pytest.fixture(scope="module", params=[signal.SIGINT, signal.SIGTERM] if FULL else [signal.SIGTERM])
def interrupted(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Interrupted:
    """Return what one signal makes of a search amid its first trial, once there is a first curve."""
    place = tmp_path_factory.mktemp("interrupted")
    (place / "net.py").write_text(MODEL + LONG)
    words = ("tune", "net.py", "--budget", "1h", "--project-name", "mine", "--fix", "optimizer/name=sgd")
    curve = place / "tensorboard_logs" / "mine" / "trial-0000" / "validation"
    with started(*words, cwd=place) as (process, out, err):
        out.wait_for("training")
        while not any(path.stat().st_size > 200 for path in curve.glob("*tfevents*")):
            assert process.poll() is None, err.seen
            time.sleep(0.05)
        process.send_signal(request.param)
        code = process.wait(PATIENCE)
        return Interrupted(place, code, "".join(out.rest()))


@pytest.mark.slow
def test_one_signal_ends_the_search_with_the_best_so_far(interrupted: Interrupted) -> None:
    assert interrupted.code == 130, interrupted.printed
    assert "Interrupted: ending this epoch, then returning the best." in interrupted.printed
    assert "1 trial in" in interrupted.printed and "ended: interrupted" in interrupted.printed
    result = autoopt.load("mine", interrupted.place / "autoopt_runs")
    assert result.reason == "interrupted"
    assert result.best_model.count_params() == 10


@pytest.mark.slow
def test_one_signal_leaves_sessions_that_have_ended_and_whole_curves(interrupted: Interrupted) -> None:
    assert_whole(Reader(interrupted.place / "tensorboard_logs"), "mine")


@in_processes
def test_a_second_signal_quits_at_once(tmp_path: Path) -> None:
    (tmp_path / "net.py").write_text(MODEL + QUICK + ENDLESS)
    with started("tune", "net.py", "--budget", "1h", cwd=tmp_path) as (process, out, err):
        out.wait_for("trial 0, your model")
        process.send_signal(signal.SIGINT)
        out.wait_for("Again to quit at once")
        process.send_signal(signal.SIGINT)
        assert process.wait(PATIENCE) == 130
        assert err.rest() == ["Interrupted.\n"]

"""A worker process: whatever ends it costs one trial at most, and it never outlives whoever started it."""

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import keras
import pytest

from autoopt.executors import ProcessExecutor
from autoopt.executors.surroundings import own_folders, own_modules
from autoopt.worker import Duties
from tests import toys
from tests.counts import at_full_counts, in_processes
from tests.executors.jobs import duties_of, go_on, job

SCRIPT = """
import os, signal
print("the script runs")

import keras
from autoopt.executors import ProcessExecutor
from tests.executors.jobs import duties_of, go_on, job

@keras.saving.register_keras_serializable("mine")
class Scaled(keras.layers.Layer):
    def call(self, x):
        print("the model is called")
        return 3 * x

def model_fn():
    layers = [keras.Input((64,)), keras.layers.Dense(8), Scaled(), keras.layers.Dense(10, "softmax")]
    model = keras.Sequential(layers)
    model.compile("sgd", "sparse_categorical_crossentropy", run_eagerly=True)
    return model

executor = ProcessExecutor(duties_of(model_fn))
executor.submit(job())
trial = executor.wait(go_on).trial
print(trial.status, trial.note, flush=True)
executor.submit(job(epochs=100_000))
executor.wait(lambda *_: os.kill(os.getpid(), signal.SIGKILL))
"""


KILLED_AT_THE_START = """
import os, signal
from autoopt.executors import ProcessExecutor
from tests import toys
from tests.executors.jobs import duties_of

executor = ProcessExecutor(duties_of(toys.eager))
executor._answer = lambda pipe: os.kill(os.getpid(), signal.SIGKILL)
executor.begin()
"""


def is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_no_process_is_started_before_a_job_is_waited_for(duties: Duties) -> None:
    executor = ProcessExecutor(duties)
    executor.submit(job())

    assert executor.pid is None


def test_one_process_serves_many_jobs(process: ProcessExecutor) -> None:
    pids = set()
    for number in range(3):
        process.submit(job(number))
        process.wait(go_on)
        pids.add(process.pid)

    assert len(pids) == 1


def test_ctrl_c_is_nothing_to_a_worker_process(process: ProcessExecutor) -> None:
    def report(job: Any, epoch: int, logs: Any) -> Any:
        assert process.pid is not None
        os.kill(process.pid, signal.SIGINT)
        return "continue"

    process.submit(job(epochs=3))

    assert process.wait(report).trial.status == "completed"


@in_processes
def test_a_process_that_dies_costs_its_trial_and_a_fresh_one_follows(process: ProcessExecutor) -> None:
    def report(job: Any, epoch: int, logs: Any) -> Any:
        assert process.pid is not None
        os.kill(process.pid, signal.SIGKILL)
        return "continue"

    process.submit(job(4, epochs=3))
    process.submit(job(5))
    trial = process.wait(report).trial

    assert (trial.number, trial.status) == (4, "failed")
    assert (
        "was ended by SIGKILL, as systems do that run out of memory (a smaller batch size takes less), amid"
        in trial.note
    )
    assert process.wait(go_on).trial.status == "completed"


def deadly() -> Any:
    """Return a compiled model that ends any other process than this one where its number is 2."""
    here = os.getpid()

    def model_fn(hp: Any) -> keras.Model:
        if hp.Int("number", 0, 9, default=0) == 2 and os.getpid() != here:
            os._exit(3)
        return toys.compiled()

    return model_fn


@at_full_counts
def test_what_ends_the_process_as_it_is_prepared_takes_one_other_along_at_most() -> None:
    executor = ProcessExecutor(duties_of(deadly()))
    for number in range(5):
        executor.submit(job(number))
    trials = [executor.wait(go_on).trial for _ in range(5)]
    executor.close()
    failed = [trial for trial in trials if trial.status == "failed"]

    assert {2} <= {trial.number for trial in failed}
    assert len(failed) <= 2
    assert all("ended with exit code 3 amid this trial" in trial.note for trial in failed)


def test_an_interrupt_amid_a_trial_leaves_no_process(process: ProcessExecutor) -> None:
    pids: list[Any] = []

    def report(job: Any, epoch: int, logs: Any) -> Any:
        pids.append(process.pid)
        raise KeyboardInterrupt

    process.submit(job())
    with pytest.raises(KeyboardInterrupt):
        process.wait(report)

    assert process.pid is None
    assert not is_running(pids[0])


def test_what_cannot_be_sent_comes_back_as_a_failed_outcome() -> None:
    lock = threading.Lock()

    def model_fn() -> keras.Model:
        with lock:
            return toys.eager()

    executor = ProcessExecutor(duties_of(model_fn))
    executor.submit(job())
    trial = executor.wait(go_on).trial

    assert trial.status == "failed"
    assert "cannot be sent there (TypeError: cannot pickle '_thread.lock' object)" in trial.note
    assert executor.pid is None


def carried_out(script: str, folder: Path) -> "subprocess.CompletedProcess[str]":
    """Run a script; a worker process holds stderr open, so that both have ended then."""
    (folder / "script.py").write_text(script, encoding="utf8")
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    return subprocess.run(
        [sys.executable, "script.py"],
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        cwd=folder,
    )


@in_processes
def test_a_script_without_a_guard_runs_once_and_takes_its_worker_process_along(tmp_path: Path) -> None:
    ended = carried_out(SCRIPT, tmp_path)

    assert ended.stdout.splitlines() == ["the script runs", "completed "], ended.stderr
    assert ended.returncode == -signal.SIGKILL
    assert "the model is called" in ended.stderr


@in_processes
def test_a_worker_process_that_starts_as_the_search_is_killed_says_nothing(tmp_path: Path) -> None:
    ended = carried_out(KILLED_AT_THE_START, tmp_path)

    assert ended.returncode == -signal.SIGKILL
    assert "Traceback" not in ended.stderr


def test_a_users_own_file_is_sent_as_it_is_and_what_is_installed_by_its_name(duties: Duties) -> None:
    modules = own_modules([duties.model_fn, keras.callbacks.EarlyStopping(), toys.dense, is_running])

    assert [module.__name__ for module in modules] == ["my_model_of_digits"]


def test_folders_of_the_user_s_are_those_that_python_looks_into_before_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, last, rays = tmp_path / "first", tmp_path / "last", tmp_path / "site-packages" / "ray"
    for folder in (first, last, rays):
        folder.mkdir(parents=True)
    python = str(Path(os.__file__).parent)
    monkeypatch.setattr(sys, "path", [str(rays), "", str(first), str(tmp_path / "gone"), python, str(last)])

    assert own_folders() == [str(Path.cwd().resolve()), str(first)]
